"""`ringside gate` in its other ways: against a baseline that was stored before, within a budget of
time, and asked why a verdict came as it did."""
import json
import os
import shutil
import signal
import unittest

from plugin_builds import write
from ringside_program import Scratch, wait_until
from test_gate import (
    BESIDE_CI, CRASHED, GREEN_OR_OPEN, INTEGRITY, INTERRUPTED, QUICK_GATE, REGRESSION, USAGE,
    GatedPlugins, one_cell,
)  # fmt: skip

ENVIRONMENT_REFUSED = 6
# As few blocks as a gate takes.
FEW_BLOCKS = ["--first-blocks", "6"]
STORED = {"blocks.jsonl", "environment.json", "scenario.toml"}


class OtherGateTest(unittest.TestCase):
    """In a folder of its own, where `out` is what a gate leaves there."""

    scratch = None

    @classmethod
    def start(cls, *arguments, text=one_cell(), env=BESIDE_CI):
        with open(cls.scratch.file, "w", encoding="utf-8") as file:
            file.write(text)
        return cls.scratch.start("gate", *arguments, env=env)

    @classmethod
    def gate(cls, *arguments, **options):
        return cls.start(cls.scratch.file, *arguments, **options).finish()

    @classmethod
    def path(cls, *parts):
        return os.path.join(cls.scratch.folder, *parts)

    @classmethod
    def baseline(cls, *parts):
        return cls.path("out", "baselines", *parts)

    @classmethod
    def read(cls, *parts):
        with open(cls.path(*parts), encoding="utf-8") as file:
            return file.read()

    @classmethod
    def blocks(cls, *parts):
        return [json.loads(line) for line in cls.read(*parts, "blocks.jsonl").splitlines()]

    def check_ended(self, finished, exit_code, *says):
        self.assertEqual(finished.exit_code, exit_code, finished.err)
        for words in says:
            self.assertIn(words, finished.err)


