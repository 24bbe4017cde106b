"""`ringside gate`, as a program: arms that are the same, that differ, that lose, that crash; what
it refuses, what it leaves, and what it prints for whom."""
import csv
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

from plugin_builds import QUICK, SOURCES, run
from ringside_program import REPOSITORY, Scratch, program, scenario, suite, wait_until

# As few blocks as two metrics allow: 2^-8 is below half of 1 %. Nobody waits for a quiet machine,
# and margins are so wide that only what is meant to be slower is.
QUICK_GATE = ["--first-blocks", "6", "--second-blocks", "8", "--until-quiet", "0"]
WIDE = "[scenario.gate]\nrtt_ns_p50_clean = { margin_percent = 25, pass_percent = 300 }\n"
BUNDLE = {
    "blocks.jsonl", "environment.json", "gate.json", "gate.md", "junit.xml", "report.html",
    "scenario.toml",
}  # fmt: skip
REGRESSION, USAGE, INTEGRITY, INCONCLUSIVE, CRASHED, INTERRUPTED = 1, 2, 3, 4, 7, 130
GREEN_OR_OPEN = (0, INCONCLUSIVE)  # a loaded machine may leave anything undecided
READ_JUNIT = os.path.join(REPOSITORY, "results", "tests", "read_junit.py")
WORD = b"gated behaves: "
BESIDE_CI = {
    key: value for key, value in os.environ.items() if not key.startswith(("GITHUB_", "CI"))
}


def one_cell(queue="spsc", gate=WIDE, workload="ping_pong", **settings):
    return suite(scenario("one", workload, queue=queue, **settings)) + gate


