"""What stands under a figure: how much was measured, where, when, and what is not in the picture.

Counts only; it judges nothing and hides nothing.
"""

import honoured
import units


def drawn_from(bundle, cells):
    """'18 cells × 5 repetitions · suite quick on host, 2026-…', for the foot of the picture."""
    repetitions = sorted({len(cell.ok_records) for cell in cells})
    spread = " to ".join(str(count) for count in sorted({repetitions[0], repetitions[-1]}))
    noun = "repetition" if spread == "1" else "repetitions"
    measured = f"{units.plural(len(cells), 'cell')} × {spread} {noun}"
    return f"{measured} · {where_and_when(bundle)}"


def where_and_when(bundle):
    """'suite quick on host, 2026-01-01 12:00:00', as far as the bundle says so."""
    place = f" on {bundle.host}" if bundle.host else ""
    date = f", {bundle.time_utc}" if bundle.time_utc else ""
    return f"suite {bundle.suite}{place}{date}"


def left_out(bundle, drawn):
    """Sentences on what belongs to the same workloads and was not honoured or not drawn."""
    workloads = {cell.axes.get("workload") for cell in drawn}
    related = [cell for cell in bundle.cells if cell.axes.get("workload") in workloads]
    counts = {status: sum(cell.statuses()[status] for cell in related)
              for status in ("failed", "invalid", "skipped")}
    missing = [f"{count} {status}" for status, count in counts.items() if count]
    sentences = []
    if missing:
        sentences.append(f"Not in the picture: {', '.join(missing)} "
                         f"({'record' if sum(counts.values()) == 1 else 'records'}; see below).")
    marked = sum(any(record.notes for record in cell.ok_records) for cell in drawn)
    if marked:
        sentences.append(f"{units.plural(marked, 'cell')} drawn with a note of the harness "
                         "(footnotes of the table).")
    if not sentences:
        sentences.append("Nothing was left out, and no record carries a note.")
    return sentences


def closing(bundle, cells):
    """The sentences that every caption ends with."""
    fixed = _held_fixed(cells)
    text = drawn_from(bundle, cells)
    return (fixed + honoured.sentences(cells) + left_out(bundle, cells) +
            [f"{text[0].upper()}{text[1:]}."])


def _held_fixed(cells):
    """One sentence on the main axes that do not vary, or nothing."""
    fixed = []
    for axis in ("shape", "capacity", "placement", "memory", "wait"):
        values = {cell.axes.get(axis) for cell in cells}
        if len(values) == 1 and axis in cells[0].axes:
            fixed.append(units.axis_text(axis, values.pop()))
    return [f"All at {', '.join(fixed)}."] if fixed else []
