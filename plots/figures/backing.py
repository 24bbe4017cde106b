"""What the memory of a ring makes of it: a row for each backing, lock and first touch, a marker
for each request of huge pages."""

from matplotlib import ticker

import captions
import honoured
import measures
import palette
import panels
import units
from bundle import axis_order

QUESTION = "What does the memory that a ring lies in cost: its backing, huge pages, a lock in RAM?"
MAX_PANELS = 12
_ROWS = ("memory", "lock_memory", "prefault", "numa_policy")
_ROW_IN = 0.27
_STYLES = {"never": ("#0072B2", "o"), "try": ("#E69F00", "s"), "require": ("#009E73", "^")}
_OTHER_STYLE = ("#CC79A7", "D")
_WORDS = {("lock_memory", True): "locked", ("lock_memory", False): "not locked",
          ("prefault", True): "touched before", ("prefault", False): "first touch timed"}
notes = []


def draw(bundle):
    """The Figure, or None when all cells lie in the same memory."""
    notes.clear()
    found = [(measure, panel) for measure, cells in measures.grouped(bundle.cells).items()
             for panel in panels.split(cells, inside=(*_ROWS, "huge_pages", "numa_node"))
             if _differ(panel.cells)]
    if not found:
        notes.append("No repetition with status ok of a cell differs from another in nothing but "
                     "its memory.")
        return None
    shown = found[:MAX_PANELS]
    cells = [cell for _, panel in shown for cell in panel.cells]
    with palette.rc():
        figure = _draw_all(bundle, shown, cells)
    notes.append("Marker: the median over repetitions; bar: smallest to largest repetition. Hollow "
                 "where the ring lay on base pages although huge ones were asked for.")
    if len(found) > len(shown):
        notes.append(f"Only the first {MAX_PANELS} of {len(found)} panels are drawn.")
    notes.extend(captions.closing(bundle, cells))
    return figure


def _differ(cells):
    """Whether they differ in their memory by choice, not because a queue makes its own."""
    return any(len({cell.axes.get(axis) for cell in cells if cell.axes.get("queue") == queue}) > 1
               for axis in (*_ROWS, "huge_pages")
               for queue in {cell.axes.get("queue") for cell in cells})


def _draw_all(bundle, shown, cells):
    rows = [_rows_of(panel.cells) for _, panel in shown]
    heights = [_ROW_IN * max(len(one), 2) for one in rows]
    gap, top, bottom, width = 0.72, 0.85, 0.85, 9.4
    total = top + sum(heights) + gap * (len(shown) - 1) + bottom
    figure = panels.Figure(figsize=(width, total), facecolor="white")
    left = 0.5 + 0.075 * max(len(name) for one in rows for name in one)
    y = total - top
    for (measure, panel), names, height in zip(shown, rows, heights):
        axes = figure.add_axes([left / width, (y - height) / total,
                                1 - (left + 0.3) / width, height / total])
        _draw_panel(axes, measure, panel, names)
        y -= height + gap
    requests = {str(cell.axes.get("huge_pages")) for cell in cells}
    _legend(figure, sorted(requests, key=_request), left / width)
    panels.add_provenance(figure, captions.drawn_from(bundle, cells))
    return figure


def _rows_of(cells):
    """name of a row → its place; only what varies is in the name."""
    varying = [axis for axis in _ROWS if len({cell.axes.get(axis) for cell in cells}) > 1]
    keys = {tuple(cell.axes.get(axis) for axis in ("queue", *varying)) for cell in cells}
    several = len({key[0] for key in keys}) > 1
    ordered = sorted(keys, key=lambda key: (palette.queue_order(key[0]),
                                            [axis_order(value) for value in key[1:]]))
    names = {}
    for key in ordered:
        parts = [_word(axis, value) for axis, value in zip(varying, key[1:])]
        parts = ([str(key[0])] if several or not parts else []) + parts
        names.setdefault(", ".join(parts), (varying, key))
    return names


def _word(axis, value):
    if axis == "memory":
        return str(value)
    return _WORDS.get((axis, value), f"{axis} {units.plain_text(value)}")


def _draw_panel(axes, measure, panel, names):
    spreads = [cell.spread(measure.metric) for cell in panel.cells]
    requests = sorted({str(cell.axes.get("huge_pages")) for cell in panel.cells}, key=_request)
    for place, (varying, key) in enumerate(names.values()):
        own = [cell for cell in panel.cells
               if tuple(cell.axes.get(axis) for axis in ("queue", *varying)) == key]
        for cell in own:
            request = str(cell.axes.get("huge_pages"))
            shift = (requests.index(request) - (len(requests) - 1) / 2) * 0.22
            _draw_cell(axes, measure, cell, place + shift, request)
    axes.set_yticks(range(len(names)), list(names))
    axes.set_ylim(len(names) - 0.5, -0.5)
    highest = max(spread.maximum for spread in spreads)
    axes.set_xlim(0, highest * 1.06)
    axes.xaxis.set_major_locator(ticker.MaxNLocator(7, steps=[1, 2, 2.5, 5, 10]))
    as_tick = units.rate_tick if measure.is_rate else units.duration_tick
    axes.xaxis.set_major_formatter(ticker.FuncFormatter(lambda x, _: as_tick(x)))
    axes.tick_params(axis="y", length=0, labelcolor=palette.INK)
    axes.set_xlabel(measure.title)
    axes.set_title(panel.title or str(panel.cells[0].axes.get("workload")), fontsize=9, loc="left",
                   color=palette.INK, fontweight="bold")


def _draw_cell(axes, measure, cell, place, request):
    spread = cell.spread(measure.metric)
    colour, marker = _STYLES.get(request, _OTHER_STYLE)
    is_hollow = any("huge_pages" in text for record in cell.ok_records
                    for text in honoured.differences(record))
    axes.plot([spread.minimum, spread.maximum], [place, place], color=colour, linewidth=1.4)
    axes.plot([spread.median], [place], marker=marker, color=colour, markersize=5.5,
              linestyle="none", markerfacecolor="white" if is_hollow else colour)


def _request(name):
    return (list(_STYLES).index(name) if name in _STYLES else len(_STYLES), name)


def _legend(figure, requests, left):
    marks = []
    for request in requests:
        colour, marker = _STYLES.get(request, _OTHER_STYLE)
        marks.append(panels.Line2D([], [], color=colour, marker=marker, linewidth=1.4,
                                   markersize=5.5, label=f"huge_pages {request}"))
    figure.legend(handles=marks, loc="upper left", ncol=len(marks), frameon=False, borderpad=0,
                  bbox_to_anchor=(left, 1 - 0.12 / figure.get_figheight()), borderaxespad=0,
                  fontsize=9, columnspacing=1.6)
