"""The page of a history: what changed and when, drawn and listed.

Says where figures lie elsewhere than before, not why: it judges nothing, gates do.
"""

from pathlib import Path
from urllib.parse import quote

import document
import trends
import units
from change_points import FINAL_P, LEAST_LEVEL, WINDOW
from history_file import VERDICTS
from html_text import element, esc, figure, paragraph, rows_table, section, tile
from result_table import Column, number_cell, table

MAX_EVENTS = 60
MAX_SHOWN = 12  # changes of an event that are not folded away
MAX_ENTRIES = 200
_PARTS = (("changes", "Changes"), ("figures", "Figures"), ("series", "Series"),
          ("machines", "Machines"), ("entries", "Entries"))
_MARKS = {"better": "ok", "worse": "failed"}  # else grey
_RESULTS = {0: "fine", 1: "regression", 2: "usage", 3: "integrity violation", 4: "inconclusive",
            5: "invalid", 6: "environment refused", 7: "worker failed", 77: "all skipped",
            130: "interrupted"}


def markup(history, groups, pictures):
    """The whole page; pictures are (trend_figures.Picture, its SVG)."""
    shown = "\n".join(figure(picture.name, picture.title, svg, picture.notes)
                      for picture, svg in pictures)
    return document.markup("History", "\n".join((
        _header(history), _summary(history, groups), _changes(groups),
        section("figures", "Figures", shown or paragraph("There is nothing to draw.", "quiet")),
        _series(groups), _machines(history), _entries(history), _footer(history))))


def _header(history):
    links = "".join(element("a", esc(title), href=f"#{name}") for name, title in _PARTS)
    facts = [history.path.name, units.plural(len(history.entries), "entry", "entries")]
    if history.entries:
        facts.append(f"{history.entries[0].time_utc[:10]} to {history.entries[-1].time_utc[:10]}")
    return element("header", "".join((
        paragraph("Ringside · history", "eyebrow"),
        element("h1", "How the figures went"),
        paragraph("What changed, when, and by how much?", "question"),
        paragraph(" · ".join(facts), "quiet"),
        element("nav", links, aria_label="Parts of this page"))))


def _summary(history, groups):
    kinds = [entry.kind for entry in history.entries]
    regressed = sum(entry.exit_code == 1 for entry in history.entries if entry.kind == "gate")
    violated = sum(cell.is_clean is False for entry in history.entries for cell in entry.cells)
    tiles = (("runs", kinds.count("run"), ""), ("gates", kinds.count("gate"), ""),
             ("suites", len({entry.suite for entry in history.entries}), ""),
             ("machines", len({entry.machine for entry in history.entries}), ""),
             ("series", sum(len(group.series) for group in groups), ""),
             ("change points", len(trends.changes_of(groups)), ""),
             ("gates regressed", regressed, "failed" if regressed else ""),
             ("cells with violations", violated, "failed" if violated else ""))
    shown = element("dl", "".join(tile(*one) for one in tiles), class_="tiles")
    notes = "".join(paragraph(note, "notice") for note in history.notes)
    return element("section", shown + notes, id="summary")


# --- changes ------------------------------------------------------------------------------------


def _changes(groups):
    events = {}
    for change in trends.changes_of(groups):
        events.setdefault(change.first.entry.line, []).append(change)
    lead = paragraph(
        f"From a change point on, {LEAST_LEVEL} or more entries lie elsewhere than those before, "
        f"by {100 * trends.LEAST_CHANGE:g} % or more: further apart than in 99 of 100 random "
        f"orders, and with p < {FINAL_P:g} by a t-test of up to {WINDOW} entries on either side. "
        "It does not say why: it may be the program, the machine, or where on it the run took "
        "place. Of a hundred series that only scatter, about one shows a change point; of a "
        "machine whose speed drifts, more do. Only gates judge. Grey: the machine moved, for the "
        "hand-off of a cache line changed by over 30 %, or a gate's baseline with its candidate.",
        "quiet")
    if not events:
        longest = max((len(group.entries) for group in groups), default=0)
        found = "No change point was found." if longest >= 2 * LEAST_LEVEL else (
            f"There are too few entries: from {2 * LEAST_LEVEL} of one suite and machine on, large "
            "changes can be seen; from twelve, most.")
        return section("changes", "Changes", lead + paragraph(found))
    shown = "".join(_event(changes) for changes in list(events.values())[:MAX_EVENTS])
    if len(events) > MAX_EVENTS:
        shown += paragraph(f"{units.plural(len(events) - MAX_EVENTS, 'earlier moment')} with "
                           "changes are not listed; --format json has all.", "quiet")
    return section("changes", "Changes", lead + shown)


