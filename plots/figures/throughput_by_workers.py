"""Messages per second by producers and consumers: what is left when more of them share a queue."""

import re

import curves
import measures
import panels
from bundle import Cell

QUESTION = "What is left of the throughput when more producers and consumers share one queue?"
_SHAPE = re.compile(r"(\d+)p(\d+)c")
_KINDS = (("producers, one consumer", lambda p, c: p if c == 1 else None),
          ("consumers, one producer", lambda p, c: c if p == 1 else None),
          ("producers, and as many consumers", lambda p, c: p if p == c else None))
notes = []


def draw(bundle):
    """The Figure, or None when no queue was driven by several numbers of workers."""
    notes.clear()
    measure = measures.BY_WORKLOAD["throughput"]
    cells = [cell for cell in bundle.cells if cell.axes.get("workload") == "throughput"
             and cell.spread(measure.metric) and _workers(cell)]
    is_one_wait = _follows_from_shape(cells)
    families = panels.split([_without_names(cell, is_one_wait) for cell in cells],
                            inside=("queue", "shape"))
    groups = [panel for family in families for panel in _kinds_of(family)]
    groups = curves.with_several(groups, _count, 2)
    if not groups:
        notes.append("No repetition with status ok is of a queue that was driven by several "
                     "numbers of producers or consumers.")
        return None
    drawn = {cell.name for panel in groups for cell in panel.cells}
    uneven = sum(len(set(_workers(cell))) == 2 and 1 not in _workers(cell) for cell in cells)
    if uneven:
        notes.append(f"Not drawn: cells with several producers and another number of several "
                     f"consumers ({uneven}).")
    alone = len(cells) - len(drawn) - uneven
    if alone > 0:
        notes.append(f"Not drawn: cells of which there is one number of workers only ({alone}).")
    if is_one_wait:
        notes.append("Who has no CPU of its own yields while it waits, others spin.")
    look = curves.Look(measure, _count, "workers of that kind")
    return curves.draw(bundle, groups, look, notes)


def _workers(cell):
    found = _SHAPE.fullmatch(str(cell.axes.get("shape")))
    return tuple(int(count) for count in found.groups()) if found else ()


def _follows_from_shape(cells):
    """Whether waiting differs, but never for one queue and shape: then it was left to the harness,
    and is a part of what more workers cost."""
    seen = {}
    for cell in cells:
        key = tuple(cell.axes.get(axis) for axis in ("queue", "shape"))
        seen.setdefault(key, set()).add(cell.axes.get("wait"))
    waits = set().union(*seen.values()) if seen else set()
    return waits == {"spin", "yield"} and all(len(found) == 1 for found in seen.values())


def _without_names(cell, is_one_wait):
    """The scenario of a suite is how a shape is written down, and makes no difference by itself."""
    left_out = ("scenario", "wait") if is_one_wait else ("scenario",)
    axes = {axis: value for axis, value in cell.axes.items() if axis not in left_out}
    return Cell(cell.name, axes, cell.records)


def _kinds_of(family):
    """A panel for each kind of contention, whose cells know their number in it."""
    for title, count_of in _KINDS:
        cells = []
        for cell in family.cells:
            count = count_of(*_workers(cell))
            if count is not None:
                cells.append(Cell(cell.name, {**cell.axes, "workers": count}, cell.records))
        if cells:
            yield panels.Panel(" · ".join(part for part in (title, family.title) if part), cells)


def _count(cell):
    return cell.axes["workers"]
