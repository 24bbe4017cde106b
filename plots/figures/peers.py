"""Each queue as a multiple of the best comparator, by element size: one panel per shape."""

import statistics

from matplotlib import ticker

import captions
import contest
import palette
import panels
import scenario
import units
from bundle import axis_order

QUESTION = "How fast is each queue beside the best comparator of the same shape?"
LOWEST_RATIO = 0.05  # what is slower lies on the edge
_FLOOR_STYLE = {"color": palette.QUIET_INK, "linestyle": (0, (1, 1.5)), "linewidth": 1.3,
                "marker": "_"}
_FLOOR = "one hand-off a message (round trip: two)"
_PLAIN_AXES = ("workload", "element_size_bytes", "batch", "shape", "capacity")
notes = []


def draw(bundle):
    """The Figure, or None where the suite compares no queues."""
    notes.clear()
    subjects = scenario.subjects(bundle.scenario)
    contests, left_out = contest.hold(bundle, subjects)
    contests = [one for one in contests if one.best is not None]
    if not subjects or not contests:
        notes.append("No repetition with status ok is of a suite that names subjects and has a "
                     "comparator beside them.")
        return None
    drawn = _cells_of(bundle, contests)
    with palette.rc():
        figure = _draw_panels(bundle, contests, subjects, drawn)
    notes[:0] = _sentences(contests, left_out)
    notes.extend(captions.closing(bundle, drawn))
    return figure


def _cells_of(bundle, contests):
    shown = {queue for one in contests for queue in one.of_queue()}
    return [cell for cell in bundle.cells
            if cell.ok_records and str(cell.axes.get("queue")) in shown]


def _draw_panels(bundle, contests, subjects, drawn):
    families = _families(contests)
    shown = panels.limited([panels.Panel(title, family) for title, family in families.items()],
                           notes)
    styles = _styles(bundle, drawn, subjects)
    capacities = {one.axes.get("capacity") for one in contests}
    columns = panels.column_count(len(shown), len(capacities))
    figure, axes_list = panels.lay_out(shown, columns, styles | {_FLOOR: _FLOOR_STYLE})
    sizes = sorted({one.axes.get("element_size_bytes") or 0 for one in contests})
    highest = max(_draw_panel(axes, panel.cells, sizes, styles)
                  for axes, panel in zip(axes_list, shown))
    for axes in axes_list:
        _set_axes(axes, sizes, highest)
    panels.label_outside(axes_list, columns, ("element size", "× the best comparator"))
    panels.add_provenance(figure, captions.drawn_from(bundle, drawn))
    return figure


def _families(contests):
    """title → contests that differ in the element size alone, or in a batch that goes with it."""
    varying = {axis for one in contests for axis in one.axes if axis not in _PLAIN_AXES
               and len({str(other.axes.get(axis)) for other in contests}) > 1}
    families = {}
    for one in sorted(contests, key=_panel_order):
        batched = " in batches" if (one.axes.get("batch") or 1) > 1 else ""
        parts = [one.title + batched, str(one.axes.get("shape")),
                 units.axis_text("capacity", one.axes.get("capacity"))]
        parts += [units.axis_text(axis, one.axes.get(axis)) for axis in sorted(varying)]
        families.setdefault(" · ".join(parts), []).append(one)
    return families


def _panel_order(one):
    batched = (one.axes.get("batch") or 1) > 1
    shape = str(one.axes.get("shape"))
    return (one.better != "higher", one.title, len(shape), shape, batched,
            axis_order(one.axes.get("capacity")), axis_order(one.axes.get("element_size_bytes")))


def _styles(bundle, drawn, subjects):
    """Subjects first and heavy, the others light, and dashed what gives something up."""
    gives_up = {str(cell.axes.get("queue")) for cell in drawn
                if any(record.gives_up for record in cell.ok_records)}
    styles = palette.line_styles(bundle.cells, drawn)
    weighted = {}
    for queue in sorted(styles, key=lambda queue: (queue not in subjects, queue in gives_up)):
        is_subject = queue in subjects
        weighted[queue] = {**styles[queue], "linewidth": 2.4 if is_subject else 1.0,
                           "markersize": 6 if is_subject else 4,
                           "alpha": 1 if is_subject else 0.85, "zorder": 3 if is_subject else 2}
        if queue in gives_up:
            weighted[queue]["markerfacecolor"] = "white"
    return weighted


def _draw_panel(axes, family, sizes, styles):
    """Draws the contests of a panel; the highest ratio in it."""
    axes.axhline(1, color=palette.INK, linewidth=0.9, zorder=1)
    places = [sizes.index(one.axes.get("element_size_bytes") or 0) for one in family]
    highest = 1.0
    for queue, style in styles.items():
        points = []
        for place, one in zip(places, family):
            entrant = one.of_queue().get(queue)
            ratios = one.ratios(entrant) if entrant else []
            if ratios:
                points.append((place, max(statistics.median(ratios), LOWEST_RATIO)))
        if points:
            axes.plot(*zip(*points), clip_on=False, **style)
            highest = max(highest, *(ratio for _, ratio in points))
    floors = [(place, one.floor_ratio()) for place, one in zip(places, family)]
    floors = [(place, max(ratio, LOWEST_RATIO)) for place, ratio in floors if ratio is not None]
    if floors:
        axes.plot(*zip(*floors), **_FLOOR_STYLE, zorder=1)
        highest = max(highest, *(ratio for _, ratio in floors))
    return highest


def _set_axes(axes, sizes, highest):
    axes.set_yscale("log")
    axes.set_ylim(LOWEST_RATIO, max(highest * 1.15, 2))
    axes.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5), numticks=30))
    axes.yaxis.set_minor_locator(ticker.NullLocator())
    axes.yaxis.set_major_formatter(ticker.FuncFormatter(lambda y, _: f"{y:g}×"))
    axes.set_xticks(range(len(sizes)), [units.bytes_text(size) for size in sizes])
    axes.set_xlim(-0.4, len(sizes) - 0.6)
    axes.grid(False, axis="x")


def _sentences(contests, left_out):
    apart = sorted({f"{one.queue} ({one.gives_up})" for match in contests
                    for one in match.entrants.values() if one.gives_up})
    sentences = [
        "Marker: the median of the ratios round by round to the best comparator of the same shape; "
        "above 1 is better, for round trips too. Of each queue the wait and tuning with the best "
        f"median; what is below {LOWEST_RATIO:g}× lies on the edge.",
        "Dotted: what a queue would reach that hands over one cache line a message, or two a round "
        "trip. Small messages share a line.",
    ]
    if apart:
        sentences.append(f"Hollow, and no comparator, for what it gives up: {', '.join(apart)}.")
    if left_out:
        sentences.append(f"{units.plural(left_out, 'repetition')} left out: the canary saw another "
                         "placement than the run's.")
    return sentences
