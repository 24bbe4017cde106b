"""What the page of a gate has in the place of a run's figures: tiles, and a table of metrics."""

import gate_file
import units
from html_text import element, esc, paragraph, tile
from result_table import Column, metric_value, number_cell, table

_MARKS = {"regressed": "failed", "inconclusive": "invalid", "improved": "ok", "pass": "ok"}


def summary(gate):
    """Figures to take in at a glance."""
    judged = [one for one in gate.metrics if one.gates]
    counts = {verdict: sum(one.verdict == verdict for one in judged)
              for verdict in gate_file.VERDICTS}
    tiles = [("metrics judged", len(judged), "")]
    tiles += [(verdict, count, _MARKS[verdict] if count else "")
              for verdict, count in counts.items()]
    tiles += [("cells not gated", len(gate.not_gated), "invalid" if gate.not_gated else ""),
              ("blocks", gate.blocks, ""), ("exit code", gate.exit_code, "")]
    shown = "".join(tile(*one) for one in tiles)
    return element("section", element("dl", shown, class_="tiles"), id="summary")


def results(gate):
    """One row per metric, those that are judged first, the worst verdict first."""
    if not gate.metrics:
        return paragraph("No metric was measured.", "quiet")
    lead = paragraph("One row per metric of a cell, those that are judged first. A click on a "
                     "heading sorts; why a verdict is what it is shows when the pointer rests on "
                     "it.", "quiet")
    return lead + table("Metrics of the gate", _columns(gate), gate_file.in_order(gate.metrics))


def _percent(name):
    def make(one):
        value = getattr(one, name)
        text = units.NONE if value is None else units.signed_text(value)
        return number_cell(esc(text), value)
    return make


def _verdict(one):
    order = gate_file.VERDICTS.index(one.verdict) if one.verdict in gate_file.VERDICTS else 9
    text = one.verdict if one.gates else "(reported)"
    mark = element("span", esc(text), class_=f"mark {_MARKS.get(text, 'skipped')}")
    return element("td", mark, data_v=order if one.gates else 10 + order, title=one.reason or None)


def _columns(gate):
    first, second = gate.columns
    return [
        Column("verdict", _verdict),
        Column("cell", lambda one: element("td", esc(one.cell))),
        Column("metric", lambda one: element("td", esc(one.metric))),
        Column(first, metric_value("baseline"), True, "median over the blocks"),
        Column(second, metric_value("candidate"), True, "median over the blocks"),
        *_JUDGED,
    ]


_JUDGED = [
    Column("worse by", _percent("worse_by_percent"), True,
           "the estimate over pairs; worse is positive, for rates too"),
    Column("from", _percent("lower_percent"), True, "bound of 95 % to this side"),
    Column("to", _percent("upper_percent"), True, "bound of 95 % to this side"),
    Column("margin", _percent("margin_percent"), True, "below it nobody minds"),
    Column("would be found", _percent("mde_percent"), True,
           "the least change that nine gates of ten would find"),
]
