"""One bundle, read: the folder that a run of Ringside writes.

Reads records.jsonl, environment.json and scenario.toml and groups the records by cell. It never
writes into the bundle and never fills a gap: what the bundle does not say is None.
"""

import json
import re
import statistics
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import histogram
import palette
import scenario
from json_number import is_number

SCHEMA = 1
STATUSES = ("ok", "failed", "invalid", "skipped")
# From near to far, the order in which a reader expects them.
PLACEMENTS = ("same_core", "same_l2", "same_l3", "same_node", "cross_node", "cross_package",
              "unpinned")
_WITHOUT_RECORDS = ("handoff.json", "gate.json")  # of bundles that measure something else
VIOLATIONS = ("lost", "duplicated", "reordered", "torn")
MAX_LINE_BYTES = 1 << 26
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_LEADING_AXES = ("scenario", "workload", "queue", "shape", "element_size_bytes", "capacity",
                 "placement")
_ROW_ORDER = ("workload", "scenario", "shape", "placement", "element_size_bytes", "capacity")


class BundleError(Exception):
    """The bundle cannot be read: what, where, and what to do, in one line."""


class Spread(NamedTuple):
    """One number over the repetitions of a cell."""

    median: float
    minimum: float
    maximum: float
    repetitions: int


@dataclass(frozen=True)
class Record:
    """One repetition of one cell. Absent parts are empty; histograms are decoded."""

    line: int
    suite: str
    cell: str
    repetition: int
    status: str
    reason: str
    notes: tuple
    axes: dict
    validation: dict
    metrics: dict
    histograms: dict
    canary_ns: tuple = ()  # a hand-off of a cache line before and after, one way
    gives_up: str = ""  # what the queue does without that others keep
    obtained: dict = field(default_factory=dict)  # what came of what was asked, as recorded


@dataclass
class Cell:
    """All repetitions of one combination; numbers are taken from those with status ok."""

    name: str
    axes: dict
    records: list = field(default_factory=list)

    @property
    def ok_records(self):
        return [record for record in self.records if record.status == "ok"]

    def statuses(self):
        """How many repetitions have which status."""
        return Counter(record.status for record in self.records)

    def values(self, metric):
        """A metric of each repetition that has it."""
        return [record.metrics[metric] for record in self.ok_records if metric in record.metrics]

    def spread(self, metric):
        """Median, minimum and maximum of a metric over the repetitions, or None without any."""
        values = self.values(metric)
        if not values:
            return None
        return Spread(statistics.median(values), min(values), max(values), len(values))

    def histograms(self, name):
        """The non-empty histograms of that name, one per repetition."""
        found = [record.histograms.get(name) for record in self.ok_records]
        return [one for one in found if one is not None and one.samples > 0]

    def total(self, count):
        """A validation count summed over all repetitions; None if none was validated."""
        values = [record.validation[count] for record in self.records if count in record.validation]
        return sum(values) if values else None


@dataclass
class Bundle:
    """Everything the page shows. notes: what a reader must know about the bundle itself."""

    path: Path
    cells: list
    environment: dict
    scenario_text: str
    scenario: dict
    notes: list

    @property
    def records(self):
        return [record for cell in self.cells for record in cell.records]

    @property
    def suite(self):
        first = next((record.suite for record in self.records), None)
        return first or scenario.suite_text(self.scenario, "name") or self.path.name

    @property
    def question(self):
        return scenario.suite_text(self.scenario, "question")

    @property
    def host(self):
        return self._machine_fact("host")

    @property
    def time_utc(self):
        return self._machine_fact("time_utc")

    def _machine_fact(self, name):
        """From the section "machine", or from the top as early bundles have it; None without."""
        machine = self.environment.get("machine")
        within = machine.get(name) if isinstance(machine, dict) else None
        return _text_or_none(within if within is not None else self.environment.get(name))

    def statuses(self):
        """How many records have which status."""
        return Counter(record.status for record in self.records)


