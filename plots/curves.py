"""A metric against one axis with numbers: small multiples with a line per queue.

The one drawing behind the curves of capacity and of contention; the figure itself names the
question. The axis is logarithmic, for its values are.
"""

from matplotlib import ticker

import captions
import palette
import panels
import units


def draw(bundle, groups, what, notes):
    """The Figure, or None where no group is left; 'notes' receives the sentences.

    groups: panels, of which each has at least two values along x. what: a Look.
    """
    cells = [cell for panel in groups for cell in panel.cells]
    if not cells:
        return None
    with palette.rc():
        figure = _draw_panels(bundle, groups, cells, what, notes)
    samples = sum(cell.total("received") or 0 for cell in cells)
    notes[:0] = ["Marker: the median over repetitions; bar: smallest to largest repetition.",
                 f"{units.count_text(samples)} messages received and validated."]
    notes.extend(panels.uneven_axes(cells) + captions.closing(bundle, cells))
    return figure


class Look:
    """What stands along x and y: place(cell) → number, and the measure."""

    def __init__(self, measure, place, x_label, tick_text=units.rate_tick):
        self.measure, self.place, self.x_label = measure, place, x_label
        self.tick_text = tick_text


def with_several(groups, place, least):
    """Of each panel the queues that have at least so many values along x; without the others."""
    kept = []
    for panel in groups:
        seen = {}
        for cell in panel.cells:
            seen.setdefault(cell.axes.get("queue"), set()).add(place(cell))
        cells = [cell for cell in panel.cells if len(seen[cell.axes.get("queue")]) >= least]
        kept += [panel._replace(cells=cells)] if cells else []
    return kept


def _draw_panels(bundle, groups, cells, what, notes):
    shown = panels.limited(groups, notes)
    columns = panels.column_count(len(shown))
    styles = palette.line_styles(bundle.cells, cells)
    figure, axes_list = panels.lay_out(shown, columns, styles)
    spreads = [cell.spread(what.measure.metric) for cell in cells]
    lowest, highest = min(s.minimum for s in spreads), max(s.maximum for s in spreads)
    for axes, panel in zip(axes_list, shown):
        _draw_panel(axes, panel, what, styles)
        what.measure.set_axis(axes, lowest, highest)
    _set_x(axes_list, sorted({what.place(cell) for cell in cells}), what)
    panels.label_outside(axes_list, columns, (what.x_label, what.measure.title))
    panels.add_provenance(figure, captions.drawn_from(bundle, cells))
    return figure


def _draw_panel(axes, panel, what, styles):
    for queue, style in styles.items():
        own = sorted((cell for cell in panel.cells if str(cell.axes.get("queue")) == queue),
                     key=what.place)
        if not own:
            continue
        spreads = [cell.spread(what.measure.metric) for cell in own]
        medians = [spread.median for spread in spreads]
        below = [spread.median - spread.minimum for spread in spreads]
        above = [spread.maximum - spread.median for spread in spreads]
        axes.errorbar([what.place(cell) for cell in own], medians, yerr=[below, above],
                      capsize=2.5, elinewidth=1.1, capthick=1.1, **style)


def _set_x(axes_list, places, what):
    """The values themselves as ticks; of many, every second or third."""
    step = -(-len(places) // 10)
    for axes in axes_list:
        axes.set_xscale("log", base=2)
        axes.xaxis.set_major_locator(ticker.FixedLocator(places[::step]))
        axes.xaxis.set_minor_locator(ticker.NullLocator())
        axes.xaxis.set_major_formatter(
            ticker.FuncFormatter(lambda x, _: what.tick_text(x)))
        axes.set_xlim(places[0] / 1.25, places[-1] * 1.25)
        axes.grid(False, axis="x")
