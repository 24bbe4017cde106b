// Spsc in every kind of memory, between threads.
#include "ring_conformance.hpp"
#include "ring_in_place.hpp"

namespace ringside {

INSTANTIATE_TYPED_TEST_SUITE_P(Spsc, RingTest, KindsBetweenThreads<Spsc>, KindNames);
INSTANTIATE_TYPED_TEST_SUITE_P(Spsc, PlacedRingTest, KindsWithPlace<Spsc>, KindNames);
INSTANTIATE_TYPED_TEST_SUITE_P(Spsc, InPlaceTest, KindsBetweenThreads<Spsc>, KindNames);

}  // namespace ringside
