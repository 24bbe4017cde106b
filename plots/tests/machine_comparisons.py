"""A made-up comparison by host, as 'ringside compare … --by host --format json' prints it.

python3 -m tests.machine_comparisons FOLDER (from plots/) writes one, with the environments of its
bundles, for comparison.py to draw.
"""

import json
import sys
from pathlib import Path

from tests.synthetic_bundle import ENVIRONMENT
from tests.test_machine_figure import places

LABEL = ("between-machine, confounded with time and neighbours: the machines were not measured at "
         "the same moment, nor beside the same neighbours")
# host: packages, nodes of each, L3 of each, cores of each, threads; how slow it is; floor in ns
HOSTS = {"epyc-1": ((1, 2, 2, 4, 1), 1.0, 50.0), "xeon-2": ((1, 2, 1, 6, 2), 1.3, 70.0),
         "arm-3": ((1, 2, 1, 8, 1), 1.32, 61.0)}
_DISTANCE = {"same_l3": 1.0, "same_node": 1.4, "cross_node": 3.1}
_QUESTIONS = (("smallest tail of a round trip", "rtt_ns_p99", "ping_pong", 310.0),
              ("quickest round trip", "rtt_ns_p50", "ping_pong", 160.0),
              ("most messages", "messages_per_s", "throughput", 9e6))


def value(name, median, floor=None, repetitions=5, bundles=1, width=0.03, trouble=None):
    over = median / (2 * floor) if floor else None
    return {"configuration": name, "median": median, "low": median * (1 - width),
            "high": median * (1 + width), "over_floor": over,
            "over_floor_low": over and over * (1 - width),
            "over_floor_high": over and over * (1 + width), "floor_ns": floor,
            "repetitions": repetitions, "bundles": bundles, "trouble": trouble}


def row(question, metric, workload, values, **changes):
    """A row without a ranking."""
    is_rate = metric.endswith("per_s")
    whole = {"question": question, "metric": metric, "unit": "1/s" if is_rate else "ns",
             "better": "higher" if is_rate else "lower", "placement": "same_l3",
             "queue": "spsc", "shape": "1p1c", "element_size_bytes": 64, "capacity": 144,
             "workload": workload, "values": values, "ranking": None,
             "why_not": "cannot be told apart: the intervals overlap", "not_ranked": [], **changes}
    whole.setdefault("cell", f"quick/{workload}/{whole['queue']}/1p1c/"
                     f"el={whole['element_size_bytes']}/cap={whole['capacity']}")
    return whole


def rows():
    """All questions at every placement, of two queues and three sizes; the first host is ahead."""
    made = []
    for question, metric, workload, base in _QUESTIONS:
        for placement, distance in _DISTANCE.items():
            for queue, cost in (("spsc", 1.0), ("mpmc", 1.6)):
                for size in (8, 64, 1472):
                    made.append(_row_of((question, metric, workload), base, cost * distance *
                                        (1 + size / 4000), (placement, queue, size)))
    return made


def _row_of(what, base, cost, where):
    placement, queue, size = where
    is_rate = what[1].endswith("per_s")
    values = []
    for name, (_, slow, floor) in HOSTS.items():
        times = cost * slow
        values.append(value(name, base / times if is_rate else base * times, floor,
                            bundles=3 if name == "xeon-2" else 1,
                            repetitions=15 if name == "xeon-2" else 5))
    first, *others = HOSTS
    return row(*what, values, placement=placement, queue=queue, element_size_bytes=size,
               ranking=[[first], others], why_not=None)


def environment(host):
    shape, _, floor = HOSTS[host]
    return {**ENVIRONMENT, "machine": {"host": host, "time_utc": "2026-11-22 17:05:57"},
            "cpu": {"model": f"Processor of {host}"}, "floor_ns": {"same_l3": floor},
            "topology": {"summary": f"{shape[0]} package, {shape[0] * shape[1]} NUMA nodes",
                         "cpus": places(*shape)}}


def comparison(folder, made=None, hosts=tuple(HOSTS), **changes):
    """The JSON; its bundles lie in the folder."""
    names = [{"name": host, "label": host, "bundles": 3 if host == "xeon-2" else 1, "machines": 1,
              "holds_days": host == "xeon-2"} for host in hosts]
    labels = [chr(ord("A") + place) for place in range(len(hosts))]
    found = {"by": "host", "label": LABEL, "coverage": 0.95, "names": names,
             "rows": rows() if made is None else made, "left_out": [
                 {"placement": "cross_package", "cell": None, "cells": 12, "lacking": [hosts[0]],
                  "reason": "this machine has one package"}], **changes}
    return {
        "schema": 1, "by": "host", "margin_percent": 5.0, "coverage": 0.95,
        "bundles": [{"label": label, "folder": str(Path(folder) / host), "machine": host}
                    for label, host in zip(labels, hosts)],
        "differences": [{"fact": "cpu.model", "values": {
            label: f"Processor of {host}" for label, host in zip(labels, hosts)}}],
        "sides": [{"label": label, "name": host, "bundles": [label], "is_judged": False}
                  for label, host in zip(labels, hosts)],
        "cells": [], "notes": [], "configurations": found}


def write(folder, **changes):
    """The comparison and what it is of; the path of its JSON."""
    folder = Path(folder)
    for host in HOSTS:
        (folder / host).mkdir(parents=True, exist_ok=True)
        (folder / host / "environment.json").write_text(json.dumps(environment(host)))
    path = folder / "machines.json"
    path.write_text(json.dumps(comparison(folder, **changes)), encoding="utf-8")
    return path


if __name__ == "__main__":
    print(write(sys.argv[1]))
