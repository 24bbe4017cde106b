"""Messages per second by machine, of elements as large as a packet of a network."""

import configurations
import machine_answers
import machine_panels
import measures
import palette

SIZE_BYTES = 1472
QUESTION = f"Which moves most messages, at {SIZE_BYTES}\u00a0B?"
PLACE = 2
notes = []


def draw(found):
    """The Figure, or None where nobody has rates in common."""
    notes.clear()
    rows, fields = machine_answers.usual_fields(found, configurations.RATES, SIZE_BYTES)
    if not fields:
        notes.append("No cell of which rates were measured is in all of them.")
        return None
    if rows[0].element_size_bytes not in (SIZE_BYTES, None):
        notes.append(f"Nobody measured {SIZE_BYTES} B: {rows[0].element_size_bytes} B are nearest.")
    notes.append("More is better. " + machine_answers.how_drawn(found))
    look = (measures.title_of(rows[0].metric), palette.set_rate_axis)
    return machine_panels.draw(found, fields, look, notes)


def answer(found):
    """Who is ahead, where the comparison ranks."""
    rows, _ = machine_answers.usual_fields(found, configurations.RATES, SIZE_BYTES)
    return machine_answers.of_rows(found, QUESTION, rows)
