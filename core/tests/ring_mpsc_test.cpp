// Mpsc in every kind of memory, between threads.
#include "ring_conformance.hpp"
#include "ring_in_place.hpp"

namespace ringside {

INSTANTIATE_TYPED_TEST_SUITE_P(Mpsc, RingTest, KindsBetweenThreads<Mpsc>, KindNames);
INSTANTIATE_TYPED_TEST_SUITE_P(Mpsc, PlacedRingTest, KindsWithPlace<Mpsc>, KindNames);
INSTANTIATE_TYPED_TEST_SUITE_P(Mpsc, InPlaceTest, KindsBetweenThreads<Mpsc>, KindNames);

}  // namespace ringside
