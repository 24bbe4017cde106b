"""Placement by queue: a field for each, its number and its colour the time or the rate there."""

import numpy
from matplotlib import ticker
from matplotlib.colors import LogNorm

import captions
import measures
import palette
import panels
import units
from bundle import axis_order

QUESTION = "What does the distance between producer and consumer cost?"
MAX_ROWS = 48
_ROW_IN, _COLUMN_IN = 0.3, 1.15
_TOP_IN, _BOTTOM_IN, _GAP_IN, _BAR_IN = 0.5, 0.5, 0.95, 0.16
_COLOURS = "YlGnBu"
_NOT_IN_A_ROW = ("placement", "workload", "scenario")
notes = []


def draw(bundle):
    """The Figure, or None when all cells have the same placement."""
    notes.clear()
    maps = [found for measure, cells in measures.grouped(bundle.cells).items()
            if (found := _map_of(measure, cells))]
    if not maps:
        notes.append("No repetition with status ok of a queue is placed otherwise than others of "
                     "it.")
        return None
    drawn = [cell for _, rows, _ in maps for row in rows.values() for cell in row.values()]
    with palette.rc():
        figure = _draw_maps(bundle, maps, drawn)
    notes.append("Median over the repetitions, smallest to largest below it; darker is more: "
                 "slower of times, faster of rates. An empty field was not measured.")
    notes.extend(captions.closing(bundle, drawn))
    return figure


def _map_of(measure, cells):
    """(measure, rows: name → placement → cell, placements), or None with one placement."""
    placements = sorted({cell.axes.get("placement") for cell in cells}, key=axis_order)
    if len(placements) < 2:
        return None
    axes = [axis for axis in panels.separating_axes(cells) if axis not in _NOT_IN_A_ROW]
    rows = {}
    for cell in sorted(cells, key=lambda cell: (
            palette.queue_order(cell.axes.get("queue")),
            [axis_order(cell.axes.get(axis)) for axis in axes])):
        parts = [str(cell.axes.get("queue"))]
        parts += [units.axis_text(axis, cell.axes.get(axis)) for axis in axes if axis != "queue"]
        rows.setdefault(" · ".join(parts), {})[cell.axes.get("placement")] = cell
    if len(rows) > MAX_ROWS:
        notes.append(f"{measure.title}: only the first {MAX_ROWS} of {len(rows)} rows are drawn.")
    return measure, dict(list(rows.items())[:MAX_ROWS]), placements


def _draw_maps(bundle, maps, drawn):
    left = 0.4 + 0.078 * max(len(name) for _, rows, _ in maps for name in rows)
    columns = max(len(placements) for _, _, placements in maps)
    width = left + _COLUMN_IN * columns + 1.3
    heights = [_ROW_IN * len(rows) for _, rows, _ in maps]
    total = _TOP_IN + sum(heights) + _GAP_IN * (len(maps) - 1) + _BOTTOM_IN + 0.2
    figure = panels.Figure(figsize=(width, total), facecolor="white")
    y = total - _TOP_IN
    for (measure, rows, placements), height in zip(maps, heights):
        inner = _COLUMN_IN * len(placements)
        axes = figure.add_axes([left / width, (y - height) / total, inner / width, height / total])
        bar = figure.add_axes([(left + inner + 0.15) / width, (y - height) / total,
                               _BAR_IN / width, height / total])
        _draw_map(figure, (axes, bar), measure, rows, placements)
        y -= height + _GAP_IN
    panels.add_provenance(figure, captions.drawn_from(bundle, drawn))
    return figure


def _draw_map(figure, places, measure, rows, placements):
    axes, bar = places
    field = numpy.array([[_median(row.get(placement), measure) for placement in placements]
                         for row in rows.values()])
    lowest, highest = numpy.nanmin(field), numpy.nanmax(field)
    norm = LogNorm(max(lowest, 1e-9), max(highest, 1.05 * lowest, 2e-9))
    picture = axes.imshow(numpy.ma.masked_invalid(field), cmap=_COLOURS, norm=norm,
                          aspect="auto", interpolation="nearest")
    axes.grid(False)
    axes.set_xticks(range(len(placements)), placements)
    axes.set_yticks(range(len(rows)), list(rows))
    axes.tick_params(length=0, labelcolor=palette.INK)
    axes.set_title(measure.title, fontsize=9, loc="left", color=palette.INK, fontweight="bold")
    for line, row in enumerate(rows.values()):
        for column, placement in enumerate(placements):
            if placement in row:
                _write(axes, (column, line), row[placement].spread(measure.metric), measure, norm)
    figure.colorbar(picture, cax=bar)
    as_tick = units.rate_tick if measure.is_rate else units.duration_tick
    bar.yaxis.set_major_formatter(lambda value, _: as_tick(value))
    bar.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 3, 5, 7), numticks=8))
    bar.yaxis.set_minor_locator(ticker.NullLocator())
    bar.set_ylabel("per second" if measure.is_rate else "time")


def _median(cell, measure):
    return cell.spread(measure.metric).median if cell else numpy.nan


def _write(axes, place, spread, measure, norm):
    colour = palette.ON_DARK if norm(spread.median) > 0.55 else palette.ON_LIGHT
    column, line = place
    axes.text(column, line - 0.14, measure.short_text(spread.median), ha="center", va="center",
              fontsize=8, color=colour)
    if spread.repetitions > 1:
        ends = units.range_text(measure.short_text(spread.minimum),
                                measure.short_text(spread.maximum))
        axes.text(column, line + 0.24, ends, ha="center", va="center", fontsize=5.8, color=colour)
