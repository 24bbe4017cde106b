#!/usr/bin/python3
"""Checks one Promela model with Spin: run_spin.py EXPECTED MODEL [-DNAME[=VALUE]...]

EXPECTED is what must come out for the exit code 0:
  clean    every state was visited, none violates an assertion, and the audit at the end was reached
  endless  the same, and no run goes in circles: each one comes to the audit
  mutant   an assertion is violated; what it says and how many steps lead there is printed

Exit code 1 when something else came out, also when the search could not be finished; 2 when the
model is not accepted; 77, with a line that says why, where Spin or gcc is missing. Standard library
only. The files that Spin writes are in a temporary folder.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

MAX_DEPTH = 100_000  # steps of a run; the deepest has some hundred
MAX_MEMORY_MB = 2000
HASH_BITS = {"clean": 23, "endless": 23, "mutant": 18}

# Every statement but the branches on private variables touches what is shared, and partial order
# reduction and unless are not friends: without it.
COMPILE = {
    "clean": ["-O1", "-DSAFETY", "-DNOREDUCE"],
    "endless": ["-O1", "-DNP", "-DNOREDUCE"],
    "mutant": ["-O0", "-DSAFETY", "-DNOREDUCE"],  # found long before an optimiser is done
}

VIOLATION = re.compile(r"^pan:\d+: (assertion violated .*)$", re.MULTILINE)
CYCLE = re.compile(r"^pan:\d+: non-progress cycle.*$", re.MULTILINE)
ERRORS = re.compile(r"depth reached (\d+), errors: (\d+)")
STATES = re.compile(r"^ *([\d.e+]+) states, stored", re.MULTILINE)
# Statements of the process that ends with the audit; its end is among them if no run came there.
UNREACHED_IN_INIT = re.compile(r"unreached in init\n((?:\t.*\n)*?)\t\(\d+ of \d+ states\)")
# Any of these: the search is not the whole search.
UNFINISHED = re.compile(r"max search depth too small|Search not completed|MEMLIM|out of memory")


def run(command, folder):
    return subprocess.run(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def skip(reason):
    """In the form in which ci/count_tests.py finds the reason."""
    print(f"run_spin.py: Skipped\n{reason}\n\n[  SKIPPED ]")
    sys.exit(77)


def build(expected, model, defines, folder):
    for command in (
        ["spin", "-a", *defines, os.path.abspath(model)],
        ["gcc", "-w", *COMPILE[expected], f"-DMEMLIM={MAX_MEMORY_MB}", "-o", "pan", "pan.c"],
    ):
        built = run(command, folder)
        if built.returncode != 0 or not os.listdir(folder):
            print(f"{' '.join(command)}:\n{built.stdout}")
            sys.exit(2)


def search(expected, folder):
    """What pan prints. -E: who waits at the end is judged by the audit, not by Spin."""
    options = ["-E", f"-m{MAX_DEPTH}", f"-w{HASH_BITS[expected]}"]
    if expected == "endless":
        options.append("-l")
    return run(["./pan", *options], folder).stdout


def judge_mutant(output):
    found = VIOLATION.search(output)
    if found is None:
        return "no assertion is violated: the planted bug was not found"
    print(f"found: {found[1]}")
    return None


def judge_clean(output):
    """What is wrong, or None."""
    found = VIOLATION.search(output) or CYCLE.search(output)
    if found is not None:
        return found[0]
    result = ERRORS.search(output)
    if result is None or UNFINISHED.search(output):
        return "the search was not finished, so it says nothing"
    if result[2] != "0":
        return f"{result[2]} errors"
    audit = UNREACHED_IN_INIT.search(output)
    if audit is None or '"-end-"' in audit[1]:
        return "no run came to the end of the audit"
    states = STATES.search(output)[1]
    print(f"{states} states, all of them visited; the longest run has {result[1]} steps")
    return None


def main(arguments):
    if len(arguments) < 2 or arguments[0] not in COMPILE:
        print(__doc__)
        return 2
    expected, model, *defines = arguments
    for program, package in (("spin", "spin"), ("gcc", "build-essential")):
        if shutil.which(program) is None:
            skip(f"there is no {program}; install the package {package}")
    with tempfile.TemporaryDirectory() as folder:
        build(expected, model, defines, folder)
        output = search(expected, folder)
    wrong = judge_mutant(output) if expected == "mutant" else judge_clean(output)
    if wrong is not None:
        print(f"{output}\n{os.path.basename(model)} {' '.join(defines)}: {wrong}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
