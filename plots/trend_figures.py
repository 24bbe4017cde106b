"""How figures went from entry to entry: a panel per kind of cell and metric, a line per queue.

Levels are drawn as multiples of the median of their line, so that all lines of a panel lie around
1; effects of gates in per cent, with their bounds. A change point is a numbered vertical line, and
a line that has one shows its levels too.
"""

import itertools
from datetime import datetime
from typing import NamedTuple

import numpy
from matplotlib import ticker

import palette
import panels
import trends
import units

MAX_FIGURES = 40
_LEAST_SPAN = 0.04  # of an axis, to either side, as a logarithm
_MOST_SPAN = 1.1
_EDGE = 0.1
# Of an axis whose ends lie this far apart: multiples in each decade.
_STEPS_BY_SPAN = ((3, (1, 1.5, 2, 3, 5, 7)), (10, (1, 2, 5)), (14, (1, 3)),
                  (numpy.inf, (1,)))
# On top of the line's own markers; what passed has none.
_MARKS = {
    "regressed": {"marker": "^", "color": palette.BAD, "markersize": 7},
    "improved": {"marker": "v", "color": palette.GOOD, "markersize": 7},
    "inconclusive": {"marker": "o", "color": palette.QUIET_INK, "markersize": 7,
                     "markerfacecolor": "none"},
    "messages lost, duplicated, reordered or torn": {"marker": "X", "color": palette.BAD,
                                                     "markersize": 7},
}
_DECIDED = ("regressed", "improved")
_VIOLATED = "messages lost, duplicated, reordered or torn"


class Picture(NamedTuple):
    """A figure of one family and one group, with its caption."""

    name: str
    title: str
    notes: list
    figure: object


def draw_all(groups):
    """Every family of every group that has figures, effects before levels; MAX_FIGURES at most."""
    pictures = []
    for number, group in enumerate(groups, start=1):
        for family in trends.FAMILIES:
            for is_effect in (True, False):
                series = group.of(family, is_effect)
                if series and len(pictures) < MAX_FIGURES:
                    pictures.append(_draw(group, f"trend{number}", family, series))
    return pictures


def _draw(group, prefix, family, series):
    notes = []
    is_effect = series[0].is_effect
    with palette.rc():
        figure = _draw_panels(group, series, notes)
    what = f"{family.title}, candidate to baseline" if is_effect else family.title
    of_gates = "gates, " if group.kind == "gate" else ""
    name = f"{prefix}-{'effect' if is_effect else 'level'}-{family.title.replace(' ', '-')}"
    return Picture(name, f"{group.suite}: {of_gates}{what}", _sentences(group, series) + notes,
                   figure)


def _draw_panels(group, series, notes):
    split = panels.split(series, inside=("queue",), last=("metric",))
    if len(split) > panels.MAX_PANELS:
        split.sort(key=lambda panel: not any(one.changes for one in panel.cells))
        notes.append(f"Only {panels.MAX_PANELS} of {len(split)} panels are drawn, those with "
                     "change points first.")
    shown = split[:panels.MAX_PANELS]
    columns = _columns(len(shown), len({one.metric for one in series}))
    lines = palette.line_styles(group.series, series)
    figure, axes_list = panels.lay_out(shown, columns, {**lines, **_mark_styles(series)})
    lowest, highest = _ends(series)
    for axes, panel in zip(axes_list, shown):
        _draw_panel(axes, panel, lines, (lowest, highest))
        _set_axes(axes, group, lowest, highest, series[0].is_effect)
    what = "candidate to baseline" if series[0].is_effect else "× the median of the line"
    panels.label_outside(axes_list, columns, (f"{group.kind}s in their order, UTC", what))
    panels.add_provenance(figure, _provenance(group))
    return figure


def _columns(count, metrics):
    """Metrics side by side; two cells in a row where there are many."""
    if metrics == 2 and count > 4 and count % 4 == 0:
        return 4
    return panels.column_count(count, metrics)


def _mark_styles(series):
    """Of the marks that are in the picture."""
    there = {_mark_of(point) for one in series for point in one.points}
    return {name: {**style, "linestyle": "none"} for name, style in _MARKS.items() if name in there}


