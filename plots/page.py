"""report.html: the bundle as one self-contained page.

Says what the records say, counted; what follows from the figures, the answers say.
"""

import re

import answers
import document
import gate_answer
import gate_file
import gate_page
import result_table
import scenario
import units
from bundle import STATUSES, VIOLATIONS, axis_values
from html_text import (element, esc, figure, paragraph, rows_table, section, spaced, tile,
                       value_markup)

_NOT_OK = "Skipped, failed, invalid"
_PARTS = (("answers", "Answers"), ("figures", "Figures"), ("results", "Results"),
          ("history", "History"), ("not-measured", _NOT_OK), ("plan", "Plan"),
          ("scenario", "Scenario"), ("environment", "Environment"))
_OF_RUNS = ("not-measured", "plan")
_MACHINE = "machine"  # the figure that stands by itself
_MAX_LISTED_CELLS = 400


def markup(bundle, drawings, earlier):
    """The whole page; drawings are report.Drawing, one per figure module; earlier is (drawings of
    the history, what there is of it)."""
    gate = gate_file.load(bundle.path)
    return document.markup(bundle.suite, "\n".join((
        _header(bundle, gate), _answers(bundle, gate),
        gate_page.summary(gate) if gate else _summary(bundle),
        _figures(drawings),
        section("results", "Results", gate_page.results(gate) if gate else _results(bundle)),
        _history(*earlier), "" if gate else _not_measured(bundle) + _plan(bundle),
        _scenario(bundle),
        _environment(bundle, drawings), _footer(bundle))))


def _header(bundle, gate):
    cpu, topology = (bundle.environment.get(name) for name in ("cpu", "topology"))
    facts = [str(fact) for fact in (_fact(cpu, "model"), _fact(topology, "summary"), bundle.host,
                                    bundle.time_utc) if fact]
    links = "".join(element("a", esc(title), href=f"#{name}") for name, title in _PARTS
                    if not gate or name not in _OF_RUNS)
    return element("header", "".join((
        paragraph("Ringside · gate report" if gate else "Ringside · suite report", "eyebrow"),
        element("h1", esc(bundle.suite)),
        paragraph(bundle.question, "question") if bundle.question else "",
        paragraph(" · ".join(facts), "quiet") if facts else "",
        element("nav", links, aria_label="Parts of this page"))))


def _fact(part, name):
    return part.get(name) if isinstance(part, dict) else None


def _answers(bundle, gate):
    """A card for each scenario: the sentence that answers it, and what else there is to know."""
    found = gate_answer.of_gate(gate) if gate else answers.of_bundle(bundle)
    cards = "".join(answer_card(one) for one in found)
    told = gate_answer.how_told() if gate else answers.how_told() if bundle.cells else ""
    content = element("div", cards, class_="answers") if cards else \
        paragraph("Nothing was measured.", "quiet")
    content += paragraph(told, "quiet") if told else ""
    return section("answers", "In short", content)


def answer_card(one):
    """One answers.Answer."""
    more = "".join(element("li", esc(text)) for text in one.more)
    return element("article", "".join((
        element("h3", esc(one.title)), element("p", _quieted(one.lead), class_="lead"),
        element("ul", more) if more else "")), class_="answer bad" if one.is_bad else "answer")


def _quieted(text):
    """The sentence with its spreads set back, and numbers kept together with their units."""
    text = re.sub(r"(?<=\d) (?=(?:[kMGT]|ns|µs|ms|s|B|[KMG]iB)\b)", "\u00a0", esc(text))
    return re.sub(r"\[[^][]*\]", lambda found: element("span", found.group(), class_="spread"),
                  text)


def _summary(bundle):
    """Figures to take in at a glance, and the same as a paragraph."""
    counts = bundle.statuses()
    messages, violations = _integrity(bundle)
    tiles = [("cells", len(bundle.cells), "")]
    tiles += [(status, counts[status], status if counts[status] else "") for status in STATUSES]
    tiles += [("messages validated", messages, ""),
              ("violations", violations, "failed" if violations else "")]
    shown = "".join(tile(*one) for one in tiles)
    notes = "".join(paragraph(note, "notice") for note in bundle.notes)
    if not bundle.cells:
        return element("section", notes, id="summary") if notes else ""
    return element("section", element("dl", shown, class_="tiles") +
                   paragraph(summary_text(bundle)) + notes, id="summary")


def summary_text(bundle):
    """One paragraph, counted from the records."""
    counts = bundle.statuses()
    repetitions = [len(cell.records) for cell in bundle.cells] or [0]
    low, high = min(repetitions), max(repetitions)
    each = f"{low} to {high} records" if low != high else units.plural(low, "record")
    messages, violations = _integrity(bundle)
    shown = ", ".join(f"{units.count_text(counts[status])} {status}" for status in STATUSES)
    text = f"{units.plural(len(bundle.cells), 'cell')} with {each} each: {shown}. "
    if not any(record.validation for record in bundle.records):
        return text + "No record was validated."
    text += f"{units.count_text(messages)} messages were received and validated; "
    if not violations:
        return text + "none was lost, duplicated, reordered or torn."
    parts = [f"{units.count_text(count)} {name}" for name in VIOLATIONS
             if (count := _total(bundle, name))]
    return text + f"{units.plural(violations, 'violation')}: {', '.join(parts)}."


def _integrity(bundle):
    return _total(bundle, "received"), sum(_total(bundle, name) for name in VIOLATIONS)


def _total(bundle, count):
    return sum(cell.total(count) or 0 for cell in bundle.cells)


