"""Bundles made up for tests, with an encoder for HdrHistogram V2 of its own.

python3 -m tests.synthetic_bundle DIR (from plots/) writes one to look at.
"""

import base64
import json
import random
import struct
import sys
import zlib
from collections import Counter
from pathlib import Path

QUEUES = ("spsc", "mpsc", "mpmc")
SIZES = (8, 64, 1472)
CAPACITIES = (144, 1024)
REPETITIONS = 5
HIGHEST_NS = 3_600_000_000_000
HALF_MAGNITUDE = 10  # three significant digits
SCENARIO = '''[suite]
name = "quick"
question = "What does one round trip cost, and how much goes through, on this machine?"

[defaults]
repetitions = 5
warmup_ms = 50
duration_ms = 200

[[scenario]]
name = "round-trip"
workload = "ping_pong"
[scenario.sweep]
queue = ["spsc", "mpsc", "mpmc"]
element_size_bytes = [8, 64, 1472]
capacity = [144, 1024]

[[scenario]]
name = "throughput"
workload = "throughput"
duration_ms = 400
'''
ENVIRONMENT = {
    "schema": 1, "host": "bench-07", "time_utc": "2025-11-21T08:20:00Z",
    "cpu": {"model": "AMD EPYC 9354 32-Core Processor", "microcode": "0xa10113e", "cores": 32,
            "smt": True, "governor": "performance", "caches": {"l1d": "32 KiB", "l3": "32 MiB"}},
    "kernel": {"release": "6.1.0-18-cloud-amd64", "isolated_cpus": [],
               "command_line": "root=/dev/vda1 ro console=ttyS0 transparent_hugepage=madvise"},
    "memory": {"page_size_bytes": 4096, "shmem_enabled": "never", "dev_shm_bytes": 67108864,
               "huge_page_pools": {"node0": {"2048kB": 0, "1048576kB": 0}}},
    "limits": {"memlock_bytes": 8388608, "cgroup": None},
    "clock": {"source": "tsc", "step_ns": 0.37, "cross_core_bound_ns": 41},
    "topology": {"summary": "1 package, 1 node, 2 cores", "allowed_cpus": [0, 1],
                 "placements": {"same_l3": [0, 1]}},
    "checks": [{"name": "governor", "seen": "performance", "why": "steady clock"},
               {"name": "turbo", "seen": "on", "why": "clock depends on load"}],
    "build": {"version": "0.1.0", "compiler": "g++ 12.2.0", "flags": "-O3 -DNDEBUG"},
}


def bucket_index(value):
    """Where HdrHistogram counts a value, with lowest 1 and three digits."""
    bucket = (value | 2047).bit_length() - (HALF_MAGNITUDE + 1)
    return ((bucket + 1) << HALF_MAGNITUDE) + (value >> bucket) - (1 << HALF_MAGNITUDE)


def encode(values):
    """The base64 payload of a histogram of these values."""
    counts = Counter(bucket_index(value) for value in values)
    words, position = b"", 0
    for index in sorted(counts):
        if index > position:
            words += zigzag_leb128(position - index)
        words += zigzag_leb128(counts[index])
        position = index + 1
    header = struct.pack(">iiiiqqd", 0x1C849313, len(words), 0, 3, 1, HIGHEST_NS, 1.0)
    packed = zlib.compress(header + words)
    return base64.b64encode(struct.pack(">ii", 0x1C849314, len(packed)) + packed).decode()


def zigzag_leb128(value):
    """Seven bits a byte; a ninth byte carries eight and has no flag."""
    rest = ((value << 1) ^ (value >> 63)) & (2**64 - 1)
    out = bytearray()
    while len(out) < 8 and rest >= 0x80:
        out.append(rest & 0x7F | 0x80)
        rest >>= 7
    out.append(rest)
    return bytes(out)


def record(workload="ping_pong", queue="spsc", size=64, capacity=144, repetition=0, shape=(1, 1),
           **changes):
    """A record with status ok and without numbers; changes replace whole keys."""
    cell = f"quick/{workload}/{queue}/{shape[0]}p{shape[1]}c/el={size}/cap={capacity}/same_l3"
    value = {
        "schema": 1, "suite": "quick", "cell": cell, "repetition": repetition, "status": "ok",
        "reason": None, "notes": [],
        "axes": {"workload": workload, "queue": queue, "producers": shape[0], "consumers": shape[1],
                 "element_size_bytes": size, "capacity": capacity, "placement": "same_l3",
                 "memory": "posix_shm", "huge_pages": "never", "lock_memory": False,
                 "numa_node": None, "wait": "spin", "batch": 1, "tuning": "adaptive",
                 "rate_per_s": None},
        "obtained": {"producer_cpus": [0], "consumer_cpus": [1], "page_size_bytes": 4096},
        "validation": {"sent": 1000000, "received": 1000000, "lost": 0, "duplicated": 0,
                       "reordered": 0, "torn": 0},
        "seconds": 0.2, "metrics": {}, "histograms": {}}
    value.update(changes)
    return value


