"""Round trips by capacity: one panel per element size, one line per queue."""

import capacity_curves

QUESTION = "Does one round trip take longer through a larger ring?"
notes = []


def draw(bundle):
    """The Figure, or None when no round trips were measured at several capacities."""
    return capacity_curves.draw(bundle, ("ping_pong",), notes)
