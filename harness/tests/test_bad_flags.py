"""Command lines that the program refuses: the flag, the value, what is allowed, and no run."""
import os
import unittest
from collections import namedtuple

from ringside_program import Scratch, scenario, suite

VALID = suite(scenario("only", queue="spsc"), duration_ms=10)

# What stands after `ringside run FILE --out DIR`, and regular expressions for the message.
BadFlags = namedtuple("BadFlags", "arguments says")


def axis(text, *says):
    return BadFlags(["-a", text], says)


BAD_FLAGS = {
    "an unknown flag": BadFlags(["--fast"], ["--fast is no option", "see ringside run --help"]),
    "a misspelled flag": BadFlags(["--formt", "csv"], ["--formt", "did you mean '--format'"]),
    "a misspelled flag with its value": BadFlags(["--formt=csv"], ["did you mean '--format'"]),
    "a second file": BadFlags(["other.toml"], ["other.toml"]),
    "an unknown format": BadFlags(["--format", "xml"], ["--format", "xml", "json", "markdown"]),
    "a misspelled format": BadFlags(["--format", "jsn"], ["--format", "did you mean 'json'"]),
    "an axis without anything": BadFlags(["-a"], ["-a|--axis"]),
    "an axis without an equals sign": axis("capacity", "-a capacity", "KEY=VALUE"),
    "an unknown axis": axis("capasity=3", "-a capasity=3", "mean 'capacity'", "KEY=VALUE"),
    "an axis without a name": axis("=3", "-a =3", "KEY=VALUE"),
    "an axis without a value": axis("capacity=", "-a capacity=", "whole number"),
    "a word for a number": axis("capacity=twelve", "-a capacity=", "'twelve'", "whole number"),
    "a broken list": axis("capacity=[1,", "-a capacity=", r"\[1,", "list|whole number"),
    "a broken list of words": axis('queue=["spsc"', "-a queue=", r'\["spsc"', "list|one of"),
    "an empty list": axis("capacity=[]", r"-a capacity=\[\]", "empty"),
    "an impossible value": axis("capacity=0", "-a capacity=0", "capacity is 0", "1 to"),
    "an impossible value in a list": axis("capacity=[8, 0]", "-a capacity=", "is 0", "1 to"),
    "a fraction": axis("repetitions=1.5", "-a repetitions=1.5", "1.5", "whole number"),
    "an unknown queue": axis("queue=spcs", "-a queue=spcs", "'spcs'", "did you mean 'spsc'"),
    "two producers on spsc": axis("producers=2", "-a producers=2", "'spsc'", "at most 1 producer"),
    "a second line": axis("capacity=8\nqueue=3", "-a capacity=8"),
    "a placement outside of the mask": axis(
        f"placement=cpus:{min(os.sched_getaffinity(0))},65000",
        "-a placement=", "CPU 65000", "may use",
    ),
}  # fmt: skip


class RefusalTest(unittest.TestCase):
    def setUp(self):
        self.scratch = Scratch.of(self)
        with open(self.scratch.file, "w", encoding="utf-8") as file:
            file.write(VALID)

    def check_refused(self, arguments, says):
        """Exit code 2, nothing on stdout, all that must be said on stderr, nothing written."""
        before = os.listdir(self.scratch.folder)
        finished = self.scratch.start(*arguments).finish()
        self.assertEqual(finished.exit_code, 2, finished.err)
        self.assertEqual(finished.out, "")
        for pattern in says:
            self.assertRegex(finished.err, pattern)
        self.assertEqual(os.listdir(self.scratch.folder), before)

    def check_flags(self, bad):
        fixed = ["run", self.scratch.file, "--out", self.scratch.bundle]
        self.check_refused(fixed + bad.arguments, bad.says)

    def check_out(self, folder, *says):
        self.check_refused(["run", self.scratch.file, "--out", folder], says)


class BadFlagsTest(RefusalTest):
    """One test for each row of BAD_FLAGS, added below."""


def add_test(name, bad):
    setattr(BadFlagsTest, "test_refuses_" + name.replace(" ", "_"), lambda t: t.check_flags(bad))


for row in BAD_FLAGS.items():
    add_test(*row)


class BadOutTest(RefusalTest):
    def test_refuses_a_folder_that_is_not_empty(self):
        folder = self.scratch.folder
        self.check_out(folder, folder, "exists", "never overwritten", "--out")

    def test_refuses_a_file(self):
        self.check_out(self.scratch.file, self.scratch.file, "no folder", "--out")

    def test_refuses_a_folder_below_a_file(self):
        below = os.path.join(self.scratch.file, "bundle")
        self.check_out(below, below, "Not a directory", "--out")

    def test_refuses_a_folder_that_cannot_be_made(self):
        self.check_out("/proc/bundle", "/proc/bundle", "cannot be made", "--out")

    def test_refuses_no_name(self):
        self.check_out("", "no name", "--out")

    def test_refuses_a_folder_that_is_empty(self):
        os.mkdir(self.scratch.bundle)
        self.check_out(self.scratch.bundle, self.scratch.bundle, "exists", "--out")


class BadVerbTest(RefusalTest):
    def test_refuses_an_unknown_verb(self):
        self.check_refused(["measure"], ["measure", "run"])

    def test_names_the_verb_that_was_meant(self):
        self.check_refused(["measuring"], ["'measuring' is no verb of ringside; there are topo"])
        self.check_refused(["verfy"], ["'verfy' is no verb", "did you mean 'verify'"])
        self.check_refused(["selftest", "pwoer"], ["did you mean 'power'"])

    def test_refuses_an_unknown_flag_before_the_verb(self):
        self.check_refused(["--fast"], ["--fast"])

    def test_refuses_no_verb_and_names_those_that_there_are(self):
        self.check_refused([], ["topo", "list", "run", "report"])

    def test_refuses_to_run_nothing(self):
        self.check_refused(["run"], ["suite"])

    def test_refuses_an_axis_where_there_is_no_suite(self):
        self.check_refused(["list", "-a", "nonsense=1"], ["-a|--axis"])

    def test_refuses_an_argument_that_a_verb_does_not_take(self):
        self.check_refused(["topo", "everything"], ["everything"])

    def test_refuses_to_draw_what_is_missing(self):
        self.check_refused(["report", "not/there"], ["not/there", "no such folder"])

    def test_refuses_to_draw_what_is_no_bundle(self):
        folder = self.scratch.folder
        self.check_refused(["report", folder], [os.path.join(folder, "records.jsonl")])


if __name__ == "__main__":
    unittest.main()
