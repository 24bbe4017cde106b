#!/usr/bin/python3
"""Writes the tables beside it, with which the tests of results/statistics compare.

    make_tables.py          writes *.csv anew; nothing else is read

Needs scipy and statsmodels (1.10.1 and 0.13.5, as python3-scipy and python3-statsmodels of Debian
12 are); the tests need neither. Each table has a line that names its columns; a list is separated
by blanks.
"""
import csv
import random
from math import comb
from pathlib import Path

import numpy
from scipy import stats
from statsmodels.stats.multitest import multipletests

FOLDER = Path(__file__).resolve().parent
ALPHAS = (0.05, 0.01, 0.2)


def write(name, columns, rows):
    with open(FOLDER / f"{name}.csv", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def listed(values):
    return " ".join(repr(float(value)) for value in values)


def normal(chance, count, centre=0.0, deviation=1.0):
    return [chance.gauss(centre, deviation) for _ in range(count)]


# --- the sign-flip test -------------------------------------------------------------------------


def signed_scores(effects, margin):
    """Scores by the rule of sign_flip.hpp, negative for those that are not above the margin."""
    x = numpy.array(effects) - margin
    distances = numpy.abs(x)
    scale = numpy.median(distances)
    if scale == 0 and distances.any():
        scale = distances[distances > 0].min()
    scores = numpy.ones(len(x))
    if scale > 0:
        scores = numpy.clip(numpy.floor(4 * numpy.minimum(distances / scale, 1.5) + 0.5), 1, 6)
    return numpy.where(x > 0, scores, -scores)


def sum_above(values, axis=-1):
    return numpy.where(values > 0, values, 0).sum(axis=axis)


def sign_flip_row(effects, margin):
    scores = signed_scores(effects, margin)
    found = stats.permutation_test(
        (scores,), sum_above, permutation_type="samples", vectorized=True,
        n_resamples=2 ** len(effects), alternative="greater",
    )  # fmt: skip
    return [margin, listed(effects), listed(abs(scores)), int(sum_above(scores)), found.pvalue]


def sign_flip_rows():
    chance = random.Random(1)
    for count in range(2, 15):
        yield sign_flip_row(normal(chance, count, 0.02, 0.03), 0.01)
        yield sign_flip_row([chance.choice([-2, -1, 0, 1, 2, 3]) for _ in range(count)], 0.0)
        yield sign_flip_row([chance.choice([0, 0, 0, 1, 5]) for _ in range(count)], 0.0)
        yield sign_flip_row([x / abs(x) ** 0.5 for x in normal(chance, count, 1)], 0.1)
        yield sign_flip_row([0.05 + abs(x) for x in normal(chance, count)], 0.0)
    yield sign_flip_row([0.0] * 5, 0.0)
    yield sign_flip_row([0.25] * 6, 0.25)


# --- rank statistics, and the bounds that follow from them --------------------------------------


def signed_rank_rows():
    chance = random.Random(2)
    for count in (1, 2, 3, 5, 8, 12, 20, 36, 48, 50):
        for centre in (-0.3, 0.0, 0.3, 0.8):
            x = normal(chance, count, centre)
            ranks = stats.rankdata(numpy.abs(x))
            t_plus = int(ranks[numpy.array(x) > 0].sum())
            yield [count, t_plus, stats.wilcoxon(x, alternative="greater", mode="exact").pvalue]


def exact_mann_whitney(m, n):
    """P(U >= u) for u = 0..mn, in integers of any length: for sizes that scipy has no room for."""
    counts = [1] + [0] * (m * n)
    for i in range(1, m + 1):
        for u in range(m * n, n + i - 1, -1):
            counts[u] -= counts[u - n - i]
        for u in range(i, m * n + 1):
            counts[u] += counts[u - i]
    above = [0] * (m * n + 2)
    for u in range(m * n, -1, -1):
        above[u] = above[u + 1] + counts[u]
    return [count / comb(m + n, m) for count in above[:-1]]


def mann_whitney_rows():
    chance = random.Random(3)
    for m, n in ((1, 1), (1, 9), (2, 2), (3, 5), (8, 8), (12, 36), (36, 12), (20, 20), (30, 60)):
        for centre in (-0.4, 0.0, 0.5, 1.0):
            x, y = normal(chance, m, centre), normal(chance, n)
            found = stats.mannwhitneyu(x, y, alternative="greater", method="exact")
            yield [m, n, int(found.statistic), found.pvalue]
    p_values = exact_mann_whitney(100, 100)
    for u in (1, 2500, 4000, 4999, 5000, 5001, 5700, 6000, 7000, 8000, 9000, 9990, 10000):
        yield [100, 100, u, p_values[u]]


def bounds_by_inversion(candidates, p_greater, p_less, alpha):
    """(lower, upper), or None: the ends of the shifts that neither one-sided test rejects.

    The p-values change at the candidates only, so one shift between each two of them is tried.
    """
    candidates = sorted(candidates)
    between = [(a + b) / 2 for a, b in zip(candidates, candidates[1:])]
    shifts = [candidates[0] - 1, *between, candidates[-1] + 1]
    if p_greater(shifts[0]) > alpha:
        return None
    lower = next(c for c, above in zip(candidates, shifts[1:]) if p_greater(above) > alpha)
    upper = next(
        c for c, below in zip(reversed(candidates), reversed(shifts[:-1])) if p_less(below) > alpha
    )
    return lower, upper


def one_sample_rows():
    chance = random.Random(4)
    for count in (1, 3, 4, 5, 6, 9, 12, 17, 24):
        x = numpy.array(normal(chance, count, 0.2))
        means = [(x[i] + x[j]) / 2 for i in range(count) for j in range(i + 1)]

        def p_value(shift, alternative, x=x):
            return stats.wilcoxon(x - shift, alternative=alternative, mode="exact").pvalue

        for alpha in ALPHAS:
            bounds = bounds_by_inversion(
                means, lambda s: p_value(s, "greater"), lambda s: p_value(s, "less"), alpha
            )
            yield [alpha, listed(x), numpy.median(means), listed(bounds or ())]


def two_sample_rows():
    chance = random.Random(5)
    for m, n in ((2, 2), (2, 5), (3, 3), (4, 7), (9, 6), (12, 12), (20, 8)):
        x, y = numpy.array(normal(chance, m, 0.5)), numpy.array(normal(chance, n))
        differences = [a - b for a in x for b in y]

        def p_value(shift, alternative, x=x, y=y):
            return stats.mannwhitneyu(x - shift, y, alternative=alternative, method="exact").pvalue

        for alpha in ALPHAS:
            bounds = bounds_by_inversion(
                differences, lambda s: p_value(s, "greater"), lambda s: p_value(s, "less"), alpha
            )
            yield [alpha, listed(x), listed(y), numpy.median(differences), listed(bounds or ())]


# --- many tests, and shares ---------------------------------------------------------------------


def multiplicity_rows():
    chance = random.Random(6)
    families = [[0.03], [1.0, 1.0], [0.01, 0.02, 0.03, 0.04, 0.05], [0.02, 0.02, 0.02, 0.9]]
    for count in (2, 5, 20, 60):
        families.append([round(chance.random() ** 4, 6) for _ in range(count)])
        families.append([round(chance.random() ** 3, 2) for _ in range(count)])
    for p_values in families:
        for method, name in (("fdr_bh", "benjamini_hochberg"), ("holm", "holm")):
            for rate in (0.01, 0.05, 0.2):
                rejected, adjusted, _, _ = multipletests(p_values, rate, method)
                yield [name, rate, listed(p_values), listed(rejected), listed(adjusted)]


def proportion_rows():
    for hits, trials in ((0, 1), (1, 1), (0, 300), (3, 300), (300, 300), (17, 20), (999, 1000),
                         (0, 2000), (20, 2000), (1, 1000000)):  # fmt: skip
        for alpha in (0.05, 0.01, 0.005):
            found = stats.binomtest(hits, trials).proportion_ci(1 - 2 * alpha, "exact")
            yield [hits, trials, alpha, found.low, found.high]


def binomial_rows():
    for hits, trials in ((0, 5), (5, 5), (3, 10), (90, 750), (61, 750), (499, 1000), (560, 1000)):
        for probability in (0.1, 0.5, 0.9):
            p_values = [
                stats.binomtest(hits, trials, probability, alternative=alternative).pvalue
                for alternative in ("greater", "less")
            ]
            both = stats.binomtest(hits, trials).pvalue
            yield [hits, trials, probability, *p_values, both]


def main():
    write("sign_flip", ["margin", "effects", "scores", "sum", "p"], sign_flip_rows())
    write("signed_rank", ["n", "statistic", "p"], signed_rank_rows())
    write("mann_whitney", ["m", "n", "statistic", "p"], mann_whitney_rows())
    write("one_sample", ["alpha", "effects", "estimate", "bounds"], one_sample_rows())
    write("two_samples", ["alpha", "values", "reference", "estimate", "bounds"], two_sample_rows())
    columns = ["procedure", "rate", "p_values", "rejected", "adjusted"]
    write("multiplicity", columns, multiplicity_rows())
    write("proportion", ["hits", "trials", "alpha", "lower", "upper"], proportion_rows())
    columns = ["hits", "trials", "probability", "at_least", "at_most", "sign_test"]
    write("binomial", columns, binomial_rows())


if __name__ == "__main__":
    main()
