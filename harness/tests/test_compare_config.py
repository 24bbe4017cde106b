"""`ringside compare-config`, as a program: two configurations of this host, set apart by keys of the
suite's cells, gated side by side."""
import json
import os
import unittest

from ringside_program import Scratch, scenario, suite

QUICK = ["--first-blocks", "6", "--second-blocks", "8", "--until-quiet", "0"]
WIDE = "[scenario.gate]\nrtt_ns_p50_clean = { margin_percent = 25, pass_percent = 300 }\n"
GREEN_OR_OPEN = (0, 1, 4)  # on a loaded machine chance may look like anything
USAGE, SKIPPED = 2, 77
CELL = "small/one/spsc/1p1c/el=64/cap=144/"
BUNDLE = {
    "blocks.jsonl", "environment.json", "gate.json", "gate.md", "junit.xml", "scenario-a.toml",
    "scenario-b.toml", "scenario.toml",
}  # fmt: skip


class CompareConfigTest(unittest.TestCase):
    @classmethod
    def compare(cls, *arguments, queue="spsc", gate=WIDE, workload="ping_pong", **settings):
        with open(cls.scratch.file, "w", encoding="utf-8") as file:
            file.write(suite(scenario("one", workload, queue=queue, **settings)) + gate)
        return cls.scratch.start(
            "compare-config", cls.scratch.file, "--out", cls.scratch.bundle, *QUICK, *arguments
        ).finish()


class MeasuredTest(CompareConfigTest):
    @classmethod
    def setUpClass(cls):
        cls.scratch = Scratch.of_class(cls)
        history = os.path.join(cls.scratch.folder, "history.jsonl")
        cls.finished = cls.compare(
            "--a", "lock_memory=false,huge_pages=never", "--b", "lock_memory=true",
            "--b", "huge_pages=never", "--seed", "7", "--no-report",
        )  # fmt: skip
        cls.has_history = os.path.exists(history)

    @classmethod
    def result(cls):
        return json.loads(cls.scratch.read("gate.json"))

    def test_ends_as_a_gate_does(self):
        self.assertIn(self.finished.exit_code, GREEN_OR_OPEN, self.finished.err)
        self.assertEqual(self.result()["exit_code"], self.finished.exit_code)

    def test_leaves_what_a_gate_leaves_and_the_suite_of_each_side(self):
        self.assertEqual(BUNDLE - set(os.listdir(self.scratch.bundle)), set())
        self.assertIn("lock_memory = [false]", self.scratch.read("scenario-a.toml"))
        self.assertIn("lock_memory = [true]", self.scratch.read("scenario-b.toml"))

    def test_sides_are_called_by_their_configuration(self):
        result = self.result()
        sides = [result[side] for side in ("baseline", "candidate")]
        self.assertEqual(
            [side["label"] for side in sides],
            ["lock_memory=false, huge_pages=never", "lock_memory=true, huge_pages=never"],
        )
        self.assertEqual(
            sides[1]["configuration"], {"lock_memory": "true", "huge_pages": "never"}
        )
        self.assertEqual(sides[0]["identity"], sides[1]["identity"])
        self.assertEqual(result["columns"], ["a", "b"])
        self.assertIn("\na lock_memory=false, huge_pages=never (", self.finished.out)
        for word in ("baseline", "candidate"):
            self.assertNotIn(word, self.finished.out + self.scratch.read("gate.md"))

    def test_both_cells_have_one_name_and_a_verdict(self):
        (verdict,) = [one for one in self.result()["verdicts"] if one["gates"]]
        self.assertTrue(verdict["cell"].startswith(CELL), verdict["cell"])
        self.assertNotIn("locked", verdict["cell"])
        self.assertIn(verdict["verdict"], ("pass", "improved", "regressed", "inconclusive"))

    def test_each_block_has_both_sides(self):
        blocks = [json.loads(line) for line in self.scratch.read("blocks.jsonl").splitlines()]
        self.assertGreaterEqual(len(blocks), 6)
        for block in blocks:
            self.assertEqual([len(arm["slots"]) for arm in block["arms"]], [12, 12])
            for arm in block["arms"]:
                self.assertEqual(arm["validation"]["sent"], arm["validation"]["received"])

    def test_is_explained_by_the_gate(self):
        explained = self.scratch.start(
            "gate", "--explain", CELL, "--from", self.scratch.bundle
        ).finish()
        self.assertEqual(explained.exit_code, 0, explained.err)
        self.assertIn("pass bound 300 %, a ", explained.out)

    def test_is_no_point_of_the_history(self):
        self.assertFalse(self.has_history)


class RefusedTest(CompareConfigTest):
    @classmethod
    def setUpClass(cls):
        cls.scratch = Scratch.of_class(cls)

    def check(self, words, *arguments, **settings):
        finished = self.compare(*arguments, **settings)
        self.assertEqual((finished.exit_code, finished.out), (USAGE, ""), finished.err)
        for word in words:
            self.assertIn(word, finished.err)
        self.assertFalse(os.path.exists(self.scratch.bundle))

    def test_the_same_on_both_sides(self):
        self.check(["nothing to compare"], "--a", "wait=spin", "--b", "wait=spin")

    def test_one_side_alone(self):
        self.check(["--b"], "--a", "wait=spin")

    def test_an_unknown_key(self):
        self.check(["did you mean 'lock_memory'"], "--a", "lockmemory=true", "--b", "wait=spin")

    def test_a_boot_parameter(self):
        self.check(
            ["boot parameter", "--by command_line"], "--a", "mitigations=off", "--b",
            "mitigations=auto",
        )  # fmt: skip

    def test_cells_that_one_side_cannot_run(self):
        self.check(
            ["wait=block: pipe has no calls that block"], "--a", "wait=spin", "--b", "wait=block",
            queue="pipe",
        )  # fmt: skip

    def test_a_suite_that_is_not_there(self):
        finished = self.scratch.start(
            "compare-config", "nosuchsuite", "--a", "wait=spin", "--b", "wait=yield"
        ).finish()
        self.assertEqual(finished.exit_code, USAGE)
        self.assertIn("nosuchsuite", finished.err)


class UnobtainableTest(CompareConfigTest):
    def test_what_this_host_cannot_give_is_skipped_with_its_reason(self):
        type(self).scratch = Scratch.of(self)
        pool = "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"
        with open(pool, encoding="ascii") as file:
            if int(file.read()) != 0:
                self.skipTest("there are huge pages here")
        finished = self.compare("--a", "huge_pages=never", "--b", "huge_pages=require")
        self.assertEqual(finished.exit_code, SKIPPED, finished.err)
        self.assertIn("huge_pages=require: ", finished.out)


class DryRunTest(CompareConfigTest):
    def test_shows_the_plan_and_measures_nothing(self):
        type(self).scratch = Scratch.of(self)
        finished = self.compare("--a", "wait=spin", "--b", "wait=yield", "--dry-run")
        self.assertEqual((finished.exit_code, finished.out), (0, ""))
        self.assertIn("1 cell, 1 of them gated by 1 metric", finished.err)
        self.assertIn("compare-config", finished.err.splitlines()[-1])
        self.assertFalse(os.path.exists(self.scratch.bundle))


if __name__ == "__main__":
    unittest.main()