def _mark_of(point):
    return _VIOLATED if point.is_clean is False else point.verdict


def _ends(series):
    """The ends of the axis, as logarithms. What lies further out than nearly all is drawn on the
    edge, so that one wild entry does not hide the others; not so levels, and what gates decided."""
    values = numpy.concatenate([_offsets(one) for one in series])
    kept = [offset for one in series for offset in _levels(one)]
    kept += [offset for one in series if one.is_effect
             for offset, point in zip(_offsets(one), one.points) if point.verdict in _DECIDED]
    lowest = min([numpy.percentile(values, 2), *kept])
    highest = max([numpy.percentile(values, 98), *kept])
    margin = 0.25 * max(highest - lowest, _LEAST_SPAN)
    return (max(min(lowest - margin, -_LEAST_SPAN), min([-_MOST_SPAN, *kept]) - _EDGE),
            min(max(highest + margin, _LEAST_SPAN), max([_MOST_SPAN, *kept]) + _EDGE))


def _levels(one):
    """The mean between one change point and the next, as a distance from the middle; none without
    a change point."""
    if not one.changes:
        return []
    return [_offsets(one)[begin:end].mean() for begin, end in _stretches(one)]


def _stretches(one):
    """(first, behind the last) place of each level."""
    places = sorted(change.found.place for change in one.changes)
    return list(itertools.pairwise([0, *places, len(one.points)]))


def _middle(one):
    """What the values of a series are drawn as multiples of; an effect is drawn as it is."""
    return 0 if one.is_effect else one.median


def _offsets(one):
    """How far each point lies from the middle of its line, as logarithms."""
    middle = one.scaled(_middle(one))
    return numpy.array([one.scaled(point.value) - middle for point in one.points])


def _draw_panel(axes, panel, lines, ends):
    axes.axhline(0, color=palette.INK, linewidth=0.8, zorder=1)
    for queue, style in lines.items():
        for one in panel.cells:
            if str(one.axes.get("queue")) == queue:
                _draw_line(axes, one, style, ends)
    changes = sorted((change for one in panel.cells for change in one.changes),
                     key=lambda change: change.first.place)
    for row, change in enumerate(changes):
        _draw_change(axes, change, lines[str(change.series.axes.get("queue"))]["color"], row % 3)


def _draw_line(axes, one, style, ends):
    places = [point.place for point in one.points]
    shown = numpy.clip(_offsets(one), *ends)
    many = len(places) > 60
    thin = {"markersize": 2 if many else 3.5, "linewidth": 0.9,
            "alpha": 0.5 if one.changes else 0.8}
    axes.plot(places, shown, **style | thin, clip_on=False, zorder=3)
    for (begin, end), level in zip(_stretches(one), _levels(one)):
        axes.plot([places[begin], places[end - 1]], [level] * 2, color=style["color"],
                  linewidth=2.4, solid_capstyle="round", zorder=3.5)
    if one.is_effect:
        _draw_bounds(axes, one, style["color"], ends)
    else:
        _draw_baseline(axes, one, style["color"], ends)
    for name, mark in _MARKS.items():
        marked = [number for number, point in enumerate(one.points) if _mark_of(point) == name]
        axes.plot([places[number] for number in marked], shown[marked], **mark, linestyle="none",
                  clip_on=False, zorder=4)


def _draw_bounds(axes, one, colour, ends):
    for point in one.points:
        known = [bound for bound in (point.lower, point.upper) if bound is not None]
        if len(known) == 2:
            axes.plot([point.place] * 2, numpy.clip(known, *ends), color=colour, linewidth=0.9,
                      alpha=0.5, zorder=2)


def _draw_baseline(axes, one, colour, ends):
    """The other side of each gate: where both move, the machine does."""
    known = [point for point in one.points if point.baseline]
    middle = one.scaled(_middle(one))
    offsets = [one.scaled(point.baseline) - middle for point in known]
    axes.plot([point.place for point in known], numpy.clip(offsets, *ends), color=colour,
              linewidth=0.9, linestyle=":", zorder=2)


