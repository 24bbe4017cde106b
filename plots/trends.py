"""Series over the entries of a history: which figures go together, and where they changed.

Only entries of the same kind, suite and machine make a series. Levels (medians of a run, or of both
sides of a gate) are compared as logarithms, so a change is a ratio; effects (candidate to baseline
of a gate) are logarithms already.
"""

import math
import re
import statistics
from dataclasses import dataclass, field
from typing import NamedTuple

import change_points
import units
from bundle import PLACEMENTS

LEAST_CHANGE = 0.01  # a change of less than 1 % is none, as in the gate
REGIME = math.log(1.3)  # further apart, hand-offs are of two placements: results/regimes.hpp
MAX_ENTRIES = 500  # of a group: the latest


class Family(NamedTuple):
    """Metrics that share a figure. `wanted`: of runs, those that are drawn; of several names for
    one place the first that a cell has in any of its entries."""

    title: str
    pattern: str
    wanted: tuple
    is_rate: bool = False


FAMILIES = (
    Family("messages per second", r"messages_per_s", (("messages_per_s",),), True),
    Family("round trip", r"rtt_ns", (("rtt_ns_p50_clean", "rtt_ns_p50"),
                                     ("rtt_ns_p99_clean", "rtt_ns_p99"))),
    Family("response time", r"response_ns", (("response_ns_p50_clean", "response_ns_p50"),
                                             ("response_ns_p99_clean", "response_ns_p99"))),
    Family("read of a snapshot", r"read_ns", (("read_ns_p50",), ("read_ns_p99",))),
    Family("rate within its bound", r"slo_rate_per_s", (("slo_rate_per_s",),), True),
    Family("other metrics", r"", ()),
)
# A cell with one of these is paced by them, and its rate is no figure of its own.
_TIMED = re.compile(r"(rtt|response)_ns|slo_rate")
_KEYS = {"el": "element_size_bytes", "cap": "capacity", "mem": "memory", "huge": "huge_pages",
         "node": "numa_policy"}


_KINDS = {"rtt": "round trip", "response": "response", "read": "read", "service": "service",
          "one_way": "one way"}


class Point(NamedTuple):
    """A figure of one entry. `place` is the number of the entry in its group, from 0."""

    place: int
    value: float
    entry: object
    verdict: str = ""  # of a gate
    lower: float = None
    upper: float = None
    baseline: float = None  # the other side's, of a level of a gate
    is_clean: bool = None
    floor_ns: float = None


class Change(NamedTuple):
    """A change point of a series, by its number on the page."""

    number: int
    series: object
    found: change_points.ChangePoint

    @property
    def first(self):
        """The first point of the new level."""
        return self.series.points[self.found.place]

    @property
    def last_before(self):
        return self.series.points[self.found.place - 1]

    @property
    def before(self):
        """The level, in the metric's own unit; an effect as a logarithm."""
        return self.series.unscaled(self.found.before)

    @property
    def after(self):
        return self.series.unscaled(self.found.after)

    @property
    def percent(self):
        """Of the level before; of an effect: how many more per cent the candidate differs by."""
        if self.series.is_effect:
            return percent_of(self.after) - percent_of(self.before)
        return percent_of(self.found.after - self.found.before)

    @property
    def direction(self):
        """"better" or "worse"; "as its baseline": the level of a gate that moved with the other
        side's; "with the machine": another distance of the CPUs, whoever of them made it so."""
        moved = self.found.after - self.found.before
        what, *sides = self.meanwhile() or (None, 1, 1)
        beside = math.log(sides[1] / sides[0])
        if what == "baseline" and abs(moved - beside) < abs(moved) / 2:
            return "as its baseline"
        if what == "hand-off" and abs(beside) > REGIME:
            return "with the machine"
        is_rate = self.series.family.is_rate and not self.series.is_effect
        return "better" if (moved > 0) == is_rate else "worse"

    @property
    def name(self):
        return self.series.name

    def meanwhile(self):
        """What tells the machine's doing from the program's, as (what, before, after): the hand-off
        of a cache line in ns, of a gate the baseline in the metric's unit; None where unknown."""
        for what, name in (("baseline", "baseline"), ("hand-off", "floor_ns")):
            sides = [self._median(window, name)
                     for window in (self.found.window_before, self.found.window_after)]
            if None not in sides:
                return (what, *sides)
        return None

    def _median(self, window, name):
        known = [getattr(self.series.points[place], name) for place in window]
        known = [value for value in known if value is not None and value > 0]
        return statistics.median(known) if known else None


