"""gate.json of a bundle: what ringside gate found, metric by metric.

Other bundles have no such file. A number that is not there is None.
"""

import json
from dataclasses import dataclass
from typing import NamedTuple

from bundle import BundleError
from json_number import number_or_none

FILE = "gate.json"
SCHEMA = 1
VERDICTS = ("regressed", "inconclusive", "improved", "pass")  # what wants a look first
_TEXTS = ("cell", "metric", "verdict")
_NUMBERS = ("baseline", "candidate", "worse_by_percent", "lower_percent", "upper_percent",
            "margin_percent", "pass_percent", "mde_percent")


class JudgedMetric(NamedTuple):
    """One metric of one cell. Percentages are of the baseline, worse is positive."""

    cell: str
    metric: str
    verdict: str
    reason: str
    gates: bool  # False: reported, and judged by nobody
    blocks: int
    baseline: float
    candidate: float
    worse_by_percent: float
    lower_percent: float
    upper_percent: float
    margin_percent: float
    pass_percent: float
    mde_percent: float

    @property
    def name(self):
        """What shows where the pointer rests on its row."""
        return self.cell


@dataclass(frozen=True)
class Gate:
    """A gate that has ended."""

    outcome: str
    exit_code: int
    baseline: str
    candidate: str
    columns: tuple  # what stands above the values of the first side, and of the second
    date: str
    blocks: int
    metrics: list
    warnings: list
    not_gated: list  # (cell, reason)


def load(folder):
    """The Gate of a bundle's folder, None without the file; BundleError when it is damaged."""
    path = folder / FILE
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise BundleError(f"{path}: cannot be read ({error}); run the gate again") from None
    if not isinstance(value, dict) or value.get("schema") != SCHEMA:
        raise BundleError(f"{path}: is not of schema {SCHEMA}; use the report.py of the Ringside "
                          "that wrote it")
    verdicts = value.get("verdicts")
    if not isinstance(verdicts, list) or not all(_is_verdict(one) for one in verdicts):
        raise BundleError(f"{path}: a verdict lacks its cell, metric or verdict; run the gate "
                          "again")
    return Gate(
        outcome=str(value.get("outcome") or ""), exit_code=_count(value.get("exit_code")),
        baseline=_label(value.get("baseline")), candidate=_label(value.get("candidate")),
        columns=_columns(value.get("columns")),
        date=str(value.get("date") or ""), blocks=_count(value.get("blocks")),
        metrics=[_metric(one) for one in verdicts],
        warnings=[str(one) for one in _list(value.get("warnings"))],
        not_gated=[(str(one.get("cell")), str(one.get("reason")))
                   for one in _list(value.get("not_gated")) if isinstance(one, dict)])


def in_order(metrics):
    """Those that gate first; the worst verdict first, and of one verdict the largest effect."""
    def key(one):
        place = VERDICTS.index(one.verdict) if one.verdict in VERDICTS else len(VERDICTS)
        return (not one.gates, place, -(one.worse_by_percent or 0), one.cell, one.metric)

    return sorted(metrics, key=key)


def _is_verdict(value):
    return isinstance(value, dict) and all(isinstance(value.get(key), str) for key in _TEXTS)


def _metric(value):
    blocks = len(_list(value.get("second_effects"))) or len(_list(value.get("first_effects")))
    return JudgedMetric(
        *(value[key] for key in _TEXTS), str(value.get("reason") or ""),
        value.get("gates") is not False, blocks,
        *(number_or_none(value.get(key)) for key in _NUMBERS))


def _label(value):
    return str(value.get("label") or "?") if isinstance(value, dict) else "?"


def _columns(value):
    names = [str(one) for one in _list(value)]
    return tuple(names) if len(names) == 2 else ("baseline", "candidate")


def _list(value):
    return value if isinstance(value, list) else []


def _count(value):
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