def _draw_change(axes, change, colour, row):
    """Between the last entry of the old level and the first of the new one."""
    place = (change.last_before.place + change.first.place) / 2
    axes.axvline(place, color=colour, linewidth=1.2, linestyle=(0, (4, 2)), zorder=2)
    axes.annotate(str(change.number), (place, 1 - 0.1 * row), xycoords=("data", "axes fraction"),
                  ha="center", va="top", fontsize=7.5, fontweight="bold", color="white", zorder=5,
                  bbox={"boxstyle": "round,pad=0.25", "facecolor": colour, "edgecolor": "white"})


def _set_axes(axes, group, lowest, highest, is_effect):
    axes.set_ylim(lowest, highest)
    ratios = _tick_ratios(lowest, highest)
    labels = [_percent_text(ratio) if is_effect else f"{ratio:g}×" for ratio in ratios]
    axes.set_yticks([numpy.log(ratio) for ratio in ratios], labels)
    axes.set_xlim(-0.5, len(group.entries) - 0.5)
    shown = _tick_places(len(group.entries))
    axes.set_xticks(shown, _dates([group.entries[place].time_utc for place in shown]))
    axes.grid(False, axis="x")


def _tick_ratios(lowest, highest):
    """Round ratios between the ends: evenly apart, or in decades where the ends lie far apart."""
    if highest - lowest < numpy.log(2.5):
        percents = ticker.MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]).tick_values(
            100 * numpy.expm1(lowest), 100 * numpy.expm1(highest))
        ratios = [round(1 + percent / 100, 9) for percent in percents]
    else:
        steps = next(steps for span, steps in _STEPS_BY_SPAN if highest - lowest <= span)
        ratios = [step * 10.0**decade for decade in range(-9, 9) for step in steps]
    return [ratio for ratio in ratios if ratio > 0 and lowest <= numpy.log(ratio) <= highest]


def _percent_text(ratio):
    percent = round(100 * (ratio - 1), 6)
    return f"{percent:+g} %" if percent else "0 %"


def _tick_places(count):
    """All of few; else three that are no ends, so that neighbouring panels' labels do not meet."""
    if count <= 4:
        return list(range(count))
    return [round((count - 1) * share) for share in (1 / 8, 1 / 2, 7 / 8)]


def _dates(times):
    """Each as short as the others allow: the time of day, the day, or the whole date."""
    if len({time[:10] for time in times}) == 1:
        return [time[11:16] for time in times]
    try:
        days = [datetime.strptime(time[:10], "%Y-%m-%d") for time in times]
    except ValueError:
        return [time[:10] for time in times]
    pattern = "%d %b %Y" if len({day.year for day in days}) > 1 else "%d %b"
    return [day.strftime(pattern).lstrip("0") for day in days]


def _provenance(group):
    last = group.entries[-1]
    host = f" on {last.host}" if last.host else ""
    return (f"{units.plural(len(group.entries), group.kind)} of suite {group.suite}{host}, "
            f"{group.entries[0].time_utc[:10]} to {last.time_utc[:10]} · machine "
            f"{group.machine[:8]}")


def _sentences(group, series):
    lowest, highest = _ends(series)
    outside = sum(int(((offsets < lowest) | (offsets > highest)).sum())
                  for offsets in map(_offsets, series))
    if series[0].is_effect:
        sentences = ["What each gate found: the candidate beside its own baseline, measured at "
                     "the same time; above 0 is worse, for rates too. Bars: the bounds of the "
                     "estimate."]
    elif group.kind == "gate":
        sentences = ["What the candidate of each gate measured, as a multiple of the median of its "
                     "line. Dotted: the baseline in the same gates; where both move, the machine "
                     "has moved."]
    else:
        sentences = ["Marker: the median over the repetitions of a run, as a multiple of the "
                     f"median of its line; {_direction(series[0].family)} is better."]
    changes = sum(len(one.changes) for one in series)
    sentences.append(f"{units.plural(changes, 'change point')}, numbered as in the table above."
                     if changes else "No change point.")
    if outside:
        sentences.append(f"{units.plural(outside, 'point')} further out on the edge.")
    if group.left_out:
        count = units.plural(group.left_out, "earlier entry", "earlier entries")
        sentences.append(f"Not drawn: {count}.")
    return sentences


def _direction(family):
    return "above" if family.is_rate else "below"
