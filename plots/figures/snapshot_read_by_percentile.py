"""One read of a snapshot by percentile: one panel per size of the value, one line per pattern."""

import percentile_curves

QUESTION = "How long does one read of a value take while it is being replaced?"
notes = []


def draw(bundle):
    """The Figure, or None when no repetition read a snapshot."""
    return percentile_curves.draw(bundle, "read_ns", "read", notes)