class StoredBaselineTest(OtherGateTest):
    """The plug-in `gated` is stored as `sound`, and others are held against it."""

    @classmethod
    def setUpClass(cls):
        cls.scratch = Scratch.of_class(cls)
        cls.plugins = GatedPlugins()
        cls.addClassCleanup(cls.plugins.remove)
        cls.saved = cls.save("sound", "sound")

    @classmethod
    def save(cls, name, behaves, *arguments):
        candidate = cls.plugins.that(behaves)
        return cls.gate(
            "--save-baseline", name, "--candidate", candidate, *FEW_BLOCKS, *arguments,
            text=one_cell("gated"),
        )  # fmt: skip

    @classmethod
    def against(cls, name, behaves, *arguments, **options):
        candidate = cls.plugins.that(behaves)
        shutil.rmtree(cls.scratch.bundle, ignore_errors=True)
        return cls.gate(
            "--baseline", name, "--candidate", candidate, "--out", cls.scratch.bundle,
            *FEW_BLOCKS, *arguments, text=one_cell("gated"), **options,
        )  # fmt: skip

    def copy(self, name):
        """Of the stored one; gone after the test."""
        shutil.copytree(self.baseline("sound"), self.baseline(name))
        self.addCleanup(shutil.rmtree, self.baseline(name))

    def on_another_machine(self, name):
        """A copy whose fingerprint is that of a machine with another CPU."""
        self.copy(name)
        environment = json.loads(self.read("out", "baselines", name, "environment.json"))
        environment["fingerprint"]["machine"] = "0123456789abcdef"
        environment["fingerprint"]["facts"]["cpu"] = "A CPU that nobody has"
        write(self.baseline(name, "environment.json"), json.dumps(environment))

    def with_times(self, name, factor):
        """A copy whose round trips took so many times what was measured."""
        self.copy(name)
        blocks = self.blocks("out", "baselines", name)
        for block in blocks:
            for metric in block["values"]:
                if metric.startswith("rtt_ns_"):
                    block["values"][metric] = [factor * value for value in block["values"][metric]]
        lines = "".join(json.dumps(block) + "\n" for block in blocks)
        write(self.baseline(name, "blocks.jsonl"), lines)

    def check_drift(self, finished):
        """The exit code is that of the report, which has both sides. Its row of the one metric."""
        report = json.loads(finished.out)
        (row,) = [row for row in report["metrics"] if row["metric"] == "rtt_ns_p50_clean"]
        self.check_ended(finished, REGRESSION if report["alarms"] else 0)
        self.assertTrue(report["judged"])
        self.assertEqual((report["only_then"], report["only_now"]), ([], []))
        self.assertGreater(row["then"], 0)
        self.assertGreater(row["now"], 0)
        self.assertEqual(row["verdict"], "drift alarm" if report["alarms"] else "no verdict")
        self.assertEqual(report["alarms"], "drift alarm: " in finished.err)
        self.assertEqual([note for note in report["notes"] if "measured earlier" not in note], [])
        return row

    def test_is_a_folder_with_blocks_and_the_machine_and_the_suite(self):
        self.check_ended(self.saved, 0, "--baseline out/baselines/sound")
        self.assertEqual(self.saved.out, "out/baselines/sound\n")
        self.assertEqual(STORED - set(os.listdir(self.baseline("sound"))), set())
        self.assertEqual(self.read("out", "baselines", "sound", "scenario.toml"), one_cell("gated"))
        counted = [b for b in self.blocks("out", "baselines", "sound") if not b["why_invalid"]]
        self.assertEqual(len(counted), int(FEW_BLOCKS[1]))
        for block in counted:
            self.assertEqual(len(block["arms"]), 1)
            self.assertEqual(len(block["values"]["rtt_ns_p50_clean"]), 1)

    def report(self, folder, *arguments):
        return self.scratch.start("report", folder, *arguments, env=BESIDE_CI).finish()

    def test_one_that_was_saved_has_no_verdicts_to_report(self):
        folder = os.path.join("out", "baselines", "sound")
        shown = self.report(folder, "--format", "json")
        self.check_ended(shown, USAGE, folder, "neither gate.json nor drift.json")
        self.copy("drawn")
        drawn = self.report(self.baseline("drawn"))
        suite = self.baseline("drawn", "scenario.toml")
        next_one = f"next:   ringside gate {suite} --baseline {self.baseline('drawn')}\n"
        self.check_ended(drawn, 0, next_one)

    def test_report_prints_what_one_that_was_held_against_it_wrote(self):
        self.check_ended(self.against("sound", "sound", "--report-only"), 0)
        for form, file in {"json": "drift.json", "markdown": "drift.md"}.items():
            self.assertEqual(self.report("bundle", "--format", form).out, self.read("bundle", file))
        shown = self.report("bundle", "--format", "csv")
        self.check_ended(shown, USAGE, "json and as markdown")
        self.assertNotIn("--explain", shown.err)

    def test_is_never_overwritten(self):
        before = self.read("out", "baselines", "sound", "blocks.jsonl")
        finished = self.save("sound", "sound")
        self.check_ended(finished, USAGE, "out/baselines/sound exists", "take another name")
        self.assertEqual(self.read("out", "baselines", "sound", "blocks.jsonl"), before)
        self.assertFalse(os.path.exists(self.baseline("sound.partial")), "nothing was measured")

    def test_a_dry_run_measures_nothing_and_leaves_nothing(self):
        before = os.listdir(self.baseline())
        finished = self.save("dry", "sound", "--dry-run")
        next_one = f"next:   ringside gate {self.scratch.file} --save-baseline dry --candidate "
        self.check_ended(finished, 0, "gate small: 1 cell, 1 of them gated", next_one)
        self.assertEqual(os.listdir(self.baseline()), before)

    def test_one_that_is_no_slower_is_green(self):
        self.with_times("slow", 100)
        finished = self.against("slow", "sound", "--format", "json")
        row = self.check_drift(finished)
        self.check_ended(finished, 0)
        self.assertLess(row["worse_by_percent"], 0)
        self.assertTrue(os.path.exists(self.path("bundle", "blocks.jsonl")))

    def test_one_that_is_slower_by_more_than_any_machine_drifts_is_red(self):
        self.with_times("fast", 0.01)
        finished = self.against("fast", "sound", "--format", "json")
        row = self.check_drift(finished)
        self.check_ended(finished, REGRESSION)
        self.assertGreater(row["lower_percent"], json.loads(finished.out)["bound_percent"])
        self.assertEqual(self.read("bundle", "drift.json"), finished.out)

    def test_a_drift_alarm_is_told_as_a_regression_is(self):
        self.with_times("quick", 0.01)
        summary = self.path("summary.md")
        write(summary, "what was there\n")
        environment = dict(BESIDE_CI, GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=summary)
        finished = self.against(
            "quick", "sound", "--format", "markdown", env=environment
        )  # fmt: skip
        self.check_ended(finished, REGRESSION)
        report = json.loads(self.read("bundle", "drift.json"))
        self.assertEqual((report["exit_code"], report["alarms"]), (REGRESSION, True))
        (row,) = [row for row in report["metrics"] if row["verdict"] == "drift alarm"]
        annotation = f"::error title=ringside gate::{row['cell']} {row['metric']}: worse by "
        self.assertEqual(finished.err.count(annotation), 1, finished.err)
        begin = f"### Ringside gate small, stored baseline: {report['outcome']}\n"
        self.assertTrue(finished.out.startswith(begin), finished.out)
        self.assertEqual(self.read("bundle", "drift.md"), finished.out)
        self.assertEqual(self.read("summary.md"), "what was there\n" + finished.out + "\n")
        junit = self.read("bundle", "junit.xml")
        self.assertEqual(junit.count("<failure"), 1)
        self.assertIn('type="regression"', junit)

    def test_is_remembered_without_what_was_measured_earlier(self):
        self.with_times("known", 100)
        self.check_ended(self.against("known", "sound"), 0)
        entry = json.loads(self.read("history.jsonl").splitlines()[-1])
        told = entry["kind"], entry["suite"], entry["bundle"], entry["exit_code"]
        self.assertEqual(told, ("gate", "small", "bundle", 0))
        (judged,) = [one for one in entry["judged"] if one["gates"]]
        self.assertEqual(judged["verdict"], "inconclusive")
        self.assertGreater(judged["candidate_median"], 0)
        self.assertEqual((judged["baseline_median"], judged["estimate"]), (None, None))

    def test_the_same_plugin_later_has_the_exit_code_of_its_report(self):
        """Which is red where the hypervisor has moved the CPUs: by a factor of 3.6 on one."""
        self.check_drift(self.against("sound", "sound", "--format", "json"))

    def test_a_table_says_that_it_was_measured_earlier(self):
        finished = self.against("sound", "sound", "--report-only")
        self.check_ended(finished, 0, "bundle: ")
        for words in ("then", "now", "rtt_ns_p50_clean", "the baseline was measured earlier"):
            self.assertIn(words, finished.out)

    def test_slots_are_as_long_as_those_of_the_baseline(self):
        self.check_ended(self.against("sound", "sound", "--report-only"), 0)
        (then,) = {block["slot_ns"] for block in self.blocks("out", "baselines", "sound")}
        (now,) = {block["slot_ns"] for block in self.blocks("bundle")}
        self.assertEqual(then, now)

    def test_one_that_is_slower_is_shown_as_worse(self):
        row = self.check_drift(self.against("sound", "delays", "--format", "json"))
        self.assertGreater(row["now"], row["then"])
        self.assertGreater(row["worse_by_percent"], 0)

    def test_report_only_judges_nothing(self):
        finished = self.against("sound", "delays", "--report-only", "--format", "json")
        self.check_ended(finished, 0)
        report = json.loads(finished.out)
        self.assertFalse(report["judged"])
        self.assertEqual({row["verdict"] for row in report["metrics"]}, {"–"})

    def test_one_that_crashes_or_loses_is_not_stored(self):
        for behaves, exit_code in {"crashes": CRASHED, "loses": INTEGRITY}.items():
            with self.subTest(behaves):
                self.check_ended(self.save(behaves, behaves), exit_code, "not saved")
                self.assertFalse(os.path.exists(self.baseline(behaves)))

    def test_one_that_crashes_or_loses_fails_against_a_stored_one(self):
        for behaves, exit_code in {"crashes": CRASHED, "loses": INTEGRITY}.items():
            with self.subTest(behaves):
                self.check_ended(self.against("sound", behaves), exit_code, "not measured: ")

    def test_options_of_gates_that_measure_both_sides_are_refused(self):
        for option in ("--fwer", "--budget=5s", "--second-blocks=8", "--until-quiet=0"):
            with self.subTest(option):
                finished = self.against("sound", "sound", option)
                says = option.partition("=")[0] + ": it is for", "sound is a stored baseline"
                self.check_ended(finished, USAGE, *says, "leave it out")
                self.assertFalse(os.path.exists(self.scratch.bundle), "nothing was measured")

    def test_links_of_a_plugin_are_refused(self):
        finished = self.against("sound", "sound", "--links", "4")
        self.check_ended(finished, USAGE, "--links: it is for git revisions", "none is named")

    def test_on_another_machine_is_refused_with_what_differs(self):
        self.on_another_machine("elsewhere")
        finished = self.against("elsewhere", "sound")
        says = "on another machine", "what differs: cpu\n", "--report-only"
        self.check_ended(finished, ENVIRONMENT_REFUSED, *says)
        self.assertEqual(finished.out, "")
        self.assertFalse(os.path.exists(self.scratch.bundle), "nothing was measured")

    def test_on_another_machine_is_shown_without_a_verdict(self):
        self.on_another_machine("shown")
        finished = self.against("shown", "sound", "--report-only", "--format", "json")
        self.check_ended(finished, 0, "what differs: cpu\n")
        report = json.loads(finished.out)
        self.assertFalse(report["judged"])
        self.assertTrue(report["metrics"])


