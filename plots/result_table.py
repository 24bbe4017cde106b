"""The tables of the page, one per workload: a row per cell, numbers over its repetitions.

Sorting happens in the browser by data-v, so each number stands there in base units.
"""

import re
from typing import NamedTuple

import units
from bundle import STATUSES, VIOLATIONS, varying_axes
from html_text import element, esc, spaced

# What a cell is timed by: the first of these that it has.
_TIMED = (("rtt_ns", "round trip"), ("response_ns", "response"), ("service_ns", "service"))
_AXES = {"queue": "queue", "shape": "shape", "element_size_bytes": "element",
         "capacity": "capacity", "placement": "placement"}
_ALWAYS = ("queue", "element_size_bytes")  # a column also where it is the same in all rows
_PERCENTILES = {"p50": "p50", "p99": "p99", "p99.9": "p999", "max": "max"}
MAX_OPTIONS = 60
_SPREAD_HINT = "median over repetitions; below it smallest to largest"

_FLOOR_HINT = ("p50 in hand-offs of a cache line between the two CPUs: of a round trip in two of "
               "them, one there and one back")


class Column(NamedTuple):
    """A heading and how to make the <td> of a cell."""

    title: str
    make: object
    numeric: bool = False
    hint: str = None


def footnotes(bundle):
    """text → number, for every reason and note, in the order of the table."""
    numbers = {}
    for cell in bundle.cells:
        for record in cell.records:
            for text in record_texts(record):
                numbers.setdefault(text, len(numbers) + 1)
    return numbers


def record_texts(record):
    """What the harness said about a record."""
    return ([record.reason] if record.reason else []) + list(record.notes)


def filter_bar(bundle):
    """What filter_table.js reads: a text, and a choice for each axis that varies and the status.
    Hidden until the script is there to make something of it."""
    choices = {axis: [(_filter_value(value), units.axis_text(axis, value)
                       if axis in _AXES and axis != "capacity" else units.plain_text(value))
                      for value in values]
               for axis, values in _filtered_axes(bundle).items()}
    statuses = [status for status in STATUSES if bundle.statuses()[status]]
    if len(statuses) > 1:
        choices["status"] = [(status, status) for status in statuses]
    text = element("label", "Filter" + '<input type="search" placeholder="words, such as spsc 64" '
                   'autocomplete="off" spellcheck="false">', class_="words")
    selects = "".join(_choice(axis, options) for axis, options in choices.items()
                      if len(options) <= MAX_OPTIONS)
    said = '<button type="reset">Clear</button><output aria-live="polite"></output>'
    return f'<form id="filter" hidden>{text}{selects}{said}</form>'


def _filtered_axes(bundle):
    """Those that vary, and whose names can be names of attributes."""
    return {axis: values for axis, values in varying_axes(bundle.cells).items()
            if re.fullmatch("[a-z_]+", axis)}


def _choice(axis, options):
    shown = element("option", "all", value="") + "".join(
        element("option", esc(title), value=value) for value, title in options)
    return element("label", esc(_AXES.get(axis, spaced(axis))) +
                   element("select", shown, name=axis.replace("_", "-")))


def _filter_value(value):
    """As it stands in the rows, where a bar parts several."""
    return units.plain_text(value).replace("|", "¦")


def markup(bundle):
    """One table per workload, then the footnotes; a sentence where there is no cell."""
    if not bundle.cells:
        return element("p", "There is no cell to show.", class_="quiet")
    numbers = footnotes(bundle)
    groups = {}
    for cell in bundle.cells:
        groups.setdefault(cell.axes.get("workload"), []).append(cell)
    filtered = [*_filtered_axes(bundle)]
    tables = "\n".join(_table(workload, cells, numbers, filtered)
                       for workload, cells in groups.items())
    notes = "".join(element("li", esc(text), id=f"note-{number}")
                    for text, number in numbers.items())
    return tables + (element("ol", notes, class_="footnotes") if notes else "")


def _table(workload, cells, numbers, filtered):
    title = f"{units.plain_text(workload)}, {units.plural(len(cells), 'cell')}"
    fixed = " · ".join(units.axis_text(axis, cells[0].axes[axis]) for axis in _fixed_axes(cells))
    aside = element("span", esc(f" {fixed}"), class_="aside") if fixed else ""
    return element("h3", esc(title) + aside) + table(
        f"Results of {title}, one row per cell", _columns(cells, numbers), cells,
        lambda cell: _filter_attributes(cell, filtered))


def _fixed_axes(cells):
    """Of the axes that usually have a column, those in which no two cells of the table differ."""
    varying = varying_axes(cells)
    return [axis for axis in _AXES if axis in cells[0].axes and axis not in varying
            and axis not in _ALWAYS]


def _filter_attributes(cell, filtered):
    """By what a row is chosen: its axes that vary in the bundle, and each status that it has."""
    found = {f"data_{axis}": _filter_value(cell.axes[axis]) for axis in filtered
             if axis in cell.axes}
    return {**found, "data_status": "|".join(cell.statuses())}


def table(label, columns, things, attributes_of=lambda _: {}):
    """A table that sorts by its headings; a row shows the name of its thing where the pointer
    rests."""
    headings = "".join(_heading(column) for column in columns)
    rows = "\n".join(_row(thing, columns, attributes_of(thing)) for thing in things)
    content = element("table", f"<thead><tr>{headings}</tr></thead>\n<tbody>\n{rows}\n</tbody>",
                      class_="results")
    return element("div", content, class_="scroll", tabindex="0", role="region", aria_label=label)