def _plan(bundle):
    values = axis_values(bundle.cells)
    values = {axis: found for axis, found in values.items()
              if axis != "scenario" or found != values.get("workload")}
    swept = [[esc(_axis_title(axis)), esc(", ".join(_axis_value(axis, value) for value in found)),
              str(len(found))] for axis, found in values.items() if len(found) > 1]
    fixed = "; ".join(f"{_axis_title(axis)} {_axis_value(axis, found[0])}"
                      for axis, found in values.items() if len(found) == 1 and found[0] is not None)
    content = paragraph(f"{units.plural(len(bundle.cells), 'cell')}, from the axes below; not "
                        "every combination need have been planned.")
    if swept:
        content += rows_table(("axis", "values", "how many"), swept)
    if fixed:
        content += paragraph(f"Held fixed: {fixed}.", "quiet")
    rows = [[esc(units.NONE if row[key] is None else row[key]) for key in row]
            for row in scenario.scenario_rows(bundle.scenario)]
    if rows:
        headings = ("scenario", "workload", "repetitions", "warm-up (ms)", "duration (ms)")
        content += rows_table(headings, rows)
    return section("plan", "Plan", content)


def _axis_title(axis):
    return spaced(axis.removesuffix("_bytes"))


def _axis_value(axis, value):
    if axis == "element_size_bytes" and isinstance(value, int):
        return units.bytes_text(value)
    return units.plain_text(value)


def _figures(drawings):
    drawings = [drawing for drawing in drawings if drawing.name != _MACHINE]
    shown = "\n".join(figure(drawing.name, drawing.question, drawing.svg, drawing.notes)
                      for drawing in drawings if drawing.svg)
    absent = "".join(
        element("li", f"{element('b', esc(spaced(drawing.name)))}: {esc(' '.join(drawing.notes))}")
        for drawing in drawings if not drawing.svg)
    if absent:
        summary = element("summary", "What is not drawn, and why")
        shown += element("details", summary + element("ul", absent), class_="quiet")
    return section("figures", "Figures", shown or paragraph("There is no figure.", "quiet"))


def _results(bundle):
    if not bundle.cells:
        return result_table.markup(bundle)
    lead = paragraph("One row per cell: the median over repetitions with status ok, and below it "
                     "the smallest and the largest; l/d/r/t are the messages lost, duplicated, "
                     "reordered and torn. A click on a heading sorts; the full name of a cell "
                     "shows when the pointer rests on its row.", "quiet")
    return lead + result_table.filter_bar(bundle) + result_table.markup(bundle)


def _history(drawings, text):
    shown = "\n".join(figure(one.name, one.question, one.svg, one.notes) for one in drawings)
    return section("history", "History", paragraph(text, "quiet") + shown)


def _not_measured(bundle):
    """What was skipped, failed or invalid, and why: equal reasons together."""
    groups = {}
    for cell in bundle.cells:
        for record in cell.records:
            if record.status != "ok":
                key = (STATUSES.index(record.status), record.reason or "no reason was recorded")
                groups.setdefault(key, []).append(f"{cell.name} (repetition {record.repetition})")
    if not groups:
        return section("not-measured", _NOT_OK,
                       paragraph("Every record has status ok: nothing was skipped, failed or "
                                 "invalid." if bundle.records else "There is no record.", "quiet"))
    rows = []
    for (place, reason), cells in sorted(groups.items()):
        status = STATUSES[place]
        mark = element("span", status, class_=f"mark {status}")
        rows.append([mark, esc(reason), _listing(cells)])
    return section("not-measured", _NOT_OK,
                   rows_table(("status", "reason", "records"), rows, "plain reasons"))


def _listing(cells):
    """The names, folded away when there are many."""
    listed = cells[:_MAX_LISTED_CELLS]
    if len(cells) > len(listed):
        listed.append(f"… and {units.count_text(len(cells) - len(listed))} more")
    items = element("ul", "".join(element("li", element("code", esc(cell))) for cell in listed))
    if len(cells) <= 2:
        return items
    return element("details", element("summary", esc(units.plural(len(cells), "record"))) + items)


def _scenario(bundle):
    if not bundle.scenario_text:
        content = paragraph("The bundle has no scenario.toml.", "quiet")
    else:
        content = element("pre", element("code", esc(bundle.scenario_text)), tabindex="0")
    return section("scenario", "Scenario as run", content)


def _environment(bundle, drawings):
    """The machine, drawn; plain facts, then one card per section."""
    drawn = "".join(figure(one.name, one.question, one.svg, one.notes) for one in drawings
                    if one.name == _MACHINE and one.svg)
    nested = {key: _without_cpus(key, value) for key, value in bundle.environment.items()
              if _is_nested(value)}
    plain = {key: value for key, value in bundle.environment.items()
             if key not in nested and key != "schema"}
    cards = ([("run", plain)] if plain else []) + list(nested.items())
    content = "".join(element("div", element("h3", esc(spaced(title))) + value_markup(facts),
                              class_="facts-card") for title, facts in cards)
    facts = element("div", content, class_="cards") if cards else \
        paragraph("The bundle does not describe the machine.", "quiet")
    return section("environment", "Environment", drawn + facts)


def _without_cpus(key, facts):
    """Where each CPU lies is drawn, and would be hundreds of lines."""
    if key != "topology" or not isinstance(facts, dict):
        return facts
    return {name: value for name, value in facts.items() if name != "cpus"}


def _is_nested(value):
    return isinstance(value, dict) or (isinstance(value, list) and
                                       any(isinstance(one, (dict, list)) for one in value))


def _footer(bundle):
    text = f"Made from {bundle.path.name} at {document.now_utc()} by plots/report.py."
    return element("footer", esc(text))