class InterruptedSaveTest(OtherGateTest):
    def save(self, blocks):
        return self.start(
            self.scratch.file, "--save-baseline", "monday", "--candidate", "self",
            "--first-blocks", blocks,
        )  # fmt: skip

    def test_leaves_no_baseline_and_none_in_the_way_of_the_next(self):
        type(self).scratch = Scratch.of(self)
        running = self.save("1000")
        blocks = self.baseline("monday.partial", "blocks.jsonl")
        wait_until(lambda: os.path.exists(blocks), "the first block")
        os.kill(running.pid, signal.SIGINT)
        self.check_ended(running.finish(), INTERRUPTED, "not saved")
        running.wait_until_nothing_is_left()
        self.assertFalse(os.path.exists(self.baseline("monday")))
        self.check_ended(self.save("6").finish(), 0)
        self.assertEqual(os.listdir(self.baseline()), ["monday"])
        numbers = [block["block"] for block in self.blocks("out", "baselines", "monday")]
        self.assertEqual(numbers, list(range(len(numbers))))


class RefusedTest(OtherGateTest):
    """Exit code 2, what is wrong, and nothing has run."""

    def setUp(self):
        type(self).scratch = Scratch.of(self)

    def check(self, says, *arguments, **options):
        finished = self.gate(*arguments, **options)
        self.check_ended(finished, USAGE, *says)
        self.assertEqual(finished.out, "")
        self.assertFalse(os.path.exists(self.path("out")), "nothing is left of it")

    def test_report_only_of_a_baseline_that_is_measured_now(self):
        says = ["--report-only", "self is no stored baseline", "--save-baseline NAME"]
        self.check(says, "--baseline", "self", "--candidate", "self", "--report-only")

    def test_a_baseline_to_save_and_one_to_compare_with(self):
        self.check(["--baseline", "--save-baseline"], "--baseline", "self", "--save-baseline", "x")

    def test_a_budget_for_a_suite_of_which_nothing_may_fail(self):
        gate = "[scenario.gate]\nrtt_ns_p50_clean = { report_only = true }\n"
        arms = ["--baseline", "self", "--candidate", "self", "--until-quiet", "0"]
        says = ["report_only", "nothing could fail"]
        self.check(says, *arms, "--budget", "5s", text=one_cell(gate=gate))

    def test_a_budget_that_is_no_time(self):
        arms = ["--baseline", "self", "--candidate", "self"]
        self.check(["--budget soon", "90s"], *arms, "--budget", "soon")


