"""Change points: found where they are, and hardly anywhere else."""

import unittest

import numpy

import change_points


def noise(seed, count, scale=1.0):
    return numpy.random.RandomState(seed).normal(scale=scale, size=count)


def stepped(seed, before, after, step):
    """Noise of standard deviation 1 that lies higher by a step from `before` on."""
    series = noise(seed, before + after)
    series[before:] += step
    return series


def places(series, **options):
    return [point.place for point in change_points.find(series, **options)]


def naive_best_split(series):
    """The statistic as Matteson and James write it, by three loops."""
    best = (0, 0, 0)
    least = change_points.LEAST_LEVEL
    for end in range(2 * least, len(series) + 1):
        for split in range(least, end - least + 1):
            left, right = series[:split], series[split:end]
            n, m = len(left), len(right)
            between = sum(abs(x - y) for x in left for y in right)
            within = [sum(abs(x - y) for i, x in enumerate(side) for y in side[:i])
                      for side in (left, right)]
            energy = (2 * between / (n * m) - 2 * within[0] / (n * (n - 1))
                      - 2 * within[1] / (m * (m - 1)))
            best = max(best, (n * m / (n + m) * energy, split, end))
    return best


class StatisticTest(unittest.TestCase):
    def test_parts_a_series_as_the_formula_does(self):
        for seed in range(5):
            series = stepped(seed, 8, 7, 2)
            found = change_points._best_split(numpy.abs(series[:, None] - series[None, :])[None])
            wanted = naive_best_split(list(series))
            self.assertAlmostEqual(found[0][0], wanted[0], places=9)
            self.assertEqual((found[1][0], found[2][0]), wanted[1:])

    def test_students_p_is_that_of_tables(self):
        # Of scipy 1.10.1, ttest_ind with equal variances.
        tables = (([1, 2, 3], [2, 3, 4], 0.2878641347266908),
                  ([1.0, 1.1, 0.9, 1.05], [2.0, 2.1, 1.9], 3.197707544415837e-05),
                  ([5, 5.1, 4.9, 5.2, 5.05, 4.95], [5.3, 5.2, 5.4], 0.009157967394159899))
        for left, right, p in tables:
            found = change_points.t_test(numpy.array(left, float), numpy.array(right, float))
            self.assertAlmostEqual(found / p, 1, places=9)

    def test_the_incomplete_beta_function_is_that_of_tables(self):
        # Of scipy.special.betainc.
        tables = ((5, 0.5, 0.3, 0.0006913033857629761), (0.5, 0.5, 0.9, 0.7951672353008662),
                  (49, 0.5, 0.999, 0.7547896480728196), (2, 3, 0.7, 0.9163))
        for a, b, x, value in tables:
            self.assertAlmostEqual(change_points.regularized_beta(a, b, x) / value, 1, places=9)

    def test_equal_samples_have_p_1_and_distinct_ones_without_scatter_p_0(self):
        self.assertEqual(change_points.t_test(numpy.ones(4), numpy.ones(5)), 1)
        self.assertEqual(change_points.t_test(numpy.ones(4), numpy.zeros(5)), 0)


class StepTest(unittest.TestCase):
    def test_a_step_of_five_sigma_is_found_where_it_is(self):
        found = [places(stepped(seed, 30, 20, 5)) for seed in range(60)]
        self.assertGreaterEqual(sum(30 in one for one in found), 58)
        self.assertTrue(all(any(abs(place - 30) <= 1 for place in one) for one in found))

    def test_three_entries_of_a_new_level_are_enough(self):
        found = [places(stepped(seed, 25, 3, 6)) for seed in range(40)]
        self.assertGreaterEqual(sum(25 in one for one in found), 38)

    def test_says_by_how_much_and_how_sure_it_is(self):
        (point,) = change_points.find(stepped(1, 40, 40, 5))
        self.assertAlmostEqual(point.after - point.before, 5, delta=0.7)
        self.assertLess(point.p, 1e-20)
        self.assertEqual((point.window_before, point.window_after), (range(0, 40), range(40, 80)))

    def test_a_level_that_comes_and_goes_has_two(self):
        series = noise(2, 60)
        series[25:40] += 6
        self.assertEqual(places(series), [25, 40])

    def test_a_step_is_found_far_down_a_long_series(self):
        series = noise(3, 300)
        series[210:] -= 6
        self.assertIn(210, places(series))

    def test_one_wild_entry_is_no_change_and_hides_none(self):
        series = stepped(4, 30, 30, 6)
        alone = noise(5, 40)
        for one in (series, alone):
            one[12] += 40
        self.assertEqual(places(alone), [])
        self.assertIn(30, places(series))

    def test_equal_series_have_equal_answers(self):
        series = stepped(6, 20, 20, 2)
        self.assertEqual(change_points.find(series), change_points.find(series))

    def test_a_change_below_the_least_one_is_none(self):
        series = [100.0, 100.1] * 10 + [100.5, 100.6] * 10
        self.assertEqual(places(series), [20])
        self.assertEqual(places(series, least_change=1.0), [])

    def test_a_ramp_is_steps_of_one_direction(self):
        found = change_points.find(noise(7, 60) + numpy.linspace(0, 12, 60))
        self.assertTrue(found)
        self.assertTrue(all(point.after > point.before for point in found))


class NoiseTest(unittest.TestCase):
    """The rate that the page states: about one in a hundred series."""

    def false_alarms(self, of_seed, count=200):
        return sum(bool(places(of_seed(seed))) for seed in range(count))

    def test_of_200_series_of_noise_at_most_six_have_one(self):
        self.assertLessEqual(self.false_alarms(lambda seed: noise(seed, 50)), 6)

    def test_heavy_ends_do_not_change_that(self):
        alarms = self.false_alarms(
            lambda seed: numpy.random.RandomState(seed).standard_t(2, size=30))
        self.assertLessEqual(alarms, 6)

    def test_a_series_that_never_varies_has_none(self):
        self.assertEqual(places([363.0] * 40), [])


class ShortSeriesTest(unittest.TestCase):
    def test_below_six_entries_there_is_none(self):
        for count in range(6):
            self.assertEqual(places([1.0, 1.1, 0.9, 50.0, 51.0][:count]), [])


if __name__ == "__main__":
    unittest.main()
