# Every warning the project builds with, in one place. Targets link ringside_warnings privately.
option(RINGSIDE_WERROR "Treat warnings as errors" OFF)
add_library(ringside_warnings INTERFACE)
target_compile_options(ringside_warnings INTERFACE
  -Wall -Wextra -Wconversion -Wshadow $<$<BOOL:${RINGSIDE_WERROR}>:-Werror>)