@dataclass
class Series:
    """One metric of one cell. Its axes are those of the cell's name, and the metric as one more."""

    name: str  # the cell's
    metric: str
    family: Family
    is_effect: bool
    points: list = field(default_factory=list)
    changes: list = field(default_factory=list)

    @property
    def axes(self):
        return {**axes_of(self.name), "metric": metric_title(self.metric)}

    @property
    def median(self):
        return statistics.median(point.value for point in self.points)

    @property
    def noise_percent(self):
        """How far entries scatter, from one to the next: a standard deviation, but by medians, so
        that levels and wild entries do not count. None below three entries."""
        values = [self.scaled(point.value) for point in self.points]
        steps = [abs(after - before) for before, after in zip(values, values[1:])]
        return percent_of(1.4826 * statistics.median(steps) / math.sqrt(2)) if steps[1:] else None

    @property
    def metric_text(self):
        """'round trip p99 clean', and whether it is an effect."""
        kind = _KINDS.get(self.metric.partition("_ns_")[0], "")
        effect = ", to baseline" if self.is_effect else ""
        return f"{kind} {metric_title(self.metric)}{effect}".strip()

    def text(self, value):
        """A value of its own as a reader wants it."""
        if self.is_effect:
            return units.signed_text(percent_of(value))
        return units.metric_text(self.metric, value)

    def scaled(self, value):
        """As it is compared: a logarithm."""
        return value if self.is_effect else math.log(value)

    def unscaled(self, value):
        return value if self.is_effect else math.exp(value)


@dataclass
class AtZero:
    """Entries in which a metric of a cell was 0: on a scale of ratios there is no place for it."""

    name: str  # the cell's
    metric: str
    points: list = field(default_factory=list)

    @property
    def text(self):
        count = units.plural(len(self.points), "entry", "entries")
        last = self.points[-1].entry.time_utc[:10]
        return (f"{self.name}, {metric_title(self.metric)}: {count} at 0, the last on {last}; "
                "not drawn")


@dataclass
class Group:
    """All entries of one kind, suite and machine, and their series in the order of the cells."""

    kind: str
    suite: str
    machine: str
    entries: list
    series: list = field(default_factory=list)
    left_out: int = 0  # earlier entries, beyond MAX_ENTRIES
    at_zero: list = field(default_factory=list)

    def of(self, family, is_effect):
        return [one for one in self.series if one.family is family and one.is_effect == is_effect]


def groups_of(history):
    """The groups in the order of their first entries, with series and numbered change points."""
    found = {}
    for entry in history.entries:
        found.setdefault((entry.kind, entry.suite, entry.machine), []).append(entry)
    groups = [Group(*key, entries[-MAX_ENTRIES:], left_out=max(0, len(entries) - MAX_ENTRIES))
              for key, entries in found.items()]
    for group in groups:
        group.series = _series_of(group)
        group.at_zero = _at_zero(group)
    _number_changes(groups)
    return groups


def changes_of(groups):
    """All change points by their numbers."""
    changes = [change for group in groups for one in group.series for change in one.changes]
    return sorted(changes, key=lambda change: change.number)


def percent_of(logarithm):
    return 100 * math.expm1(logarithm)


