"""Change points: where a series of figures began to lie elsewhere, and how sure that is.

In two steps, as Hunter and Apache Otava do it:

1. Split. The place and the end that part a window of the series best, by the energy statistic of
   E-divisive, is a candidate where few of the same values in random orders are parted as well; then
   the same on either side of it. Windows of 50 entries, each half way past the one before.
2. Merge. Student's t-test between the windows on either side of each candidate, up to the next one
   and of 50 entries at most; the weakest is dropped until each has p < 0.001.

D. S. Matteson, N. A. James: A nonparametric approach for multiple change point analysis of
multivariate data. JASA 109 (2014), 334-345, arXiv:1306.4933 (statistic, permutation test).
M. Fleming et al.: Hunter: using change point detection to hunt for performance regressions. ICPE
2023, doi:10.1145/3578244.3583719 (windows, t-test, merging; Apache Otava is its successor).

Differs from Hunter: candidates must pass the permutation test, not the t-test, because only the
former allows for the choice of the best place; a level has at least LEAST_LEVEL entries, so a
single wild one is no change, and hides none either, for it counts little in the t-test. The random
orders have a fixed seed: equal series, equal answers.

Of independent entries without a change, 0.6 % of series of 50 have a change point, normal or with
heavy ends (2000 of each). Entries that depend on those before, as on a machine whose speed drifts,
have more: there the level did change, though not by the program.
"""

import math
from typing import NamedTuple

import numpy

WINDOW = 50
LEAST_LEVEL = 3  # entries of a level
PERMUTATIONS = 499
SPLIT_P = 0.01
FINAL_P = 0.001
WILD = 5  # standard deviations
_SEED = 20261122
_BATCH = 25  # random orders that are tried at once


class ChangePoint(NamedTuple):
    """`place` is the first entry of the new level; means are of the windows beside it."""

    place: int
    before: float
    after: float
    p: float
    window_before: range
    window_after: range


def find(values, least_change=0.0):
    """The change points of a series of finite numbers, in order; none below 2 * LEAST_LEVEL of
    them, and none whose means differ by less than `least_change`."""
    series = numpy.asarray(values, dtype=float)
    return _merge(series, _candidates(series), least_change)


# --- split --------------------------------------------------------------------------------------


def _candidates(series):
    found = set()
    start = 0
    while start + 2 * LEAST_LEVEL <= len(series):
        end = min(start + WINDOW, len(series))
        found.update(_split(series, start, end))
        if end == len(series):
            break
        start += WINDOW // 2
    return sorted(found)


def _split(series, start, end):
    """Places in start..end, by halves; each is a place where a level begins."""
    if end - start < 2 * LEAST_LEVEL:
        return []
    window = series[start:end]
    distances = numpy.abs(window[:, None] - window[None, :])
    best, split, _ = _best_split(distances[None])
    if best[0] <= 0 or not _is_rare(distances, best[0]):
        return []
    place = start + int(split[0])
    return _split(series, start, place) + [place] + _split(series, place, end)


def _is_rare(distances, best):
    """Whether at most SPLIT_P of random orders are parted as well; this order counts as one."""
    allowed = math.floor(SPLIT_P * (PERMUTATIONS + 1)) - 1
    random = numpy.random.RandomState(_SEED)  # whose numbers are the same in every version
    exceeded = 0
    for _ in range(0, PERMUTATIONS + 1, _BATCH):
        orders = random.rand(_BATCH, len(distances)).argsort(axis=1)
        shuffled = distances[orders[:, :, None], orders[:, None, :]]
        exceeded += int((_best_split(shuffled)[0] >= best * (1 - 1e-12)).sum())
        if exceeded > allowed:
            return False
    return True


