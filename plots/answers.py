"""The answer of each scenario in a few sentences, made from its figures and nothing else.

Queues are set side by side where they differ in nothing but the queue, at the combination of the
other axes where most of them were measured. Two are told apart only where rank_test.py says so;
where they lie within each other's spread, the sentence says that.
"""

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

import contest
import handoffs
import measures
import panels
import rank_test
import scenario
import units
from bundle import STATUSES, VIOLATIONS, axis_order

MAX_NAMED = 4  # queues in one sentence, beside those that lead
MAX_NOTES = 2
# Where everything was measured, the combination that people ask for: nearest in its logarithm.
_USUAL = {"element_size_bytes": 64, "capacity": 1024}
_USUAL_WORDS = {"memory": "posix_shm", "huge_pages": "never", "lock_memory": False,
                "prefault": True, "wait": "spin", "batch": 1}
_NOT_A_SETTING = ("queue", "scenario", "workload")
_ALWAYS_SAID = ("element_size_bytes",)


@dataclass
class Answer:
    """Of one scenario. lead: the sentence to read; more: what else there is to know."""

    title: str
    lead: str
    more: list = field(default_factory=list)
    is_bad: bool = False


class Setting(NamedTuple):
    """The values of all axes but the queue, and the cell of each queue there."""

    values: dict
    cells: dict


def of_bundle(bundle):
    """One Answer for each scenario, in the order in which the suite has them."""
    groups = {}
    for cell in bundle.cells:
        name = cell.axes.get("scenario") or cell.axes.get("workload") or bundle.suite
        groups.setdefault(str(name), []).append(cell)
    wanted = [row["scenario"] for row in scenario.scenario_rows(bundle.scenario)]
    order = {name: place for place, name in enumerate(wanted)}
    names = sorted(groups, key=lambda name: order.get(name, len(order)))
    return _of_handoffs(bundle) + [_of_scenario(bundle, name, groups[name]) for name in names]


def how_told():
    """What 'told apart' is worth, in a few sentences."""
    return ("A queue leads where all of its repetitions are better than all of the other's, or so "
            "many that the test of Mann and Whitney has p ≤ 0.05; in brackets, smallest to largest "
            "repetition. By chance alone, one of two equal queues leads so in 10 of 100 "
            "comparisons of 3 repetitions each, and in 3 of 100 of 5. Of one repetition nothing "
            "can be said.")


def _of_handoffs(bundle):
    """Of a bundle of ringside topo --matrix: what the hardware itself takes."""
    found = handoffs.load(bundle.path)
    if found is None or not found.pairs:
        return []
    floors = {}
    for pair in sorted(found.pairs, key=lambda pair: pair.min_ns):
        floors.setdefault(pair.relation, pair)
    told = [f"{units.duration_text(pair.min_ns)} {name} (CPUs {pair.first} and {pair.second})"
            for name, pair in floors.items()]
    slowest = max(found.pairs, key=lambda pair: pair.min_ns)
    lead = f"A cache line is handed over, one way, in {_listed(told)} at best."
    more = [f"Of {units.plural(len(found.pairs), 'pair')}, CPUs {slowest.first} and "
            f"{slowest.second} are the furthest apart: {units.duration_text(slowest.min_ns)}."]
    return [Answer("hand-off", lead, more if len(found.pairs) > 1 else [])]


def _of_scenario(bundle, name, cells):
    answer = Answer(name, "")
    groups = measures.grouped(cells)
    if groups:
        measure, measured = max(groups.items(), key=lambda pair: len(pair[1]))
        _tell_figures(answer, measure, measured)
        answer.more += _beside_comparators(bundle, measured)
    violated = {kind: sum(cell.total(kind) or 0 for cell in cells) for kind in VIOLATIONS}
    if any(violated.values()):
        answer.is_bad = True
        counts = ", ".join(f"{units.count_text(n)} {kind}" for kind, n in violated.items() if n)
        answer.lead = f"Messages did not arrive as they were sent: {counts}. {answer.lead}".strip()
    missing = _missing(cells)
    if not answer.lead:
        answer.lead = f"Nothing can be said: {missing}." if missing else "Nothing was measured."
    elif missing:
        answer.more.append(f"Without a figure: {missing}.")
    answer.more += _notes(cells)
    return answer


