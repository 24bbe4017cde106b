// Mpmc in every kind of memory, between threads.
#include "ring_conformance.hpp"
#include "ring_in_place.hpp"

namespace ringside {

INSTANTIATE_TYPED_TEST_SUITE_P(Mpmc, RingTest, KindsBetweenThreads<Mpmc>, KindNames);
INSTANTIATE_TYPED_TEST_SUITE_P(Mpmc, PlacedRingTest, KindsWithPlace<Mpmc>, KindNames);
INSTANTIATE_TYPED_TEST_SUITE_P(Mpmc, InPlaceTest, KindsBetweenThreads<Mpmc>, KindNames);

}  // namespace ringside
