"""The answer of a gate, in the words of its verdicts."""

from collections import Counter

import forest
import gate_file
import units
from answers import Answer

MAX_NAMED = 6


def of_gate(gate):
    """One Answer for the whole, and one for each verdict but a pass."""
    judged = [one for one in gate_file.in_order(gate.metrics) if one.gates]
    counts = Counter(one.verdict for one in judged)
    told = ", ".join(f"{counts[verdict]} {verdict}" for verdict in gate_file.VERDICTS
                     if counts[verdict])
    lead = f"{gate.outcome[:1].upper()}{gate.outcome[1:]}. " if gate.outcome else ""
    lead += f"Of {units.plural(len(judged), 'judged metric')}: {told}." if judged else \
        "No metric is judged."
    whole = Answer(f"{gate.baseline} → {gate.candidate}", lead, list(gate.warnings),
                   is_bad=gate.exit_code == 1)
    if gate.not_gated:
        whole.more.append(f"{units.plural(len(gate.not_gated), 'cell')} not gated, the first for: "
                          f"{gate.not_gated[0][1]}.")
    names, _ = forest.short_names({one.cell for one in judged})
    return [whole] + [_of_verdict(verdict, [one for one in judged if one.verdict == verdict], names)
                      for verdict in gate_file.VERDICTS[:-1] if counts[verdict]]


def how_told():
    """What a verdict is worth, in one sentence."""
    return ("Both sides were measured by turns, in fresh processes. A metric has regressed where "
            "fresh blocks showed it to be worse by more than its margin, with at most one gate in "
            "a hundred being wrong when nothing differs; in brackets the bounds of 95 % to either "
            "side. Times and rates are turned so that worse is above zero.")


def _of_verdict(verdict, metrics, names):
    lines = [_line(one, names[one.cell]) for one in metrics[:MAX_NAMED]]
    if len(metrics) > MAX_NAMED:
        lines.append(f"and {len(metrics) - MAX_NAMED} more")
    return Answer(verdict, lines[0] + ("" if lines[0].endswith(".") else "."), lines[1:],
                  is_bad=verdict == "regressed")


def _line(one, cell):
    name = f"{cell}, {one.metric}"
    if one.verdict == "inconclusive" or one.worse_by_percent is None:
        return f"{name}: {one.reason}"
    if one.verdict == "improved":
        text = f"better by {units.signed_text(-one.worse_by_percent).lstrip('+')}"
    else:
        text = f"worse by {units.signed_text(one.worse_by_percent).lstrip('+')}"
    ends = [_end(one.lower_percent), _end(one.upper_percent)]
    values = ""
    if one.baseline is not None and one.candidate is not None:
        values = (f"; {units.metric_text(one.metric, one.baseline)} → "
                  f"{units.metric_text(one.metric, one.candidate)}")
    return f"{name}: {text} [{', '.join(ends)}]{values}"


def _end(percent):
    return "no bound" if percent is None or percent <= -100 else units.signed_text(percent)
