#!/usr/bin/python3
"""Counts single tests for ci/test: `count_tests.py junit FILE` or `count_tests.py unittest FOLDER`.

Prints "PASSED FAILED SKIPPED" as three numbers on stdout, and everything else, each skipped test
with its reason among it, on stderr. A file that cannot be read and a folder without a test count
as one failure, so that a suite that vanished is never taken for one that passed.
"""
import os
import re
import sys
import unittest
import xml.etree.ElementTree as ElementTree
from collections import Counter

# What ctest writes into a test that was skipped by its own will; any other test that was not run
# (its program is missing, say) has failed.
SKIPPED_BY_TEST = {"SKIP_REGULAR_EXPRESSION_MATCHED", "SKIP_RETURN_CODE"}
GTEST_REASON = re.compile(r": Skipped\n(.*?)\n*\[  SKIPPED \]", re.DOTALL)


def say(text):
    print(text, file=sys.stderr, flush=True)


def report_skip(name, reason):
    say(f"skipped {name}: {' '.join(reason.split()) or 'no reason given'}")


def junit_outcome(case):
    """passed, failed or skipped, and the reason of a skip, for one <testcase> of ctest."""
    status = case.get("status")
    output = case.findtext("system-out") or ""
    if status == "run":
        return "passed", ""
    if status == "disabled":
        return "skipped", "disabled in the source"
    skip = case.find("skipped")
    by_itself = skip is not None and skip.get("message") in SKIPPED_BY_TEST
    if status == "notrun" and by_itself and "[  FAILED  ]" not in output:
        reason = GTEST_REASON.search(output)
        return "skipped", reason.group(1) if reason else skip.get("message")
    return "failed", ""


def count_junit(path):
    counts = Counter()
    try:
        cases = list(ElementTree.parse(path).iter("testcase"))
    except (OSError, ElementTree.ParseError) as error:
        say(f"{path}: no test results ({error}); ctest wrote none, its message says why")
        return Counter(failed=1)
    for case in cases:
        outcome, reason = junit_outcome(case)
        counts[outcome] += 1
        if outcome == "skipped":
            report_skip(case.get("name"), reason)
        elif outcome == "failed":
            say(f"failed {case.get('name')}")
    return counts if cases else Counter(failed=1)


class CountingResult(unittest.TextTestResult):
    """Knows each test by its id, so that a test with three failing subtests failed once."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.passed_ids = set()

    def addSuccess(self, test):
        super().addSuccess(test)
        self.passed_ids.add(test.id())

    def addExpectedFailure(self, test, err):
        super().addExpectedFailure(test, err)
        self.passed_ids.add(test.id())

    def counts(self):
        bad = self.failures + self.errors + [(test, "") for test in self.unexpectedSuccesses]
        failed = {getattr(test, "test_case", test).id() for test, _ in bad}
        skipped = {getattr(test, "test_case", test).id() for test, _ in self.skipped}
        passed = self.passed_ids - failed
        return Counter(
            passed=len(passed), failed=len(failed), skipped=len(skipped - failed - passed)
        )


def count_unittest(folder):
    try:
        is_package = os.path.isfile(os.path.join(folder, "__init__.py"))
        top = (os.path.dirname(folder) or ".") if is_package else folder
        suite = unittest.defaultTestLoader.discover(folder, top_level_dir=top)
    except ImportError as error:  # the folder does not exist
        say(f"{folder}: no Python tests there ({error})")
        return Counter(failed=1)
    result = unittest.TextTestRunner(stream=sys.stderr, resultclass=CountingResult).run(suite)
    for test, reason in result.skipped:
        report_skip(test.id(), reason)
    if result.testsRun == 0:
        say(f"{folder}: no test found; test files are named test_*.py")
        return Counter(failed=1)
    return result.counts()


def main(arguments):
    counters = {"junit": count_junit, "unittest": count_unittest}
    if len(arguments) != 2 or arguments[0] not in counters:
        say(__doc__)
        return 2
    # Tests may print; the three numbers must stay alone on stdout.
    numbers_to, sys.stdout = sys.stdout, sys.stderr
    counts = counters[arguments[0]](arguments[1])
    print(counts["passed"], counts["failed"], counts["skipped"], file=numbers_to)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
