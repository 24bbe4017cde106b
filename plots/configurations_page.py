"""What the page of a comparison by a key has before all else: answers, machines, a figure for each
question, and all of it as a table.

Says what the comparison says; it ranks nothing itself.
"""

from typing import NamedTuple

import bundle as bundles
import document
import figures.machine
import machine_answers
import machine_figures
import units
from configurations import Value
from html_text import element, esc, figure, paragraph, rows_table, section
from machine_panels import MAX_CONFIGURATIONS
from page import answer_card
from result_table import Column, number_cell, table

MAX_LINES = 3000
MAX_LEFT_OUT = 200


class Line(NamedTuple):
    """One configuration in one row. name: what shows where the pointer rests on it."""

    name: str
    row: object
    configuration: str
    value: Value
    place: int  # in the ranking, from 1; None where it has none


def markup(comparison):
    """All sections; empty where nothing was compared by a key."""
    found = comparison.configurations
    if found is None:
        return ""
    return "\n".join((_answers(found), _machines(comparison), _figures(found), _table(found),
                      _left_out(found)))


def differing_facts(comparison):
    """A row for each fact that differs, a column for each side."""
    shown = list(comparison.sides)[:MAX_CONFIGURATIONS + 1]
    rows = [[esc(fact)] + [esc(_values_of(comparison, side, values)) for side in shown]
            for fact, values in comparison.differences]
    content = rows_table(("fact", *(comparison.sides[side] for side in shown)), rows)
    if len(comparison.sides) > len(shown):
        content += paragraph(f"Only the first {len(shown)} of {len(comparison.sides)} stand here.",
                             "quiet")
    return content


def _values_of(comparison, side, values):
    """Of one side: its bundles may differ, too."""
    return ", ".join(dict.fromkeys(units.plain_text(values.get(label))
                                   for label in comparison.labels[side]))


def _answers(found):
    cards = [answer for module in machine_figures.find_all().values()
             if (answer := module.answer(found))]
    content = element("div", "".join(answer_card(one) for one in cards), class_="answers") \
        if cards else paragraph("No question can be answered: no cell is in all of them.", "quiet")
    told = (f"In brackets the interval of {100 * found.coverage:g} % of a median. A ranking stands "
            "only where the intervals part; ratios and multiples are not ranked.")
    return section("answers", "In short", content + paragraph(told, "quiet") +
                   (paragraph(f"{found.label[:1].upper()}{found.label[1:]}.", "notice")
                    if found.label else ""))


def _machines(comparison):
    """Differing facts first; then the machines' drawings, where machines are compared."""
    facts = differing_facts(comparison) if comparison.differences else \
        paragraph("No fact of the environments differs.", "quiet")
    drawings = ""
    if comparison.configurations.label:
        shown = list(comparison.sides)[:MAX_CONFIGURATIONS]
        drawings = element("div", "".join(_drawing(comparison, place, side)
                                          for place, side in enumerate(shown)), class_="machines")
        if len(comparison.sides) > len(shown):
            drawings += paragraph(f"Only the first {len(shown)} of {len(comparison.sides)} are "
                                  "drawn.", "quiet")
    return section("environment", "What differs in the environments", facts + drawings)


def _drawing(comparison, place, side):
    """The machine of the first bundle of a side."""
    title, folder = comparison.sides[side], comparison.folders[side][0]
    try:
        drawn = figures.machine.beside_others(bundles.load_machine(folder))
    except bundles.BundleError as error:
        return element("div", element("h3", esc(title)) + paragraph(str(error), "quiet"))
    if drawn is None:
        return element("div", element("h3", esc(title)) + paragraph(
            f"{folder} does not say which CPUs there are.", "quiet"))
    picture, notes = drawn
    machines = comparison.configurations.names[title].machines
    if machines > 1:
        notes.append(f"The first of {machines} machines.")
    svg = document.rendered(picture, "svg", title).decode("utf-8")
    return figure(f"machine{place}", title, svg, notes)


def _figures(found):
    shown = ""
    for name, module in machine_figures.find_all().items():
        picture = module.draw(found)
        if picture is None:
            shown += element("h3", esc(module.QUESTION)) + paragraph(" ".join(module.notes),
                                                                     "quiet")
            continue
        svg = document.rendered(picture, "svg", module.QUESTION).decode("utf-8")
        shown += figure(name, module.QUESTION, svg, module.notes)
    return section("questions", "A figure for each question", shown)


def _table(found):
    lines = [Line(f"{row.cell} {row.placement}", row, found.names[name].label, value,
                  _place(row, name)) for row in found.rows for name, value in row.values.items()]
    if not lines:
        return section("configurations", "All of it", paragraph("No cell is in all.", "quiet"))
    content = table("Configurations, a row for each in each cell", _COLUMNS, lines[:MAX_LINES])
    if len(lines) > MAX_LINES:
        content += paragraph(f"Only the first {units.count_text(MAX_LINES)} of "
                             f"{units.count_text(len(lines))} rows stand here; the JSON beside "
                             "this page has all.", "quiet")
    summary = element("summary", esc(units.plural(len(lines), "row")))
    return section("configurations", "All of it", element("details", summary + content))


def _place(row, name):
    return next((place for place, names in enumerate(row.ranking, start=1) if name in names), None)


def _left_out(found):
    if not found.left_out:
        return ""
    rows = [[esc(one.placement or units.NONE), esc(one.cell or "all of them"), str(one.cells),
             esc(machine_answers.first_of(one.lacking)), esc(one.reason or units.NONE)]
            for one in found.left_out[:MAX_LEFT_OUT]]
    content = rows_table(("placement", "cell", "cells", "lacking in", "reason"), rows)
    if len(found.left_out) > MAX_LEFT_OUT:
        content += paragraph(f"And {len(found.left_out) - MAX_LEFT_OUT} more.", "quiet")
    return section("left-out", "What not all of them have", content)


def _text(make):
    return lambda line: element("td", esc(make(line)))


def _median(line):
    return number_cell(esc(machine_answers.value_text(line.row, line.value)), line.value.median)


def _multiple(line):
    value = line.value
    if value.over_floor is None:
        return number_cell(units.NONE, None)
    text = machine_answers.multiple_text(machine_answers.floor_of(value))
    return number_cell(esc(text), value.over_floor)


def _rank(line):
    why = line.row.why_not or dict(line.row.not_ranked).get(line.configuration)
    return element("td", str(line.place) if line.place else units.NONE, class_="number",
                   data_v=line.place or "", title=None if line.place else why)


_COLUMNS = [
    Column("question", _text(lambda line: line.row.question)),
    Column("placement", _text(lambda line: line.row.placement)),
    Column("cell", _text(lambda line: line.row.cell)),
    Column("metric", _text(lambda line: line.row.metric)),
    Column("configuration", _text(lambda line: line.configuration)),
    Column("median", _median, True, "of the medians of its bundles, with its interval"),
    Column("× floor", _multiple, True, "in multiples of the machine's own hand-off"),
    Column("repetitions", lambda line: number_cell(str(line.value.repetitions),
                                                   line.value.repetitions), True, "that are ok"),
    Column("bundles", lambda line: number_cell(str(line.value.bundles), line.value.bundles), True),
    Column("place", _rank, True, "only where intervals part; who share one cannot be told apart"),
    Column("trouble", _text(lambda line: line.value.trouble or units.NONE)),
]
