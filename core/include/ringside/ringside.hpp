// All of the core.
#pragma once

#include "ringside/error.hpp"
#include "ringside/memory.hpp"
#include "ringside/queue.hpp"
#include "ringside/shared.hpp"
