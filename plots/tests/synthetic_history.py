"""Histories made up for tests.

python3 -m tests.synthetic_history FILE (from plots/) writes one to look at: two months of a run a
day and a gate every other day, with a better SPSC ring, a worse MPMC ring, and a faster machine.
"""

import json
import math
import random
import sys
from datetime import datetime, timedelta
from pathlib import Path

QUEUES = ("spsc", "mpsc", "mpmc")
MACHINE = "a3b10ed63b897c08"
DAYS = 64
BETTER_DAY, WORSE_DAY, FASTER_DAY = 22, 41, 51


def entry(day=0, kind="run", **changes):
    """An entry of one day; changes replace whole keys."""
    ended = datetime(2026, 9, 1, 6) + timedelta(days=day)
    time_utc = ended.strftime("%Y-%m-%dT%H:%M:%SZ")
    value = {
        "schema": 1, "kind": kind, "suite": "quick", "time_utc": time_utc, "began_utc": time_utc,
        "host": "bench-07", "machine": MACHINE, "cpu": "AMD EPYC 9354", "kernel": "Linux 6.1.0",
        "version": "0.1.0", "program_hash": f"{day // 7:016x}",
        "revision": f"{day * 2654435761 % 2**32:08x}" + "0" * 32,
        "bundle": f"{kind}-{day}", "exit_code": 0, "cells": [], "judged": []}
    value.update(changes)
    return value


def measured(name="throughput/spsc/1p1c/el=64/cap=1024/same_l3", clean=True, **metrics):
    """A cell of a run."""
    return {"cell": f"quick/{name}", "ok": 5, "failed": 0, "invalid": 0, "skipped": 0,
            "clean": clean, "metrics": {"floor_ns": 66.0, **metrics}}


def judged(estimate=0.0, verdict="pass", name="round-trip/spsc/1p1c/el=64/cap=1024/same_l3",
           **changes):
    """A metric of a gate, with bounds two per cent to either side."""
    value = {"cell": f"quick/{name}", "metric": "rtt_ns_p50_clean", "verdict": verdict,
             "reason": "", "gates": True, "tested": True, "estimate": estimate,
             "lower": estimate - 0.02, "upper": estimate + 0.02, "detectable": 0.02,
             "baseline_median": 300.0, "candidate_median": 300.0 * math.exp(estimate)}
    value.update(changes)
    return value


def write(file, entries):
    """Writes a history; the file as Path."""
    path = Path(file)
    path.write_text("".join(json.dumps(one) + "\n" for one in entries), encoding="utf-8")
    return path


def of_one_cell(values, metric="messages_per_s"):
    """A run a day that measures one metric of one cell."""
    return [entry(day, cells=[measured(**{metric: value})]) for day, value in enumerate(values)]


def two_months(seed=3):
    rng = random.Random(seed)
    entries = []
    for day in range(DAYS):
        lost = day == 30
        entries.append(entry(day, cells=_cells(rng, day, lost), exit_code=3 if lost else 0))
        if day % 2 == 0:
            worse = day in (WORSE_DAY - 1, WORSE_DAY + 1)
            entries.append(entry(day, "gate", judged=_judgements(rng, day), exit_code=int(worse)))
    return entries


def _cells(rng, day, lost):
    cells = []
    for place, queue in enumerate(QUEUES):
        for size in (8, 64, 1472):
            slower = _slower(queue, size, day)
            for capacity in (144, 1024):
                where = f"{queue}/1p1c/el={size}/cap={capacity}/same_l3"
                rate = 150e6 / (1 + place) / (1 + size / 300) / slower * _scatter(rng, 0.035)
                time_ns = (360 + 60 * place) * (1 + size / 900) * slower * _scatter(rng, 0.02)
                clean = not (lost and queue == "mpsc" and size == 8)
                cells.append(measured(f"throughput/{where}", clean, messages_per_s=rate))
                cells.append(measured(
                    f"round-trip/{where}", clean, rtt_ns_p50_clean=time_ns,
                    rtt_ns_p99_clean=1.6 * time_ns * _scatter(rng, 0.04),
                    messages_per_s=1e9 / time_ns))
    return cells


def _slower(queue, size, day):
    if queue == "spsc":
        return 0.9 if day >= BETTER_DAY else 1
    return 1.18 if queue == "mpmc" and size == 64 and day >= WORSE_DAY else 1


def _scatter(rng, deviation):
    wild = 1.4 if rng.random() < 0.01 else 1
    return wild * math.exp(rng.gauss(0, deviation))


def _judgements(rng, day):
    found = []
    for queue in QUEUES:
        for size in (8, 64, 1472):
            for metric, deviation in (("rtt_ns_p50_clean", 0.004), ("rtt_ns_p99_clean", 0.012)):
                estimate, verdict = rng.gauss(0, deviation), "pass"
                if queue == "mpmc" and size == 64 and day in (WORSE_DAY - 1, WORSE_DAY + 1):
                    estimate, verdict = estimate + 0.15, "regressed"
                elif queue == "spsc" and day == BETTER_DAY:
                    estimate, verdict = estimate - 0.1, "improved"
                elif abs(estimate) > 2.2 * deviation:
                    verdict = "inconclusive"
                baseline = 300 * math.exp(rng.gauss(0, 0.05)) / (1.6 if day >= FASTER_DAY else 1)
                found.append(judged(
                    estimate, verdict, f"round-trip/{queue}/1p1c/el={size}/cap=1024/same_l3",
                    metric=metric, baseline_median=baseline,
                    candidate_median=baseline * math.exp(estimate)))
    return found


if __name__ == "__main__":
    print(write(sys.argv[1], two_months()))