class GatedPlugins:
    """The plug-in `gated`, and copies of it that behave in another way."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="ringside-gated-")
        try:
            prefix, build = (os.path.join(self.folder, name) for name in ("prefix", "build"))
            run("cmake", "--install", os.path.dirname(program()), "--prefix", prefix)
            run(
                "cmake", "-S", os.path.join(SOURCES, "gated"), "-B", build, "-G", "Ninja",
                f"-DCMAKE_PREFIX_PATH={prefix}", *QUICK,
            )  # fmt: skip
            run("cmake", "--build", build)
            with open(os.path.join(build, "gated.so"), "rb") as file:
                self.content = file.read()
        except BaseException:
            self.remove()
            raise

    def remove(self):
        shutil.rmtree(self.folder)

    def that(self, behaves):
        path = os.path.join(self.folder, f"{behaves}.so")
        begin = self.content.index(WORD) + len(WORD)
        word = behaves.encode().ljust(7)
        with open(path, "wb") as file:
            file.write(self.content[:begin] + word + self.content[begin + 7 :])
        return path

    def with_other_name(self, old, new):
        """A sound one, of whose queues one is called in another way."""
        path = os.path.join(self.folder, f"{new}.so")
        with open(path, "wb") as file:
            file.write(self.content.replace(*(f"\0{name}\0".encode() for name in (old, new))))
        return path


class GateTest(unittest.TestCase):
    """One gate in a folder of its own."""

    scratch = None
    small = [*QUICK_GATE, "--no-report"]

    @classmethod
    def start(cls, text, baseline, candidate, *arguments, **options):
        with open(cls.scratch.file, "w", encoding="utf-8") as file:
            file.write(text)
        options.setdefault("env", BESIDE_CI)
        return cls.scratch.start(
            "gate", cls.scratch.file, "--baseline", baseline, "--candidate", candidate,
            "--out", cls.scratch.bundle, *arguments, *cls.small, **options,
        )  # fmt: skip

    @classmethod
    def gate(cls, text, baseline, candidate, *arguments, **options):
        return cls.start(text, baseline, candidate, *arguments, **options).finish()

    @classmethod
    def result(cls):
        return json.loads(cls.scratch.read("gate.json"))

    @classmethod
    def blocks(cls):
        return [json.loads(line) for line in cls.scratch.read("blocks.jsonl").splitlines()]

    def gating(self):
        (verdict,) = [verdict for verdict in self.result()["verdicts"] if verdict["gates"]]
        return verdict

    def read_junit(self):
        path = os.path.join(self.scratch.bundle, "junit.xml")
        read = subprocess.run(
            [sys.executable, READ_JUNIT, path], capture_output=True, text=True, check=False
        )
        self.assertEqual(read.returncode, 0, read.stderr)
        (found,) = json.loads(read.stdout)
        return found["cases"]


class IdenticalArmsTest(GateTest):
    small = QUICK_GATE

    @classmethod
    def setUpClass(cls):
        cls.scratch = Scratch.of_class(cls)
        cls.finished = cls.gate(one_cell(), "self", "self", "--seed", "7", "--format", "json")

    def test_are_no_regression(self):
        self.assertIn(self.finished.exit_code, GREEN_OR_OPEN, self.finished.err)
        self.assertEqual(self.result()["exit_code"], self.finished.exit_code)
        self.assertIn("both are the same code", self.finished.err)

    def test_leave_a_bundle_with_everything_in_it(self):
        left = set(os.listdir(self.scratch.bundle))
        self.assertEqual(BUNDLE - left, set())
        self.assertTrue(self.scratch.read("gate.md").startswith("### Ringside gate small: "))
        page = os.path.join(self.scratch.bundle, "report.html")
        self.assertIn(f"\npage:   {page}\n", self.finished.err)

    def test_have_a_line_for_each_block_with_all_its_slots(self):
        blocks = self.blocks()
        self.assertGreaterEqual(len(blocks), 6)
        self.assertEqual([block["block"] for block in blocks], list(range(len(blocks))))
        for block in blocks:
            self.assertEqual([len(arm["slots"]) for arm in block["arms"]], [12, 12])
            self.assertEqual(len(block["candidate_first"]), 12)
            for arm in block["arms"]:
                self.assertEqual(arm["validation"]["sent"], arm["validation"]["received"])

    def test_have_a_junit_case_that_did_not_fail(self):
        (case,) = self.read_junit()
        self.assertIn(case["outcome"], ("passed", "skipped"))
        self.assertEqual(case["name"], "rtt_ns_p50_clean")

    def test_have_on_stdout_what_the_bundle_has(self):
        self.assertEqual(json.loads(self.finished.out), self.result())

    def test_are_told_apart_by_nothing(self):
        result = self.result()
        self.assertEqual(result["baseline"]["identity"], result["candidate"]["identity"])

    def test_have_the_same_slots_again_with_the_same_seed(self):
        """Each block's seed is what its order of slots and its plans of sends follow from."""
        before = {block["block"]: block["seed"] for block in self.blocks()}
        shutil.rmtree(self.scratch.bundle)
        finished = self.gate(one_cell(), "self", "self", "--seed", "7", "--format", "csv")
        again = {block["block"]: block["seed"] for block in self.blocks()}
        both = before.keys() & again.keys()
        self.assertGreaterEqual(len(both), 6)
        self.assertEqual([before[block] for block in both], [again[block] for block in both])
        self.assertEqual(len(set(again.values())), len(again), "no two blocks are alike")
        rows = list(csv.DictReader(io.StringIO(finished.out)))
        self.assertEqual(len(rows), len(self.result()["verdicts"]))


