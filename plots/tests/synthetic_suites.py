"""Made-up records of the suites that vary one thing: capacity, workers, placement, memory, rate.

python3 -m tests.synthetic_suites DIR (from plots/) writes a bundle for each, to look at;
python3 -m tests.synthetic_suites DIR CELLS one with so many cells.
"""

import random
import sys
from pathlib import Path

from tests.synthetic_bundle import ENVIRONMENT, QUEUES, record, timed, write

PLACEMENTS = ("same_core", "same_l2", "same_l3", "cross_node", "unpinned")
_DISTANCE = dict(zip(PLACEMENTS, (60, 95, 130, 320, 300)))
SUITE = '[suite]\nname = "quick"\nquestion = "What does it cost?"\n'


def moved(rng, workload, rate, **where):
    """A repetition that moved messages at about this rate; `where` as record has it, or an axis."""
    rate *= rng.uniform(0.95, 1.04)
    size = where.get("size", 64)
    return changed(workload, where, metrics={"messages_per_s": rate, "bytes_per_s": rate * size,
                                             "floor_ns": 66.0})


def waited(rng, workload, centre_ns, name="rtt_ns", count=300, **where):
    """A repetition whose times lie around a centre."""
    values = [int(rng.lognormvariate(0, 0.08) * centre_ns) + 1 for _ in range(count)]
    return changed(workload, where, **timed(values, name))


def changed(workload, where, **parts):
    """A record whose axes are changed by `where`, as far as it names any, in its name as well."""
    known = {key: where[key] for key in ("queue", "size", "capacity", "repetition", "shape")
             if key in where}
    value = record(workload, **known, **parts)
    axes = {key: one for key, one in where.items() if key not in known}
    value["axes"].update(axes)
    value["cell"] += "".join(f"/{key}={one}" for key, one in axes.items())
    return value


def capacity_records(rng):
    return [moved(rng, "throughput", 60e6 * capacity / (capacity + 20), queue=queue,
                  capacity=capacity, repetition=repetition)
            for queue in ("spsc", "mpmc") for capacity in (1, 8, 144, 1024, 65536)
            for repetition in range(3)]


def contention_records(rng):
    shapes = [(1, 1), (2, 1), (4, 1), (8, 1), (1, 2), (1, 4), (2, 2), (4, 4), (4, 2)]
    return [moved(rng, "throughput", 50e6 / (producers + consumers), queue=queue, capacity=1024,
                  shape=(producers, consumers), repetition=repetition)
            for queue in ("mpsc", "mpmc") for producers, consumers in shapes
            for repetition in range(3) if queue == "mpmc" or consumers == 1]


def placement_records(rng):
    records = []
    for queue in QUEUES:
        for size in (8, 1472):
            for placement in PLACEMENTS:
                for repetition in range(3):
                    where = {"queue": queue, "size": size, "placement": placement,
                             "repetition": repetition}
                    centre = _DISTANCE[placement] * 2.4 + size / 4
                    records.append(waited(rng, "ping_pong", centre, **where))
                    records.append(moved(rng, "throughput", 4e9 / centre, **where))
    return records


def memory_records(rng):
    records = []
    for place, memory in enumerate(("posix_shm", "anon", "memfd", "file")):
        for huge_pages in ("never", "try"):
            for is_locked in (False, True):
                for repetition in range(3):
                    one = moved(rng, "throughput", 40e6 + 4e6 * place, capacity=65536,
                                memory=memory, huge_pages=huge_pages, lock_memory=is_locked,
                                repetition=repetition)
                    one["obtained"]["locked_bytes"] = 4096 if is_locked else 0
                    records.append(one)
    return records


def paced_records(rng):
    """Response and service of each message, and what disturbed them."""
    records = []
    for queue in QUEUES:
        for rate in (10000, 100000):
            for repetition in range(3):
                where = {"queue": queue, "rate_per_s": rate, "repetition": repetition}
                one = waited(rng, "paced", 330, "response_ns", 400, **where)
                service = waited(rng, "paced", 250, "service_ns", 400, **where)
                one["histograms"].update(service["histograms"])
                one["metrics"].update(service["metrics"], disturbed_fraction=0.02 * repetition,
                                      response_over_floor=2.5)
                one["obtained"]["canary_ns"] = [130, 131 if repetition else 133]
                records.append(one)
    return records


def many_cells(count):
    """A bundle of so many cells: half of them timed, of five queues, in five repetitions."""
    rng = random.Random(5)
    records = []
    for number in range(count):
        where = {"queue": f"queue{number % 5}", "size": 8 << (number // 5 % 5),
                 "capacity": 16 << (number // 50)}
        for repetition in range(5):
            if number // 25 % 2:
                records.append(waited(rng, "ping_pong", 200, count=2000, **where,
                                      repetition=repetition))
            else:
                records.append(moved(rng, "throughput", 3e7, **where, repetition=repetition))
    return records


SUITES = {"capacity": capacity_records, "contention": contention_records,
          "placement": placement_records, "memory": memory_records, "paced": paced_records}


def records_of(name):
    return SUITES[name](random.Random(7))


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    if sys.argv[2:]:
        print(write(folder, many_cells(int(sys.argv[2])), ENVIRONMENT, SUITE))
    else:
        for suite in SUITES:
            print(write(folder / suite, records_of(suite), ENVIRONMENT, SUITE))