def _notes(cells):
    """What the harness noted most often, of cells that have a figure."""
    counts = Counter(note for cell in cells
                     for note in dict.fromkeys(note for record in cell.ok_records
                                               for note in record.notes))
    often = counts.most_common()
    named = [f"{note} ({units.plural(count, 'cell')})" for note, count in often[:MAX_NOTES]]
    if len(counts) > MAX_NOTES:
        named.append(f"and {len(counts) - MAX_NOTES} more")
    return [f"To be read with: {'; '.join(named)}."] if named else []


def _missing(cells):
    """'3 cells skipped (the most frequent reason)', of those that have no figure."""
    parts = []
    for status in STATUSES[1:]:
        without = [cell for cell in cells if not cell.ok_records and cell.statuses()[status]]
        if without:
            reasons = Counter(cell.records[0].reason or "no reason given" for cell in without)
            reason, count = reasons.most_common(1)[0]
            more = "" if count == len(without) else f", {count} of them for this"
            parts.append(f"{units.plural(len(without), 'cell')} {status} ({reason}{more})")
    return "; ".join(parts)


# --- one scenario -------------------------------------------------------------------------------


def _tell_figures(answer, measure, cells):
    axes = [axis for axis in panels.separating_axes(cells) if axis not in _NOT_A_SETTING]
    settings = _settings(cells, axes, measure)
    here = min(settings, key=lambda setting: _distance(setting, axes))
    leaders, others = ranked(list(here.cells.values()), measure)
    answer.lead = f"{_where(here, axes)}: {_ranking(leaders, others, measure)}."
    first = leaders[0]
    answer.more += [*_everywhere(settings, leaders, measure, axes), *_slowest(first, measure),
                    *_by_axis(settings, here, first, measure, axes)]


def _settings(cells, axes, measure):
    """Of two cells of one queue that differ in what follows from the queue, the better one."""
    settings = {}
    for cell in cells:
        values = {axis: cell.axes.get(axis) for axis in axes}
        setting = settings.setdefault(tuple(values.values()), Setting(values, {}))
        known = setting.cells.get(str(cell.axes.get("queue")))
        if known is None or _is_better(cell, known, measure):
            setting.cells[str(cell.axes.get("queue"))] = cell
    return list(settings.values())


def _is_better(one, other, measure):
    first, second = one.spread(measure.metric).median, other.spread(measure.metric).median
    return first > second if measure.is_rate else first < second


def _distance(setting, axes):
    """Sort key: most queues, then nearest to what people usually ask for, then the first."""
    away = sum(abs(math.log(setting.values[axis] / usual)) for axis, usual in _USUAL.items()
               if isinstance(setting.values.get(axis), int) and setting.values[axis] > 0)
    unusual = sum(axis in axes and setting.values[axis] != word
                  for axis, word in _USUAL_WORDS.items())
    return (-len(setting.cells), unusual, away, [axis_order(setting.values[axis]) for axis in axes])


def _where(setting, axes):
    """'At 64 B, capacity 1024', with the size of an element also where it does not vary."""
    cell = next(iter(setting.cells.values()))
    named = [axis for axis in _ALWAYS_SAID if axis in cell.axes and axis not in axes] + axes
    named.sort(key=lambda axis: axis not in _ALWAYS_SAID)
    return "At " + ", ".join(units.axis_text(axis, cell.axes.get(axis)) for axis in named)


def ranked(cells, measure):
    """(those that cannot be told from the best, the others), each with the best first."""
    def worth(cell):
        median = cell.spread(measure.metric).median
        return -median if measure.is_rate else median

    ordered = sorted(cells, key=worth)
    best = ordered[0].values(measure.metric)
    behind = [cell for cell in ordered[1:]
              if rank_test.is_better(best, cell.values(measure.metric), measure.is_rate)]
    return [cell for cell in ordered if cell not in behind], behind


