"""`ringside compare-config`, as a program: two configurations of this host, gated side by side."""
import json
import os
import signal
import unittest

from ringside_program import Scratch, as_nobody, scenario, suite, wait_until

QUICK = ["--first-blocks", "6", "--second-blocks", "8", "--until-quiet", "0"]
WIDE = "[scenario.gate]\nrtt_ns_p50_clean = { margin_percent = 25, pass_percent = 300 }\n"
GREEN_OR_OPEN = (0, 1, 4)  # on a loaded machine chance may look like anything
USAGE, REFUSED, SKIPPED, INTERRUPTED = 2, 6, 77, 130
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

    def test_what_each_side_obtained_stands_with_the_cell(self):
        (cell,) = self.result()["cells"]
        locked = [side["locked_bytes"] for side in cell["obtained"]]
        self.assertEqual(locked[0], 0)
        self.assertGreater(locked[1], 0)
        self.assertEqual(cell["obtained"][0]["page_size_bytes"], os.sysconf("SC_PAGE_SIZE"))

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
            ["boot parameter", "--by cmdline"], "--a", "mitigations=off", "--b",
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

    def test_what_was_tried_and_not_had_is_told(self):
        type(self).scratch = Scratch.of(self)
        finished = self.compare("--a", "huge_pages=never", "--b", "huge_pages=try", "--no-report")
        self.assertIn(finished.exit_code, GREEN_OR_OPEN, finished.err)
        result = json.loads(self.scratch.read("gate.json"))
        (cell,) = result["cells"]
        never, tried = (side["page_size_bytes"] for side in cell["obtained"])
        told = [one for one in result["warnings"] if "huge_pages set nothing apart" in one]
        self.assertEqual(len(told), 1 if never == tried else 0, cell)


class HostSettingsTest(CompareConfigTest):
    """With a setting that changes nothing here but how the kernel counts its own messages."""

    KEY = "sysctl.kernel.printk_ratelimit_burst"
    FILE = "/proc/sys/kernel/printk_ratelimit_burst"
    STATE = "/run/ringside/doctor.json"

    def setUp(self):
        type(self).scratch = Scratch.of(self)
        if os.geteuid() != 0 or not os.access(self.FILE, os.W_OK):
            self.skipTest("kernel parameters cannot be set here")
        if os.path.exists(self.STATE):
            self.skipTest("settings of this host are applied, and not put back")
        self.was = self.now()

    def now(self):
        with open(self.FILE, encoding="ascii") as file:
            return file.read()

    def sides(self):
        other = int(self.was) + 1
        return ["--a", f"{self.KEY}={int(self.was)}", "--b", f"{self.KEY}={other}"]

    def check_all_is_as_it_was(self):
        self.assertEqual(self.now(), self.was)
        self.assertFalse(os.path.exists(self.STATE))

    def test_are_set_by_turns_and_put_back(self):
        finished = self.compare(*self.sides(), "--no-report")
        self.assertIn(finished.exit_code, GREEN_OR_OPEN, finished.err)
        self.assertRegex(finished.err, r"written \d+ times, \d+ us each, outside of what was")
        result = json.loads(self.scratch.read("gate.json"))
        self.assertEqual(
            result["candidate"]["configuration"], {self.KEY: str(int(self.was) + 1)}
        )
        self.check_all_is_as_it_was()

    def test_are_put_back_after_an_interrupt(self):
        with open(self.scratch.file, "w", encoding="utf-8") as file:
            file.write(suite(scenario("one", "ping_pong", queue="spsc")) + WIDE)
        running = self.scratch.start(
            "compare-config", self.scratch.file, "--out", self.scratch.bundle, *self.sides(),
            "--first-blocks", "1000", "--until-quiet", "0", "--no-report",
        )  # fmt: skip
        wait_until(lambda: self.now() != self.was, "a side's setting")
        os.kill(running.pid, signal.SIGINT)
        self.assertEqual(running.finish().exit_code, INTERRUPTED)
        self.check_all_is_as_it_was()

    def test_that_the_kernel_does_not_take_are_refused(self):
        finished = self.compare("--a", f"{self.KEY}=much", "--b", f"{self.KEY}=more")
        self.assertEqual((finished.exit_code, finished.out), (REFUSED, ""), finished.err)
        self.assertIn("printk_ratelimit_burst refused it", finished.err)
        self.assertFalse(os.path.exists(self.scratch.bundle))
        self.check_all_is_as_it_was()

    def test_that_this_host_does_not_have_are_refused(self):
        finished = self.compare("--a", "sysctl.no.such=1", "--b", "sysctl.no.such=2")
        self.assertEqual((finished.exit_code, finished.out), (REFUSED, ""), finished.err)
        self.assertIn("this host has no /proc/sys/no/such", finished.err)

    def test_are_nothing_for_somebody_who_is_not_root(self):
        with open(self.scratch.file, "w", encoding="utf-8") as file:
            file.write(suite(scenario("one", "ping_pong", queue="spsc")) + WIDE)
        finished = self.scratch.start(
            "compare-config", self.scratch.file, "--out", self.scratch.bundle, *self.sides(),
            **as_nobody(self),
        ).finish()  # fmt: skip
        self.assertEqual(finished.exit_code, REFUSED, finished.err)
        self.assertIn("nothing was changed", finished.err)
        self.check_all_is_as_it_was()


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
