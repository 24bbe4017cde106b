"""A history, read: a line for each run and gate that has ended, as results/history.hpp has it.

Never writes. What a line does not say is None or empty; a line that is cut off becomes a note, any
other that is no entry of schema 1 is an error.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from json_number import is_number

SCHEMA = 1
KINDS = ("run", "gate")
VERDICTS = ("pass", "regressed", "improved", "inconclusive")
MAX_LINE_BYTES = 1 << 26
_BEGINNING = b'{"schema"'  # of every entry


class HistoryError(Exception):
    """The history cannot be read: what, where, and what to do, in one line."""


class MeasuredCell(NamedTuple):
    """What a run measured of a cell; is_clean is None where nothing was validated."""

    name: str
    is_clean: bool
    medians: dict


class JudgedMetric(NamedTuple):
    """What a gate found of a metric of a cell. Effects are logarithms of candidate to baseline,
    worse is positive."""

    cell: str
    metric: str
    verdict: str
    reason: str
    gates: bool
    estimate: float
    lower: float
    upper: float
    baseline_median: float
    candidate_median: float


@dataclass(frozen=True)
class Entry:
    """One run or gate."""

    line: int
    kind: str
    suite: str
    time_utc: str
    began_utc: str
    host: str
    machine: str
    cpu: str
    kernel: str
    version: str
    program_hash: str
    revision: str
    bundle: str
    exit_code: int
    cells: tuple
    judged: tuple


@dataclass
class History:
    """Entries in the order in which they were appended. notes: what a reader must know of it."""

    path: Path
    entries: list
    notes: list


def load(file):
    """The History of a file; HistoryError when it cannot be read."""
    path = Path(file)
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise HistoryError(f"{path}: cannot be read ({error.strerror}); name the history.jsonl "
                           "beside the bundles of your runs") from None
    notes = []
    entries = []
    for number, line in enumerate(lines, start=1):
        if _is_cut_off(line, has_end=number < len(lines)):
            notes.append(f"Line {number} of the history is cut off, as after a kill; it is left "
                         "out.")
        elif line.strip():
            entries.append(_read_line(line, number, f"{path}:{number}"))
    if not entries:
        notes.append("The history holds no entry yet.")
    return History(path, _without_former(entries, notes), notes)


def _without_former(entries, notes):
    """A run that was gone on with after an interrupt has an entry for each end: the last counts."""
    last = {_run_of(entry): entry for entry in entries}
    kept = [entry for entry in entries if last[_run_of(entry)] is entry]
    if len(kept) < len(entries):
        notes.append(f"{len(entries) - len(kept)} of {len(entries)} entries are left out: those "
                     "runs were gone on with, and their last entries have all of them.")
    return kept


def _run_of(entry):
    known = entry.bundle and entry.began_utc
    return (entry.kind, entry.host, entry.bundle, entry.began_utc) if known else entry.line


def _is_cut_off(line, has_end):
    """A line without its end may hold anything. One that others have gone on behind has got an end
    from them: that is the beginning of an entry, and no more."""
    if not line.strip() or (has_end and not line.startswith(_BEGINNING[:len(line)])):
        return False
    try:
        _parse(line)
    except ValueError:
        return True
    return False


def _read_line(line, number, where):
    try:
        value = _parse(line)
    except ValueError as error:
        raise HistoryError(f"{where}: this is no JSON ({error}); remove the line, or name the "
                           "history.jsonl beside the bundles of your runs") from None
    _check(value, where)
    texts = {key: value.get(key) or "" for key in _TEXTS}
    return Entry(
        line=number, kind=value["kind"], exit_code=value.get("exit_code") or 0,
        cells=tuple(_measured(cell, where) for cell in value.get("cells") or ()),
        judged=tuple(_judged(judged, where) for judged in value.get("judged") or ()), **texts)


_TEXTS = ("suite", "time_utc", "began_utc", "host", "machine", "cpu", "kernel", "version",
          "program_hash", "revision", "bundle")


def _parse(line):
    if len(line) > MAX_LINE_BYTES:
        raise ValueError("too long")
    try:
        return json.loads(line)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _check(value, where):
    """HistoryError unless it is an entry of schema 1."""
    if not isinstance(value, dict):
        raise HistoryError(f"{where}: an entry must be an object; remove the line")
    if value.get("schema") != SCHEMA:
        raise HistoryError(f"{where}: schema is {value.get('schema')!r}, this program reads "
                           f"{SCHEMA}; use the ringside that wrote it, or remove the line")
    if value.get("kind") not in KINDS:
        raise HistoryError(f"{where}: kind is {value.get('kind')!r}; it must be run or gate")
    for key in ("suite", "time_utc", "machine"):
        if not isinstance(value.get(key), str):
            raise HistoryError(f"{where}: '{key}' must be a text, it is {value.get(key)!r}; remove "
                               "the line")
    kinds = {"cells": list, "judged": list, "exit_code": int, **dict.fromkeys(_TEXTS, str)}
    for key, kind in kinds.items():
        if not isinstance(value.get(key), (kind, type(None))):
            raise HistoryError(f"{where}: '{key}' must be a {kind.__name__} or null; remove the "
                               "line")


def _measured(value, where):
    if not isinstance(value, dict) or not isinstance(value.get("cell"), str):
        raise HistoryError(f"{where}: each of 'cells' must be an object with a cell; remove the "
                           "line")
    medians = value.get("metrics")
    medians = medians if isinstance(medians, dict) else {}
    clean = value.get("clean")
    return MeasuredCell(value["cell"], clean if isinstance(clean, bool) else None,
                        {name: one for name, one in medians.items() if is_number(one)})


def _judged(value, where):
    texts = ("cell", "metric", "verdict")
    if not isinstance(value, dict) or not all(isinstance(value.get(key), str) for key in texts):
        raise HistoryError(f"{where}: each of 'judged' must be an object with a cell, a metric and "
                           "a verdict; remove the line")
    numbers = {key: value.get(key) if is_number(value.get(key)) else None
               for key in ("estimate", "lower", "upper", "baseline_median", "candidate_median")}
    return JudgedMetric(value["cell"], value["metric"], value["verdict"],
                        str(value.get("reason") or ""), value.get("gates") is not False, **numbers)