def _ranking(leaders, others, measure):
    queues = [str(cell.axes.get("queue")) for cell in leaders]
    first = leaders[0]
    if len(leaders) == 1:
        text = _leads(queues[0], first, measure, bool(others)) + _floor(first, measure)
    else:
        because = "they lie within each other's spread" if _repetitions(leaders) > 1 else \
            "there is one repetition of each"
        shown = [f"{queue} {_value(cell, measure)}"
                 for queue, cell in list(zip(queues, leaders))[:MAX_NAMED]]
        shown += [f"{len(leaders) - MAX_NAMED} more"] if len(leaders) > MAX_NAMED else []
        floor = _floor(first, measure).removeprefix(", ")
        what = "" if measure.is_rate else f"the {measure.noun}s of "
        at = "" if measure.is_rate else " at p50"
        text = f"{what}{_listed(shown)}{at} cannot be told apart, for {because}"
        text += f" ({queues[0]}: {floor})" if floor else ""
    return text + _rest(others, measure)


def _leads(queue, cell, measure, is_best):
    """'spsc moves the most, 140 M messages/s [131–150 M]'."""
    value = _value(cell, measure)
    if measure.is_rate:
        verb = "moves" if measure.noun == "messages" else "allows"
        return f"{queue} {verb} the most, {value}" if is_best else f"{queue} {verb} {value}"
    shortest = "is the shortest," if is_best else "takes"
    return f"the {measure.noun} of {queue} {shortest} {value} at p50"


def _value(cell, measure, text_of=None):
    """'140 M messages/s [131–150 M]'."""
    spread = cell.spread(measure.metric)
    text = (text_of or measure.text)(spread.median)
    if spread.repetitions > 1:
        ends = units.range_text(measure.short_text(spread.minimum),
                                measure.short_text(spread.maximum))
        text += f" [{ends}]"
    return text


def _floor(cell, measure):
    """How far from what the hardware allows."""
    if measure.over_floor:
        over = cell.spread(measure.over_floor)
        return f", {units.multiple_text(over.median)} times {measure.floor}" if over else ""
    floor = cell.spread("floor_ns")
    if not floor or measure.noun != "messages":
        return ""
    count = cell.spread(measure.metric).median * floor.median * 1e-9
    return (f", {count:.2g} in the time of one hand-off of a cache line "
            f"({units.duration_text(floor.median)})")


def _rest(others, measure):
    if not others:
        return ""
    named = [f"{cell.axes.get('queue')} {_value(cell, measure, measure.short_text)}"
             for cell in others[:MAX_NAMED]]
    if len(others) > MAX_NAMED:
        last = others[-1]
        named.append(f"and {len(others) - MAX_NAMED} more, down to {last.axes.get('queue')} with "
                     f"{_value(last, measure, measure.short_text)}")
    return "; " + ", ".join(named)


def _repetitions(cells):
    """How many every one of them has."""
    return min(len(cell.ok_records) for cell in cells)


# --- beyond the one combination -----------------------------------------------------------------


def _everywhere(settings, leaders, measure, axes):
    """Whether the leader leads at the other combinations too."""
    several = [setting for setting in settings if len(setting.cells) > 1]
    if len(several) < 2:
        return []
    names = [_title(axis) for axis in axes]
    of_what = f"combinations of {_listed(names)}" if len(axes) > 1 else f"values of {names[0]}"
    counts = Counter(_leading(setting, measure) for setting in several)
    parts = [f"in {count} {queue} leads" for queue, count in counts.most_common() if queue]
    if counts[None]:
        parts.append(f"in {counts[None]} the best cannot be told apart")
    if len(counts) == 1:
        alone = next(iter(counts))
        return [f"{alone} leads at all {len(several)} {of_what}." if alone else
                f"At none of {len(several)} {of_what} can the best be told apart."]
    return [f"Of {len(several)} {of_what}: {', '.join(parts)}."]