def _columns(cells, numbers):
    """Axes first, each further axis that varies; then what was measured, integrity and status."""
    fixed = _fixed_axes(cells)
    shown = {axis: title for axis, title in _AXES.items() if axis not in fixed}
    shown.update({axis: spaced(axis) for axis in varying_axes(cells) if axis not in shown})
    columns = [Column(title, _axis_maker(axis), axis in ("element_size_bytes", "capacity"))
               for axis, title in shown.items()]
    if any(cell.spread("messages_per_s") for cell in cells):
        columns.append(Column("messages/s", _rate, True, _SPREAD_HINT))
    if any(_timed(cell, "p50") for cell in cells):
        columns.extend(Column(title, _time_maker(metric), True, _SPREAD_HINT)
                       for title, metric in _PERCENTILES.items())
    if any(_over_floor(cell) for cell in cells):
        columns.append(Column("× floor", _floor, True, _FLOOR_HINT))
    if any(cell.spread("disturbed_fraction") for cell in cells):
        columns.extend(Column(f"{title} clean", _time_maker(f"{title}_clean"), True,
                              "of the messages that the machine did not disturb")
                       for title in ("p50", "p99"))
        columns.append(Column("disturbed", _disturbed, True, "the part that it did disturb"))
        columns.append(Column("tail", _slowest_by, False, "who makes p99 what it is"))
    columns.append(Column("l/d/r/t", _integrity, True,
                          "lost, duplicated, reordered, torn; all repetitions together"))
    columns.append(Column("status", lambda cell: _status(cell, numbers)))
    return columns


def _heading(column):
    button = element("button", esc(column.title) + '<span class="arrow" aria-hidden="true"></span>',
                     type="button", title=column.hint)
    return element("th", button, scope="col", class_="number" if column.numeric else None,
                   aria_sort="none")


def _row(cell, columns, attributes):
    return element("tr", "".join(column.make(cell) for column in columns), title=cell.name,
                   **attributes)


def number_cell(text, value):
    """A right-aligned <td> that sorts by value; None sorts last."""
    return element("td", text, class_="number", data_v="" if value is None else repr(value))


def metric_value(name):
    """Makes the cell of that attribute, in the unit of the row's own metric."""
    def make(one):
        value = getattr(one, name)
        text = units.NONE if value is None else units.metric_text(one.metric, value)
        return number_cell(esc(text), value)
    return make


def _axis_maker(axis):
    def make(cell):
        value = cell.axes.get(axis)
        if axis == "element_size_bytes" and isinstance(value, int):
            return number_cell(esc(units.bytes_text(value)), value)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return number_cell(esc(units.count_text(value)), value)
        shown = units.NONE if axis not in cell.axes else units.plain_text(value)
        return element("td", esc(shown), class_="queue" if axis == "queue" else None)
    return make


def _time_maker(metric):
    def make(cell):
        found = _timed(cell, metric)
        if found is None:
            return number_cell(units.NONE, None)
        return _spread(found[0], units.duration_text, found[1])
    return make


def _timed(cell, metric):
    """(Spread, what was timed) of the first kind of time that the cell has, or None."""
    for name, title in _TIMED:
        if spread := cell.spread(f"{name}_{metric}"):
            return spread, title
    return None


def _rate(cell):
    spread = cell.spread("messages_per_s")
    return _spread(spread, units.rate_text, None) if spread else number_cell(units.NONE, None)


def _spread(spread, as_text, title):
    """The median, and below it smallest to largest where there was more than one repetition."""
    text = esc(as_text(spread.median))
    if spread.repetitions > 1:
        text += element("small", esc(units.range_text(as_text(spread.minimum),
                                                      as_text(spread.maximum))))
    return element("td", text, class_="number", data_v=repr(spread.median), title=title)


def _over_floor(cell):
    found = (cell.spread(metric) for metric in ("rtt_over_floor", "response_over_floor"))
    return next((spread for spread in found if spread), None)


def _floor(cell):
    spread = _over_floor(cell)
    return _spread(spread, units.multiple_text, None) if spread else \
        number_cell(units.NONE, None)


def _disturbed(cell):
    spread = cell.spread("disturbed_fraction")
    if not spread:
        return number_cell(units.NONE, None)
    return number_cell(f"{100 * spread.median:.2g}&nbsp;%", spread.median)


def _slowest_by(cell):
    spread = cell.spread("tail_is_machine")
    maker = units.NONE if spread is None else "machine" if spread.median >= 0.5 else "queue"
    return element("td", esc(maker))


def _integrity(cell):
    counts = [cell.total(name) for name in VIOLATIONS]
    if all(count is None for count in counts):
        return number_cell(units.NONE, None)
    total = sum(count or 0 for count in counts)
    shown = esc(" / ".join(units.count_text(count or 0) for count in counts))
    return number_cell(element("b", shown, class_="bad") if total else shown, total)


def _status(cell, numbers):
    """'ok 5' or one mark per status, then the footnotes."""
    counts = cell.statuses()
    marks = "".join(element("span", f"{status}&nbsp;{counts[status]}", class_=f"mark {status}")
                    for status in STATUSES if counts[status])
    used = sorted({numbers[text] for record in cell.records for text in record_texts(record)})
    links = " ".join(element("a", str(number), href=f"#note-{number}") for number in used)
    worst = max(place for place, status in enumerate(STATUSES) if counts[status])
    return element("td", marks + (element("sup", links) if links else ""), data_v=worst,
                   class_="status")
