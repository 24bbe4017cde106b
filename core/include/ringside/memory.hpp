// Memory, and the typed queues that live in it: LocalMem, ShmMem, LocalMem::Spsc::Queue<T>.
#pragma once

#include "ringside/mapped_memory.hpp"
#include "ringside/queue.hpp"
