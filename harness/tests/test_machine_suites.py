"""The shipped suites that ask about the machine: placement, numa."""
import json
import os
import unittest

from ringside_program import REPOSITORY, Scratch, reasons

SHORT = ("-a", "repetitions=1", "-a", "warmup_ms=5", "-a", "duration_ms=40")
NODES = "/sys/devices/system/node"


def run_suite(scratch, name):
    path = os.path.join(REPOSITORY, "scenarios", f"{name}.toml")
    arguments = ["run", path, "--no-report", "--out", scratch.bundle, *SHORT]
    return scratch.start(*arguments).finish()


def node_count():
    try:
        return sum(name.startswith("node") and name[4:].isdigit() for name in os.listdir(NODES))
    except FileNotFoundError:
        return 1


class PlacementSuiteTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = Scratch.of_class(cls)
        cls.finished = run_suite(cls.scratch, "placement")
        cls.records = cls.scratch.records()

    def test_runs_what_is_here_and_explains_what_is_not(self):
        self.assertEqual(self.finished.exit_code, 0, self.finished.err)
        statuses = {record["status"] for record in self.records}
        self.assertLessEqual(statuses, {"ok", "skipped"}, reasons(self.records))
        for record in self.records:
            if record["status"] == "skipped":
                self.assertIn(record["axes"]["placement"], record["reason"])

    def test_round_trips_are_told_as_multiples_of_the_floor_of_their_placement(self):
        floors = json.loads(self.scratch.read("environment.json"))["floor_ns"]
        pinned = [
            record for record in self.records
            if record["status"] == "ok" and record["axes"]["placement"] in floors
            and record["axes"]["workload"] == "ping_pong"
        ]  # fmt: skip
        if len(os.sched_getaffinity(0)) >= 2:
            self.assertTrue(pinned)
        for record in pinned:
            metrics = record["metrics"]
            self.assertEqual(metrics["floor_ns"], floors[record["axes"]["placement"]])
            expected = metrics["rtt_ns_p50"] / (2 * metrics["floor_ns"])
            self.assertAlmostEqual(metrics["rtt_over_floor"], expected)

    def test_what_is_not_pinned_has_no_floor(self):
        unpinned = [r for r in self.records if r["axes"]["placement"] == "unpinned"]
        self.assertTrue(unpinned)
        for record in unpinned:
            self.assertNotIn("floor_ns", record["metrics"])


class NumaSuiteTest(unittest.TestCase):
    def test_is_skipped_as_a_whole_on_one_node(self):
        if node_count() > 1:
            self.skipTest("this machine has several nodes; ci/vm-test runs the suite on two")
        scratch = Scratch.of(self)
        finished = run_suite(scratch, "numa")
        self.assertEqual(finished.exit_code, 77, finished.err)
        records = scratch.records()
        self.assertTrue(records)
        self.assertEqual({record["status"] for record in records}, {"skipped"})
        for record in records:
            self.assertIn(record["axes"]["placement"], record["reason"])


if __name__ == "__main__":
    unittest.main()
