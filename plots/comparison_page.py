"""The page of a comparison: a forest plot for each candidate and kind of metric, and a table.

Says what ringside compare has judged; it judges nothing itself.
"""

from collections import Counter
from typing import NamedTuple

import configurations_page
import document
import forest
import palette
import units
from html_text import element, esc, figure, paragraph, rows_table, section, tile
from result_table import Column, metric_value, number_cell, table

MAX_CANDIDATES = 8
MAX_RATIOS = 6000
_PARTS = (("answers", "In short"), ("environment", "What differs"), ("questions", "Figures"),
          ("configurations", "All of it"), ("figures", "Ratios"), ("cells", "Cells"))
VERDICTS = ("worse", "better", "inconclusive", "invalid", "missing", "same")
_MARKS = {"better": "ok", "worse": "failed", "invalid": "invalid"}
_KINDS = (("rates: right is better", "higher"), ("times and costs: left is better", "lower"))


class Picture(NamedTuple):
    """A forest plot with its caption."""

    name: str
    title: str
    notes: list
    figure: object


def pictures_of(comparison):
    """One for each candidate and direction that has ratios."""
    pictures = []
    for place, side in enumerate(_candidates(comparison), start=1):
        for title, better in _KINDS:
            drawn = [one for one in comparison.ratios if one.side == side
                     and one.better == better and one.ratio]
            if drawn:
                pictures.append(_draw(comparison, f"forest{place}-{better}", title, drawn))
    return pictures


def _candidates(comparison):
    """Those whose ratios are drawn and listed."""
    return list(comparison.sides)[1:1 + MAX_CANDIDATES]


def _draw(comparison, name, title, drawn):
    names, everywhere = forest.short_names({one.cell for one in drawn})
    drawn = sorted(drawn, key=lambda one: (one.metric, _order(one.verdict), -abs(one.ratio - 1)))
    rows = [forest.Row(one.metric, names[one.cell], one.verdict or "not judged", one.ratio,
                       one.low, one.high, comparison.margin,
                       f"{one.ratio:.3f}×") for one in drawn]
    base, candidate = next(iter(comparison.sides.values())), comparison.sides[drawn[0].side]
    with palette.rc():
        picture = forest.draw(rows, "candidate to baseline", f"{base} → {candidate} · "
                              f"{comparison.path.name}")
    counts = sorted({count for one in drawn for count in one.repetitions})
    notes = [
        "Marker: the ratio of candidate to baseline; line: its interval, of 95 % where there are "
        "repetitions enough. Grey: the margin within which nobody minds.",
        f"{units.plural(len(drawn), 'ratio')}, {_range(counts)} repetitions a side.",
        *forest.left_out(rows)]
    if everywhere:
        notes.append(f"All at {', '.join(everywhere)}.")
    return Picture(name, f"{candidate}: {title}", notes, picture)


def _range(counts):
    return str(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"


def markup(comparison, pictures):
    """The whole page; pictures are (Picture, its SVG)."""
    shown = "\n".join(figure(picture.name, picture.title, svg, picture.notes)
                      for picture, svg in pictures)
    by_key = configurations_page.markup(comparison)
    return document.markup("Comparison", "\n".join((
        _header(comparison), by_key, _summary(comparison),
        section("figures", "Ratios to the baseline" if by_key else "Figures",
                shown or paragraph("There is no ratio to draw.", "quiet")),
        _cells(comparison), "" if by_key else _differences(comparison),
        element("footer", esc(f"Made from {comparison.path.name} at {document.now_utc()} by "
                              "plots/comparison.py.")))))


def _header(comparison):
    base, *others = comparison.sides.values()
    named = ", ".join(others[:MAX_CANDIDATES])
    if len(others) > MAX_CANDIDATES:
        named += f" and {len(others) - MAX_CANDIDATES} more"
    by_key = comparison.configurations
    question = "Which is best at what, what sets them apart, and how sure is that?" if by_key \
        else "What is better, what is worse, and how sure is that?"
    return element("header", "".join((
        paragraph(f"Ringside · comparison by {by_key.by}" if by_key else "Ringside · comparison",
                  "eyebrow"),
        element("h1", esc(f"{base}, {named}" if by_key else f"{base} → {named}")),
        paragraph(question, "question"), _links() if by_key else "")))


def _links():
    shown = "".join(element("a", esc(title), href=f"#{name}") for name, title in _PARTS)
    return element("nav", shown, aria_label="Parts of this page")


def _cells(comparison):
    shown = set(_candidates(comparison))
    ratios = [one for one in comparison.ratios if one.side in shown]
    if not ratios:
        return section("cells", "Cells", paragraph("No cell is in both.", "quiet"))
    content = table("Cells and metrics", _COLUMNS, ratios[:MAX_RATIOS])
    listed = min(len(ratios), MAX_RATIOS)
    if listed < len(comparison.ratios):
        content += paragraph(f"{units.count_text(listed)} of {len(comparison.ratios):,} ratios "
                             "stand here; the JSON beside this page has all.", "quiet")
    if comparison.configurations:
        content = element("details", element("summary", esc(units.plural(listed, "ratio")))
                          + content)
    return section("cells", "Cells", content)


def _summary(comparison):
    counts = Counter(one.verdict for one in comparison.ratios)
    always = () if comparison.configurations else ("worse",)  # machines are not judged
    tiles = "".join(tile(verdict, counts[verdict], _MARKS.get(verdict, "") if counts[verdict]
                         else "") for verdict in VERDICTS if counts[verdict] or verdict in always)
    notes = "".join(paragraph(note, "notice") for note in comparison.notes)
    return element("section", (element("dl", tiles, class_="tiles") if tiles else "") + notes,
                   id="summary")


def _differences(comparison):
    if not comparison.differences:
        return section("environment", "Environment",
                       paragraph("No fact of the environments differs.", "quiet"))
    return section("environment", "What differs in the environments",
                   configurations_page.differing_facts(comparison))


def _order(verdict):
    return VERDICTS.index(verdict) if verdict in VERDICTS else len(VERDICTS)


def _ratio(one):
    if one.ratio is None:
        return number_cell(units.NONE, None)
    text = f"{one.ratio:.3f}"
    if one.low is not None and one.high is not None:
        text += f" [{one.low:.3f}–{one.high:.3f}]"
        if one.coverage is not None and one.coverage < 0.95:
            text += f" of {100 * one.coverage:.0f} %"
    return number_cell(esc(text), one.ratio)


def _verdict(one):
    mark = element("span", esc(one.verdict or units.NONE),
                   class_=f"mark {_MARKS.get(one.verdict, 'skipped')}")
    return element("td", mark, data_v=_order(one.verdict), title=one.reason or None)


_COLUMNS = [
    Column("cell", lambda one: element("td", esc(one.cell))),
    Column("metric", lambda one: element("td", esc(one.metric))),
    Column("candidate", lambda one: element("td", esc(one.side))),
    Column("baseline", metric_value("baseline"), True, "median over repetitions"),
    Column("its median", metric_value("candidate"), True,
           "median over repetitions of the candidate"),
    Column("ratio", _ratio, True, "candidate to baseline, with its interval"),
    Column("verdict", _verdict, False, "the reason shows where the pointer rests"),
]