class ExplanationTest(OtherGateTest):
    """Of one gate of two stages, with two cells."""

    @classmethod
    def setUpClass(cls):
        cls.scratch = Scratch.of_class(cls)
        arms = ["--baseline", "self", "--candidate", "self"]
        cls.finished = cls.gate(
            *arms, "--out", cls.scratch.bundle, *QUICK_GATE, text=one_cell(["spsc", "mpmc"])
        )
        cls.result = json.loads(cls.scratch.read("gate.json"))
        cls.cells = sorted({verdict["cell"] for verdict in cls.result["verdicts"]})

    def explain(self, cell, bundle=None):
        return self.start("--explain", cell, "--from", bundle or self.scratch.bundle).finish()

    def test_the_gate_has_come_to_its_end(self):
        self.assertIn(self.finished.exit_code, GREEN_OR_OPEN, self.finished.err)
        self.assertIs(self.result["terms"]["any_time"], False)
        self.assertEqual(len(self.cells), 2)

    def test_shows_each_block_of_the_cell_and_no_other(self):
        cell = self.cells[0]
        finished = self.explain(cell)
        self.check_ended(finished, 0)
        self.assertTrue(finished.out.startswith(f"{cell}, of {self.scratch.bundle}\n"))
        self.assertEqual(finished.err, f"next:   ringside report {self.scratch.bundle}\n")
        blocks = [block for block in self.blocks("bundle") if block["cell"] == cell]
        table = finished.out.split("\n\n")[1].splitlines()
        rows = [line.split() for line in table if line.startswith(("first", "second", "top-up"))]
        expected = [[block["stage"], str(block["block"])] for block in blocks]
        self.assertEqual([row[:2] for row in rows], expected)

    def test_shows_of_each_metric_its_verdict_its_reason_and_its_scores(self):
        finished = self.explain(self.cells[0])
        verdicts = [v for v in self.result["verdicts"] if v["cell"] == self.cells[0]]
        self.assertGreater(len(verdicts), 1)
        for verdict in verdicts:
            title = f"{verdict['metric']}: {verdict['verdict']}\n  {verdict['reason']}\n"
            self.assertIn(title, finished.out)
        tested = [verdict for verdict in verdicts if verdict["first_effects"]]
        self.assertEqual(finished.out.count("stage one: "), len(tested))
        self.assertIn("scores about the margin", finished.out)

    def test_takes_a_part_of_a_name_that_only_one_cell_has(self):
        (cell,) = [cell for cell in self.cells if "mpmc" in cell]
        self.assertEqual(self.explain("mpmc").out, self.explain(cell).out)

    def test_lists_the_cells_where_none_is_called_so(self):
        self.check_ended(self.explain("robust"), USAGE, "no cell is called so", *self.cells)

    def test_lists_the_cells_where_several_are_called_so(self):
        self.check_ended(self.explain("one/"), USAGE, "several cells are called so", *self.cells)

    def report(self, *arguments):
        return self.scratch.start("report", self.scratch.bundle, *arguments, env=BESIDE_CI).finish()

    def test_report_prints_the_verdicts_that_the_gate_wrote(self):
        for form, file in {"json": "gate.json", "markdown": "gate.md"}.items():
            shown = self.report("--format", form)
            self.check_ended(shown, 0)
            self.assertEqual(shown.out, self.read("bundle", file))

    def test_report_refuses_a_form_that_a_gate_does_not_have(self):
        for form in ("table", "csv"):
            shown = self.report("--format", form)
            says = "json and as markdown", "ringside gate --explain CELL --from "
            self.check_ended(shown, USAGE, *says, self.scratch.bundle)
            self.assertEqual(shown.out, "")

    def test_refuses_a_folder_without_a_gate(self):
        finished = self.explain(self.cells[0], bundle=self.scratch.folder)
        self.check_ended(finished, USAGE, self.scratch.folder, "gate.json")

    def test_refuses_to_look_for_a_bundle_where_there_is_none(self):
        finished = self.start("--explain", self.cells[0]).finish()
        self.check_ended(finished, USAGE, "--from DIR")

    def test_the_candidate_of_a_gate_is_a_stored_baseline(self):
        finished = self.gate(
            "--baseline", self.scratch.bundle, "--candidate", "self", "--report-only",
            "--format", "json", "--out", self.path("stored"), *FEW_BLOCKS,
            text=one_cell(["spsc", "mpmc"]),
        )  # fmt: skip
        self.check_ended(finished, 0)
        report = json.loads(finished.out)
        self.assertEqual(sorted({row["cell"] for row in report["metrics"]}), self.cells)


