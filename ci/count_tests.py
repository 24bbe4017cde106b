#!/usr/bin/python3
"""Counts single tests: `count_tests.py junit FILE` (of ctest), `count_tests.py gtest FILE` (what
--gtest_output=xml wrote) or `count_tests.py unittest FOLDER [PATTERN]`, the last of files that fit
the pattern alone. For ci/test, ci/vm-test and .ci/run.

Prints "PASSED FAILED SKIPPED" as three numbers on stdout, and everything else on stderr: among it
each reason for which tests were skipped, with their names, or the first and how many there are. A
file that cannot be read and a folder without a test count as one failure, so that a suite that
vanished is never taken for one that passed. Where the filter of a gtest program selects nothing,
that is said as if the program was a skipped test.
"""
import os
import re
import sys
import unittest
import xml.etree.ElementTree as ElementTree
from collections import Counter, defaultdict

# What ctest writes into a test that was skipped by its own will; any other test that was not run
# (its program is missing, say) has failed.
SKIPPED_BY_TEST = {"SKIP_REGULAR_EXPRESSION_MATCHED", "SKIP_RETURN_CODE"}
MAX_NAMED = 3  # tests that share a reason, each on a line of its own
GTEST_PLACE = re.compile(r"^.*:\d+\n")  # file:line before the reason of a skip
GTEST_REASON = re.compile(r": Skipped\n(.*?)\n*\[  SKIPPED \]", re.DOTALL)


def say(text):
    print(text, file=sys.stderr, flush=True)


def report_skips(skipped):
    """Of (name, reason): one line for each test, and one for many that share a reason."""
    names_by_reason = defaultdict(list)
    for name, reason in skipped:
        names_by_reason[" ".join(reason.split()) or "no reason given"].append(name)
    for reason, names in names_by_reason.items():
        if len(names) > MAX_NAMED:
            names = [f"{names[0]} and {len(names) - 1} others"]
        for name in names:
            say(f"skipped {name}: {reason}")


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


def gtest_outcome(case):
    """The same for one <testcase> of a program with Google's framework."""
    if case.find("failure") is not None:
        return "failed", ""
    skip = case.find("skipped")
    if skip is not None:
        return "skipped", GTEST_PLACE.sub("", skip.get("message") or "")
    if case.get("status") == "run":
        return "passed", ""
    return "skipped", "disabled in the source"


def junit_name(case):
    return case.get("name")


def gtest_name(case):
    return f"{case.get('classname')}.{case.get('name')}"


def read_cases(path):
    """Every <testcase> of the file, or None, said, when there is nothing to be read."""
    try:
        return list(ElementTree.parse(path).iter("testcase"))
    except (OSError, ElementTree.ParseError) as error:
        say(f"{path}: no test results ({error}); what should have written them says why")
        return None


def count_cases(cases, name_of, outcome_of):
    counts = Counter()
    skipped = []
    for case in cases:
        outcome, reason = outcome_of(case)
        counts[outcome] += 1
        if outcome == "skipped":
            skipped.append((name_of(case), reason))
        elif outcome == "failed":
            say(f"failed {name_of(case)}")
    report_skips(skipped)
    return counts


def count_junit(path):
    cases = read_cases(path)
    return count_cases(cases, junit_name, junit_outcome) if cases else Counter(failed=1)


def count_gtest(path):
    cases = read_cases(path)
    if cases is None:
        return Counter(failed=1)
    if not cases:
        program = os.path.splitext(os.path.basename(path))[0]
        report_skips([(program, "the filter selects none of its tests")])
    return count_cases(cases, gtest_name, gtest_outcome)


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


def count_unittest(folder, pattern="test*.py"):
    try:
        is_package = os.path.isfile(os.path.join(folder, "__init__.py"))
        top = (os.path.dirname(folder) or ".") if is_package else folder
        suite = unittest.defaultTestLoader.discover(folder, pattern, top_level_dir=top)
    except ImportError as error:  # the folder does not exist
        say(f"{folder}: no Python tests there ({error})")
        return Counter(failed=1)
    result = unittest.TextTestRunner(stream=sys.stderr, resultclass=CountingResult).run(suite)
    report_skips((test.id(), reason) for test, reason in result.skipped)
    if result.testsRun == 0:
        say(f"{folder}: no test found; test files are named test_*.py")
        return Counter(failed=1)
    return result.counts()


def main(arguments):
    counters = {"junit": count_junit, "gtest": count_gtest, "unittest": count_unittest}
    most = 3 if arguments[:1] == ["unittest"] else 2
    if not 2 <= len(arguments) <= most or arguments[0] not in counters:
        say(__doc__)
        return 2
    # Tests may print; the three numbers must stay alone on stdout.
    numbers_to, sys.stdout = sys.stdout, sys.stderr
    counts = counters[arguments[0]](*arguments[1:])
    print(counts["passed"], counts["failed"], counts["skipped"], file=numbers_to)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
