# find_package(ringside): the core library as ringside::core and, where the program was installed,
# ringside_add_queue() for plug-ins.
include("${CMAKE_CURRENT_LIST_DIR}/ringside-targets.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/ringside-plugins.cmake" OPTIONAL)
