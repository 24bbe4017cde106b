"""A suite that compares queues: what is run, what it prints, and the same from its bundle alone."""
import csv
import io
import json
import os
import unittest

from ringside_program import Scratch, reasons, scenario, suite

ROUNDS = 5
EXPECTED = [
    '{ subject = "spsc", workload = "throughput", where = { capacity = 64 }, at_least = 0.0001 }',
    '{ subject = "spsc", workload = "throughput", where = { capacity = 64 }, at_least = 1000 }',
    '{ subject = "spsc", workload = "throughput", where = { capacity = 65 }, at_least = 1 }',
]
PINNED = len(os.sched_getaffinity(0)) > 1


def contest(*scenarios, **timing):
    terms = f'subjects = ["spsc"]\nexpect = [\n{",".join(EXPECTED)}\n]\n'
    return suite(*scenarios, **timing).replace("[defaults]", terms + "[defaults]", 1)


TEXT = contest(
    scenario("all", queue="all", capacity=64),
    scenario("there-and-back", "ping_pong", queue=["spsc", "mpmc"], capacity=64),
    repetitions=ROUNDS, duration_ms=80,
)  # fmt: skip


class ContestTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = Scratch.of_class(cls)
        cls.finished = cls.scratch.run_suite(TEXT)
        every = cls.scratch.records()
        cls.records = [r for r in every if r["status"] != "skipped"]  # for limits of this system

    def report(self, name):
        finished = self.scratch.start("report", self.scratch.bundle, "--format", name).finish()
        self.assertEqual(finished.exit_code, 0, finished.err)
        return finished.out

    def test_every_subject_runs(self):
        ours = [r for r in self.records if r["axes"]["queue"] == "spsc"]
        self.assertEqual(len(ours), 2 * ROUNDS)
        self.assertEqual({r["status"] for r in ours}, {"ok"}, reasons(self.records))

    def test_every_repetition_has_a_canary_before_and_after(self):
        if not PINNED:
            self.skipTest("one CPU: nothing is handed over")
        for record in self.records:
            canary_ns = record["obtained"]["canary_ns"]
            self.assertEqual(len(canary_ns), 2, record["cell"])
            self.assertTrue(all(ns > 0 for ns in canary_ns), record["cell"])

    def test_cells_of_one_shape_run_side_by_side_in_another_order_each_round(self):
        orders = []
        for number in range(ROUNDS):
            cells = [r for r in self.records if r["repetition"] == number]
            workloads = [r["axes"]["workload"] for r in cells]
            self.assertEqual(workloads, sorted(workloads, reverse=True))
            orders.append(tuple(r["cell"] for r in cells))
        self.assertGreater(len(set(orders)), 1)

    def test_ends_with_ratios_and_what_was_expected(self):
        out = self.finished.out
        self.assertIn("throughput, messages/s: subjects against the best comparator", out)
        self.assertRegex(out, r"(?m)^spsc +1p1c .* [\d.]+ \[[\d.]+–[\d.]+\]")
        self.assertIn("1 of 3 expectations not looked at", out)
        self.assertRegex(out, r"(?m) 0\.00 +.* (met|undecided)$")
        self.assertRegex(out, r"(?m) 1000 +.* (not met|undecided)$")

    def test_says_in_one_line_what_was_left_out_of_all(self):
        self.assertLessEqual(self.finished.err.count("left out,"), 1)

    def test_the_bundle_alone_gives_the_same(self):
        self.assertEqual(self.report("table"), self.finished.out)

    def test_markdown_is_a_block_for_a_readme(self):
        lines = self.report("markdown").splitlines()
        self.assertRegex(lines[0], rf"^Measured on .*; \d{{4}}-\d\d-\d\d; {ROUNDS} rounds, ")
        self.assertIn("placement ", lines[0])
        self.assertEqual(lines[2:4], ["|  | 64 B |", "| :-- | --: |"])
        rows = [line for line in lines if line.startswith("| spsc: ")]
        self.assertEqual(len(rows), 3, lines)

    def test_json_and_csv_have_every_entrant(self):
        entrants = json.loads(self.report("json"))["entrants"]
        rows = list(csv.DictReader(io.StringIO(self.report("csv")), strict=True))
        self.assertEqual(len(rows), len(entrants))
        shown = {row["queue"] for row in rows}
        self.assertEqual(shown, {record["axes"]["queue"] for record in self.records})
        for row in rows:
            self.assertNotIn(None, row.values())
        best = [one for one in entrants if one["role"] == "best comparator"]
        self.assertEqual([one["ratio"] for one in best], [1.0] * len(best))

    def test_goes_on_where_it_was_interrupted(self):
        path = os.path.join(self.scratch.bundle, "records.jsonl")
        with open(path, encoding="utf-8") as file:
            lines = file.readlines()
        self.addCleanup(self.put, path, lines)
        self.put(path, lines[:-3])
        resumed = self.scratch.start("run", "--resume", self.scratch.bundle, "--no-report").finish()
        self.assertIn("subjects against the best comparator", resumed.out, resumed.err)
        self.assertEqual(len(self.scratch.records()), len(lines))

    @staticmethod
    def put(path, lines):
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(lines)


class TableOfABundleTest(unittest.TestCase):
    def test_is_the_one_of_the_run_also_where_nothing_is_compared(self):
        scratch = Scratch.of(self)
        finished = scratch.run_suite(suite(scenario("one", queue="spsc"), duration_ms=20))
        again = scratch.start("report", scratch.bundle, "--format", "table").finish()
        self.assertEqual((again.exit_code, again.out), (0, finished.out))

    def test_of_what_is_no_bundle_is_an_error(self):
        scratch = Scratch.of(self)
        finished = scratch.start("report", scratch.folder, "--format", "table").finish()
        self.assertEqual(finished.exit_code, 2)
        self.assertIn("records.jsonl", finished.err)


if __name__ == "__main__":
    unittest.main()
