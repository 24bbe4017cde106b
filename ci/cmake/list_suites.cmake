# Writes for ctest one test for each suite of a program: cmake -D PROGRAM=… -D SUITES=FILE
# -D "PROPERTIES=NAME VALUE …" -P list_suites.cmake.
execute_process(COMMAND ${PROGRAM} --gtest_list_tests OUTPUT_VARIABLE list COMMAND_ERROR_IS_FATAL ANY)
get_filename_component(name ${PROGRAM} NAME)
string(REPLACE ";" " " PROPERTIES "${PROPERTIES}")
string(REGEX MATCHALL "\n[^ \n]+\\." suites "\n${list}") # tests are indented
set(text "")
foreach(suite IN LISTS suites)
  string(STRIP "${suite}" suite)
  string(REGEX REPLACE "\\.$" "" test "${name} ${suite}")
  string(APPEND text "add_test(\"${test}\" \"${PROGRAM}\" \"--gtest_filter=${suite}*\")\n"
    "set_tests_properties(\"${test}\" PROPERTIES ${PROPERTIES})\n")
endforeach()
file(WRITE ${SUITES} "${text}")
