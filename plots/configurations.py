"""What a comparison says of configurations: the object "configurations" of its JSON, read.

A configuration is what a key has one value in: a host, a CPU model, a kind of memory. Each row is
one question in one cell that all of them have; who is ahead, only the comparison itself says.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

from json_number import number_or_none

USUAL_SIZE_BYTES, USUAL_CAPACITY = 64, 1024
USUAL_TIMES = ("rtt_ns_p50", "response_ns_p50", "read_ns_p50")
SLOW_TIMES = ("rtt_ns_p99", "response_ns_p99", "read_ns_p99")
RATES = ("messages_per_s",)


class Name(NamedTuple):
    """One configuration. holds_days: whether its intervals hold what differs between runs."""

    name: str
    label: str
    bundles: int
    machines: int
    holds_days: bool


class Value(NamedTuple):
    """A configuration in a row: the median and its interval, also in multiples of its floor."""

    median: float
    low: float
    high: float
    over_floor: float
    over_floor_low: float
    over_floor_high: float
    repetitions: int
    bundles: int
    trouble: str


@dataclass(frozen=True)
class Row:
    """ranking: places, the best first, each with the names that cannot be told apart."""

    question: str
    metric: str
    unit: str
    better: str
    placement: str
    cell: str
    workload: str
    element_size_bytes: int
    capacity: int
    values: dict  # name → Value
    ranking: list
    why_not: str
    not_ranked: list  # (name, why)


class LeftOut(NamedTuple):
    """What not all configurations have; cell is empty where it is a whole placement."""

    placement: str
    cell: str
    cells: int
    lacking: list
    reason: str


@dataclass(frozen=True)
class Configurations:
    """label: what the intervals are confounded with; empty where all were measured at once."""

    by: str
    label: str
    coverage: float
    names: dict  # name → Name
    rows: list
    left_out: list

    def rows_of(self, metrics):
        """The rows of the first of the metrics that there is: others have another scale. Of a rate
        only what runs as fast as it can, where there is such."""
        for metric in metrics:
            rows = [row for row in self.rows if row.metric == metric]
            fast = [row for row in rows if row.workload == "throughput"]
            if rows:
                return fast or rows
        return []


def load(value):
    """The Configurations of the object; None where there is none. KeyError and TypeError where it
    lacks what it must have."""
    if value is None:
        return None
    names = {str(one["name"]): Name(str(one["name"]), str(one["label"]), int(one["bundles"]),
                                    int(one["machines"]), bool(one["holds_days"]))
             for one in value["names"]}
    left_out = [LeftOut(str(one["placement"] or ""), str(one["cell"] or ""), int(one["cells"]),
                        [str(name) for name in one["lacking"]], str(one["reason"] or ""))
                for one in value["left_out"]]
    return Configurations(str(value["by"]), str(value["label"] or ""), float(value["coverage"]),
                          names, [_row(one) for one in value["rows"]], left_out)


def at_usual(rows, size_bytes=USUAL_SIZE_BYTES):
    """Those with the element size and capacity that are nearest to what people ask for."""
    for axis, usual in (("element_size_bytes", size_bytes), ("capacity", USUAL_CAPACITY)):
        there = {getattr(row, axis) for row in rows} - {None}
        if there:
            nearest = min(there, key=lambda one: abs(math.log(max(one, 1) / usual)))
            rows = [row for row in rows if getattr(row, axis) in (nearest, None)]
    return rows


def _row(one):
    return Row(
        str(one["question"]), str(one["metric"]), str(one["unit"]), str(one["better"]),
        str(one["placement"] or ""), str(one["cell"]), str(one["workload"]),
        one["element_size_bytes"], one["capacity"],
        {str(value["configuration"]): _value(value) for value in one["values"]},
        [[str(name) for name in place] for place in one["ranking"] or ()],
        str(one["why_not"] or ""),
        [(str(other["configuration"]), str(other["why"])) for other in one["not_ranked"]])


def _value(one):
    return Value(*(number_or_none(one[key]) for key in ("median", "low", "high", "over_floor",
                                                "over_floor_low", "over_floor_high")),
                 int(one["repetitions"]), int(one["bundles"]), str(one["trouble"] or ""))
