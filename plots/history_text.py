"""What the page of a history says, for terminals and programs: entries and change points.

table and markdown for people; json has everything but the values; csv has a row for each value,
also for those of 0, which no series has.
"""

import csv
import io
import json
import os
import re
import sys
import textwrap

import trends
import units
from history_page import outcome_text, short_name, short_revision, time_text

_ASCII = str.maketrans("–µ×·→±⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-ux*>~-0123456789")
FORMATS = ("table", "json", "csv", "markdown")
SCHEMA = 1
# What goes first where a terminal is too narrow, and what stands above a row where it still is.
_DISPENSABLE = ("machine", "kind", "p", "revision", "before", "after")
_NAMES = ("cell", "bundle")
_CSV_HEADINGS = ("kind", "suite", "machine", "cell", "metric", "is_effect", "time_utc", "revision",
                 "program_hash", "bundle", "value", "verdict", "change_percent", "change_p")


def render(history, groups, form):
    """Ends with a line end."""
    if form == "json":
        return json.dumps(_as_json(history, groups), indent=1, ensure_ascii=False) + "\n"
    if form == "csv":
        return _as_csv(groups)
    tables = (("Entries", _entry_rows(history)), ("Change points", _change_rows(groups)))
    title = "### {}\n\n" if form == "markdown" else "{}\n"
    columns = 0 if form == "markdown" else _columns()
    shown = _markdown_table if form == "markdown" else _text_table
    parts = [title.format(name) + (shown(*rows, columns) if rows[1] else "none\n")
             for name, rows in tables]
    zeros = [zero.text for group in groups for zero in group.at_zero]
    text = "\n".join(parts + [_wrapped(note, columns) for note in history.notes + zeros])
    return ascii_text(text) if form == "table" and os.environ.get("CI") else text


def _columns():
    """COLUMNS, else what the terminal on stdout has; 0 where there is neither."""
    asked = os.environ.get("COLUMNS", "")
    if re.fullmatch("[0-9]{1,4}", asked) and int(asked) > 0:
        return int(asked)
    return os.get_terminal_size(sys.stdout.fileno()).columns if sys.stdout.isatty() else 0


def _wrapped(words, columns):
    if columns == 0:
        return words + "\n"
    return textwrap.fill(words, columns, break_long_words=False, break_on_hyphens=False) + "\n"


def ascii_text(text):
    """'2·10⁻⁷' → '2*10^-7', 'µs' → 'us', as the program writes its own tables where CI is set."""
    text = re.sub("⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]+", lambda digits: "^" + digits.group(), text)
    return text.translate(_ASCII)


def _entry_rows(history):
    headings = ("ended (UTC)", "kind", "suite", "machine", "revision", "outcome", "bundle")
    return headings, [
        (time_text(entry.time_utc), entry.kind, entry.suite, entry.machine[:8],
         short_revision(entry.revision), outcome_text(entry), entry.bundle or units.NONE)
        for entry in history.entries]


def _change_rows(groups):
    headings = ("from (UTC)", "kind", "cell", "metric", "before", "after", "change", "", "p")
    return headings, [
        (time_text(change.first.entry.time_utc), change.first.entry.kind,
         change.first.entry.suite + "/" + short_name(change.name), _metric(change.series),
         change.series.text(change.before), change.series.text(change.after),
         units.signed_text(change.percent, "points" if change.series.is_effect else "%"),
         change.direction, units.probability_text(change.found.p))
        for change in trends.changes_of(groups)]


def _metric(series):
    return series.metric + (" (effect)" if series.is_effect else "")


def _as_json(history, groups):
    return {"schema": SCHEMA, "notes": history.notes,
            "entries": [_entry_json(entry) for entry in history.entries],
            "change_points": [_change_json(change) for change in trends.changes_of(groups)],
            "at_zero": [{"kind": group.kind, "suite": group.suite, "machine": group.machine,
                         "cell": zero.name, "metric": zero.metric,
                         "lines": [point.entry.line for point in zero.points]}
                        for group in groups for zero in group.at_zero]}


def _entry_json(entry):
    return {"line": entry.line, "kind": entry.kind, "suite": entry.suite,
            "time_utc": entry.time_utc, "host": entry.host, "machine": entry.machine,
            "version": entry.version, "program_hash": entry.program_hash,
            "revision": entry.revision or None, "bundle": entry.bundle,
            "exit_code": entry.exit_code, "cells": len(entry.cells), "judged": len(entry.judged)}


def _change_json(change):
    """Of an effect, before and after are in per cent."""
    series = change.series
    sides = [trends.percent_of(side) if series.is_effect else side
             for side in (change.before, change.after)]
    return {"number": change.number, "line": change.first.entry.line,
            "time_utc": change.first.entry.time_utc, "kind": change.first.entry.kind,
            "suite": change.first.entry.suite, "machine": change.first.entry.machine,
            "cell": series.name, "metric": series.metric, "is_effect": series.is_effect,
            "before": sides[0], "after": sides[1], "change_percent": change.percent,
            "direction": change.direction, "p": change.found.p,
            "revision_before": change.last_before.entry.revision or None,
            "revision_after": change.first.entry.revision or None}


def _as_csv(groups):
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(_CSV_HEADINGS)
    for group in groups:
        for series in group.series:
            changes = {change.found.place: change for change in series.changes}
            for number, point in enumerate(series.points):
                writer.writerow(_csv_row(group, series, point, changes.get(number)))
        for zero in group.at_zero:
            level = trends.Series(zero.name, zero.metric, trends.family_of(zero.metric), False)
            for point in zero.points:
                writer.writerow(_csv_row(group, level, point, None))
    return stream.getvalue()


def _csv_row(group, series, point, change):
    entry = point.entry
    changed = (change.percent, change.found.p) if change else ("", "")
    return (group.kind, group.suite, group.machine, series.name, series.metric,
            str(series.is_effect).lower(), entry.time_utc, entry.revision, entry.program_hash,
            entry.bundle, point.value, point.verdict, *changed)


def _as_many_as_fit(places, dispensable, fits):
    for one in dispensable:
        if not fits(places):
            places = [place for place in places if place != one]
    return places


def _text_table(headings, rows, columns):
    """As wide as it comes, or in so many columns: then without some of _DISPENSABLE, and where that
    is not enough with the name of each row in a line of its own."""
    widths = [max(len(row[column]) for row in [headings, *rows]) for column in range(len(headings))]
    every = list(range(len(headings)))
    fits = lambda places: not columns or sum(widths[place] + 2 for place in places) <= columns
    dispensable = [headings.index(heading) for heading in _DISPENSABLE if heading in headings]
    names = []
    kept = _as_many_as_fit(every, dispensable, fits)
    if not fits(kept):
        names = [place for place in every if headings[place] in _NAMES]
        kept = _as_many_as_fit([place for place in every if place not in names], dispensable, fits)
    left_out = [headings[place] for place in every if place not in kept + names]
    lines = []
    for row in [headings, *rows]:
        lines += [row[place] for place in names if row is not headings]
        lines.append(("  " if names else "")
                     + "  ".join(row[place].ljust(widths[place]) for place in kept).rstrip())
    if left_out:
        lines.append(_wrapped(f"Left out for want of columns: {', '.join(left_out)}.", 80).rstrip())
    return "\n".join(lines) + "\n"


def _markdown_table(headings, rows, _columns):
    lines = [headings, [":--"] * len(headings), *rows]
    return "\n".join("| " + " | ".join(text.replace("|", "\\|") for text in line) + " |"
                     for line in lines) + "\n"