def _event(changes):
    """All that changed with one entry, the largest first."""
    first = changes[0].first.entry
    title = (f"{time_text(first.time_utc)}, {first.kind} of {first.suite}: "
             f"{units.plural(len(changes), 'change')}")
    between = "; ".join(_between(changes[0].last_before.entry, first))
    columns = [
        Column("#", lambda change: number_cell(str(change.number), change.number), True),
        Column("cell", lambda change: element("td", esc(short_name(change.name)))),
        Column("metric", lambda change: element("td", esc(change.series.metric_text))),
        Column("before", lambda change: _level(change, change.before), True),
        Column("after", lambda change: _level(change, change.after), True),
        Column("change", _percent, True, "of the level before; of effects, in points"),
        Column("p", lambda change: number_cell(esc(units.probability_text(change.found.p)),
                                               change.found.p), True, "of the t-test"),
        Column("meanwhile", _meanwhile, False, "what the machine did: the hand-off of a cache "
                                               "line between the CPUs, or a gate's baseline")]
    content = table(title, columns, changes[:MAX_SHOWN])
    if changes[MAX_SHOWN:]:
        more = element("summary", f"{len(changes) - MAX_SHOWN} more, smaller")
        content += element("details", more + table(f"{title}, the rest", columns,
                                                   changes[MAX_SHOWN:]))
    return element("h3", esc(title)) + (paragraph(between, "quiet") if between else "") + content


def _between(before, after):
    """What else was another one than in the entry before, as far as the entries say so."""
    if before.revision and after.revision:
        yield (f"revision {short_revision(after.revision)} as before"
               if before.revision == after.revision else
               f"revision {short_revision(before.revision)} → {short_revision(after.revision)}")
    if before.program_hash and after.program_hash:
        same = before.program_hash == after.program_hash
        yield "the same program" if same else "another build of the program"


def _level(change, value):
    return number_cell(esc(change.series.text(value)), value)


def _percent(change):
    unit = "points" if change.series.is_effect else "%"
    text = element("span", esc(units.signed_text(change.percent, unit)),
                   class_=f"mark {_MARKS.get(change.direction, 'skipped')}", title=change.direction)
    return number_cell(text, change.percent)


def _meanwhile(change):
    found = change.meanwhile()
    if found is None:
        return element("td", units.NONE)
    what, before, after = found
    as_text = change.series.text if what == "baseline" else units.duration_text
    return element("td", esc(f"{what} {units.range_text(as_text(before), as_text(after), ' → ')}"))


# --- lists --------------------------------------------------------------------------------------


def _series(groups):
    tables = []
    for group in groups:
        count = units.plural(len(group.entries), "entry", "entries")
        title = f"{group.kind}s of {group.suite}, {count}, machine {group.machine[:8]}"
        tables.append(element("h3", esc(title)) + table(f"Series of {title}", _SERIES_COLUMNS,
                                                        group.series))
        tables += [paragraph(zero.text, "quiet") for zero in group.at_zero]
    return section("series", "Series", "".join(tables) or paragraph("There is none.", "quiet"))


def _versus_median(one):
    value = one.points[-1].value
    if one.is_effect:
        return number_cell(units.NONE, None)
    percent = 100 * (value / one.median - 1)
    return number_cell(esc(units.signed_text(percent)), percent)


