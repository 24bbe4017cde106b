// What check.hpp decides by patterns, decided by trying all orders: slow, and too simple to be
// wrong in the same way.
#pragma once

#include "harness/history/history.hpp"

namespace ringside::harness {

/// Whether there is an order of all operations, each within its time, that a queue can follow
/// (Wing, Gong, "Testing and Verifying Concurrent Objects", JPDC 17, 1993). Of what never returned
/// any part may be left out. Values may be pushed twice. Torn content and the order inside a batch
/// are not looked at. For a dozen operations at most.
bool linearizable(const History& history);

}  // namespace ringside::harness
