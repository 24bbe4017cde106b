"""Times over the run, in the order in which repetitions ended, above what the machine did."""

import statistics
from typing import NamedTuple

import numpy
from matplotlib import ticker
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

import captions
import contest
import palette
import panels
import units

QUESTION = "How did times go over the run, and when did the machine disturb it?"
IS_LAST = True  # what a suite asks goes first
LOADED_SHARE = 0.05  # of the timed phase, without a CPU though ready: proof_judge.cpp's bound
DISTURBED_SHARE = 0.1  # of the messages
LEAST_RECORDS = 4
MAX_VECTORS = 1500  # repetitions; markers of more are drawn as pixels, or the file would be large
_WIDTH_IN, _LEFT_IN, _RIGHT_IN = 11.0, 0.95, 0.25
_HEIGHTS_IN, _GAP_IN, _TOP_IN, _BOTTOM_IN = (2.6, 1.15, 1.15), 0.18, 0.62, 0.85
# What is drawn of each record that has it: stem of the metric, name, colour, marker.
_TIMED = (("rtt_ns", "round trip", "#0072B2", "o"), ("response_ns", "response", "#009E73", "s"),
          ("read_ns", "read", "#CC79A7", "D"))
_RATE = ("messages_per_s", "time a message (throughput)", "#56B4E9", "v")
_MARKED = "#E69F00"
notes = []


class Moment(NamedTuple):
    """One record, by its place in the run."""

    place: int
    record: object
    why: str  # what the machine did, empty where nothing


def draw(bundle):
    """The Figure, or None with fewer than LEAST_RECORDS records to draw."""
    notes.clear()
    regimes = contest.regimes_of_run(bundle.records)
    ran = sorted((record for record in bundle.records if record.status == "ok"),
                 key=lambda record: record.line)
    moments = [Moment(place, record, _disturbance(record, regimes))
               for place, record in enumerate(ran)]
    lines = _lines(bundle, moments)
    if len(ran) < LEAST_RECORDS or not lines:
        notes.append(f"No repetition to set beside others: fewer than {LEAST_RECORDS} with status "
                     "ok have a time or a rate.")
        return None
    drawn = [cell for cell in bundle.cells if cell.ok_records]
    with palette.rc():
        figure = _draw_all(bundle, moments, lines, drawn)
    notes.extend(_sentences(moments) + captions.closing(bundle, drawn))
    return figure


def _disturbance(record, regimes):
    """What the machine did to a record, in a few words; empty where nothing was seen."""
    if any(note.startswith("loaded machine") for note in record.notes) \
            or (_run_delay(record) or 0) > LOADED_SHARE and not _is_crowded(record):
        return "a worker waited for its CPU"
    if record.canary_ns and not contest.is_of_run(record, regimes):
        return "the hand-off of a cache line was another one"
    if record.metrics.get("disturbed_fraction", 0) > DISTURBED_SHARE and not _is_crowded(record):
        return f"over {100 * DISTURBED_SHARE:.0f} % of the messages were disturbed"
    return ""


def _is_crowded(record):
    """Whether workers share CPUs: these wait for each other, and the machine has no part in it."""
    cpus = [cpu for side in ("producer_cpus", "consumer_cpus")
            for cpu in record.obtained.get(side) or () if isinstance(cpu, int)]
    return len(set(cpus)) < len(cpus)


def _run_delay(record):
    """The largest share of its timed phase that a worker was ready and without a CPU; or None."""
    shares = [worker["run_delay_ns"] / worker["wall_ns"]
              for worker in record.obtained.get("workers") or () if isinstance(worker, dict)
              and _is_positive(worker.get("wall_ns")) and _is_number(worker.get("run_delay_ns"))]
    return max(shares) if shares else None


