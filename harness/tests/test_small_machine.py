"""Places that give little: what cannot be had is skipped with a reason, and the rest runs."""
import os
import re
import resource
import unittest

from ringside_program import (
    Scratch, as_nobody, program, reasons, scenario, suite, with_shm_of,
)  # fmt: skip

LOCKABLE_BYTES = 64 * 1024


def on_one_cpu_with_little_to_lock():
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (LOCKABLE_BYTES, LOCKABLE_BYTES))


def with_little_to_lock():
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (LOCKABLE_BYTES, LOCKABLE_BYTES))


class OneCpuTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = Scratch.of_class(cls)
        queues = ["spsc", "mpmc", "robust_mutex", "pipe", "boost_message_queue"]
        workloads = ("throughput", "ping_pong")
        text = suite(*(scenario(name, name, queue=queues) for name in workloads), duration_ms=100)
        limit = on_one_cpu_with_little_to_lock
        cls.finished = cls.scratch.run_suite(text, preexec_fn=limit)
        cls.records = cls.scratch.records()

    def test_is_enough_for_every_cell(self):
        self.assertEqual(self.finished.exit_code, 0, self.finished.err)
        self.assertEqual({r["status"] for r in self.records}, {"ok"}, reasons(self.records))

    def test_is_said_to_be_shared(self):
        says = "2 workers share 1 CPU; waiting yields instead of spinning"
        for text in (self.finished.out, self.finished.err, *(r["notes"] for r in self.records)):
            self.assertTrue(any(says in line for line in [text, *text]), text)

    def test_is_never_left(self):
        cpus = [min(os.sched_getaffinity(0))]
        for record in self.records:
            obtained = record["obtained"]
            self.assertEqual((obtained["producer_cpus"], obtained["consumer_cpus"]), (cpus, cpus))


class LockedMemoryTest(unittest.TestCase):
    QUEUES = ["spsc", "mpsc", "robust_mutex", "pipe", "boost_message_queue"]

    def test_beyond_the_limit_is_skipped_with_the_reason(self):
        scratch = Scratch.of(self)
        big = {"element_size_bytes": 1472, "lock_memory": True}
        text = suite(scenario("locked", queue=self.QUEUES, **big))
        options = as_nobody(self)
        finished = scratch.run_suite(text, preexec_fn=with_little_to_lock, **options)
        self.assertEqual(finished.exit_code, 77, finished.err)
        records = scratch.records()
        self.assertEqual([r["status"] for r in records], ["skipped"] * len(self.QUEUES))
        self.assertRegex(records[0]["reason"], r"cannot lock \d+ bytes in RAM \(see ulimit -l\)")
        self.assertIn(records[0]["reason"], finished.out)
        self.assertIn("everything skipped", finished.err)

    def test_that_can_be_had_is_had(self):
        scratch = Scratch.of(self)
        text = suite(scenario("locked", queue="spsc", lock_memory=[False, True], capacity=2))
        finished = scratch.run_suite(text)
        self.assertEqual(finished.exit_code, 0, finished.err)
        unlocked, locked = [record["obtained"]["locked_bytes"] for record in scratch.records()]
        self.assertEqual(unlocked, 0)
        self.assertGreaterEqual(locked, 2 * 64)

    def test_is_no_matter_for_a_user_without_rights(self):
        scratch = Scratch.of(self)
        text = suite(scenario("unlocked", queue=self.QUEUES))
        options = as_nobody(self)
        finished = scratch.run_suite(text, preexec_fn=with_little_to_lock, **options)
        self.assertEqual(finished.exit_code, 0, finished.err)


class SmallSharedMemoryTest(unittest.TestCase):
    def test_holds_what_fits_and_skips_the_rest_with_the_reason(self):
        through = with_shm_of(self, "1m")
        scratch = Scratch.of(self)
        queues = ["spsc", "mpmc", "robust_mutex", "boost_message_queue", "pipe"]
        sizes = {"element_size_bytes": 1472, "capacity": [144, 4096]}
        text = suite(scenario("fit", queue=queues, **sizes))
        finished = scratch.run_suite(text, through=through)
        self.assertEqual(finished.exit_code, 0, finished.err)
        for record in scratch.records():
            axes = record["axes"]
            fits = axes["capacity"] == 144 or axes["queue"] == "pipe"
            with self.subTest(cell=record["cell"]):
                self.assertEqual(record["status"], "ok" if fits else "skipped", record["reason"])
                says = "^None$" if fits else r"\d+ bytes in /dev/shm, where \d+ are free"
                self.assertRegex(str(record["reason"]), says)

    def test_that_is_full_skips_everything(self):
        through = with_shm_of(self, "4k")
        scratch = Scratch.of(self)
        finished = scratch.run_suite(suite(scenario("fit", queue="spsc")), through=through)
        self.assertEqual(finished.exit_code, 77, finished.err)


class AsInAContainerTest(unittest.TestCase):
    def test_the_shipped_suite_ends_with_0_and_says_what_is_shared(self):
        scratch = Scratch.of(self)
        quick = os.path.join(os.path.dirname(program()), "../../scenarios/quick.toml")
        through = with_shm_of(self, "64m") if os.geteuid() == 0 else []
        finished = scratch.start(
            *("run", os.path.normpath(quick), "--no-report", "--out", scratch.bundle),
            *("-a", "repetitions=1", "-a", "warmup_ms=5", "-a", "duration_ms=60"),
            through=through,
            preexec_fn=on_one_cpu_with_little_to_lock,
        ).finish()
        self.assertEqual(finished.exit_code, 0, finished.err)
        records = scratch.records()
        self.assertEqual({record["status"] for record in records}, {"ok"}, reasons(records))
        self.assertIn("2 workers share 1 CPU", finished.out)


class PlacementThatDoesNotExistTest(unittest.TestCase):
    def missing_placement(self):
        text = Scratch.of(self).start("topo").finish().out
        found = re.search(r"(?m)^(same_\w+|cross_\w+) +none", text)
        return found[1] if found else self.skipTest("this machine has every placement")

    def test_alone_skips_everything_with_77(self):
        placement = self.missing_placement()
        scratch = Scratch.of(self)
        text = suite(scenario("far", queue=["spsc", "pipe"], placement=placement), repetitions=2)
        finished = scratch.run_suite(text)
        self.assertEqual(finished.exit_code, 77, finished.err)
        records = scratch.records()
        self.assertEqual([record["status"] for record in records], ["skipped"] * 4)
        for record in records:
            self.assertIn(placement, record["reason"])
        self.assertRegex(finished.out, rf"\[1\] skipped: .*{placement}")
        self.assertIn("exit code 77", finished.err)

    def test_beside_one_that_does_is_skipped_alone(self):
        scratch = Scratch.of(self)
        placements = [self.missing_placement(), "unpinned"]
        finished = scratch.run_suite(suite(scenario("far", queue="spsc", placement=placements)))
        self.assertEqual(finished.exit_code, 0, finished.err)
        self.assertEqual([r["status"] for r in scratch.records()], ["skipped", "ok"])


if __name__ == "__main__":
    unittest.main()
