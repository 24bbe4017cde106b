"""The answers of a comparison of configurations, as sentences: who is ahead, and how sure that is.

A ranking only where the comparison itself ranks; everything else is told as figures, side by side.
"""

from collections import Counter

import configurations
import measures
import units
from answers import Answer
from machine_panels import Field, Mark

MAX_NAMED = 6


def value_text(row, value):
    """'312 ns [305–322 ns]'."""
    if value.median is None:
        return "no figure"
    return interval_text(lambda number: units.metric_text(row.metric, number), median_of(value))


def multiple_text(mark):
    """'2.87 × [2.79–2.94 ×]'."""
    return interval_text(_times_text, mark)


def _times_text(number):
    if number < 0.01:
        return "under 0.01 ×"
    return f"{number:.3g} ×" if number < 999.5 else f"{units.rate_text(number)} ×"


def interval_text(as_text, mark):
    """A figure with its interval behind it, where it has one."""
    if mark.low is None or mark.high is None:
        return as_text(mark.middle)
    return f"{as_text(mark.middle)} [{units.range_text(as_text(mark.low), as_text(mark.high))}]"


def how_drawn(found):
    """What marker and line are, for a caption."""
    return (f"Marker: the median; line: its interval of {100 * found.coverage:g} %, by drawing "
            "bundles again and repetitions within them.")


def of_rows(found, title, rows):
    """The Answer of a question whose rows the comparison ranks; None without a row."""
    if not rows:
        return None
    first = rows[0]
    answer = Answer(title, f"{where(first)}: {_ranking(found, first)}")
    answer.more += [f"{found.names[name].label} is not ranked: {why}."
                    for name, why in first.not_ranked[:MAX_NAMED]]
    answer.more += _everywhere(found, rows)
    troubles = [f"{found.names[name].label}, {where(row)}: {value.trouble}." for row in rows
                for name, value in row.values.items() if value.trouble]
    answer.more += troubles[:MAX_NAMED]
    if len(troubles) > MAX_NAMED:
        answer.more.append(f"And {len(troubles) - MAX_NAMED} more with trouble: see the table.")
    answer.is_bad = bool(troubles)
    return answer


def of_fields(found, title, fields):
    """The Answer of a question that nobody has ranked: the figures of the first field."""
    if not fields:
        return None
    first = fields[0]
    told = [f"{found.names[name].label} {multiple_text(mark)}"
            for name, mark in first.marks.items()]
    return Answer(title, f"{_joined(first.panel, first.cell)}: {first_of(told)}.")


def first_of(parts):
    """The first MAX_NAMED of them, listed, and how many more there are."""
    more = [f"{len(parts) - MAX_NAMED} more"] if len(parts) > MAX_NAMED else []
    return listed([*parts[:MAX_NAMED], *more])


def where(row):
    """'round trip, p99, same_l3, quick/round-trip/spsc/1p1c/el=64/cap=144'."""
    return _joined(measures.title_of(row.metric), row.placement, row.cell)


def _joined(*parts):
    return ", ".join(part for part in parts if part)


def listed(parts):
    """['a', 'b', 'c'] → 'a, b and c'."""
    return " and ".join(part for part in (", ".join(parts[:-1]), parts[-1]) if part)


def fields_of(rows, mark_of):
    """A Field for each row in which a mark can be made of some value."""
    made = [Field(row.placement, row.cell, {name: mark for name, value in row.values.items()
                                            if (mark := mark_of(value)) is not None})
            for row in rows]
    return [field for field in made if field.marks]


def median_of(value):
    """The Mark of a value as it was measured."""
    return None if value.median is None else \
        Mark(value.median, value.low, value.high, value.repetitions)


def floor_of(value):
    """The Mark of a value in multiples of its machine's floor; None where that is not known."""
    return None if value.over_floor is None else \
        Mark(value.over_floor, value.over_floor_low, value.over_floor_high, value.repetitions)


def usual_fields(found, metrics, size_bytes=configurations.USUAL_SIZE_BYTES):
    """(the rows of the first of the metrics at the usual size and capacity, their Fields)."""
    rows = configurations.at_usual(found.rows_of(metrics), size_bytes)
    return rows, fields_of(rows, median_of)


def _ranking(found, row):
    if not row.ranking:
        told = [f"{found.names[name].label} {value_text(row, value)}"
                for name, value in row.values.items()]
        because = f" ({row.why_not})" if row.why_not else ""
        return f"no ranking{because}; {first_of(told)}."
    places = [_place(found, row, names, " is ahead, " if names is row.ranking[0] else " ")
              for names in row.ranking[:MAX_NAMED]]
    behind = len(row.ranking) - len(places)
    text = "; then ".join(places)
    return f"{text}; and {units.plural(behind, 'place')} more." if behind else f"{text}."


def _place(found, row, names, verb):
    """One place of a ranking; the verb is for who has it alone."""
    told = [f"{found.names[name].label}{verb if len(names) == 1 else ' '}"
            f"{value_text(row, row.values[name])}" for name in names]
    return first_of(told) + (", which cannot be told apart" if len(names) > 1 else "")


def _everywhere(found, rows):
    """Who else is ahead alone, over all rows of the question."""
    if len(rows) < 2:
        return []
    alone = Counter(row.ranking[0][0] for row in rows
                    if row.ranking and len(row.ranking[0]) == 1)
    told = [f"{found.names[name].label} in {count}" for name, count in
            alone.most_common(MAX_NAMED)]
    nobody = len(rows) - sum(alone.values())
    if nobody:
        told.append(f"nobody in {nobody}")
    sentences = [f"Of {units.plural(len(rows), 'cell')} like this, ahead of all others: "
                 f"{listed(told)}."]
    reasons = Counter(row.why_not for row in rows if row.why_not).most_common(1)
    if reasons and rows[0].ranking:  # else it is told
        sentences.append(f"No ranking in {sum(not row.ranking for row in rows)}, most often for "
                         f"this: {reasons[0][0]}.")
    return sentences