def axes_of(cell):
    """suite/scenario/queue/shape/el=64/cap=1024/placement/…, taken apart."""
    parts = cell.split("/")
    axes = dict(zip(("scenario", "queue", "shape"), parts[1:4]))
    for part in parts[4:]:
        key, is_pair, value = part.partition("=")
        if is_pair:
            axes[_KEYS.get(key, key)] = int(value) if value.isdecimal() else value
        elif part in PLACEMENTS or part.startswith("cpus:"):
            axes["placement"] = part
        else:
            axes[part] = True
    return axes


def metric_title(metric):
    """'rtt_ns_p99_clean' → 'p99 clean', 'messages_per_s' → 'messages/s'."""
    title = re.sub(r"^(rtt|response|read|service|one_way)_ns_", "", metric)
    return title.replace("_per_s", "/s").replace("p999", "p99.9").replace("_", " ")


def family_of(metric):
    return next(family for family in FAMILIES if re.match(family.pattern, metric))


def _series_of(group):
    if group.kind == "gate":
        return _of_gates(group.entries)
    wanted = _wanted(group.entries)
    series = {}
    for place, entry in enumerate(group.entries):
        for cell in entry.cells:
            for metric in wanted[cell.name]:
                value = _value(cell, metric)
                if value is None or value <= 0:
                    continue
                point = Point(place, value, entry, is_clean=cell.is_clean,
                              floor_ns=cell.medians.get("floor_ns"))
                _add(series, (cell.name, metric, False), point)
    return list(series.values())


def _wanted(entries):
    """Of each cell, and each place of a family, the first metric that one of its entries has: a
    series is of one metric, but not every cell has undisturbed figures."""
    there = {}
    for entry in entries:
        for cell in entry.cells:
            there.setdefault(cell.name, set()).update(cell.medians)
    places = [names for family in FAMILIES for names in family.wanted]
    return {cell: [next(name for name in names if name in known)
                   for names in places if known.intersection(names)]
            for cell, known in there.items()}


def _value(cell, metric):
    """None where it is not there, or follows from how the cell was paced."""
    is_paced = metric.startswith("messages") and any(map(_TIMED.match, cell.medians))
    return None if is_paced else cell.medians.get(metric)


def _at_zero(group):
    """In the order of the cells."""
    found = {}
    wanted = _wanted(group.entries)
    for place, entry in enumerate(group.entries):
        values = [(cell.name, metric, _value(cell, metric), "")
                  for cell in entry.cells for metric in wanted.get(cell.name, ())]
        values += [(one.cell, one.metric, one.candidate_median, one.verdict)
                   for one in entry.judged]
        for name, metric, value, verdict in values:
            if value == 0:
                zero = found.setdefault((name, metric), AtZero(name, metric))
                zero.points.append(Point(place, 0, entry, verdict))
    return list(found.values())


def _of_gates(entries):
    series = {}
    for place, entry in enumerate(entries):
        for judged in entry.judged:
            base = Point(place, judged.estimate, entry, judged.verdict, judged.lower, judged.upper)
            if judged.estimate is not None:
                _add(series, (judged.cell, judged.metric, True), base)
            if judged.candidate_median is not None and judged.candidate_median > 0:
                _add(series, (judged.cell, judged.metric, False),
                     Point(place, judged.candidate_median, entry, judged.verdict,
                           baseline=judged.baseline_median))
    return list(series.values())


def _add(series, key, point):
    if key not in series:
        name, metric, is_effect = key
        series[key] = Series(name, metric, family_of(metric), is_effect)
    series[key].points.append(point)


def _number_changes(groups):
    """The latest change has number 1; of one entry, the largest first."""
    found = []
    for group in groups:
        for one in group.series:
            values = [one.scaled(point.value) for point in one.points]
            found += [(one, point) for point in change_points.find(values, LEAST_CHANGE)]

    def order(pair):
        one, point = pair
        return (one.points[point.place].entry.line, abs(point.after - point.before))

    for number, (one, point) in enumerate(sorted(found, key=order, reverse=True), start=1):
        one.changes.append(Change(number, one, point))
