// All of the core.
#pragma once

#include "ringside/double_buffer.hpp"
#include "ringside/error.hpp"
#include "ringside/memory.hpp"
#include "ringside/mutex_ring.hpp"
#include "ringside/queue.hpp"
#include "ringside/robust_mutex.hpp"
#include "ringside/segment_list.hpp"
#include "ringside/shared.hpp"
#include "ringside/shared_condition.hpp"
#include "ringside/shared_config.hpp"
#include "ringside/shared_object.hpp"
#include "ringside/truncation_guard.hpp"