class BudgetTest(OtherGateTest):
    """A gate that ends when all is known, or when its time is gone."""

    @classmethod
    def setUpClass(cls):
        cls.scratch = Scratch.of_class(cls)
        cls.finished = cls.gate(
            "--baseline", "self", "--candidate", "self", "--budget", "5s", "--until-quiet", "0",
        )  # fmt: skip
        (cls.bundle,) = [
            name for name in os.listdir(cls.path("out")) if name.startswith("gate-small")
        ]
        cls.result = json.loads(cls.read("out", cls.bundle, "gate.json"))

    def test_is_no_regression_of_identical_arms(self):
        self.assertIn(self.finished.exit_code, GREEN_OR_OPEN, self.finished.err)
        self.assertEqual(self.result["exit_code"], self.finished.exit_code)
        self.assertIs(self.result["terms"]["any_time"], True)

    def test_has_no_stages(self):
        blocks = self.blocks("out", self.bundle)
        self.assertTrue(blocks)
        self.assertEqual({block["stage"] for block in blocks}, {"any time"})
        for verdict in self.result["verdicts"]:
            self.assertEqual(verdict["second_effects"], [])
            self.assertIsNone(verdict["second_p"])

    def test_says_why_it_came_to_that(self):
        (verdict,) = [verdict for verdict in self.result["verdicts"] if verdict["gates"]]
        expected = {
            "pass": "shown to be worse by less than",
            "inconclusive": "the time was gone|cannot gate|fewer",
        }
        self.assertRegex(verdict["reason"], expected[verdict["verdict"]])

    def test_the_newest_bundle_is_explained_by_its_evidence(self):
        finished = self.start("--explain", "spsc").finish()
        self.check_ended(finished, 0)
        self.assertIn(f"of out/{self.bundle}\n", finished.out)
        self.assertIn("blocks, whose evidence against being no worse", finished.out)
        self.assertNotIn("stage one: ", finished.out)


if __name__ == "__main__":
    unittest.main()
