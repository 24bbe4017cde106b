# How the tests of a program of GoogleTest become ctest's.
include(GoogleTest)

# Each test for itself, with these properties. Under a sanitizer each suite: a process of its own costs
# a quarter of a second there, which is more than most tests need.
function(ringside_discover_tests target)
  if(NOT RINGSIDE_SANITIZE)
    gtest_discover_tests(${target} DISCOVERY_MODE PRE_TEST PROPERTIES ${ARGN})
    return()
  endif()
  set(suites ${CMAKE_CURRENT_BINARY_DIR}/${target}_suites.cmake)
  add_custom_command(TARGET ${target} POST_BUILD VERBATIM
    COMMAND ${CMAKE_COMMAND} -D PROGRAM=$<TARGET_FILE:${target}> -D SUITES=${suites}
            -D "PROPERTIES=TIMEOUT 600 ${ARGN}" -P ${PROJECT_SOURCE_DIR}/ci/cmake/list_suites.cmake)
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${suites})
endfunction()