def _best_split(distances):
    """(statistic, split, end) of each matrix of distances: the level 0..split against split..end.

    The statistic of Matteson and James with exponent 1: nm/(n+m) times (2/(nm) of the distances
    between the levels, less 2/(n(n-1)) and 2/(m(m-1)) of those within).
    """
    count = distances.shape[-1]
    sums = numpy.zeros((len(distances), count + 1, count + 1))
    sums[:, 1:, 1:] = distances.cumsum(axis=1).cumsum(axis=2)
    splits, ends = numpy.nonzero(
        numpy.subtract.outer(numpy.arange(count + 1), numpy.arange(count + 1)).T >= LEAST_LEVEL)
    kept = splits >= LEAST_LEVEL
    splits, ends = splits[kept], ends[kept]
    first, second = splits, ends - splits
    within_first = sums[:, splits, splits] / 2
    between = sums[:, splits, ends] - sums[:, splits, splits]
    within_second = (sums[:, ends, ends] - sums[:, splits, splits]) / 2 - between
    energy = (2 * between / (first * second) - 2 * within_first / (first * (first - 1))
              - 2 * within_second / (second * (second - 1)))
    statistic = energy * first * second / (first + second)
    best = statistic.argmax(axis=1)
    return statistic[numpy.arange(len(statistic)), best], splits[best], ends[best]


# --- merge --------------------------------------------------------------------------------------


def _merge(series, places, least_change):
    """Drops the weakest place until all are significant and large enough; each drop makes the
    windows of its neighbours longer."""
    places = list(places)
    while places:
        points = [_tested(series, places, number) for number in range(len(places))]
        weakest = max(points, key=lambda point: point.p)
        if weakest.p < FINAL_P:
            weakest = min(points, key=lambda point: abs(point.after - point.before))
            if abs(weakest.after - weakest.before) >= least_change:
                return points
        places.remove(weakest.place)
    return []


def _tested(series, places, number):
    place = places[number]
    begin = places[number - 1] if number else 0
    end = places[number + 1] if number + 1 < len(places) else len(series)
    before = range(max(begin, place - WINDOW), place)
    after = range(place, min(end, place + WINDOW))
    left, right = (_tamed(series[window.start:window.stop]) for window in (before, after))
    return ChangePoint(place, float(left.mean()), float(right.mean()), t_test(left, right), before,
                       after)


def _tamed(values):
    """Entries further than WILD standard deviations from the median, by the median absolute
    deviation, count as if they were so far: one of them would hide any change from the t-test."""
    middle = numpy.median(values)
    reach = WILD * 1.4826 * numpy.median(numpy.abs(values - middle))
    return numpy.clip(values, middle - reach, middle + reach) if reach > 0 else values


def t_test(left, right):
    """The two-sided p of Student's test that two samples have one mean; 1 below three values."""
    freedom = len(left) + len(right) - 2
    if not len(left) or not len(right) or freedom < 1:
        return 1.0
    squares = ((left - left.mean()) ** 2).sum() + ((right - right.mean()) ** 2).sum()
    difference = abs(left.mean() - right.mean())
    error = math.sqrt(squares / freedom * (1 / len(left) + 1 / len(right)))
    if error <= 1e-12 * difference:
        return 0.0 if difference > 0 else 1.0
    t = difference / error
    return regularized_beta(freedom / 2, 0.5, freedom / (freedom + t * t))


def regularized_beta(a, b, x):
    """I_x(a, b), of which P(|T| > t) = I(freedom/2, 1/2) at freedom/(freedom + t²) follows.

    By the continued fraction 8.17.22 of https://dlmf.nist.gov/8.17, with Lentz's method.
    """
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):  # where the fraction converges slowly
        return 1 - regularized_beta(b, a, 1 - x)
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
                     + a * math.log(x) + b * math.log1p(-x)) / a
    return front / _fraction(a, b, x)


def _fraction(a, b, x):
    """1 + d1/(1 + d2/(1 + …)) of 8.17.22, until it stands still."""
    tiny = 1e-300
    value, upper, lower = 1.0, 1.0, 0.0
    for number in range(1, 1000):
        m = number // 2
        if number % 2:
            d = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            d = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        lower = 1 / ((1 + d * lower) or tiny)
        upper = (1 + d / upper) or tiny
        value *= upper * lower
        if abs(upper * lower - 1) < 1e-15:
            break
    return value