def load(folder):
    """The Bundle in a folder; BundleError when it cannot be read."""
    path = Path(folder)
    if not path.is_dir():
        raise BundleError(f"{path}: no such folder; name a folder that 'ringside run' has written")
    notes = []
    records = _read_records(path / "records.jsonl", notes)
    if not records and not any((path / name).exists() for name in _WITHOUT_RECORDS):
        notes.append("records.jsonl holds no record: nothing was measured.")
    environment = _read_environment(path / "environment.json", notes)
    text = _read_text(path / "scenario.toml")
    if text is None:
        notes.append("scenario.toml is missing: the scenario as run is not known.")
    return Bundle(path.resolve(), _group(records), environment, text or "",
                  scenario.parse(text or ""), notes)


def load_machine(folder):
    """A Bundle with the environment alone; BundleError when it cannot be read."""
    path, notes = Path(folder), []
    return Bundle(path.resolve(), [], _read_environment(path / "environment.json", notes), "", {},
                  notes)


def varying_axes(cells):
    """axis → its values in order, for each axis with more than one value among the cells."""
    return {axis: values for axis, values in axis_values(cells).items() if len(values) > 1}


def axis_values(cells):
    """axis → its values in order; leading axes first, the others as the records have them."""
    names = dict.fromkeys(_LEADING_AXES)
    for cell in cells:
        names.update(dict.fromkeys(cell.axes))
    found = {name: {cell.axes[name] for cell in cells if name in cell.axes} for name in names}
    return {name: _in_order(name, values) for name, values in found.items() if values}


def axis_order(value):
    """Sort key for the values of an axis, which may mix null, booleans, numbers and names."""
    if value is None:
        return (0, 0, "")
    if isinstance(value, (int, float)):
        return (1, value, "")
    if value in PLACEMENTS:
        return (2, PLACEMENTS.index(value) - len(PLACEMENTS), "")
    return (2, 0, str(value))


def _in_order(axis, values):
    return sorted(values, key=palette.queue_order if axis == "queue" else axis_order)


def _read_records(path, notes):
    """The records; a last line without an end, as after a kill, becomes a note."""
    data = _read_bytes(path)
    if data is None:
        raise BundleError(f"{path}: no such file; name a folder that 'ringside run' has written")
    lines = data.split(b"\n")
    records = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            value = _parse_json(line)
        except ValueError as error:
            if number == len(lines):
                notes.append(f"The last line of records.jsonl (line {number}) is cut off, as after "
                             "a kill; it was left out.")
                break
            raise BundleError(f"{path}:{number}: not valid JSON ({error}); remove the line or run "
                              "the suite again") from None
        records.append(_make_record(value, f"{path}:{number}", number))
    return records


def _make_record(value, where, line):
    """A Record from one parsed line, with its shape checked."""
    _check_record(value, where)
    validation = value.get("validation") or {}
    return Record(
        line=line, suite=value["suite"], cell=value["cell"], repetition=value["repetition"],
        status=value["status"], reason=str(value.get("reason") or ""),
        notes=tuple(str(note) for note in value.get("notes") or ()),
        axes=_shown_axes(value["cell"], value["axes"]),
        validation={key: int(count) for key, count in validation.items() if is_number(count)},
        metrics={key: one for key, one in (value.get("metrics") or {}).items() if is_number(one)},
        histograms=_decode_histograms(value.get("histograms") or {}, where),
        canary_ns=_canary(value.get("obtained")), gives_up=str(value.get("gives_up") or ""),
        obtained=value["obtained"] if isinstance(value.get("obtained"), dict) else {})


def _canary(obtained):
    """(before, after), or nothing where it was not measured."""
    both = obtained.get("canary_ns") if isinstance(obtained, dict) else None
    good = isinstance(both, list) and len(both) == 2
    return tuple(both) if good and all(is_number(ns) and ns > 0 for ns in both) else ()


