"""A metric by capacity: what the figures of throughput and of round trips have in common."""

import curves
import measures
import panels

LEAST_CAPACITIES = 3  # two points are no curve; other figures show them


def draw(bundle, workloads, notes):
    """The Figure of cells of these workloads, or None with a reason in the notes."""
    notes.clear()
    measure = measures.BY_WORKLOAD[workloads[0]]
    cells = [cell for cell in bundle.cells if cell.axes.get("workload") in workloads
             and cell.spread(measure.metric) and _capacity(cell)]
    groups = panels.split(cells, inside=("queue", "capacity"))
    groups = curves.with_several(groups, _capacity, LEAST_CAPACITIES)
    if not groups:
        notes.append(f"No repetition with status ok is of a queue that was measured at "
                     f"{LEAST_CAPACITIES} or more capacities with {' or '.join(workloads)}.")
        return None
    look = curves.Look(measure, _capacity, "capacity (elements)")
    return curves.draw(bundle, groups, look, notes)


def _capacity(cell):
    value = cell.axes.get("capacity")
    return value if isinstance(value, int) and value > 0 else 0
