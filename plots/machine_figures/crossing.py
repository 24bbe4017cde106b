"""What it costs that producer and consumer are on two NUMA nodes, or two packages, instead of one:
on each machine the ratio to itself."""

import configurations
import machine_answers
import machine_panels
from machine_panels import Field, Mark

QUESTION = "What does it cost to cross a node?"
PLACE = 3
_NEAR = ("same_node", "same_l3", "same_l2")  # what stands for one node, by the first that there is
_FAR = ("cross_node", "cross_package")
notes = []


def draw(found):
    """The Figure, or None where not all machines have two nodes."""
    notes.clear()
    fields = _fields(found)
    if not fields:
        notes.append("No time was measured in all of them both on one node and across two.")
        return None
    notes.append("p50 of a message's time across, to that on one node of the same machine: 1 costs "
                 "nothing. The line reaches as far as the ends of both intervals allow, which is "
                 "further than either.")
    look = ("times as long", machine_panels.set_multiples_axis)
    return machine_panels.draw(found, fields, look, notes)


def answer(found):
    """The ratios; nobody has ranked them."""
    return machine_answers.of_fields(found, QUESTION, _fields(found))


def _fields(found):
    by_place = {}
    for row in configurations.at_usual(found.rows_of(configurations.USUAL_TIMES)):
        by_place.setdefault(row.placement, {})[row.cell] = row
    near = next((place for place in _NEAR if place in by_place), None)
    made = [Field(f"{far} to {near}", cell, _marks(row, by_place[near][cell]))
            for far in _FAR for cell, row in by_place.get(far, {}).items()
            if near and cell in by_place[near]]
    return [field for field in made if field.marks]


def _marks(far, near):
    return {name: Mark(value.median / other.median, value.low / other.high, value.high / other.low,
                       min(value.repetitions, other.repetitions))
            for name, value in far.values.items() if (other := near.values.get(name))
            and value.median and other.median and value.low and other.low}
