"""A forest plot: a row for each estimate with its interval, on a common scale of ratios.

The one drawing behind the figure of a gate and that of a comparison. Colour and marker both say
the verdict, so that either alone is enough.
"""

import math
from typing import NamedTuple

from matplotlib import ticker
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

import palette

MAX_ROWS = 60
_ROW_IN = 0.23
_TITLE_IN, _BOTTOM_IN, _RIGHT_IN = 0.62, 0.78, 1.75
_WIDTH_IN = 11.0
_CHARACTER_IN = 0.0735
_LEAST_SPAN = math.log(1.02)
_MOST_SPAN = math.log(4.0)  # what reaches further ends at the edge, with an arrow
_FAR_APART = 4.0  # from there on per cents would leave one half of the axis without a tick
_RATIOS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 10, 20, 50, 100)
_STYLES = {
    "regressed": (palette.BAD, "^"), "worse": (palette.BAD, "^"),
    "improved": (palette.GOOD, "v"), "better": (palette.GOOD, "v"),
    "inconclusive": (palette.DOUBT, "o"), "pass": (palette.INK, "s"), "same": (palette.INK, "s"),
}
_OTHER_STYLE = (palette.QUIET_INK, "D")


class Row(NamedTuple):
    """Ratios; lower and upper may be infinite or None. margin: how far from 1 nobody minds."""

    group: str  # rows of one group stand together, below its name
    label: str
    verdict: str
    ratio: float
    lower: float
    upper: float
    margin: float = None
    text: str = ""  # at the end of the row


def draw(rows, axis_label, foot):
    """The Figure of the first MAX_ROWS rows."""
    rows = rows[:MAX_ROWS]
    lines = _lines(rows)
    left_in = min(5.4, 0.3 + _CHARACTER_IN * max(len(text) for text, _ in lines))
    right_in = max(_RIGHT_IN, 0.35 + _CHARACTER_IN * max(len(row.text) for row in rows))
    height = _TITLE_IN + _ROW_IN * len(lines) + _BOTTOM_IN
    figure = Figure(figsize=(_WIDTH_IN, height), facecolor="white")
    axes = figure.add_axes([left_in / _WIDTH_IN, _BOTTOM_IN / height,
                            1 - (left_in + right_in) / _WIDTH_IN, _ROW_IN * len(lines) / height])
    lowest, highest = _ends(rows)
    for place, (text, row) in enumerate(lines):
        _draw_line(axes, place, text, row, (lowest, highest))
    axes.axvline(0, color=palette.INK, linewidth=1, zorder=1)
    axes.set_ylim(len(lines) - 0.5, -0.5)
    axes.set_xlim(lowest, highest)
    _set_ticks(axes, lowest, highest)
    axes.set_xlabel(axis_label)
    _add_legend(figure, rows, left_in)
    figure.text(0.2 / _WIDTH_IN, 0.14 / height, foot, fontsize=7.5, color=palette.QUIET_INK)
    return figure


def left_out(rows):
    """A sentence on the rows that are not drawn, or none."""
    if len(rows) <= MAX_ROWS:
        return []
    return [f"Only the first {MAX_ROWS} of {len(rows)} rows are drawn."]


def _lines(rows):
    """(text, row): a line with the name of each group, and row None, before its rows."""
    lines, group = [], None
    for row in rows:
        if row.group != group:
            group = row.group
            lines.append((group, None))
        lines.append((f"  {row.label}", row))
    return lines


def _ends(rows):
    """The scale as logarithms: all estimates, and intervals as far as _MOST_SPAN."""
    near = [_LEAST_SPAN, -_LEAST_SPAN]
    for row in rows:
        near.append(math.log(row.ratio))
        for bound in (row.lower, row.upper):
            if bound and math.isfinite(bound):
                near.append(max(min(math.log(bound), _MOST_SPAN), -_MOST_SPAN))
    margin = 0.06 * (max(near) - min(near))
    return min(near) - margin, max(near) + margin


def _draw_line(axes, place, text, row, ends):
    axes.text(-0.012, place, text, transform=axes.get_yaxis_transform(), ha="right", va="center",
              fontsize=8, color=palette.INK, fontweight="bold" if row is None else "normal")
    if row is None:
        return
    colour, marker = _STYLES.get(row.verdict, _OTHER_STYLE)
    if row.margin:
        low, high = -math.log1p(row.margin), math.log1p(row.margin)
        axes.barh(place, high - low, left=low, height=0.72, color=palette.GRID, zorder=0)
    lower, upper = (_bound(row.lower, -math.inf, ends), _bound(row.upper, math.inf, ends))
    axes.plot([lower, upper], [place, place], color=colour, linewidth=1.6,
              solid_capstyle="butt", zorder=2)
    for bound, end, arrow in ((lower, ends[0], "<"), (upper, ends[1], ">")):
        axes.plot([bound], [place], marker=arrow if bound == end else "|", color=colour,
                  markersize=5, zorder=2, clip_on=False)
    axes.plot([math.log(row.ratio)], [place], marker=marker, color=colour, markersize=6, zorder=3,
              markeredgecolor="white", markeredgewidth=0.6)
    axes.text(1.012, place, row.text, transform=axes.get_yaxis_transform(), ha="left", va="center",
              fontsize=8, color=colour)


def _bound(ratio, nothing, ends):
    value = math.log(ratio) if ratio and math.isfinite(ratio) else nothing
    return max(min(value, ends[1]), ends[0])


def _set_ticks(axes, lowest, highest):
    """Round per cents, or multiples where the ends lie far apart; the axis itself is logarithmic,
    so that twice and half are equally far."""
    if highest - lowest > math.log(_FAR_APART):
        shown = {math.log(ratio): f"{ratio:g}×" for ratio in _RATIOS}
    else:
        percents = ticker.MaxNLocator(9, steps=[1, 2, 2.5, 5, 10]).tick_values(
            100 * math.expm1(lowest), 100 * math.expm1(highest))
        shown = {math.log1p(percent / 100): f"{percent:+.6g} %" if percent else "0 %"
                 for percent in percents if percent > -99}
    shown = {place: text for place, text in shown.items() if lowest <= place <= highest}
    axes.set_xticks(list(shown), list(shown.values()))
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.grid(False, axis="y")


def _add_legend(figure, rows, left_in):
    marks = []
    for verdict in dict.fromkeys(row.verdict for row in rows):
        colour, marker = _STYLES.get(verdict, _OTHER_STYLE)
        marks.append(Line2D([], [], color=colour, marker=marker, label=verdict, linewidth=1.6,
                            markeredgecolor="white", markeredgewidth=0.6, markersize=6))
    figure.legend(handles=marks, loc="upper left", ncol=max(1, len(marks)), frameon=False,
                  bbox_to_anchor=(left_in / _WIDTH_IN, 1 - 0.1 / figure.get_figheight()),
                  borderaxespad=0, borderpad=0, fontsize=9, columnspacing=1.6)


def short_names(cells):
    """(cell → its name without what all of them have in common, what that is)."""
    parts = {cell: cell.split("/") for cell in cells}
    everywhere = set.intersection(*(set(one) for one in parts.values())) if parts else set()
    if len(parts) == 1:
        everywhere = {cell.split("/")[0] for cell in cells}  # the suite's name
    shown = {cell: " ".join(one for one in own if one not in everywhere) or cell
             for cell, own in parts.items()}
    first = next(iter(parts.values()), [])
    return shown, [one for one in first[1:] if one in everywhere]
