"""Scenario files that the program refuses: file:line, the value, what is allowed, and no run."""
import os
import unittest
from collections import namedtuple

from ringside_program import Scratch, as_nobody, scenario, suite

VALID = suite(scenario("only", queue="spsc"))

# How the valid file was changed, where the message must point ("" for the first line), and
# regular expressions for what it must say besides.
BadFile = namedtuple("BadFile", "text at says")


def added(line, *says):
    """One more line in the scenario, and that is the wrong one."""
    return BadFile(VALID + line + "\n", line, says)


def changed(old, new, *says, at=None):
    assert old in VALID, old
    return BadFile(VALID.replace(old, new, 1), new if at is None else at, says)


SECOND_SCENARIO = scenario("only", queue="mpsc")
MEMORY_BYTES = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
ELEMENT_BYTES = 1 << 24
TOO_MANY_ELEMENTS = 2 * MEMORY_BYTES // ELEMENT_BYTES
ALLOWED_CPUS = sorted(os.sched_getaffinity(0))
OUTSIDE_CPU = ALLOWED_CPUS[-1] + 1

BAD_FILES = {
    "an unknown axis": added(
        "capasity = 3", "'capasity'", "did you mean 'capacity'", "element_size_bytes"
    ),
    "an unknown key of the suite": changed(
        "question =", 'answer = "42"\nquestion =', "'answer'", r"\[suite\]", "question", at="answer"
    ),
    "an unknown default": changed(
        "repetitions = 1", "repetition = 1", "'repetition'", "did you mean 'repetitions'"
    ),
    "an unknown section": changed("[defaults]", "[default]", "'default'", "mean 'defaults'"),
    "an unknown section at the end": added("[gates]", "'gates'", "suite, defaults, scenario"),
    "a string for a number": added('capacity = "12"', "'12'", "a string", "whole number"),
    "a number for a string": changed('"spsc"', "31", "queue is 31", "must be a string"),
    "a number for the question": changed('"Does it work?"', "31", "31", "must be a string"),
    "a number for true or false": added("lock_memory = 31", "31", "true or false"),
    "a fraction": added("capacity = 14.5", "14.5", "whole number"),
    "a fraction in a list": added("capacity = [8, 14.5]", "14.5", "whole number"),
    "a date": added("capacity = 2026-01-31", "2026-01-31", "whole number"),
    "a table for a number": added("capacity = { a = 1 }", "capacity", "whole number"),
    "a list for a timing": changed("repetitions = 1", "repetitions = [1, 2]", "whole number"),
    "a negative number": added("capacity = -14", "-14", "1 to|must not be negative"),
    "capacity 0": added("capacity = 0", "capacity is 0", "1 to", "to use 144"),
    "a capacity beyond its limit": added("capacity = 99999999999", "99999999999", "1 to"),
    "a number beyond 64 bits": added("capacity = 99999999999999999999", "99999999999999999999"),
    "element size 0": added("element_size_bytes = 0", "is 0", "8 to", "to use 64"),
    "element size 4": added("element_size_bytes = 4", "is 4", "8 to", "to use 64"),
    "an element size beyond its limit": added(
        "element_size_bytes = 99999999999", "99999999999", "8 to"
    ),
    "more than the memory holds": added(
        f"element_size_bytes = {ELEMENT_BYTES}\ncapacity = {TOO_MANY_ELEMENTS}",
        str(ELEMENT_BYTES), str(TOO_MANY_ELEMENTS), "machine has|must be",
    ),  # fmt: skip
    "no producers": added("producers = 0", "producers is 0", "1 to"),
    "too many consumers": added("consumers = 100000", "100000", "1 to"),
    "no repetitions": changed("repetitions = 1", "repetitions = 0", "repetitions is 0", "1 to"),
    "no duration": changed("duration_ms = 200", "duration_ms = 0", "duration_ms is 0", "1 to"),
    "an unknown queue": changed('"spsc"', '"spcs"', "'spcs'", "did you mean 'spsc'", "mpmc"),
    "no queue": changed('queue = "spsc"\n', "", "names no queue", at="[[scenario]]"),
    "an unknown workload": changed('"throughput"', '"thruput"', "'thruput'", "ping_pong"),
    "no workload": changed('workload = "throughput"\n', "", "no workload", at="[[scenario]]"),
    "two producers on spsc": added("producers = 2", "'spsc'", "at most 1 producer"),
    "two consumers on spsc": added("consumers = 2", "'spsc'", "at most .*1 consumer"),
    "a CPU outside of the mask": added(
        f'placement = "cpus:{ALLOWED_CPUS[0]},{OUTSIDE_CPU}"', f"CPU {OUTSIDE_CPU}", "may use"
    ),
    "a CPU too few": added(f'placement = "cpus:{ALLOWED_CPUS[0]}"', "names 1 CPU", "name 2"),
    "no CPU": added('placement = "cpus:"', "'cpus:'", "cpus:0,1"),
    "CPUs that are no numbers": added('placement = "cpus:0,x"', "'cpus:0,x'", "cpus:0,1"),
    "a CPU below 0": added('placement = "cpus:0,-1"', "'cpus:0,-1'", "cpus:0,1"),
    "an unknown placement": added('placement = "same_l4"', "'same_l4'", "same_l3", "unpinned"),
    "an unknown wait": added('wait = "sleep"', "'sleep'", "auto, spin, yield"),
    "an empty list": added("capacity = []", "capacity is an empty list"),
    "a list in a list": added("capacity = [[8]]", "capacity", "whole number"),
    "a value twice": added("capacity = [8, 9, 8]", "capacity", "8 twice"),
    "two scenarios of one name": BadFile(VALID + SECOND_SCENARIO, None, ["two .* 'only'"]),
    "no suite": BadFile(VALID[VALID.index("[defaults]") :], "", [r"no \[suite\]"]),
    "no question": changed('question = "Does it work?"\n', "", "no question", at=""),
    "no name of the suite": changed('name = "small"\n', "", "no name", at=""),
    "a name with a slash": changed('"small"', '"sm/all"', "'sm/all'", "letters, digits"),
    "an empty name": changed('"only"', '""', "name is ''", "letters, digits"),
    "no scenario": BadFile(VALID.split("[[scenario]]")[0], "", [r"no \[\[scenario\]\]"]),
    "a scenario in single brackets": changed("[[scenario]]", "[scenario]", r"\[\[scenario\]\]"),
    "a suite in double brackets": changed("[suite]", "[[suite]]", r"\[suite\]"),
    "broken TOML": added("capacity = = 3", "no TOML"),
    "an open list": added("capacity = [3,", "no TOML"),
    "a key twice": added('queue = "mpsc"', "queue"),
    "an empty file": BadFile("", "", [r"no \[suite\]"]),
    "zeros": BadFile("\0" * 64, "", ["no TOML"]),
    "binary": BadFile(bytes(range(255, -1, -1)) * 64, "", ["no TOML"]),
}  # fmt: skip


