#!/usr/bin/python3
"""Whether a run put its queues where it was asked to: numa_records.py BUNDLE EXIT_CODE.

Reads records.jsonl and environment.json of a bundle, and the exit code with which ringside ended.
Each record counts as one test. It passes when it is ok and the pages of its queue lie on the NUMA
nodes that the axis numa_node asked for, as the kernel reported them: all on the node of the first
producer or consumer, or on the one with that number; interleaved, on all nodes, and evenly. Prints
"PASSED FAILED SKIPPED" as three numbers on stdout, and everything else on stderr. A bundle that
cannot be read, or has no record, counts as one failure, as does an exit code that is not 0.
"""
import json
import os
import sys

EVENLY = 0.25  # of all pages, by which interleaved nodes may differ; a queue may be a few pages


def say(text):
    print(text, file=sys.stderr, flush=True)


def parse_cpus(text):
    """[0, 1, 2, 5] of "0-2,5"."""
    cpus = []
    for part in filter(None, (text or "").split(",")):
        first, _, last = part.partition("-")
        cpus += range(int(first), int(last or first) + 1)
    return cpus


def nodes_of_cpus(environment):
    """CPU → NUMA node."""
    return {
        cpu: int(name.removeprefix("node"))
        for name, node in environment["memory"]["nodes"].items()
        for cpu in parse_cpus(node["cpus"])
    }


def wanted_nodes(record, node_of):
    """The nodes on which the pages must lie, and only there; None where any will do."""
    asked = record["axes"].get("numa_policy", "any")
    obtained = record["obtained"]
    if asked == "any":
        return None
    if asked == "producer":
        return {node_of[obtained["producer_cpus"][0]]}
    if asked == "consumer":
        return {node_of[obtained["consumer_cpus"][0]]}
    return set(node_of.values()) if asked == "interleave" else {int(asked)}


def misplacement(record, node_of):
    """What is wrong with where the pages are; empty when nothing is."""
    wanted = wanted_nodes(record, node_of)
    if wanted is None:
        return ""
    pages = {int(node): count for node, count in record["obtained"]["node_pages"].items()}
    total = sum(pages.values())
    if total == 0:
        return "the kernel reported no page of the queue"
    if set(pages) != wanted:
        return f"asked for node {sorted(wanted)}, the pages are on {pages}"
    share = max(pages.values()) - min(pages.values())
    if share > max(1, EVENLY * total):
        return f"asked to be spread evenly, the pages are on {pages}"
    return ""


def outcome(record, node_of):
    """("passed" | "failed" | "skipped", why)."""
    if record["status"] == "skipped":
        return "skipped", record["reason"]
    if record["status"] != "ok":
        return "failed", f"{record['status']}: {record['reason']}"
    wrong = misplacement(record, node_of)
    return ("failed", wrong) if wrong else ("passed", "")


def count(bundle, exit_code):
    """The three counts."""
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    with open(os.path.join(bundle, "environment.json"), encoding="utf-8") as file:
        node_of = nodes_of_cpus(json.load(file))
    with open(os.path.join(bundle, "records.jsonl"), encoding="utf-8") as file:
        records = [json.loads(line) for line in file if line.strip()]
    for record in records:
        result, why = outcome(record, node_of)
        counts[result] += 1
        if why:
            say(f"{result} {record['cell']}: {why}")
    if not records:
        raise ValueError("there is no record")
    if exit_code != "0":
        say(f"ringside ended with {exit_code}: counted as one failure")
        counts["failed"] += 1
    return counts


def main(arguments):
    if len(arguments) != 2:
        say(__doc__)
        return 2
    try:
        counts = count(*arguments)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        say(f"{arguments[0]}: {type(error).__name__}: {error}: counted as one failure")
        counts = {"passed": 0, "failed": 1, "skipped": 0}
    print(counts["passed"], counts["failed"], counts["skipped"])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
