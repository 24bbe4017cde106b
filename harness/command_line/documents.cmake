# The manual page, and what shells read to complete arguments: the program writes them itself, when it
# is installed, so that they are never older than it is.

set(documents ${CMAKE_CURRENT_BINARY_DIR}/documents)

# ringside_install_document(file folder arguments...): what the program prints with these arguments.
function(ringside_install_document file folder)
  string(JOIN " " arguments ${ARGN})
  install(CODE "file(MAKE_DIRECTORY \"${documents}\")
    execute_process(COMMAND \"$<TARGET_FILE:ringside>\" ${arguments}
      OUTPUT_FILE \"${documents}/${file}\" COMMAND_ERROR_IS_FATAL ANY)")
  install(FILES ${documents}/${file} DESTINATION ${folder})
endfunction()

ringside_install_document(ringside.1 ${CMAKE_INSTALL_MANDIR}/man1 man)
ringside_install_document(ringside ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
  completion bash)
ringside_install_document(_ringside ${CMAKE_INSTALL_DATADIR}/zsh/site-functions completion zsh)