def line_number(bad):
    """Of the (first) line that the message must name."""
    if bad.at is None:  # the second scenario
        return VALID.count("\n") + 1
    text = bad.text if isinstance(bad.text, str) else ""
    return text[: text.index(bad.at.split("\n")[0])].count("\n") + 1 if bad.at else 1


class RefusalTest(unittest.TestCase):
    def check_refused(self, scratch, finished, says):
        """Exit code 2, nothing on stdout, all that must be said on stderr, no bundle."""
        self.assertEqual(finished.exit_code, 2, finished.err)
        self.assertEqual(finished.out, "")
        for pattern in says:
            self.assertRegex(finished.err, pattern)
        self.assertIn("ringside: ", finished.err)
        self.assertLessEqual(set(os.listdir(scratch.folder)), {"small.toml"})

    def check_file(self, bad):
        scratch = Scratch.of(self)
        text = bad.text.encode("utf-8") if isinstance(bad.text, str) else bad.text
        with open(scratch.file, "wb") as file:
            file.write(text)
        finished = scratch.start("run", scratch.file, "--out", scratch.bundle).finish()
        self.assertIn(f"{scratch.file}:{line_number(bad)}: ", finished.err)
        self.check_refused(scratch, finished, bad.says)


class BadFileTest(RefusalTest):
    """One test for each row of BAD_FILES, added below."""


def add_test(name, bad):
    setattr(BadFileTest, "test_refuses_" + name.replace(" ", "_"), lambda t: t.check_file(bad))


for row in BAD_FILES.items():
    add_test(*row)


class NoFileTest(RefusalTest):
    def check_path(self, path, *says, **options):
        scratch = Scratch.of(self)
        finished = scratch.start("run", path, "--out", scratch.bundle, **options).finish()
        self.check_refused(scratch, finished, (path, *says))

    def test_refuses_a_file_that_is_missing(self):
        self.check_path("not/there.toml", "no such scenario file", "ringside list")

    def test_refuses_a_name_that_no_scenario_has(self):
        self.check_path("nowhere", "no such scenario", "ringside list")

    def test_refuses_a_folder(self):
        self.check_path("/", "folder")

    def test_refuses_a_file_that_may_not_be_read(self):
        scratch = Scratch.of(self)
        with open(scratch.file, "w", encoding="utf-8") as file:
            file.write(VALID)
        os.chmod(scratch.file, 0)
        finished = scratch.start("run", scratch.file, **as_nobody(self)).finish()
        self.check_refused(scratch, finished, [scratch.file, "cannot be read"])

    def test_a_plan_is_refused_like_a_run(self):
        scratch = Scratch.of(self)
        with open(scratch.file, "w", encoding="utf-8") as file:
            file.write(VALID + "capacity = 0\n")
        finished = scratch.start("list", scratch.file).finish()
        self.check_refused(scratch, finished, [f"{scratch.file}:12: ", "capacity is 0", "1 to"])


if __name__ == "__main__":
    unittest.main()