class DifferentArmsTest(GateTest):
    @classmethod
    def setUpClass(cls):
        cls.plugins = GatedPlugins()
        cls.addClassCleanup(cls.plugins.remove)
        cls.sound = cls.plugins.that("sound")

    def setUp(self):
        type(self).scratch = Scratch.of(self)

    def test_one_that_is_slower_is_red_for_everybody(self):
        summary = os.path.join(self.scratch.folder, "summary.md")
        with open(summary, "w", encoding="utf-8") as file:
            file.write("what was there\n")
        environment = dict(BESIDE_CI, GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=summary)
        finished = self.gate(
            one_cell("gated"), self.sound, self.plugins.that("delays"), "--format", "markdown",
            env=environment,
        )  # fmt: skip
        self.assertEqual(finished.exit_code, REGRESSION, finished.err)
        verdict = self.gating()
        self.assertEqual(verdict["verdict"], "regressed")
        self.assertGreater(verdict["worse_by_percent"], 25)
        self.assertGreater(verdict["candidate"], verdict["baseline"])
        (case,) = self.read_junit()
        self.assertEqual((case["outcome"], case["message"]), ("failure", verdict["reason"]))
        annotation = f"::error title=ringside gate::{verdict['cell']} {verdict['metric']}: "
        self.assertEqual(finished.err.count(annotation), 1, finished.err)
        self.assertNotIn("::error", finished.out)
        self.assertTrue(finished.out.startswith("### Ringside gate small: red: 1 of 1 metric"))
        with open(summary, encoding="utf-8") as file:
            self.assertEqual(file.read(), "what was there\n" + finished.out + "\n")

    def test_one_that_is_faster_is_not_red(self):
        finished = self.gate(one_cell("gated"), self.plugins.that("delays"), self.sound)
        self.assertIn(finished.exit_code, GREEN_OR_OPEN, finished.err)
        self.assertLess(self.gating()["worse_by_percent"], 0)
        self.assertIn("rtt_ns_p50_clean", finished.out)
        self.assertIn("an arm that is linked once", finished.out)
        self.assertNotIn("::error", finished.err, "nobody asked for annotations")

    def test_one_that_loses_messages_is_a_violation_of_integrity(self):
        running = self.start(one_cell("gated"), self.sound, self.plugins.that("loses"))
        finished = running.finish()
        self.assertEqual(finished.exit_code, INTEGRITY, finished.err)
        self.assertIn("integrity: the candidate has", self.gating()["reason"])
        (case,) = self.read_junit()
        self.assertEqual((case["outcome"], case["type"]), ("failure", "integrity"))
        running.wait_until_nothing_is_left()

    def test_one_that_crashes_is_named(self):
        for arm, arms in {
            "candidate": (self.sound, self.plugins.that("crashes")),
            "baseline": (self.plugins.that("crashes"), self.sound),
        }.items():
            with self.subTest(arm):
                type(self).scratch = Scratch.of(self)
                running = self.start(one_cell("gated"), *arms)
                finished = running.finish()
                self.assertEqual(finished.exit_code, CRASHED, finished.err)
                self.assertRegex(self.gating()["reason"], rf"the {arm}: .*killed by SIGSEGV")
                (case,) = self.read_junit()
                self.assertEqual((case["outcome"], case["type"]), ("error", "crash"))
                running.wait_until_nothing_is_left()

    def test_a_plugin_with_two_queues_is_gated_by_both(self):
        """The losing ones, for these gates are short."""
        text = one_cell(["gated", "gated_too"])
        finished = self.gate(text, self.sound, self.plugins.that("loses"))
        self.assertEqual(finished.exit_code, INTEGRITY, finished.err)
        found = [v["reason"] for v in self.result()["verdicts"] if v["gates"]]
        self.assertEqual(len(found), 2)
        for reason in found:
            self.assertIn("integrity: the candidate has", reason)

    def test_a_queue_that_the_candidate_lost_leaves_the_gate_open_and_the_others_are_gated(self):
        text = one_cell(["gated", "gated_too", "gated_two"])
        other = self.plugins.with_other_name("gated_too", "gated_two")
        finished = self.gate(text, self.sound, other)
        self.assertEqual(finished.exit_code, INCONCLUSIVE, finished.err)
        (missed,) = [text for text in self.result()["warnings"] if "must come to a verdict" in text]
        self.assertIn("/gated_too/", missed)
        self.assertIn("gated_two.so has no queue gated_too, and the baseline has it", missed)
        self.assertIn("must come to a verdict and has none", finished.out)
        self.assertIn("/gated/", self.gating()["cell"])
        self.assertIsNotNone(self.gating()["candidate"])
        left_out = {cell["reason"] for cell in self.result()["not_gated"]}
        expected = {"sound.so has no queue gated_two", "gated_two.so has no queue gated_too"}
        self.assertEqual(left_out, expected)
        outcomes = [case["outcome"] for case in self.read_junit() if case["name"] == "not gated"]
        self.assertEqual(outcomes, ["skipped", "skipped"])

    def test_a_lost_queue_that_is_not_required_leaves_nothing_open(self):
        other = self.plugins.with_other_name("gated_too", "gated_two")
        gate = WIDE + 'required = ["/gated/"]\n'
        self.gate(one_cell(["gated", "gated_too"], gate=gate), self.sound, other)
        self.check_left_out_is_allowed("gated_two.so has no queue gated_too")

    def test_a_new_queue_leaves_nothing_open(self):
        other = self.plugins.with_other_name("gated_too", "gated_two")
        self.gate(one_cell(["gated", "gated_two"]), self.sound, other)
        self.check_left_out_is_allowed("sound.so has no queue gated_two")

    def check_left_out_is_allowed(self, reason):
        """The exit code is what the one cell that was gated came to."""
        result = self.result()
        self.assertEqual([cell["reason"] for cell in result["not_gated"]], [reason])
        self.assertFalse([text for text in result["warnings"] if "must come" in text])
        expected = {"pass": 0, "improved": 0, "inconclusive": INCONCLUSIVE}
        self.assertEqual(result["exit_code"], expected[self.gating()["verdict"]])

    def test_no_queue_that_both_have_is_refused(self):
        finished = self.gate(one_cell("gated"), self.sound, "self")
        self.assertEqual(finished.exit_code, USAGE, finished.err)
        self.assertIn("no cell of this suite can be gated here", finished.err)
        self.assertIn("self has no queue gated", finished.err)
        self.assertIn("one of them is a program", finished.err)


