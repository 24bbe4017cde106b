"""Where the CPUs of a machine lie, from environment.json: packages, NUMA nodes, caches, cores.

A bundle that does not say it all gives what it says: levels that are not known are left out, and
a sentence tells of it.
"""

import re
from dataclasses import dataclass

import handoffs
import units

# From the outside to the inside: key, word, key of its size.
LEVELS = (("package", "package", None), ("node", "NUMA node", "node_bytes"),
          ("l3", "L3", "l3_bytes"), ("l2", "L2", "l2_bytes"), ("core", "core", "l1d_bytes"))
MAX_CPUS = 4096


@dataclass(frozen=True)
class Machine:
    """cpus: dicts with "cpu" and the levels that are known; allowed: those that may be used."""

    cpus: list
    allowed: set
    note: str  # what is not known; empty where all is

    def tiers(self):
        """Levels from the outside to the inside; those with the same members are one tier."""
        by_members = {}
        for key, word, size in LEVELS:
            if all(isinstance(cpu.get(key), int) and cpu[key] >= 0 for cpu in self.cpus):
                members = tuple(cpu[key] for cpu in self.cpus)
                groups = tuple(members.index(one) for one in members)
                by_members.setdefault(groups, []).append((key, word, size))
        return sorted(by_members.values(),
                      key=lambda tier: len({cpu[tier[0][0]] for cpu in self.cpus}))


def load(bundle):
    """The Machine, None where nothing is said of CPUs."""
    topology = bundle.environment.get("topology")
    topology = topology if isinstance(topology, dict) else {}
    allowed = numbers_of(topology.get("allowed_cpus"))
    listed = [cpu for cpu in topology.get("cpus") or () if _is_place(cpu)] \
        if isinstance(topology.get("cpus"), list) else []
    if listed:
        forbidden = sorted(set(numbers_of(topology.get("forbidden_cpus"))))
        note = f"Not drawn: {units.plural(len(forbidden), 'CPU')} that this process may not " \
               "use." if forbidden else ""
        return Machine(_sorted(listed), {cpu["cpu"] for cpu in listed}, note)
    matrix = handoffs.load(bundle.path)
    if matrix and matrix.cpus:
        return Machine(_sorted(matrix.cpus), {cpu["cpu"] for cpu in matrix.cpus}, "")
    return _from_nodes(bundle.environment, topology, allowed)


def numbers_of(text):
    """'0-3,7' or a list of numbers → [0, 1, 2, 3, 7]; what is no such list is empty."""
    if isinstance(text, list):
        return [one for one in text if isinstance(one, int) and not isinstance(one, bool)]
    if not isinstance(text, str) or not re.fullmatch(r"[\d,\-\s]+", text):
        return []
    numbers = []
    for part in text.replace(" ", "").split(","):
        ends = [int(end) for end in part.split("-") if end]
        if ends and ends[-1] - ends[0] < MAX_CPUS:
            numbers.extend(range(ends[0], ends[-1] + 1))
    return numbers[:MAX_CPUS]


def used_by(bundle):
    """cpu → the roles that ran on it: "producer", "consumer"."""
    roles = {}
    for record in bundle.records:
        for role in ("producer", "consumer"):
            for cpu in record.obtained.get(f"{role}_cpus") or ():
                if isinstance(cpu, int):
                    roles.setdefault(cpu, set()).add(role)
    return roles


def _from_nodes(environment, topology, allowed):
    """Early bundles say only which CPUs there are, and which NUMA node each is of."""
    cpu_facts = environment.get("cpu")
    online = numbers_of(cpu_facts.get("online")) if isinstance(cpu_facts, dict) else []
    numbers = online or allowed
    if not numbers:
        return None
    node_of = _node_of(environment.get("memory"))
    is_one = str(topology.get("summary", "")).startswith("1 package,")
    cpus = [{"cpu": cpu, **({"package": 0} if is_one else {}),
             **({"node": node_of[cpu]} if cpu in node_of else {})} for cpu in numbers]
    return Machine(_sorted(cpus), set(allowed or numbers),
                   "Which caches and cores the CPUs share, this bundle does not say.")


def _node_of(memory):
    nodes = memory.get("nodes") if isinstance(memory, dict) else None
    found = {}
    for name, facts in nodes.items() if isinstance(nodes, dict) else ():
        number = re.search(r"\d+$", str(name))
        for cpu in numbers_of(facts.get("cpus")) if number and isinstance(facts, dict) else ():
            found[cpu] = int(number.group())
    return found


def _is_place(cpu):
    return isinstance(cpu, dict) and isinstance(cpu.get("cpu"), int)


def _sorted(cpus):
    def key(cpu):
        return [cpu.get(level) if isinstance(cpu.get(level), int) else -1
                for level, _, _ in LEVELS] + [cpu["cpu"]]

    return sorted(cpus, key=key)
