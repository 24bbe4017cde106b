"""Queues against each other: ratios to the best comparator, round by round, in one placement.

The same rules as results/contest.hpp and results/regimes.hpp, from the same records: only rounds
count in which the canary says that the pair of CPUs was where it was for most of the run.
"""

import statistics
from collections import defaultdict
from dataclasses import dataclass, field

REGIME_RATIO = 1.3
_HIGHER, _LOWER = "higher", "lower"
# What a workload is judged by: metric, its words for a title, and which way is better.
_MEASURES = {
    "throughput": (("messages_per_s", "throughput", _HIGHER),),
    "stream": (("messages_per_s", "stream", _HIGHER),),
    "duplex": (("messages_per_s", "duplex", _HIGHER),),
    "snapshot": (("messages_per_s", "snapshot", _HIGHER),),
    "ping_pong": (("rtt_ns_mean99", "round trip, fastest 99 %", _LOWER),
                  ("rtt_ns_p99", "round trip, p99", _LOWER)),
    "paced": (("response_ns_p50", "response, p50", _LOWER),
              ("response_ns_p99", "response, p99", _LOWER)),
    "slo": (("slo_rate_per_s", "rate that holds", _HIGHER),),
}
_CHOSEN_MEMORIES = ("memfd", "file", "sysv")  # what only who asks for it gets
_NOT_SHARED = ("queue", "wait", "tuning", "scenario")


@dataclass
class Entrant:
    """One queue, waiting and tuned in one way; values: round → what was measured."""

    queue: str
    gives_up: str
    values: dict = field(default_factory=dict)

    @property
    def median(self):
        return statistics.median(self.values.values()) if self.values else None


@dataclass
class Contest:
    """All entrants of one shape, by one measure. best: the comparator that ratios are to."""

    axes: dict  # what all of its cells have in common
    metric: str
    title: str
    better: str
    entrants: dict = field(default_factory=dict)  # (queue, wait, tuning) → Entrant
    handoffs_ns: list = field(default_factory=list)
    best: Entrant = None

    def ratios(self, entrant):
        """To the best comparator, in the rounds that both have; above 1 is better."""
        if self.best is None:
            return []
        pairs = [(value, self.best.values[number]) for number, value in entrant.values.items()
                 if number in self.best.values]
        return [own / best if self.better == _HIGHER else best / own for own, best in pairs]

    def floor_ratio(self):
        """What a queue would have that hands over one cache line a message, or two a round trip."""
        if self.best is None or not self.handoffs_ns:
            return None
        handoff_ns = statistics.median(self.handoffs_ns)
        if self.better == _HIGHER:
            return 1e9 / handoff_ns / self.best.median
        return self.best.median / (2 * handoff_ns)

    def of_queue(self):
        """queue → its entrant with the best median."""
        best = {}
        for entrant in self.entrants.values():
            known = best.get(entrant.queue)
            if entrant.values and (known is None or self._is_better(entrant, known)):
                best[entrant.queue] = entrant
        return best

    def _is_better(self, one, other):
        return (one.median > other.median) == (self.better == _HIGHER)

    def choose_best(self, subjects):
        """Among those that give nothing up and have at least half as many rounds as anybody."""
        most = max((len(one.values) for one in self.entrants.values()), default=0)
        for entrant in self.entrants.values():
            fits = entrant.queue not in subjects and not entrant.gives_up and entrant.values
            if not fits or 2 * len(entrant.values) < most:
                continue
            if self.best is None or self._is_better(entrant, self.best):
                self.best = entrant


def hold(bundle, subjects):
    """(the contests of a bundle, how many repetitions were left out for their placement)."""
    return hold_records(bundle.records, bundle.records, subjects)


def hold_records(all_records, entered, subjects):
    """The same of some records of a run; where the run was, all of them say."""
    regimes = regimes_of_run(all_records)
    contests, left_out = {}, 0
    for record in entered:
        if record.status != "ok":
            continue
        if not is_of_run(record, regimes):
            left_out += 1
            continue
        for metric, title, better in _MEASURES.get(record.axes.get("workload"), ()):
            if not record.metrics.get(metric, 0) > 0:
                continue
            axes = shared_axes(record.axes)
            key = (metric, tuple(sorted((name, str(value)) for name, value in axes.items())))
            contest = contests.setdefault(key, Contest(axes, metric, title, better))
            _enter(contest, record, metric)
    for contest in contests.values():
        contest.choose_best(subjects)
    return list(contests.values()), left_out


def regimes_of_run(records):
    """placement → (lowest, highest) of the canaries between which there is no gap of 30 %, where
    most of them lie."""
    readings = defaultdict(list)
    for record in records:
        readings[record.axes.get("placement")].extend(record.canary_ns)
    found = {}
    for placement, values in readings.items():
        groups = []
        for value in sorted(values):
            if groups and value <= REGIME_RATIO * groups[-1][-1]:
                groups[-1].append(value)
            else:
                groups.append([value])
        if groups:
            most = max(groups, key=len)
            found[placement] = (most[0], most[-1])
    return found


def is_of_run(record, regimes):
    """Whether it ran where most of the run was; where no canary was measured at all, all count."""
    of_run = regimes.get(record.axes.get("placement"))
    if of_run is None or not record.canary_ns:
        return of_run is None
    lowest, highest = min(record.canary_ns), max(record.canary_ns)
    low, high = of_run
    return highest <= REGIME_RATIO * lowest and low <= lowest and highest <= high


def shared_axes(axes):
    """What all cells of one contest have in common; memory of the kernel, or of the process, is
    nobody's choice."""
    shared = {name: value for name, value in axes.items() if name not in _NOT_SHARED}
    if shared.get("memory") not in _CHOSEN_MEMORIES:
        shared["memory"] = "posix_shm"
    return shared


def _enter(contest, record, metric):
    key = tuple(str(record.axes.get(axis)) for axis in ("queue", "wait", "tuning"))
    entrant = contest.entrants.setdefault(key, Entrant(key[0], record.gives_up))
    entrant.values[record.repetition] = record.metrics[metric]
    if record.canary_ns:
        contest.handoffs_ns.extend(record.canary_ns)
    elif "floor_ns" in record.metrics:
        contest.handoffs_ns.append(record.metrics["floor_ns"])
