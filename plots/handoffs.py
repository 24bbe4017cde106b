"""handoff.json of a bundle: what it takes to hand a cache line from one CPU to another.

Written by ringside topo --matrix; other bundles have no such file.
"""

import json
from dataclasses import dataclass
from typing import NamedTuple

from bundle import BundleError

FILE = "handoff.json"
SCHEMA = 1
# From the outside to the inside: what CPUs that stand side by side share.
LEVELS = ("package", "node", "l3", "l2", "core")
_PAIR_KEYS = {"first": int, "second": int, "relation": str, "min_ns": (int, float),
              "median_ns": (int, float)}


class Pair(NamedTuple):
    """Two CPUs, and the hand-off between them one way."""

    first: int
    second: int
    relation: str
    min_ns: float
    median_ns: float


@dataclass(frozen=True)
class Handoffs:
    """CPUs as they stand in the machine, and the pairs that were measured."""

    cpus: list  # dicts with "cpu" and the levels
    pairs: list
    floor_ns: dict  # relation → ns


def load(folder):
    """The Handoffs of a bundle's folder, None without the file; BundleError when it is damaged."""
    path = folder / FILE
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise BundleError(f"{path}: cannot be read ({error}); measure it again with ringside topo "
                          "--matrix") from None
    return _checked(value, path)


def _checked(value, path):
    if not isinstance(value, dict) or value.get("schema") != SCHEMA:
        raise BundleError(f"{path}: is not of schema {SCHEMA}; use the report.py of the Ringside "
                          "that wrote it")
    cpus, pairs = value.get("cpus"), value.get("pairs")
    good = isinstance(cpus, list) and isinstance(pairs, list)
    good = good and all(isinstance(cpu, dict) and isinstance(cpu.get("cpu"), int) for cpu in cpus)
    good = good and all(isinstance(pair, dict) and _has_all(pair) for pair in pairs)
    if not good:
        raise BundleError(f"{path}: a CPU or a pair lacks what it must have; measure it again with "
                          "ringside topo --matrix")
    cpus = sorted(cpus, key=lambda cpu: [_level(cpu, level) for level in LEVELS] + [cpu["cpu"]])
    found = [Pair(*(pair[key] for key in _PAIR_KEYS)) for pair in pairs]
    return Handoffs(cpus, found, value.get("floor_ns") or {})


def _has_all(pair):
    return all(isinstance(pair.get(key), kind) for key, kind in _PAIR_KEYS.items())


def _level(cpu, level):
    index = cpu.get(level)
    return index if isinstance(index, int) else -1
