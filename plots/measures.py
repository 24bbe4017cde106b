"""The one number by which a workload is told, and how a reader calls it."""

from typing import NamedTuple

import palette
import units


class Measure(NamedTuple):
    """A metric of records. Of a rate more is better, of a time less."""

    metric: str
    title: str  # for the axis of a figure
    is_rate: bool
    noun: str  # what there are so many of a second; what takes so long
    over_floor: str = ""  # the metric that is this time in multiples of the floor
    floor: str = ""

    def text(self, value):
        """'140 M messages/s', '363 ns'."""
        return f"{units.rate_text(value)} {self.noun}/s" if self.is_rate \
            else units.duration_text(value)

    def short_text(self, value):
        """The same without the noun."""
        return units.rate_text(value) if self.is_rate else units.duration_text(value)

    def set_axis(self, axes, lowest, highest):
        """A y axis that suits these values."""
        setter = palette.set_rate_axis if self.is_rate else palette.set_duration_axis
        setter(axes, lowest, highest)


_MESSAGES = Measure("messages_per_s", "messages per second", True, "messages")
_HANDOFF = "a hand-off of a cache line"
BY_WORKLOAD = {
    "throughput": _MESSAGES,
    "stream": _MESSAGES,
    "duplex": _MESSAGES,
    "snapshot": Measure("messages_per_s", "reads per second", True, "reads"),
    "ping_pong": Measure("rtt_ns_p50", "round trip, p50", False, "round trip", "rtt_over_floor",
                         "two hand-offs of a cache line"),
    "paced": Measure("response_ns_p50", "response time, p50", False, "response",
                     "response_over_floor", _HANDOFF),
    "slo": Measure("slo_rate_per_s", "messages per second within the bound", True, "messages"),
}


_TIMES = {"rtt_ns_": "round trip", "response_ns_": "response time", "read_ns_": "read",
          "service_ns_": "service time", "one_way_ns_": "one way"}


def title_of(metric):
    """'rtt_ns_p999' → 'round trip, p99.9'; a metric that is no such time as it is."""
    for beginning, title in _TIMES.items():
        if metric.startswith(beginning):
            which = metric.removeprefix(beginning).replace("p999", "p99.9")
            return f"{title}, {which.replace('_', ' ')}"
    return "messages per second" if metric == "messages_per_s" else metric


def of(cell):
    """The Measure of a cell's workload, None where it has none or was not measured by it."""
    measure = BY_WORKLOAD.get(cell.axes.get("workload"))
    return measure if measure and cell.spread(measure.metric) else None


def grouped(cells):
    """Measure → the cells that are told by it, in the order of BY_WORKLOAD."""
    groups = {}
    for workload in BY_WORKLOAD:
        for cell in cells:
            if cell.axes.get("workload") == workload and (measure := of(cell)):
                groups.setdefault(measure, []).append(cell)
    return groups
