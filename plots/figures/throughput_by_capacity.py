"""Messages per second by capacity: one panel per shape and element size, one line per queue."""

import capacity_curves

QUESTION = "How large must a ring be, and from where on is it too large for the caches?"
notes = []


def draw(bundle):
    """The Figure, or None when no queue was driven at several capacities."""
    return capacity_curves.draw(bundle, ("throughput", "stream", "duplex"), notes)
