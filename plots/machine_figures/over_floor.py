"""Round trips in hand-offs of a cache line: what is left when each machine's own speed is taken
out."""

import configurations
import machine_answers
import machine_panels

QUESTION = "How far is each from what its own hardware allows?"
PLACE = 4
notes = []


def draw(found):
    """The Figure, or None where no floor is known."""
    notes.clear()
    fields = _fields(found)
    if not fields:
        notes.append("No time in all of them has a floor: workers were not pinned, or shared a "
                     "CPU.")
        return None
    notes.append("p50 of a message's time in hand-offs of a cache line between the same CPUs of "
                 "that machine, of a round trip in two: 1 is the floor. "
                 + machine_answers.how_drawn(found))
    look = ("× the machine's own floor", machine_panels.set_multiples_axis)
    return machine_panels.draw(found, fields, look, notes)


def answer(found):
    """The multiples; nobody has ranked them."""
    return machine_answers.of_fields(found, QUESTION, _fields(found))


def _fields(found):
    rows = configurations.at_usual(found.rows_of(configurations.USUAL_TIMES))
    return machine_answers.fields_of(rows, machine_answers.floor_of)
