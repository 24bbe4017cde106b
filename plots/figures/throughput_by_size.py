"""Messages per second by element size: one panel per shape, one line per queue."""

import captions
import palette
import panels
import units

QUESTION = "How many messages per second, by element size and policy?"
METRIC = "messages_per_s"
# There the rate follows from the round trip or was given, and is no limit of the queue.
PACED_WORKLOADS = ("ping_pong", "paced")
notes = []


def draw(bundle):
    """The Figure, or None when no repetition ran as fast as it could."""
    notes.clear()
    cells = [cell for cell in bundle.cells if cell.spread(METRIC)
             and cell.axes.get("workload") not in PACED_WORKLOADS]
    if not cells:
        notes.append(f"No repetition with status ok of a saturating workload has {METRIC}.")
        return None
    with palette.rc():
        figure = _draw_panels(bundle, cells)
    messages = sum(cell.total("received") or 0 for cell in cells)
    notes[:0] = ["Marker: the median over repetitions; bar: smallest to largest repetition.",
                 f"{units.count_text(messages)} messages received and validated."]
    notes.extend(panels.uneven_axes(cells) + captions.closing(bundle, cells))
    return figure


def _draw_panels(bundle, cells):
    shown = panels.limited(panels.split(cells, inside=("queue", "element_size_bytes")), notes)
    columns = panels.column_count(len(shown))
    styles = palette.line_styles(bundle.cells, cells)
    figure, axes_list = panels.lay_out(shown, columns, styles)
    sizes = sorted({cell.axes.get("element_size_bytes") or 0 for cell in cells})
    spreads = [cell.spread(METRIC) for cell in cells]
    lowest, highest = min(s.minimum for s in spreads), max(s.maximum for s in spreads)
    for axes, panel in zip(axes_list, shown):
        _draw_panel(axes, panel, sizes, styles)
        axes.set_xticks(range(len(sizes)), [units.bytes_text(size) for size in sizes])
        axes.set_xlim(-0.5, len(sizes) - 0.5)
        axes.grid(False, axis="x")
        palette.set_rate_axis(axes, lowest, highest)
    panels.label_outside(axes_list, columns, ("element size", "messages per second"))
    panels.add_provenance(figure, captions.drawn_from(bundle, cells))
    return figure


def _draw_panel(axes, panel, sizes, styles):
    """One line per queue; lines stand a little apart so that the bars can be told."""
    queues = sorted({str(cell.axes.get("queue")) for cell in panel.cells}, key=palette.queue_order)
    step = min(0.09, 0.5 / len(queues))
    for place, queue in enumerate(queues):
        own = sorted((cell for cell in panel.cells if str(cell.axes.get("queue")) == queue),
                     key=lambda cell: cell.axes.get("element_size_bytes") or 0)
        shift = (place - (len(queues) - 1) / 2) * step
        x = [sizes.index(cell.axes.get("element_size_bytes") or 0) + shift for cell in own]
        spreads = [cell.spread(METRIC) for cell in own]
        below = [spread.median - spread.minimum for spread in spreads]
        above = [spread.maximum - spread.median for spread in spreads]
        axes.errorbar(x, [spread.median for spread in spreads], yerr=[below, above], capsize=2.5,
                      elinewidth=1.1, capthick=1.1, **styles[queue])
