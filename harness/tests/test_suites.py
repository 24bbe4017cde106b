"""Budgets and shards from outside, and every suite that is shipped, shortened."""
import json
import os
import signal
import time
import unittest

from ringside_program import (
    QUEUES, REPOSITORY, Scratch, as_nobody, reasons, scenario, suite, wait_until,
    with_shm_of,
)  # fmt: skip

SCENARIOS = os.path.join(REPOSITORY, "scenarios")
INVALID, EVERYTHING_SKIPPED = 5, 77
# What may befall a cell in 40 ms on a loaded machine.
THE_MACHINES_DOING = "late without any queue|a worker did not run while measured"
# Those of so many cells that a part of them must do.
PARTS = {"peers": ["--shard", "1/4"]}


def shipped_suites():
    return sorted(name[:-5] for name in os.listdir(SCENARIOS) if name.endswith(".toml"))


def cells_of(listed):
    return {line.split()[0] for line in listed.splitlines()}


class BudgetTest(unittest.TestCase):
    def test_is_kept_and_what_it_leaves_out_is_said_and_recorded(self):
        scratch = Scratch.of(self)
        text = suite(
            scenario("one", queue=QUEUES, capacity=[8, 64, 512]),
            repetitions=5, warmup_ms=10, duration_ms=200,
        )  # fmt: skip
        begin = time.monotonic()
        finished = scratch.run_suite(text, "--budget", "6s")
        took_s = time.monotonic() - begin
        self.assertEqual(finished.exit_code, 0, finished.err)
        self.assertRegex(finished.err, r"budget 6s: \d+ of 18 cells with at most 3 repetitions")
        self.assertRegex(finished.err, r"skipped, \d+ cells: left out by --budget 6s")
        skipped = [r for r in scratch.records() if r["status"] == "skipped"]
        self.assertGreater(len(skipped), 0)
        for record in skipped:
            self.assertRegex(record["reason"], "^left out by --budget 6s")
        measured = [r for r in scratch.records() if r["status"] == "ok"]
        self.assertEqual({r["axes"]["queue"] for r in measured}, set(QUEUES))
        self.assertEqual({r["axes"]["capacity"] for r in measured}, {8, 64, 512})
        # What is measured fits; starting and ending the program is no part of it.
        self.assertLess(sum(r["seconds"] for r in measured), 6, took_s)

    def test_that_is_used_up_ends_the_measuring(self):
        scratch = Scratch.of(self)
        text = suite(scenario("one", queue="spsc"), repetitions=40, warmup_ms=0, duration_ms=90)
        running = scratch.start_suite(text, "--budget", "4s")
        wait_until(scratch.records, "a record")
        os.kill(running.pid, signal.SIGSTOP)  # time passes that no estimate knows of
        time.sleep(2.5)
        os.kill(running.pid, signal.SIGCONT)
        finished = running.finish()
        self.assertEqual(finished.exit_code, 0, finished.err)
        records = scratch.records()
        late = [r for r in records if r["reason"] == "left out by --budget 4s: the time was over"]
        self.assertGreater(len(late), 0, reasons(records))
        self.assertIn("the time was over", finished.out)

    def test_that_is_too_short_is_refused(self):
        scratch = Scratch.of(self)
        for budget, says in (("0.01s", "not one repetition"), ("soon", "90s, 2m or 1.5h")):
            finished = scratch.run_suite(suite(scenario("one", queue="spsc")), "--budget", budget)
            self.assertEqual(finished.exit_code, 2, finished.err)
            self.assertIn(says, finished.err)
            self.assertFalse(os.path.exists(scratch.bundle))


class ShardTest(unittest.TestCase):
    def test_of_several_each_cell_is_in_one(self):
        text = suite(scenario("one", queue=QUEUES, capacity=[8, 64]), duration_ms=20)
        names = []
        for number in (1, 2, 3):
            scratch = Scratch.of(self)
            finished = scratch.run_suite(text, "--shard", f"{number}/3")
            self.assertEqual(finished.exit_code, 0, finished.err)
            self.assertIn(f"shard {number}/3: 4 of 12 cells", finished.err)
            names += [record["cell"] for record in scratch.records()]
        self.assertEqual(len(names), 12)
        self.assertEqual(len(set(names)), 12)

    def test_is_listed_as_it_would_run(self):
        scratch = Scratch.of(self)
        whole = cells_of(scratch.start("list", "quick", cwd=REPOSITORY).finish().out)
        shards = [
            cells_of(scratch.start("list", "quick", "--shard", part, cwd=REPOSITORY).finish().out)
            for part in ("1/2", "2/2")
        ]
        self.assertEqual(shards[0] | shards[1], whole)
        self.assertFalse(shards[0] & shards[1])

    def test_that_is_none_is_refused(self):
        finished = Scratch.of(self).start("list", "quick", "--shard", "3/2").finish()
        self.assertEqual(finished.exit_code, 2)
        self.assertIn("such as 2/3", finished.err)


