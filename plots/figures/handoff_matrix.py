"""Hand-off of a cache line between all pairs of CPUs: a map, near neighbours side by side."""

import numpy
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

import captions
import handoffs
import palette
import units

QUESTION = "What does it cost to hand a cache line from one CPU to another?"
MAX_WRITTEN_CPUS = 20  # beyond it numbers would not fit into their fields
MAX_TICKS = 32
_COLOURS = "YlGnBu"
notes = []


def draw(bundle):
    """The Figure, or None when the bundle has no matrix."""
    notes.clear()
    found = handoffs.load(bundle.path)
    if found is None or not found.pairs:
        notes.append("No repetition measures hand-offs between all CPUs; ringside topo --matrix "
                     "does.")
        return None
    with palette.rc():
        figure = _draw_map(found, captions.where_and_when(bundle))
    floors = ", ".join(f"{name} {ns:.1f} ns" for name, ns in found.floor_ns.items())
    notes.extend([
        "One way: half of a round trip of a cache line between two pinned threads; colour and "
        "number are the best of many short groups of round trips. CPUs that share a cache, a node "
        "or a package stand side by side; lines part the largest groups.",
        f"{units.plural(len(found.pairs), 'pair')} of {len(found.cpus)} CPUs. Floor: {floors}.",
    ])
    return figure


def _draw_map(found, provenance):
    numbers = [cpu["cpu"] for cpu in found.cpus]
    field = _field(found.pairs, numbers)
    side = min(9.0, max(3.2, 0.42 * len(numbers)))
    figure = Figure(figsize=(side + 1.6, side + 0.9), facecolor="white", layout="constrained")
    axes = figure.subplots()
    lowest, highest = numpy.nanmin(field), numpy.nanmax(field)
    norm = LogNorm(lowest, max(highest, 1.05 * lowest))  # equal ends are no scale
    picture = axes.imshow(numpy.ma.masked_invalid(field), cmap=_COLOURS, norm=norm)
    axes.grid(False)
    _label(axes, numbers)
    _part(axes, found.cpus)
    if len(numbers) <= MAX_WRITTEN_CPUS:
        _write(axes, field, norm)
    bar = figure.colorbar(picture, ax=axes, shrink=0.85)
    bar.set_label("ns, one way")
    bar.ax.yaxis.set_major_formatter(lambda ns, _: f"{ns:.3g}")
    bar.ax.yaxis.set_minor_formatter(lambda ns, _: f"{ns:.3g}")
    axes.set_xlabel(f"CPU\n{provenance}")
    axes.set_ylabel("CPU")
    return figure


def _field(pairs, numbers):
    """A symmetric square in the order of the numbers; NaN where nothing was measured."""
    place = {number: index for index, number in enumerate(numbers)}
    field = numpy.full((len(numbers), len(numbers)), numpy.nan)
    for pair in pairs:
        if pair.first in place and pair.second in place:
            first, second = place[pair.first], place[pair.second]
            field[first, second] = field[second, first] = pair.min_ns
    return field


def _label(axes, numbers):
    step = -(-len(numbers) // MAX_TICKS)
    ticks = range(0, len(numbers), step)
    axes.set_xticks(ticks, [numbers[tick] for tick in ticks])
    axes.set_yticks(ticks, [numbers[tick] for tick in ticks])
    axes.tick_params(length=0)


def _part(axes, cpus):
    """Lines between the members of the outermost level that has several."""
    for level in handoffs.LEVELS[:-1]:
        members = [cpu.get(level) for cpu in cpus]
        edges = [place for place in range(1, len(cpus)) if members[place] != members[place - 1]]
        if edges:
            for edge in edges:
                axes.axhline(edge - 0.5, color=palette.INK, linewidth=0.8)
                axes.axvline(edge - 0.5, color=palette.INK, linewidth=0.8)
            return


def _write(axes, field, norm):
    for (row, column), ns in numpy.ndenumerate(field):
        if not numpy.isnan(ns):
            dark = norm(ns) > 0.55
            axes.text(column, row, f"{ns:.0f}", ha="center", va="center", fontsize=7.5,
                      color=palette.ON_DARK if dark else palette.ON_LIGHT)
