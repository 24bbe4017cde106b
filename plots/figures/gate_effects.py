"""What a gate found: how far each metric is worse on its second side, with its interval."""

import captions
import forest
import gate_file
import palette
import units

QUESTION = "How much worse is the second side than the first, and how sure is that?"
MAX_REPORTED = 20  # rows that nobody judges
notes = []


def draw(bundle):
    """The Figure, or None when the bundle is no gate's."""
    notes.clear()
    gate = gate_file.load(bundle.path)
    drawn = [one for one in gate_file.in_order(gate.metrics) if _has_effect(one)] if gate else []
    if not drawn:
        notes.append("No repetition of baseline and candidate side by side: ringside gate measures "
                     "those." if gate is None else "No repetition counts: the gate found no "
                     "effect of any metric.")
        return None
    judged = [one for one in drawn if one.gates]
    reported = [one for one in drawn if not one.gates][:MAX_REPORTED]
    names, everywhere = forest.short_names({one.cell for one in drawn})
    rows = [_row(one, "Judged", names) for one in judged]
    rows += [_row(one, "Reported, and judged by nobody", names) for one in reported]
    with palette.rc():
        first, second = gate.columns
        figure = forest.draw(rows, f"{second} to {first}: worse is to the right, for rates too",
                             f"{gate.baseline} → {gate.candidate} · "
                             f"{captions.where_and_when(bundle)}")
    notes.extend(_sentences(gate, drawn, judged, reported) + forest.left_out(rows))
    if everywhere:
        notes.append(f"All at {', '.join(everywhere)}.")
    return figure


def _has_effect(one):
    return one.worse_by_percent is not None and one.blocks > 0 and one.worse_by_percent > -100


def _row(one, group, names):
    margin = one.margin_percent / 100 if one.gates and one.margin_percent else None
    return forest.Row(
        group, f"{names[one.cell]}  {one.metric}", one.verdict if one.gates else "reported",
        1 + one.worse_by_percent / 100, _ratio(one.lower_percent), _ratio(one.upper_percent),
        margin, units.signed_text(one.worse_by_percent))


def _ratio(percent):
    return None if percent is None or percent <= -100 else 1 + percent / 100


def _sentences(gate, drawn, judged, reported):
    blocks = sorted({one.blocks for one in drawn})
    spread = " to ".join(str(count) for count in sorted({blocks[0], blocks[-1]}))
    sentences = [
        "Marker: the estimate of the change; line: the bounds of 95 % to either side. Grey: the "
        "margin below which nobody minds. Judged by fresh blocks where stage one was suspicious.",
        f"{units.plural(len(judged), 'metric')} judged, {spread} blocks each of "
        f"{units.count_text(gate.blocks)} in all.",
    ]
    absent = sum(not one.gates for one in drawn) - len(reported)
    if absent:
        sentences.append(f"{units.plural(absent, 'reported metric')} not drawn.")
    without = len(gate.metrics) - len(drawn)
    if without:
        sentences.append(f"{units.plural(without, 'metric')} without an effect not drawn.")
    if gate.not_gated:
        sentences.append(f"{units.plural(len(gate.not_gated), 'cell')} not gated: "
                         f"{gate.not_gated[0][1]}.")
    return sentences
