"""Response time by percentile, from the intended send: what an open-loop workload measures."""

import percentile_curves

QUESTION = "How long does a message take from the moment it should have been sent?"
notes = []


def draw(bundle):
    """The Figure, or None when no repetition ran on a schedule."""
    return percentile_curves.draw(bundle, "response_ns", "response time", notes)
