"""A comparison, read: what 'ringside compare … --format json' prints. Never writes."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import configurations
from json_number import number_or_none

SCHEMA = 1
MAX_BYTES = 1 << 28


class ComparisonError(Exception):
    """The comparison cannot be read: what, where, and what to do, in one line."""


class Ratio(NamedTuple):
    """One metric of one cell, of one candidate to the baseline. What is not known is None."""

    cell: str
    side: str
    metric: str
    better: str  # "higher" or "lower"
    baseline: float
    candidate: float
    repetitions: tuple
    ratio: float
    low: float
    high: float
    coverage: float
    verdict: str  # empty where nothing is judged
    reason: str

    @property
    def name(self):
        """What shows where the pointer rests on its row."""
        return self.cell


@dataclass(frozen=True)
class Comparison:
    """Sides: label → what it is called; the first is the baseline."""

    path: Path
    sides: dict
    margin: float
    ratios: list
    differences: list  # (fact, label → value)
    notes: list
    labels: dict  # label of a side → the labels of its bundles, by which differences are told
    folders: dict  # label of a side → the folders of its bundles
    configurations: configurations.Configurations  # None where nothing was compared by a key


def load(file):
    """The Comparison in a file; ComparisonError when it cannot be read."""
    path = Path(file)
    value = _parsed(path)
    if not isinstance(value, dict) or value.get("schema") != SCHEMA \
            or not isinstance(value.get("cells"), list):
        raise ComparisonError(f"{path}: is no comparison of schema {SCHEMA}; make it by "
                              "'ringside compare A B --format json'")
    try:
        sides = {one["label"]: one["name"] for one in value["sides"]}
        ratios = [ratio for cell in value["cells"] for ratio in _ratios_of(cell)]
        differences = [(one["fact"], dict(one["values"])) for one in value["differences"]]
        margin = value["margin_percent"] / 100
        folder_of = {one["label"]: Path(one["folder"]) for one in value["bundles"]}
        labels = {one["label"]: list(one["bundles"]) for one in value["sides"]}
        folders = {side: [folder_of[label] for label in own] for side, own in labels.items()}
        found = configurations.load(value.get("configurations"))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ComparisonError(f"{path}: lacks what a comparison has ({error!r}); make it again by "
                              "'ringside compare A B --format json'") from None
    return Comparison(path, sides, margin, ratios, differences,
                      [str(note) for note in value.get("notes") or ()], labels, folders,
                      found)


def _parsed(path):
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ComparisonError(f"{path}: is larger than {MAX_BYTES} bytes; compare fewer cells "
                                  "with --cell")
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ComparisonError(f"{path}: cannot be read ({error.strerror}); name what 'ringside "
                              "compare A B --format json' has printed") from None
    except (ValueError, RecursionError) as error:
        raise ComparisonError(f"{path}: is not JSON ({error}); name what 'ringside compare A B "
                              "--format json' has printed") from None


def _ratios_of(cell):
    for metric in cell["metrics"]:
        baseline = metric["values"][0]
        for value, ratio in zip(metric["values"][1:], metric["ratios"]):
            yield Ratio(
                str(cell["cell"]), str(ratio["side"]), str(metric["metric"]),
                str(metric["better"]),
                number_or_none(baseline["median"]), number_or_none(value["median"]),
                (baseline["repetitions"], value["repetitions"]), number_or_none(ratio["ratio"]),
                number_or_none(ratio["ratio_low"]), number_or_none(ratio["ratio_high"]),
                number_or_none(ratio["ratio_coverage"]), str(ratio["verdict"] or ""),
                str(ratio["reason"] or ""))
