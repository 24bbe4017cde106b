"""Round trip by percentile: one panel per element size, one line per queue."""

import percentile_curves

QUESTION = "What does one round trip cost, and where does the tail begin?"
notes = []


def draw(bundle):
    """The Figure, or None when no repetition measured round trips."""
    return percentile_curves.draw(bundle, "rtt_ns", "round trip", notes)
