"""The slowest messages, which are what a bound is broken by: p99 by machine."""

import configurations
import machine_answers
import machine_panels
import measures
import palette

QUESTION = "Which has the smallest tail?"
PLACE = 1
notes = []


def draw(found):
    """The Figure, or None where nobody has times in common."""
    notes.clear()
    rows, fields = machine_answers.usual_fields(found, configurations.SLOW_TIMES)
    if not fields:
        notes.append("No cell of which times were measured is in all of them.")
        return None
    notes.append("Less is better. " + machine_answers.how_drawn(found))
    look = (measures.title_of(rows[0].metric), palette.set_duration_axis)
    return machine_panels.draw(found, fields, look, notes)


def answer(found):
    """Who is ahead, where the comparison ranks."""
    rows, _ = machine_answers.usual_fields(found, configurations.SLOW_TIMES)
    return machine_answers.of_rows(found, QUESTION, rows)