def _leading(setting, measure):
    """The queue that leads there, None where the best cannot be told apart."""
    leaders, _ = ranked(list(setting.cells.values()), measure)
    return str(leaders[0].axes.get("queue")) if len(leaders) == 1 else None


def _slowest(cell, measure):
    """Where the tail of a time lies, and whose it is."""
    if measure.is_rate:
        return []
    stem = measure.metric.removesuffix("_p50")
    high = cell.spread(f"{stem}_p99")
    if not high:
        return []
    text = f"One in a hundred of {cell.axes.get('queue')} takes {units.duration_text(high.median)}"
    clean = [cell.spread(f"{stem}_{percentile}_clean") for percentile in ("p50", "p99")]
    if all(clean):
        middle, slow = (units.duration_text(one.median) for one in clean)
        return [f"{text} or more; where the machine did not disturb, p50 is {middle} and p99 "
                f"{slow}."]
    return [f"{text} or more."]


def _by_axis(settings, here, leader, measure, axes):
    """One sentence on each axis: what it makes of the leader, all others being as they are here."""
    queue = str(leader.axes.get("queue"))
    sentences = []
    for axis in axes:
        line = [setting.cells[queue] for setting in settings if queue in setting.cells
                and all(setting.values[other] == here.values[other] for other in axes
                        if other != axis)]
        if len(line) > 1:
            sentences.append(_along(queue, axis, line, measure))
    return sentences


def _along(queue, axis, line, measure):
    name = _title(axis)
    leaders, others = ranked(line, measure)
    if not others:
        return f"By {name}, {queue} shows no difference beyond the spread."
    best = _listed([_word(cell, axis) for cell in leaders[:MAX_NAMED]])
    text = (f"By {name}, {queue} is best at {best} ({_value(leaders[0], measure)}) and worst at "
            f"{_word(others[-1], axis)} ({_value(others[-1], measure)})")
    return text + _most_bytes(axis, line) + "."


def _word(cell, axis):
    """A value where its axis has been named already."""
    return units.axis_text(axis, cell.axes.get(axis)).removeprefix(f"{axis} ")


def _title(axis):
    return "rate" if axis == "rate_per_s" else " ".join(axis.removesuffix("_bytes").split("_"))


def _most_bytes(axis, line):
    """Small messages are the most, large ones the most bytes."""
    known = [cell for cell in line if cell.spread("bytes_per_s")
             and cell.axes.get("workload") in ("throughput", "stream", "duplex")]
    if axis != "element_size_bytes" or len(known) < 2:
        return ""
    most = max(known, key=lambda cell: cell.spread("bytes_per_s").median)
    return (f"; the most bytes go through at {units.axis_text(axis, most.axes.get(axis))}, "
            f"{units.rate_text(most.spread('bytes_per_s').median)}B/s")


def _beside_comparators(bundle, cells):
    """Of a suite that compares queues: how its own stand beside the best of the others."""
    subjects = scenario.subjects(bundle.scenario)
    if not subjects:
        return []
    records = [record for cell in cells for record in cell.records]
    contests, _ = contest.hold_records(bundle.records, records, subjects)
    contests = [one for one in contests if one.best is not None]
    return [text for subject in subjects if (text := _contest_text(subject, contests))]


def _contest_text(subject, contests):
    ratios = [(one, one.ratios(one.of_queue()[subject])) for one in contests
              if subject in one.of_queue()]
    ratios = [(one, found) for one, found in ratios if found]
    if not ratios:
        return ""
    ahead = sum(min(found) > 1 for _, found in ratios)
    behind = sum(max(found) < 1 for _, found in ratios)
    rest = len(ratios) - ahead - behind
    return (f"Beside the best comparator of the same shape, round by round, {subject} is ahead in "
            f"{ahead} of {units.plural(len(ratios), 'contest')}, behind in {behind}, and not told "
            f"apart in {rest}.")


def _listed(words):
    """'a', 'a and b', 'a, b and c'."""
    words = [str(word) for word in words]
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
