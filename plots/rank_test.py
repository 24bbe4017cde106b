"""Whether one queue's repetitions are better than another's, by their ranks alone: the exact test
of Mann and Whitney. Equal values count against the difference.
"""

from functools import lru_cache

GREATEST_P = 0.05


def is_better(ours, others, higher_is_better):
    """Whether ours are better: all of them, or of more repetitions so many that chance would do it
    in one of twenty comparisons at most. Of single values nobody can tell."""
    if min(len(ours), len(others)) < 2:
        return False
    against = sum((our <= other) if higher_is_better else (our >= other)
                  for our in ours for other in others)
    return against == 0 or two_sided_p(against, len(ours), len(others)) <= GREATEST_P


def two_sided_p(against, ours, others):
    """How often chance leaves so few pairs, or fewer, that speak against a difference."""
    counts = _counts(ours, others)
    return min(1.0, 2 * sum(counts[:against + 1]) / sum(counts))


@lru_cache(maxsize=256)
def _counts(ours, others):
    """At place u: in how many orders of all values u pairs speak against a difference. The largest
    value is one of ours, and then speaks for none or for all pairs, or one of the others'."""
    if ours == 0 or others == 0:
        return (1,)
    total = [0] * (ours * others + 1)
    for place, count in enumerate(_counts(ours - 1, others)):
        total[place + others] += count
    for place, count in enumerate(_counts(ours, others - 1)):
        total[place] += count
    return tuple(total)