class InterruptTest(GateTest):
    def test_ends_it_and_leaves_nothing_behind(self):
        type(self).scratch = Scratch.of(self)
        running = self.start(one_cell(), "self", "self")
        blocks = os.path.join(self.scratch.bundle, "blocks.jsonl")
        wait_until(lambda: os.path.exists(blocks), "the first block")
        os.kill(running.pid, signal.SIGINT)
        finished = running.finish()
        self.assertEqual(finished.exit_code, INTERRUPTED, finished.err)
        running.wait_until_nothing_is_left()
        self.assertEqual(self.result()["exit_code"], INTERRUPTED)
        self.assertEqual(self.gating()["verdict"], "inconclusive")


class RefusedTest(GateTest):
    """Exit code 2, what is wrong, and nothing has run."""

    def setUp(self):
        type(self).scratch = Scratch.of(self)

    def check(self, says, *arguments, text=one_cell(), baseline="self", candidate="self"):
        finished = self.gate(text, baseline, candidate, *arguments)
        self.assertEqual(finished.exit_code, USAGE, finished.err)
        self.assertEqual(finished.out, "")
        for words in says:
            self.assertIn(words, finished.err)
        self.assertFalse(os.path.exists(self.scratch.bundle), "nothing is left of it")

    def test_no_baseline(self):
        self.check(["--baseline", "git revision"], baseline="")

    def test_a_revision_that_there_is_not(self):
        self.check(["--baseline no-such-revision"], baseline="no-such-revision")
        self.check(["--candidate no-such-revision"], candidate="no-such-revision")

    def test_a_suite_that_there_is_not(self):
        finished = self.scratch.start("gate", "gaet", "--baseline", "no-such-revision").finish()
        self.assertEqual(finished.exit_code, USAGE, finished.err)
        self.assertIn("gaet", finished.err)

    def test_a_queue_that_there_is_not(self):
        self.check(["'spcs'", "did you mean 'spsc'"], "-a", "queue=spcs")

    def test_a_suite_without_a_cell_that_can_be_gated(self):
        text = suite(scenario("one", "duplex", queue="spsc"))
        self.check(["no cell of this suite can be gated", "throughput, ping_pong"], text=text)

    def test_a_suite_of_which_nothing_may_fail(self):
        gate = "[scenario.gate]\nrtt_ns_p50_clean = { report_only = true }\n"
        self.check(["report_only", "nothing could fail"], text=one_cell(gate=gate))

    def test_so_few_blocks_that_nothing_could_fail(self):
        type(self).small = ["--first-blocks", "6", "--second-blocks", "6"]
        self.addCleanup(setattr, type(self), "small", QUICK_GATE)
        self.check(["blocks in stage two cannot reach", "at least 7"])

    def test_an_unknown_metric_with_its_line(self):
        gate = "[scenario.gate]\nrtt_ns_p5 = { margin_percent = 1 }\n"
        self.check([f"{self.scratch.file}:", "rtt_ns_p5", "rtt_ns_p50"], text=one_cell(gate=gate))

    def test_a_required_part_that_no_cell_has(self):
        gate = WIDE + 'required = ["/spsc/", "nothing"]\n'
        says = [f"{self.scratch.file}:", "'nothing'", "such as small/one/spsc/1p1c"]
        self.check(says, text=one_cell(gate=gate))

    def test_an_arm_that_nobody_asked_for(self):
        finished = self.scratch.start("gate-arm").finish()
        self.assertEqual(finished.exit_code, USAGE, finished.err)
        self.assertIn("is started by `ringside gate`", finished.err)

    def test_a_dry_run_measures_nothing(self):
        finished = self.gate(one_cell(), "self", "self", "--dry-run")
        self.assertEqual(finished.exit_code, 0, finished.err)
        self.assertIn("gate small: 1 cell, 1 of them gated", finished.err)
        self.assertFalse(os.path.exists(self.scratch.bundle))


if __name__ == "__main__":
    unittest.main()