def _check_record(value, where):
    """BundleError unless the line is a record of schema 1."""
    if not isinstance(value, dict):
        raise BundleError(f"{where}: a record must be an object, this is a {type(value).__name__}")
    if value.get("schema") != SCHEMA:
        raise BundleError(f"{where}: schema is {value.get('schema')!r}, this program reads "
                          f"{SCHEMA}; use the report.py of the Ringside that wrote the bundle")
    required = {"suite": str, "cell": str, "repetition": int, "status": str, "axes": dict}
    for key, kind in required.items():
        if not isinstance(value.get(key), kind):
            raise BundleError(f"{where}: '{key}' must be a {kind.__name__}, it is "
                              f"{value.get(key)!r}; remove the line or run the suite again")
    if value["status"] not in STATUSES:
        raise BundleError(f"{where}: status is {value['status']!r}; it must be one of "
                          f"{', '.join(STATUSES)}")
    optional = {"validation": dict, "metrics": dict, "histograms": dict, "notes": list}
    for key, kind in optional.items():
        if not isinstance(value.get(key), (kind, type(None))):
            raise BundleError(f"{where}: '{key}' must be a {kind.__name__} or null; remove "
                              "the line or run the suite again")


def _decode_histograms(payloads, where):
    decoded = {}
    for name, payload in payloads.items():
        if payload is None:
            continue
        try:
            decoded[name] = histogram.decode(payload if isinstance(payload, str) else "")
        except ValueError as error:
            raise BundleError(f"{where}: histogram '{name}' cannot be decoded: {error}; remove the "
                              "line or run the suite again") from None
    return decoded


def _shown_axes(cell, axes):
    """The axes as the page shows them: producers and consumers as one shape, and the scenario."""
    shown = {key: value if isinstance(value, (str, int, float, type(None))) else json.dumps(value)
             for key, value in axes.items() if key not in ("producers", "consumers")}
    if "producers" in axes and "consumers" in axes:
        shown["shape"] = f"{axes['producers']}p{axes['consumers']}c"
    parts = cell.split("/")
    if len(parts) > 2:
        shown["scenario"] = parts[1]
    return shown


def _group(records):
    """Cells in the order of the table: records come in random order within a block."""
    cells = {}
    for record in records:
        cells.setdefault(record.cell, Cell(record.cell, record.axes)).records.append(record)
    for cell in cells.values():
        cell.records.sort(key=lambda record: (record.repetition, record.line))
    return sorted(cells.values(), key=_row_key)


def _row_key(cell):
    leading = tuple(axis_order(cell.axes.get(axis)) for axis in _ROW_ORDER)
    return leading + (palette.queue_order(cell.axes.get("queue")), cell.name)


def _read_environment(path, notes):
    text = _read_text(path)
    if text is None:
        notes.append("environment.json is missing: the machine is not known.")
        return {}
    try:
        value = _parse_json(text)
    except ValueError as error:
        line = getattr(error, "lineno", 1)
        raise BundleError(f"{path}:{line}: not valid JSON ({error}); mend or remove the "
                          "file") from None
    if not isinstance(value, dict):
        raise BundleError(f"{path}:1: must hold an object; mend or remove the file")
    return value


def _parse_json(text):
    """json.loads, which must not run out of stack on a hostile line."""
    if len(text) > MAX_LINE_BYTES:
        raise ValueError(f"longer than {MAX_LINE_BYTES} bytes")
    try:
        return _printable(json.loads(text))
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _printable(value):
    """The value with each character that neither XML nor UTF-8 can hold replaced."""
    if isinstance(value, str):
        return _UNPRINTABLE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_printable(one) for one in value]
    if isinstance(value, dict):
        return {_printable(key): _printable(one) for key, one in value.items()}
    return value


def _read_text(path):
    data = _read_bytes(path)
    return None if data is None else data.decode("utf-8", errors="replace")


def _read_bytes(path):
    """The file's bytes, None when it does not exist."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BundleError(f"{path}: cannot be read ({error.strerror}); check its "
                          "permissions") from None


def _text_or_none(value):
    return str(value) if isinstance(value, (str, int, float)) and str(value) else None
