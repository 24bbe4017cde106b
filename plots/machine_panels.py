"""Configurations side by side: a panel for each placement, a marker with its interval for each.

The one drawing behind the figures of machine_figures; these choose what is drawn. Colour and marker
of a configuration are the same in all of them.
"""

import textwrap
from typing import NamedTuple

import forest
import palette
import panels
import units

MAX_CONFIGURATIONS = 8
MAX_CELLS = 8
_TICK_CHARACTERS = 14
_SPREAD = 0.6  # of the room of a cell, for its markers
_MOST_BEYOND = 4.0  # times the outermost marker: an interval that reaches further is cut there


class Mark(NamedTuple):
    """What stands for one configuration: a middle with its interval, which may be None."""

    middle: float
    low: float
    high: float
    repetitions: int


class Field(NamedTuple):
    """One cell in one panel: name of the configuration → Mark."""

    panel: str
    cell: str
    marks: dict


def draw(found, fields, look, notes):
    """The Figure, or None without a field; notes receives the sentences.

    look: (name of the y axis, function that sets it from axes, lowest and highest)
    """
    if not fields:
        return None
    shown = shown_names(found, fields[0].marks)
    cells = list(dict.fromkeys(field.cell for field in fields))
    with palette.rc():
        figure = _draw_panels(found, fields, (shown, cells[:MAX_CELLS]), look)
    marks = _drawn_marks(fields, (shown, cells[:MAX_CELLS]))
    if (_lowest(marks), _highest(marks)) != _ends(marks):
        notes.append("A line that reaches the edge goes on.")
    notes += _sentences(found, shown, cells, marks)
    return figure


def shown_names(found, marks):
    """Of many the first, as far as there are colours that can be told apart at a glance."""
    return [name for name in found.names if name in marks][:MAX_CONFIGURATIONS]


def set_multiples_axis(axes, lowest, highest):
    """A logarithmic y axis of multiples that holds 1, with a line there."""
    palette.set_ratio_axis(axes, min(lowest, 1) / 1.1, max(highest, 1) * 1.1)
    axes.axhline(1, color=palette.INK, linewidth=0.9, zorder=1)


def _draw_panels(found, fields, what, look):
    shown, cells = what
    label, set_axis = look
    styles = {name: style for name, style in palette.marker_styles(found.names).items()
              if name in shown}
    titles = list(dict.fromkeys(field.panel for field in fields))
    drawn = [panels.Panel(title, [field for field in fields
                                  if field.panel == title and field.cell in cells])
             for title in titles]
    columns = panels.column_count(len(drawn))
    figure, axes_list = panels.lay_out(
        drawn, columns, {found.names[name].label: style for name, style in styles.items()})
    marks = _drawn_marks(fields, what)
    ends = _ends(marks)
    for axes, panel in zip(axes_list, drawn):
        _draw_panel(axes, panel.cells, (shown, cells), styles)
        set_axis(axes, *ends)
    panels.label_outside(axes_list, columns, ("", label))
    panels.add_provenance(figure, _measured(found, shown, marks))
    return figure


def _draw_panel(axes, fields, what, styles):
    shown, cells = what
    step = _SPREAD / max(len(shown), 2)
    for field in fields:
        for place, name in enumerate(shown):
            mark = field.marks.get(name)
            if mark is None:
                continue
            x = cells.index(field.cell) + (place - (len(shown) - 1) / 2) * step
            bounds = None if mark.low is None else [[max(mark.middle - mark.low, 0)],
                                                    [max(mark.high - mark.middle, 0)]]
            axes.errorbar([x], [mark.middle], yerr=bounds, capsize=2.5, elinewidth=1.3,
                          capthick=1.3, markeredgecolor="white", markeredgewidth=0.6,
                          **styles[name])
    for place in range(1, len(cells)):
        axes.axvline(place - 0.5, color=palette.GRID, linewidth=0.8, zorder=0)
    names, _ = forest.short_names(cells)
    axes.set_xticks(range(len(cells)), [textwrap.fill(names[cell], _TICK_CHARACTERS)
                                        for cell in cells])
    axes.set_xlim(-0.5, len(cells) - 0.5)
    axes.grid(False, axis="x")


def _ends(marks):
    """The lowest and the highest that is drawn: all markers, and intervals as far as there is room
    that leaves the markers apart."""
    middles = [mark.middle for mark in marks]
    return (max(min(middles) / _MOST_BEYOND, _lowest(marks)),
            min(max(middles) * _MOST_BEYOND, _highest(marks)))


def _lowest(marks):
    return min(mark.middle if mark.low is None else min(mark.middle, mark.low) for mark in marks)


def _highest(marks):
    return max(mark.middle if mark.high is None else max(mark.middle, mark.high) for mark in marks)


def _drawn_marks(fields, what):
    shown, cells = what
    return [field.marks[name] for field in fields if field.cell in cells
            for name in shown if name in field.marks]


def _measured(found, shown, marks):
    """'3 configurations by host × 5 to 15 repetitions, of 1 to 3 bundles'."""
    bundles = [found.names[name].bundles for name in shown]
    return (f"{units.plural(len(shown), 'configuration')} by {found.by} × "
            f"{_spread([mark.repetitions for mark in marks])} repetitions, of {_spread(bundles)} "
            f"{'bundle' if max(bundles) == 1 else 'bundles'}")


def _spread(counts):
    low, high = min(counts), max(counts)
    return str(low) if low == high else f"{low} to {high}"


def _sentences(found, shown, cells, marks):
    _, everywhere = forest.short_names(cells)
    sentences = [f"All at {', '.join(everywhere)}."] if everywhere and len(cells) > 1 else []
    if len(found.names) > len(shown):
        sentences.append(f"Only the first {len(shown)} of {len(found.names)} are drawn; the table "
                         "has all.")
    if len(cells) > MAX_CELLS:
        sentences.append(f"Only the first {MAX_CELLS} of {len(cells)} cells are drawn; the table "
                         "has all.")
    of_one_day = [found.names[name].label for name in shown if not found.names[name].holds_days]
    if of_one_day:
        sentences.append("Of one bundle only, so that the interval holds nothing of what differs "
                         f"between runs: {', '.join(of_one_day)}.")
    text = _measured(found, shown, marks)
    return sentences + [f"{text[0].upper()}{text[1:]}."]
