"""Durations by percentile: small multiples with a line per queue and a band over repetitions.

The one drawing behind every figure that shows a histogram; the figure itself names the question.
"""

import math

import numpy
import captions
import palette
import panels
import units

POINTS_PER_DECADE = 10
MIN_SAMPLES_BEYOND = 10  # a percentile that rests on fewer samples is chance, and is not drawn


def draw(bundle, name, what, notes, beside=None):
    """A Figure of the histograms of that name, or None; 'notes' receives the sentences. beside:
    (name, what) of histograms that are drawn dotted in the same colours, where there are any."""
    notes.clear()
    cells = [cell for cell in bundle.cells if cell.histograms(name)]
    if not cells:
        notes.append(f"No repetition with status ok has a histogram of the {what} ({name}).")
        return None
    with palette.rc():
        figure = _draw_panels(bundle, cells, name, what, notes, beside)
    notes[:0] = _sentences(cells, name, what)
    if beside and any(cell.histograms(beside[0]) for cell in cells):
        notes.append(f"Dotted: the {beside[1]}, of the same messages.")
    notes.extend(panels.uneven_axes(cells) + captions.closing(bundle, cells))
    return figure


def _draw_panels(bundle, cells, name, what, notes, beside):
    sizes = {cell.axes.get("element_size_bytes") for cell in cells}
    all_panels = panels.split(cells, inside=("queue",), last=("element_size_bytes",))
    columns = panels.column_count(len(all_panels), len(sizes))
    shown = panels.limited(all_panels, notes)
    styles = palette.line_styles(bundle.cells, cells)
    figure, axes_list = panels.lay_out(shown, columns, styles)
    ends = [_draw_panel(axes, panel, name, styles) for axes, panel in zip(axes_list, shown)]
    if beside:
        ends += [_draw_beside(axes, panel, beside[0], styles)
                 for axes, panel in zip(axes_list, shown)
                 if any(cell.histograms(beside[0]) for cell in panel.cells)]
    for axes in axes_list:
        palette.set_percentile_axis(axes, max(end[0] for end in ends))
        palette.set_duration_axis(axes, min(end[1] for end in ends), max(end[2] for end in ends))
    panels.label_outside(axes_list, columns, ("percentile (%)", what))
    panels.add_provenance(figure, captions.drawn_from(bundle, cells))
    return figure


def _draw_panel(axes, panel, name, styles):
    """Draws the cells; (last 1/(1-p), lowest value, highest value) of the panel."""
    ends = []
    for cell in sorted(panel.cells, key=lambda cell: palette.queue_order(cell.axes.get("queue"))):
        inverse, curves = percentile_curves(cell.histograms(name))
        middle, low, high = numpy.median(curves, axis=0), curves.min(axis=0), curves.max(axis=0)
        style = styles[str(cell.axes.get("queue"))]
        axes.fill_between(inverse, low, high, color=style["color"], alpha=0.16, linewidth=0)
        axes.plot(inverse, middle, markevery=_marked(inverse), **style)
        ends.append((inverse[-1], low.min(), high.max()))
    return max(e[0] for e in ends), min(e[1] for e in ends), max(e[2] for e in ends)


def _draw_beside(axes, panel, name, styles):
    """The median of other histograms of the cells, as thin dotted lines; the same ends."""
    ends = []
    for cell in panel.cells:
        if cell.histograms(name):
            inverse, curves = percentile_curves(cell.histograms(name))
            middle = numpy.median(curves, axis=0)
            axes.plot(inverse, middle, color=styles[str(cell.axes.get("queue"))]["color"],
                      linestyle=":", linewidth=1.1)
            ends.append((inverse[-1], middle.min(), middle.max()))
    return max(e[0] for e in ends), min(e[1] for e in ends), max(e[2] for e in ends)


def percentile_curves(histograms):
    """(1/(1-p) at each point, values as an array of repetitions × points).

    Ends where the smallest repetition has MIN_SAMPLES_BEYOND samples beyond; with so few samples
    that not even the median has them, it ends at the median.
    """
    smallest = min(one.samples for one in histograms)
    last = max(smallest / MIN_SAMPLES_BEYOND, 2.0)
    count = math.floor(math.log10(last) * POINTS_PER_DECADE + 1e-9) + 1
    inverse = 10.0 ** (numpy.arange(count) / POINTS_PER_DECADE)
    inverse = numpy.unique(numpy.append(inverse, 2.0))
    return inverse, numpy.array([one.value_at(1 - 1 / inverse) for one in histograms])


def _marked(inverse):
    """The points that carry a marker: the median and every nine."""
    decades = numpy.log10(inverse)
    whole = numpy.abs(decades - numpy.round(decades)) < 1e-6
    return list(numpy.flatnonzero((whole & (inverse > 1.5)) | (inverse == 2.0)))


def _sentences(cells, name, what):
    samples = sum(one.samples for cell in cells for one in cell.histograms(name))
    return [
        f"Line: the median over repetitions of each percentile of the {what}; band: smallest to "
        "largest repetition.",
        f"{units.count_text(samples)} samples. A line ends where fewer than "
        f"{MIN_SAMPLES_BEYOND} samples of a repetition lie beyond.",
    ]
