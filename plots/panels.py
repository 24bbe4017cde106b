"""Small multiples: which cells share a panel, and where the panels stand.

A figure draws some axes inside a panel (queue as line, element size along x …); cells that differ
in anything else stand in different panels, so no two things are ever silently mixed.
"""

import math
from typing import NamedTuple

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

import palette
import units
from bundle import axis_order, varying_axes

MAX_PANELS = 48
MAX_COLUMNS = 6
_PANEL_WIDTH_IN = {1: 7.0, 2: 4.3, 3: 3.1, 4: 2.5, 5: 2.0, 6: 1.75}
_PANEL_HEIGHT_IN = 2.5
_LEFT_IN, _RIGHT_IN, _TOP_IN, _BOTTOM_IN = 0.95, 0.25, 0.35, 0.85
_GAP_X_IN, _GAP_Y_IN = 0.3, 0.4
_LINE_IN = 0.2
_TITLE_CHARACTERS_PER_IN = 12
# These always separate panels; any other axis only where it varies for one and the same queue.
_STRICT_AXES = ("workload", "scenario", "shape", "element_size_bytes", "capacity", "placement")


class Panel(NamedTuple):
    """Cells that are drawn together, and what all of them have and the other panels have not."""

    title: str
    cells: list


def split(cells, inside, last=()):
    """The panels of the cells, given the axes drawn inside one; 'last' axes change fastest."""
    separating = [axis for axis in separating_axes(cells) if axis not in inside]
    separating.sort(key=lambda axis: axis in last)
    groups = {}
    for cell in cells:
        groups.setdefault(tuple(cell.axes.get(axis) for axis in separating), []).append(cell)
    panels = []
    for key in sorted(groups, key=lambda key: [axis_order(value) for value in key]):
        named = sorted(zip(separating, key), key=lambda pair: pair[0] not in last)
        title = " · ".join(units.axis_text(axis, value) for axis, value in named)
        panels.append(Panel(title, groups[key]))
    return panels


def separating_axes(cells):
    """The axes that make a difference between panels, in order."""
    varying = varying_axes(cells)
    return [axis for axis in varying if axis in _STRICT_AXES or _varies_for_a_queue(cells, axis)]


def uneven_axes(cells):
    """Sentences on axes that are not the same for every queue although they share a panel."""
    sentences = []
    for axis, values in varying_axes(cells).items():
        if axis in _STRICT_AXES or axis == "queue" or axis in separating_axes(cells):
            continue
        per_queue = {cell.axes.get("queue"): cell.axes.get(axis) for cell in cells}
        listed = ", ".join(f"{queue} {units.plain_text(value)}"
                           for queue, value in per_queue.items())
        sentences.append(f"Not the same for every queue: {axis} ({listed}).")
    return sentences


def lay_out(panels, columns, styles):
    """(figure, axes per panel) with titles, and a legend of styles (queue → line) above all."""
    rows = math.ceil(len(panels) / columns)
    panel_width = _PANEL_WIDTH_IN[columns]
    titles = [_broken(panel.title, panel_width) for panel in panels]
    title_height = _LINE_IN * max(len(title.splitlines()) for title in titles)
    gap_y = _GAP_Y_IN + title_height
    width = _LEFT_IN + columns * panel_width + (columns - 1) * _GAP_X_IN + _RIGHT_IN
    legend_columns = _legend_columns(styles, width)
    top = _TOP_IN + title_height + _LINE_IN * math.ceil(len(styles) / legend_columns)
    height = top + rows * _PANEL_HEIGHT_IN + (rows - 1) * gap_y + _BOTTOM_IN
    figure = Figure(figsize=(width, height), facecolor="white")
    figure.subplots_adjust(
        left=_LEFT_IN / width, right=1 - _RIGHT_IN / width, top=1 - top / height,
        bottom=_BOTTOM_IN / height, wspace=_GAP_X_IN / panel_width,
        hspace=gap_y / _PANEL_HEIGHT_IN)
    grid = figure.subplots(rows, columns, squeeze=False).flatten()
    for axes, title in zip(grid, titles):
        axes.set_title(title, fontsize=9, loc="left", color=palette.INK, fontweight="bold")
    for axes in grid[len(panels):]:
        axes.set_visible(False)
    _add_legend(figure, styles, legend_columns)
    return figure, list(grid[:len(panels)])


def label_outside(axes_list, columns, labels):
    """Axis names and tick labels only where no panel stands further out."""
    x_label, y_label = labels
    for place, axes in enumerate(axes_list):
        axes.tick_params(length=3)
        if place % columns == 0:
            axes.set_ylabel(y_label)
        else:
            axes.tick_params(labelleft=False)
        if place + columns >= len(axes_list):
            axes.set_xlabel(x_label)
        else:
            axes.tick_params(labelbottom=False)


def add_provenance(figure, text):
    """One quiet line at the foot, so that the picture can leave the page."""
    figure.text(_LEFT_IN / figure.get_figwidth(), 0.16 / figure.get_figheight(), text,
                fontsize=7.5, color=palette.QUIET_INK, ha="left", va="bottom")


def column_count(count, values=0):
    """How many columns suit this many panels: one per value of the axis that changes fastest,
    where that makes a whole grid."""
    if 2 <= values <= MAX_COLUMNS and count % values == 0:
        return values
    return {1: 1, 2: 2, 4: 2}.get(count, 3)


def limited(panels, notes):
    """The first MAX_PANELS of them; what is left out is said."""
    if len(panels) > MAX_PANELS:
        notes.append(f"Only the first {MAX_PANELS} of {len(panels)} panels are drawn; "
                     "the table has all cells.")
    return panels[:MAX_PANELS]


def _broken(title, width_in):
    """The title in as many lines as the width of a panel asks for."""
    lines = []
    for part in title.split(" · "):
        longer = f"{lines[-1]} · {part}" if lines else part
        if lines and len(longer) <= width_in * _TITLE_CHARACTERS_PER_IN:
            lines[-1] = longer
        else:
            lines.append(part)
    return "\n".join(lines)


def _legend_columns(styles, width_in):
    """How many entries of the legend stand side by side."""
    entry_in = 0.65 + 0.085 * max((len(queue) for queue in styles), default=1)
    return max(1, min(len(styles), int((width_in - _LEFT_IN - _RIGHT_IN) / entry_in)))


def _add_legend(figure, styles, columns):
    marks = [Line2D([], [], label=queue, **style) for queue, style in styles.items()]
    anchor = (_LEFT_IN / figure.get_figwidth(), 1 - 0.12 / figure.get_figheight())
    figure.legend(handles=marks, loc="upper left", ncol=columns, frameon=False, borderpad=0,
                  bbox_to_anchor=anchor, borderaxespad=0, handlelength=2.2, fontsize=9,
                  columnspacing=1.6)


def _varies_for_a_queue(cells, axis):
    seen = {}
    for cell in cells:
        seen.setdefault(cell.axes.get("queue"), set()).add(cell.axes.get(axis))
    return any(len(values) > 1 for values in seen.values())