class ShippedSuitesTest(unittest.TestCase):
    def test_are_listed_with_their_questions(self):
        out = Scratch.of(self).start("list", cwd=REPOSITORY).finish().out
        for name in shipped_suites():
            self.assertRegex(out, rf"(?m)^  {name} +.*\?")

    def run_shortened(self, name, **options):
        """Each cell once and briefly."""
        scratch = Scratch.of(self)
        finished = scratch.start(
            *("run", os.path.join(SCENARIOS, name + ".toml"), "--no-report"),
            *("--out", scratch.bundle, "--format", "json"),
            *("-a", "repetitions=1", "-a", "warmup_ms=5", "-a", "duration_ms=40"),
            *PARTS.get(name, []),
            **options,
        ).finish()
        if name == "peers":
            return self.check_peers(scratch, finished)
        records = scratch.records()
        invalid = self.check_invalid(records)
        ends_well = (INVALID,) if invalid else (0, EVERYTHING_SKIPPED)
        self.assertIn(finished.exit_code, ends_well, (name, reasons(records)))
        statuses = {r["status"] for r in records}
        self.assertLessEqual(statuses, {"ok", "skipped", "invalid"}, reasons(records))
        for record in records:
            if record["status"] == "skipped":
                self.assertTrue(record["reason"], record["cell"])
        every_skipped = all(r["status"] == "skipped" for r in records)
        self.assertEqual(finished.exit_code == EVERYTHING_SKIPPED, every_skipped)
        self.assertEqual(len(json.loads(finished.out)), len(records))

    def check_invalid(self, records):
        invalid = [r for r in records if r["status"] == "invalid"]
        for record in invalid:
            self.assertRegex(record["reason"], THE_MACHINES_DOING)
        return invalid

    def check_peers(self, scratch, finished):
        """What others' queues lose is theirs to answer for; ours must be sound beside them."""
        out = json.loads(finished.out)
        ours = [r for r in scratch.records() if r["axes"]["queue"] in ("spsc", "mpsc", "mpmc")]
        self.assertGreater(len(ours), 0)
        self.check_invalid(ours)
        statuses = {r["status"] for r in ours}
        self.assertLessEqual(statuses, {"ok", "skipped", "invalid"}, reasons(ours))
        ran = {r["cell"] for r in scratch.records() if r["status"] != "skipped"}
        self.assertGreaterEqual(len(out["entrants"]), len(ran))

    def test_end_well(self):
        for name in shipped_suites():
            with self.subTest(suite=name):
                self.run_shortened(name)

    def test_end_well_for_a_user_without_rights(self):
        options = as_nobody(self)
        if not options:
            self.skipTest("this is a user without rights: see the test above")
        for name in shipped_suites():
            with self.subTest(suite=name):
                self.run_shortened(name, **options)


class LargeElementsTest(unittest.TestCase):
    def test_of_12_mib_run_where_they_fit_and_are_skipped_with_the_reason_where_not(self):
        through = with_shm_of(self, "64m")
        scratch = Scratch.of(self)
        large = {"element_size_bytes": 12 * 1024 * 1024, "capacity": [4, 8]}
        text = suite(scenario("large", "stream", queue="spsc", **large), duration_ms=100)
        finished = scratch.run_suite(text, through=through)
        self.assertEqual(finished.exit_code, 0, finished.err)
        fits, does_not = scratch.records()
        self.assertEqual(fits["status"], "ok", fits["reason"])
        self.assertGreater(fits["metrics"]["bytes_per_s"], 0)
        self.assertEqual(does_not["status"], "skipped")
        self.assertRegex(does_not["reason"], r"it needs \d+ bytes in /dev/shm, where \d+ are free")


if __name__ == "__main__":
    unittest.main()