def timed(values, name="rtt_ns"):
    """metrics and histograms of a record that took these times."""
    ordered = sorted(values)
    metrics = {f"{name}_{title}": ordered[min(int(share * len(ordered)), len(ordered) - 1)]
               for title, share in (("p50", .5), ("p90", .9), ("p99", .99), ("p999", .999))}
    metrics[f"{name}_max"] = ordered[-1]
    return {"metrics": metrics, "histograms": {name: encode(values)}}


def skipped(**where):
    return record(status="skipped", obtained=None, validation=None, seconds=None, metrics={},
                  histograms={}, **where)


def quick_records(samples, seed=1):
    """Round trips and throughput of three queues, and one cell of each sad kind."""
    rng = random.Random(seed)
    records = []
    for queue_place, queue in enumerate(QUEUES):
        for size in SIZES:
            for capacity in CAPACITIES:
                for repetition in range(REPETITIONS):
                    cell = dict(queue=queue, size=size, capacity=capacity, repetition=repetition)
                    centre = (120 + 35 * queue_place + size * 0.09) * rng.uniform(0.98, 1.03)
                    records.append(record(**cell, **timed(_round_trips(rng, centre, samples))))
                    rate = 62e6 / (1 + queue_place) / (1 + size / 400)
                    records.append(_throughput(rng, cell, rate))
    for shape, queues in (((2, 1), ("mpsc", "mpmc")), ((2, 2), ("mpmc",))):
        for queue in queues:
            for size in SIZES:
                for repetition in range(REPETITIONS):
                    cell = dict(queue=queue, size=size, capacity=1024, repetition=repetition,
                                shape=shape)
                    records.append(_throughput(rng, cell, 14e6 / (1 + size / 700)))
    return records + _sad_records(rng)


def write(folder, records, environment=ENVIRONMENT, scenario=SCENARIO):
    """Writes a bundle; the folder as Path."""
    path = Path(folder)
    path.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(one) + "\n" for one in records)
    (path / "records.jsonl").write_text(text, encoding="utf-8")
    if environment is not None:
        (path / "environment.json").write_text(json.dumps(environment), encoding="utf-8")
    if scenario is not None:
        (path / "scenario.toml").write_text(scenario, encoding="utf-8")
    return path


def _round_trips(rng, centre, samples):
    values = []
    for _ in range(samples):
        value = rng.lognormvariate(0, 0.06) * centre
        chance = rng.random()
        if chance < 0.004:
            value *= rng.uniform(2, 8)
        if chance < 0.0002:
            value += rng.expovariate(1 / 40_000)
        values.append(int(value))
    return values


def _throughput(rng, cell, rate):
    rate *= rng.uniform(0.93, 1.04)
    count = int(rate * 0.2)
    return record(workload="throughput", **cell, metrics={
        "messages_per_s": rate, "bytes_per_s": rate * cell["size"]},
        validation={"sent": count, "received": count, "lost": 0, "duplicated": 0, "reordered": 0,
                    "torn": 0})


def _sad_records(rng):
    """A skipped, a failed, an invalid and an annotated cell."""
    cross = record(workload="throughput", queue="mpmc", size=64, capacity=1024)
    axes = {**cross["axes"], "placement": "cross_node"}
    records = [skipped(workload="throughput", queue="mpmc", size=64, capacity=1024, repetition=0)]
    records[0].update(cell=cross["cell"].replace("same_l3", "cross_node"), axes=axes,
                      reason="placement cross_node: this machine has one NUMA node")
    crash = dict(workload="throughput", queue="spsc", size=1472, capacity=4096)
    records.append(record(**crash, status="failed", metrics={}, histograms={},
                          reason="producer 0 (pid 4711) died of SIGSEGV in phase measure",
                          validation={"sent": 81920, "received": 81900, "lost": 20, "duplicated": 0,
                                      "reordered": 0, "torn": 1}))
    for repetition in range(1, REPETITIONS):
        cell = dict(queue="spsc", size=1472, capacity=4096, repetition=repetition)
        records.append(_throughput(rng, cell, 12e6))
    for repetition in range(REPETITIONS):
        cell = dict(queue="mpsc", size=64, capacity=4096, repetition=repetition)
        one = _throughput(rng, cell, 23e6)
        one["notes"] = ["huge_pages: asked for try, obtained 4096-byte pages (no pool)"]
        if repetition == 2:
            one.update(status="invalid", reason="asked for CPU 1, ran on CPU 0")
        records.append(one)
    return records


if __name__ == "__main__":
    print(write(sys.argv[1], quick_records(int((sys.argv[2:] or ["60000"])[0]))))