def _lines(bundle, moments):
    """(name, colour, marker, is_hollow, points): each record as a multiple of its cell's median."""
    medians = {}
    for cell in bundle.cells:
        for name in {name for record in cell.ok_records for name in record.metrics}:
            values = [record.metrics[name] for record in cell.ok_records if name in record.metrics]
            medians[cell.name, name] = statistics.median(values)
    lines = []
    for stem, title, colour, marker in _TIMED:
        for percentile, is_hollow in (("p50", False), ("p99", True)):
            metric = f"{stem}_{percentile}"
            points = [(moment.place, value) for moment in moments
                      if (value := _multiple(moment.record, metric, medians))]
            lines.append((f"{title}, {percentile}", colour, marker, is_hollow, points))
    metric, title, colour, marker = _RATE
    points = [(moment.place, 1 / value) for moment in moments
              if moment.record.axes.get("workload") in ("throughput", "stream", "duplex")
              and (value := _multiple(moment.record, metric, medians))]
    lines.append((title, colour, marker, False, points))
    return [line for line in lines if line[4]]


def _multiple(record, metric, medians):
    value, median = record.metrics.get(metric), medians.get((record.cell, metric))
    return value / median if value and median else None


def _draw_all(bundle, moments, lines, drawn):
    height = _TOP_IN + sum(_HEIGHTS_IN) + 2 * _GAP_IN + _BOTTOM_IN
    figure = panels.Figure(figsize=(_WIDTH_IN, height), facecolor="white")
    top = height - _TOP_IN
    axes_list = []
    for panel_height in _HEIGHTS_IN:
        axes_list.append(figure.add_axes([
            _LEFT_IN / _WIDTH_IN, (top - panel_height) / height,
            1 - (_LEFT_IN + _RIGHT_IN) / _WIDTH_IN, panel_height / height]))
        top -= panel_height + _GAP_IN
    for axes in axes_list:
        _mark(axes, moments)
        axes.set_xlim(-0.5, len(moments) - 0.5)
        axes.grid(False, axis="x")
        axes.xaxis.set_major_locator(ticker.MaxNLocator(12, integer=True))
        axes.tick_params(length=3, labelbottom=axes is axes_list[-1])
    _draw_times(axes_list[0], lines)
    _draw_handoffs(axes_list[1], moments)
    _draw_shares(axes_list[2], moments)
    axes_list[-1].set_xlabel("repetitions in the order in which they were run")
    _legend(figure, lines, any(moment.why for moment in moments))
    panels.add_provenance(figure, captions.drawn_from(bundle, drawn))
    return figure


def _mark(axes, moments):
    """A band behind each disturbed repetition, one for several that follow each other."""
    bands = []
    for moment in moments:
        if moment.why and bands and bands[-1][1] == moment.place - 0.5:
            bands[-1][1] = moment.place + 0.5
        elif moment.why:
            bands.append([moment.place - 0.5, moment.place + 0.5])
    for begin, end in bands:
        axes.axvspan(begin, end, color=_MARKED, alpha=0.25, linewidth=0, zorder=0)


def _draw_times(axes, lines):
    axes.axhline(1, color=palette.INK, linewidth=0.8, zorder=1)
    for _, colour, marker, is_hollow, points in lines:
        axes.plot(*zip(*points), marker=marker, color=colour, linestyle="none", markersize=3.6,
                  markerfacecolor="none" if is_hollow else colour, markeredgewidth=0.8,
                  rasterized=len(points) > MAX_VECTORS)
    values = [value for *_, points in lines for _, value in points]
    palette.set_ratio_axis(axes, min(0.8, min(values) / 1.1), max(1.25, max(values) * 1.1))
    axes.set_ylabel("× the median\nof its cell")


