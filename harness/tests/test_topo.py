"""ringside topo: this machine and others, as text and for programs, and the matrix of hand-offs."""
import csv
import io
import json
import os
import unittest

from ringside_program import Scratch

LARGEST = "pack:2 numa:2 l3:9 l2:8 core:1 pu:2"


def two_cpus(test):
    if len(os.sched_getaffinity(0)) < 2:
        test.skipTest("a hand-off needs two CPUs")


class TopoTest(unittest.TestCase):
    def topo(self, *arguments, exit_code=0, **options):
        finished = Scratch.of(self).start("topo", *arguments, **options).finish()
        self.assertEqual(finished.exit_code, exit_code, finished.err)
        return finished

    def test_draws_another_machine_on_a_screen(self):
        lines = self.topo("--synthetic", LARGEST).out.splitlines()
        self.assertIn("576 CPUs", lines[0])
        self.assertLessEqual(len(lines), 60)
        self.assertEqual([line for line in lines if len(line) > 80], [])
        self.assertIn("cross_package  CPUs 0 and 288", lines)

    def test_json_has_every_cpu_and_placement(self):
        machine = json.loads(self.topo("--synthetic", LARGEST, "--format", "json").out)
        self.assertEqual(len(machine["cpus"]), 576)
        self.assertEqual(machine["placements"]["cross_package"], [0, 288])
        self.assertIsNone(machine["placements"]["same_l2"])

    def test_csv_has_a_row_a_cpu(self):
        rows = list(csv.DictReader(io.StringIO(self.topo("--format", "csv").out), strict=True))
        self.assertEqual({int(row["cpu"]) for row in rows}, os.sched_getaffinity(0))

    def test_names_the_cpus_that_are_left_out(self):
        two_cpus(self)
        first, *others = sorted(os.sched_getaffinity(0))
        bind = lambda: os.sched_setaffinity(0, {first})
        text = self.topo(preexec_fn=bind).out
        self.assertRegex(text, rf"outside of the mask of this process: CPUs? .*{others[0]}")

    def test_refuses_what_does_not_go_together(self):
        for arguments, says in (
            (["--synthetic", "bananas:2"], "--synthetic: 'bananas:2'"),
            (["--synthetic", LARGEST, "--matrix"], "--matrix measures this machine"),
            (["--classes"], "belong to --matrix"),
            (["--matrix", "--rounds", "0"], "--rounds"),
            (["--format", "xml"], "--format"),
        ):
            with self.subTest(arguments):
                finished = self.topo(*arguments, exit_code=2)
                self.assertIn(says, finished.err)
                self.assertEqual(finished.out, "")


class MatrixTest(unittest.TestCase):
    def matrix(self, *arguments, **options):
        scratch = Scratch.of(self)
        fixed = ["topo", "--matrix", "--rounds", "3", "--out", scratch.bundle]
        finished = scratch.start(*fixed, *arguments, **options).finish()
        return scratch, finished

    def test_measures_prints_and_keeps_every_pair(self):
        two_cpus(self)
        scratch, finished = self.matrix("--no-report")
        self.assertEqual(finished.exit_code, 0, finished.err)
        self.assertNotIn("\x1b", finished.out)
        self.assertRegex(finished.out, r"(?m)^CPU 0 ")
        kept = json.loads(scratch.read("handoff.json"))
        cpus = len(os.sched_getaffinity(0))
        self.assertEqual(len(kept["pairs"]), cpus * (cpus - 1) // 2)
        for pair in kept["pairs"]:
            self.assertGreater(pair["min_ns"], 0)
            self.assertGreaterEqual(pair["median_ns"], pair["min_ns"])
        floors = json.loads(scratch.read("environment.json"))["floor_ns"]
        self.assertEqual(floors, kept["floor_ns"])
        for relation, floor in floors.items():
            lowest = min(p["min_ns"] for p in kept["pairs"] if p["relation"] == relation)
            self.assertEqual(floor, lowest)

    def test_draws_a_figure(self):
        two_cpus(self)
        scratch, finished = self.matrix("--classes", "--format", "json")
        self.assertEqual(finished.exit_code, 0, finished.err)
        pairs = json.loads(finished.out)
        self.assertEqual(len(pairs), len({pair["relation"] for pair in pairs}))
        self.assertIn("<svg", scratch.read("figures/handoff_matrix.svg"))
        self.assertIn("hand a cache line", scratch.read("report.html"))

    def test_on_one_cpu_there_is_nothing_to_measure_and_it_says_so(self):
        one = {min(os.sched_getaffinity(0))}
        _, finished = self.matrix("--no-report", preexec_fn=lambda: os.sched_setaffinity(0, one))
        self.assertEqual(finished.exit_code, 77, finished.err)
        self.assertIn("one CPU", finished.out)


if __name__ == "__main__":
    unittest.main()