def _noise(one):
    noise = one.noise_percent
    return number_cell(units.NONE if noise is None else f"±{noise:.1f}&nbsp;%", noise)


def _numbers(one):
    return element("td", esc(", ".join(str(change.number) for change in one.changes)))


_SERIES_COLUMNS = [
    Column("cell", lambda one: element("td", esc(short_name(one.name)))),
    Column("metric", lambda one: element("td", esc(one.metric_text))),
    Column("entries", lambda one: number_cell(str(len(one.points)), len(one.points)), True),
    Column("median", lambda one: number_cell(esc(one.text(one.median)), one.median), True),
    Column("latest", lambda one: number_cell(esc(one.text(one.points[-1].value)),
                                             one.points[-1].value), True),
    Column("to median", _versus_median, True),
    Column("noise", _noise, True, "from one entry to the next, as a standard deviation"),
    Column("changes", _numbers),
]


def _machines(history):
    found = {}
    for entry in history.entries:
        found.setdefault(entry.machine, []).append(entry)
    rows = [[element("code", esc(machine or "unknown")), esc(_each(entries, "host")),
             esc(_each(entries, "cpu")), esc(_each(entries, "kernel")), str(len(entries)),
             esc(time_text(entries[0].time_utc)), esc(time_text(entries[-1].time_utc))]
            for machine, entries in found.items()]
    lead = paragraph("Entries of machines with different fingerprints are never one series: "
                     "another kernel or microcode makes another machine.", "quiet")
    headings = ("fingerprint", "host", "CPU", "kernel", "entries", "first", "last")
    return section("machines", "Machines", lead + rows_table(headings, rows))


def _each(entries, name):
    values = dict.fromkeys(getattr(entry, name) for entry in entries)
    return ", ".join(value for value in values if value) or units.NONE


def _entries(history):
    latest = history.entries[::-1][:MAX_ENTRIES]
    rows = [[esc(time_text(entry.time_utc)), esc(entry.kind), esc(entry.suite),
             element("code", esc(entry.machine[:8])),
             element("code", esc(short_revision(entry.revision))), esc(entry.version),
             esc(outcome_text(entry)), _bundle(history, entry)] for entry in latest]
    headings = ("ended (UTC)", "kind", "suite", "machine", "revision", "version", "outcome",
                "bundle")
    content = rows_table(headings, rows)
    if len(history.entries) > len(latest):
        content += paragraph(f"The latest {len(latest)} of {len(history.entries)}.", "quiet")
    return section("entries", "Entries", content)


def _bundle(history, entry):
    """Its name, as a link where its page lies below the history."""
    page = Path(entry.bundle) / "report.html"
    is_below = entry.bundle and not page.is_absolute() and ".." not in page.parts
    if is_below and (history.path.parent / page).is_file():
        return element("a", esc(entry.bundle), href=quote(str(page)))
    return esc(entry.bundle or units.NONE)


def outcome_text(entry):
    """'fine, 38 cells'; of a gate how many of the metrics that gate have which verdict."""
    result = _RESULTS.get(entry.exit_code, f"exit code {entry.exit_code}")
    if entry.kind == "run":
        return f"{result}, {units.plural(len(entry.cells), 'cell')}"
    gating = [one.verdict for one in entry.judged if one.gates]
    counts = [(verdict, gating.count(verdict)) for verdict in VERDICTS]
    return ", ".join([result] + [f"{count} {verdict}" for verdict, count in counts if count])


def time_text(time_utc):
    """'2026-11-22T08:12:00Z' → '2026-11-22 08:12'."""
    return time_utc[:16].replace("T", " ")


def short_name(cell):
    """A cell without its suite."""
    return cell.partition("/")[2] or cell


def short_revision(revision):
    """Ten digits, and whether files differed from it; '–' where it is not known."""
    digits, is_pair, rest = revision.partition("-")
    return digits[:10] + is_pair + rest if revision else units.NONE


def _footer(history):
    text = f"Made from {history.path.name} at {document.now_utc()} by plots/history.py."
    return element("footer", esc(text))