def _draw_handoffs(axes, moments):
    """Before and after each repetition, one way."""
    known = [(moment.place, moment.record.canary_ns) for moment in moments
             if moment.record.canary_ns]
    x = [at for place, _ in known for at in (place - 0.2, place + 0.2, numpy.nan)]
    y = [at for _, both in known for at in (*both, numpy.nan)]
    many = len(known) > MAX_VECTORS
    axes.plot(x, y, color=palette.INK, linewidth=1, marker="." if len(known) < 200 else None,
              markersize=3, rasterized=many)
    _say_if_none(axes, known)
    if known:
        values = [ns for _, both in known for ns in both]
        palette.set_duration_axis(axes, 0.9 * min(values), 1.1 * max(values))
    axes.set_ylabel("hand-off of\na cache line")


def _draw_shares(axes, moments):
    waited = [(moment.place, 100 * share) for moment in moments
              if (share := _run_delay(moment.record)) is not None]
    disturbed = [(moment.place, 100 * moment.record.metrics["disturbed_fraction"])
                 for moment in moments if "disturbed_fraction" in moment.record.metrics]
    for points, colour, marker, label in ((waited, palette.INK, "x", "waited for a CPU"),
                                          (disturbed, "#D55E00", "^", "messages disturbed")):
        if points:
            axes.plot(*zip(*points), color=colour, marker=marker, linestyle="none", markersize=3.6,
                      label=label, markerfacecolor="none", clip_on=False,
                      rasterized=len(points) > MAX_VECTORS)
    _say_if_none(axes, waited + disturbed)
    if waited or disturbed:
        highest = max(5, *(share for _, share in waited + disturbed))
        axes.set_ylim(0, 1.45 * highest)  # room for the legend
        axes.yaxis.set_major_locator(ticker.FixedLocator(
            ticker.MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]).tick_values(0, highest)))
        axes.yaxis.set_major_formatter(ticker.FuncFormatter(lambda y, _: f"{y:g} %"))
        axes.legend(loc="upper right", ncol=2, frameon=False, borderaxespad=0, fontsize=8,
                    handletextpad=0.2, columnspacing=1.2)
    axes.set_ylabel("share")


def _say_if_none(axes, points):
    if not points:
        axes.text(0.5, 0.5, "not recorded", transform=axes.transAxes, ha="center", va="center",
                  color=palette.QUIET_INK, fontsize=8)
        axes.set_yticks([])


def _legend(figure, lines, is_marked):
    marks = [Line2D([], [], color=colour, marker=marker, linestyle="none", label=name,
                    markerfacecolor="none" if is_hollow else colour, markersize=4.5)
             for name, colour, marker, is_hollow, _ in lines]
    if is_marked:
        marks.append(Patch(color=_MARKED, alpha=0.35, linewidth=0, label="the machine disturbed"))
    figure.legend(handles=marks, loc="upper left", ncol=6, frameon=False, borderpad=0,
                  bbox_to_anchor=(_LEFT_IN / _WIDTH_IN, 1 - 0.1 / figure.get_figheight()),
                  borderaxespad=0, fontsize=9, columnspacing=1.4, handletextpad=0.3)


def _sentences(moments):
    marked = [moment for moment in moments if moment.why]
    reasons = {}
    for moment in marked:
        reasons[moment.why] = reasons.get(moment.why, 0) + 1
    told = ", ".join(f"{why} ({count})" for why, count in reasons.items())
    sentences = [
        "Each marker is a repetition, as a multiple of the median of its cell: above 1 is slower, "
        "and throughput is turned into the time of a message. A bundle keeps no moments of single "
        "messages, so the axis counts repetitions; within one, what the machine disturbed is "
        "counted and not placed.",
        f"{len(marked)} of {units.plural(len(moments), 'repetition')} marked: {told}." if marked
        else f"None of {units.plural(len(moments), 'repetition')} is marked as disturbed.",
    ]
    crowded = sum(_is_crowded(moment.record) for moment in moments)
    if crowded:
        sentences.append(f"In {crowded} of them workers share CPUs and wait for each other, which "
                         "is no disturbance.")
    return sentences


def _is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_positive(value):
    return _is_number(value) and value > 0
