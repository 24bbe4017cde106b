"""`ringside merge`, as a program: bundles of one suite made one, which all other verbs read."""
import json
import os
import unittest

from ringside_program import Scratch, scenario, suite

SUITE = suite(
    scenario("trip", "ping_pong", queue=["spsc", "mpsc"]), repetitions=2, duration_ms=40
)  # fmt: skip


class MergeTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        """A suite twice, and again in two halves."""
        cls.scratch = Scratch.of_class(cls)
        cls.folder = cls.scratch.folder
        with open(cls.scratch.file, "w", encoding="utf-8") as file:
            file.write(SUITE)
        shards = (("one", "--shard", "1/2"), ("two", "--shard", "2/2"))
        for name, *options in (("a",), ("b",), *shards):
            cls.start("run", cls.scratch.file, "--out", name, "--no-report", *options)

    @classmethod
    def start(cls, *arguments, exit_code=0):
        finished = cls.scratch.start(*arguments).finish()
        if finished.exit_code != exit_code:
            raise AssertionError(finished)
        return finished

    def merge(self, *arguments, exit_code=0):
        return self.start("merge", *arguments, exit_code=exit_code)

    def records_of(self, name):
        with open(os.path.join(self.folder, name, "records.jsonl"), encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def test_two_runs_have_twice_the_repetitions_and_the_same_histograms(self):
        finished = self.merge("a", "b", "--out", "both", "--no-report")
        self.assertEqual(finished.out, "both\n")
        self.assertRegex(finished.err, r"(?m)^merged: 8 records of 2 cells$")
        records = self.records_of("both")
        for cell in {record["cell"] for record in records}:
            repetitions = [r["repetition"] for r in records if r["cell"] == cell]
            self.assertEqual(repetitions, [0, 1, 2, 3])
        before = self.records_of("a") + self.records_of("b")
        self.assertEqual([r["histograms"] for r in records], [r["histograms"] for r in before])
        self.assertEqual({record["origin"]["bundle"] for record in records}, {"a", "b"})

    def test_halves_make_the_whole_suite(self):
        self.merge("one", "two", "--out", "whole", "--no-report")
        cells = {record["cell"] for record in self.records_of("whole")}
        self.assertEqual(cells, {record["cell"] for record in self.records_of("a")})

    def test_what_is_merged_is_a_bundle_for_all_others(self):
        self.merge("a", "b", "--out", "week", "--no-report")
        table = self.start("report", "week", "--format", "csv").out
        self.assertEqual(len(table.splitlines()), 3)
        finished = self.start("compare", "a", "week")
        self.assertIn("rtt_ns_p50", finished.out)
        exported = self.start("export", "week", "--format", "tap").out
        self.assertIn("\n1..8\n", "\n" + exported)

    def test_draws_a_page(self):
        finished = self.merge("a", "b", "--out", "drawn")
        self.assertIn("page:   drawn/report.html\n", finished.err)
        self.assertTrue(os.path.getsize(os.path.join(self.folder, "drawn", "report.html")))

    def test_refuses_what_makes_no_sense_and_leaves_nothing(self):
        self.merge("a", "b", "--out", "known", "--no-report")
        before = sorted(os.listdir(self.folder))
        for arguments, says in (
            (("a",), "two bundles or more"),
            (("a", "a"), "are the same bundle"),
            (("a", "nowhere"), "nowhere: there is no such folder"),
            (("known", "a"), "is there twice"),
            (("a", "b", "--out", "known"), "known exists|known: exists"),
        ):
            finished = self.merge(*arguments, exit_code=2)
            self.assertEqual(finished.out, "")
            self.assertRegex(finished.err, says)
            left = [name for name in sorted(os.listdir(self.folder)) if name != "out"]
            self.assertEqual(left, [name for name in before if name != "out"])


if __name__ == "__main__":
    unittest.main()
