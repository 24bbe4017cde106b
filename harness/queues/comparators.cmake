# Queues of others, each built where its Debian package is found. Of one that is not, the program
# knows why: `ringside list` says so, and a cell that asks for it is skipped with the reason.

set(RINGSIDE_ABSENT_QUEUES "")

# ringside_leave_out(PACKAGE QUEUE...): PACKAGE was not found.
function(ringside_leave_out package)
  list(JOIN ARGN ", " names)
  message(STATUS "${package} was not found: left out are ${names}")
  foreach(name ${ARGN})
    string(APPEND RINGSIDE_ABSENT_QUEUES "    {\"${name}\", \"package ${package} was not found "
      "when this was built\"},\n")
  endforeach()
  set(RINGSIDE_ABSENT_QUEUES "${RINGSIDE_ABSENT_QUEUES}" PARENT_SCOPE)
endfunction()

# ringside_take_in(SOURCE FOLDER...): the folders are where its headers are found.
function(ringside_take_in source)
  target_sources(ringside_queues PRIVATE ${source})
  foreach(folder ${ARGN})
    target_include_directories(ringside_queues SYSTEM PRIVATE ${folder})
  endforeach()
endfunction()

find_package(Boost)
if(Boost_FOUND)
  ringside_take_in(queues/boost_lockfree.cpp ${Boost_INCLUDE_DIRS})
  ringside_take_in(queues/boost_message_queue.cpp ${Boost_INCLUDE_DIRS})
else()
  ringside_leave_out(libboost-dev boost_message_queue boost_queue boost_spsc)
endif()

find_path(CK_FOLDER ck_ring.h)
if(CK_FOLDER)
  ringside_take_in(queues/ck_ring.cpp ${CK_FOLDER})
else()
  ringside_leave_out(libck-dev ck_mpmc ck_mpsc ck_spsc)
endif()

# The ring alone: all of DPDK would be a hundred libraries.
pkg_check_modules(DPDK QUIET libdpdk)
find_library(RTE_RING_LIBRARY rte_ring HINTS ${DPDK_LIBRARY_DIRS})
if(DPDK_FOUND AND RTE_RING_LIBRARY)
  ringside_take_in(queues/rte_ring.cpp ${DPDK_INCLUDE_DIRS})
  set_source_files_properties(queues/rte_ring.cpp PROPERTIES
    COMPILE_OPTIONS "-include;rte_config.h" COMPILE_DEFINITIONS ALLOW_EXPERIMENTAL_API)
  target_link_libraries(ringside_queues PUBLIC ${RTE_RING_LIBRARY})
else()
  ringside_leave_out(libdpdk-dev rte_mpmc rte_spsc)
endif()

find_path(ATOMIC_QUEUE_FOLDER atomic_queue/atomic_queue.h)
if(ATOMIC_QUEUE_FOLDER)
  ringside_take_in(queues/atomic_queue.cpp ${ATOMIC_QUEUE_FOLDER})
else()
  ringside_leave_out(libatomic-queue-dev atomic_queue atomic_queue_spsc)
endif()

find_path(READERWRITERQUEUE_FOLDER readerwriterqueue/readerwriterqueue.h)
if(READERWRITERQUEUE_FOLDER)
  ringside_take_in(queues/readerwriterqueue.cpp ${READERWRITERQUEUE_FOLDER})
else()
  ringside_leave_out(libreaderwriterqueue-dev readerwriterqueue)
endif()

find_path(CONCURRENTQUEUE_FOLDER concurrentqueue/concurrentqueue.h)
if(CONCURRENTQUEUE_FOLDER)
  ringside_take_in(queues/concurrentqueue.cpp ${CONCURRENTQUEUE_FOLDER})
else()
  ringside_leave_out(libconcurrentqueue-dev concurrentqueue)
endif()

find_package(iceoryx_hoofs CONFIG QUIET)
if(iceoryx_hoofs_FOUND)
  ringside_take_in(queues/iceoryx.cpp)
  target_link_libraries(ringside_queues PUBLIC iceoryx_hoofs::iceoryx_hoofs)
else()
  ringside_leave_out(libiceoryx-hoofs-dev iceoryx_fifo iceoryx_queue)
endif()

configure_file(queues/absent.cpp.in generated/harness/absent.cpp @ONLY)
target_sources(ringside_queues PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/generated/harness/absent.cpp)
