# The headers that a plug-in is compiled with: all that measurable_queue.hpp, duplex_channel.hpp and
# verify/snapshot.hpp include of the harness and of results. They are installed, and hashed.
set(RINGSIDE_PLUGIN_HEADERS
  harness/any_queue.hpp harness/backing.hpp harness/canary.hpp harness/clock.hpp harness/control.hpp
  harness/duplex_channel.hpp harness/element.hpp harness/gaps.hpp harness/injection.hpp harness/ledger.hpp
  harness/measurable_queue.hpp harness/proof.hpp harness/queue_contract.hpp
  harness/queue_family.hpp harness/registry.hpp harness/slot_table.hpp harness/traffic.hpp
  harness/plugin/plugin_stamp.hpp
  harness/verify/snapshot.hpp
  harness/workloads/attempt.hpp harness/workloads/bare.hpp harness/workloads/duplex.hpp
  harness/workloads/loop.hpp harness/workloads/null_run.hpp harness/workloads/pace.hpp
  harness/workloads/paced.hpp harness/workloads/ping_pong.hpp harness/workloads/slots.hpp
  harness/workloads/snapshot.hpp harness/workloads/stream.hpp harness/workloads/throughput.hpp
  results/histogram.hpp results/process_reading.hpp results/record.hpp)

# What the program and a plug-in know each other by: see plugin_stamp.hpp.
get_filename_component(source_folder "${CMAKE_CURRENT_LIST_DIR}/../.." ABSOLUTE)
set(RINGSIDE_PLUGIN_BUILD ${CMAKE_CURRENT_BINARY_DIR}/generated/harness/plugin/plugin_build.hpp)
list(TRANSFORM RINGSIDE_PLUGIN_HEADERS PREPEND ${source_folder}/ OUTPUT_VARIABLE header_paths)
list(JOIN RINGSIDE_PLUGIN_HEADERS "," headers_of_plugins)
add_custom_command(OUTPUT ${RINGSIDE_PLUGIN_BUILD}
  COMMAND ${CMAKE_COMMAND} -DVERSION=${PROJECT_VERSION} -DFOLDER=${source_folder}
    "-DHEADERS=${headers_of_plugins}"
    -DTEMPLATE=${CMAKE_CURRENT_LIST_DIR}/plugin_build.hpp.in
    -DOUTPUT=${RINGSIDE_PLUGIN_BUILD}
    -P ${CMAKE_CURRENT_LIST_DIR}/write_plugin_build.cmake
  DEPENDS ${header_paths} ${CMAKE_CURRENT_LIST_DIR}/plugin_build.hpp.in
    ${CMAKE_CURRENT_LIST_DIR}/write_plugin_build.cmake
  COMMENT "Hashing the headers of plug-ins" VERBATIM)

# The headers in include/ringside-harness/, apart from those of the core, for a plug-in may have
# another core; what ringside_add_queue() needs beside the package's other files.
set(header_folder ${CMAKE_INSTALL_INCLUDEDIR}/ringside-harness)
set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/ringside)
foreach(header IN LISTS RINGSIDE_PLUGIN_HEADERS)
  get_filename_component(folder ${header} DIRECTORY)
  install(FILES ${source_folder}/${header} DESTINATION ${header_folder}/${folder})
endforeach()
install(FILES ${RINGSIDE_PLUGIN_BUILD} DESTINATION ${header_folder}/harness/plugin)
file(RELATIVE_PATH RINGSIDE_FOLDER_TO_PLUGIN_HEADERS "/${package_folder}" "/${header_folder}")
configure_file(${CMAKE_CURRENT_LIST_DIR}/ringside-plugins.cmake.in ringside-plugins.cmake @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/ringside-plugins.cmake
  ${CMAKE_CURRENT_LIST_DIR}/plugin_entry.cpp
  DESTINATION ${package_folder})
