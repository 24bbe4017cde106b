"""The test of Mann and Whitney, against every order there is."""

import itertools
import unittest

import rank_test


class RankTest(unittest.TestCase):
    def test_p_is_the_part_of_all_orders_that_speak_as_clearly(self):
        for ours, others in ((2, 2), (3, 4), (5, 5)):
            everything = range(ours + others)
            pairs = [sum(other > our for our in chosen for other in set(everything) - set(chosen))
                     for chosen in itertools.combinations(everything, ours)]
            for against in range(ours * others + 1):
                expected = 2 * sum(found <= against for found in pairs) / len(pairs)
                self.assertAlmostEqual(rank_test.two_sided_p(against, ours, others),
                                       min(1, expected))

    def test_all_better_is_better_of_two_repetitions_and_more(self):
        self.assertTrue(rank_test.is_better([3, 4], [1, 2], True))
        self.assertFalse(rank_test.is_better([3, 4], [1, 2], False))
        self.assertFalse(rank_test.is_better([4], [1], True))

    def test_one_stray_of_five_is_too_many_and_of_seven_is_not(self):
        for count, answer in ((3, False), (5, False), (7, True)):
            ours = [1, *range(100, 99 + count)]
            self.assertEqual(rank_test.is_better(ours, range(2, 2 + count), True), answer)

    def test_equal_values_are_no_difference(self):
        self.assertFalse(rank_test.is_better([5] * 9, [5] * 9, True))
        self.assertFalse(rank_test.is_better([5] * 9, [5] * 9, False))
