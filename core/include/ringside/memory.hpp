// Memory, and the typed queues that live in it: LocalMem, ShmMem, LocalMem::Spsc::Queue<T>.
#pragma once

#include "ringside/backings.hpp"
#include "ringside/queue.hpp"
#include "ringside/shm_region.hpp"
