// Spsc in every kind of memory, between threads; without words in its slots in one kind.
#include "ring_conformance.hpp"
#include "ring_in_place.hpp"

namespace ringside {

INSTANTIATE_TYPED_TEST_SUITE_P(Spsc, RingTest, KindsBetweenThreads<Spsc>, KindNames);
INSTANTIATE_TYPED_TEST_SUITE_P(Spsc, PlacedRingTest, KindsWithPlace<Spsc>, KindNames);
INSTANTIATE_TYPED_TEST_SUITE_P(Spsc, InPlaceTest, KindsBetweenThreads<Spsc>, KindNames);

using WithoutWords = ::testing::Types<Kind<SpscWithoutWords, ByName>>;
INSTANTIATE_TYPED_TEST_SUITE_P(SpscWithoutWords, RingTest, WithoutWords, KindNames);
INSTANTIATE_TYPED_TEST_SUITE_P(SpscWithoutWords, PlacedRingTest, WithoutWords, KindNames);
INSTANTIATE_TYPED_TEST_SUITE_P(SpscWithoutWords, InPlaceTest, WithoutWords, KindNames);

}  // namespace ringside
