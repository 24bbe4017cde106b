"""Response time by percentile of an open loop: one panel per rate and element size."""

import percentile_curves

QUESTION = "How long after its planned time does a message arrive, and where does the tail begin?"
notes = []


def draw(bundle):
    """The Figure, or None when no repetition measured response times."""
    return percentile_curves.draw(
        bundle, "response_ns", "response time", notes,
        beside=("service_ns", "service time, from the actual send and not from the planned one"))
