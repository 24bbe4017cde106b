"""What dies, hangs or is interrupted while a suite runs: recorded, survived, and cleaned up."""
import json
import os
import random
import signal
import subprocess
import unittest

from ringside_program import (
    JANITOR_NAME, QUEUES, WORKER_NAMES, Scratch, reasons, scenario, suite, wait_until,
)  # fmt: skip

LONG_MS = 600_000  # nobody waits for its end


def before_and_after(*victims):
    """A suite whose first and last cells are short and healthy."""
    return suite(
        scenario("before", queue="spsc"), *victims, scenario("after", queue="spsc"), warmup_ms=0
    )


def statuses(records):
    return [record["status"] for record in records]


class AWorkerKilledInEachQueueTest(unittest.TestCase):
    """In turn a producer and a consumer."""

    @classmethod
    def setUpClass(cls):
        scratch = Scratch.of_class(cls)
        text = before_and_after(scenario("victim", queue=QUEUES, duration_ms=LONG_MS))
        cls.running = scratch.start_suite(text)
        cls.killed = []
        for number in range(len(QUEUES)):
            workers = scratch.wait_for_busy_workers(cls.running, records=1 + number)
            role = ("producer", "consumer")[number % 2]
            pid = next(w.pid for w in workers if WORKER_NAMES[w.name] == role)
            os.kill(pid, signal.SIGKILL)
            cls.killed.append((role, pid))
        cls.finished = cls.running.finish()
        cls.records = scratch.records()

    def test_exits_with_7(self):
        self.assertEqual(self.finished.exit_code, 7, self.finished.err)

    def test_fails_that_record_only(self):
        expected = ["ok"] + ["failed"] * len(QUEUES) + ["ok"]
        self.assertEqual(statuses(self.records), expected, reasons(self.records))

    def test_the_reason_names_worker_signal_and_phase(self):
        for record, (role, pid) in zip(self.records[1:], self.killed):
            with self.subTest(queue=record["axes"]["queue"]):
                says = f"{role} 0 (pid {pid}) was killed by SIGKILL in the measured phase"
                self.assertEqual(record["reason"], says)
                self.assertIn(pid, record["obtained"][f"{role}_pids"])

    def test_the_table_shows_the_reason(self):
        self.assertEqual(self.finished.out.count("failed:"), len(QUEUES), self.finished.out)
        self.assertIn("was killed by SIGKILL", self.finished.out)

    def test_nothing_is_left(self):
        self.running.wait_until_nothing_is_left()


class AWorkerTest(unittest.TestCase):
    def test_killed_in_the_warm_up_fails_there(self):
        scratch = Scratch.of(self)
        victim = scenario("victim", queue="mpmc", producers=2, consumers=2, warmup_ms=60_000)
        running = scratch.start_suite(before_and_after(victim))
        scratch.wait_for_busy_workers(running, records=1)
        os.kill(running.workers("consumer")[1].pid, signal.SIGKILL)
        self.assertEqual(running.finish().exit_code, 7)
        records = scratch.records()
        self.assertEqual(statuses(records), ["ok", "failed", "ok"], reasons(records))
        self.assertIn("was killed by SIGKILL in the warm-up phase", records[1]["reason"])

    def test_killed_by_another_signal_fails_with_its_name(self):
        scratch = Scratch.of(self)
        victim = scenario("victim", "ping_pong", queue="spsc", duration_ms=LONG_MS)
        running = scratch.start_suite(before_and_after(victim))
        scratch.wait_for_busy_workers(running, records=1)
        os.kill(running.workers("consumer")[0].pid, signal.SIGUSR1)
        self.assertEqual(running.finish().exit_code, 7)
        records = scratch.records()
        self.assertEqual(statuses(records), ["ok", "failed", "ok"], reasons(records))
        self.assertIn("was killed by SIGUSR1", records[1]["reason"])

    def test_that_hangs_is_killed_by_the_watchdog(self):
        scratch = Scratch.of(self)
        victim = scenario("victim", queue="spsc", duration_ms=1000)
        running = scratch.start_suite(before_and_after(victim))
        worker = scratch.wait_for_busy_workers(running, records=1)[0]
        os.kill(worker.pid, signal.SIGSTOP)
        self.assertEqual(running.finish().exit_code, 7)
        records = scratch.records()
        self.assertEqual(statuses(records), ["ok", "failed", "ok"], reasons(records))
        self.assertRegex(records[1]["reason"], rf"\(pid {worker.pid}\).* hung")
        running.wait_until_nothing_is_left()


class TheParentKilledTest(unittest.TestCase):
    def start(self, queue="spsc", **settings):
        """A run in the middle of a long cell."""
        self.scratch = Scratch.of(self)
        long_cell = scenario("long", queue=queue, duration_ms=LONG_MS, **settings)
        running = self.scratch.start_suite(suite(long_cell, warmup_ms=0))
        self.scratch.wait_for_busy_workers(running)
        return running

    def test_takes_its_workers_and_the_janitor_with_it(self):
        running = self.start("mpmc", producers=2, consumers=2)
        names = [process.name for process in running.processes()]
        self.assertEqual(len(names), 1 + 4 + 1, names)
        self.assertIn(JANITOR_NAME, names)
        os.kill(running.pid, signal.SIGKILL)
        running.wait_until_nothing_is_left()

    def test_takes_a_stopped_worker_with_it(self):
        running = self.start()
        os.kill(running.workers("producer")[0].pid, signal.SIGSTOP)
        os.kill(running.pid, signal.SIGKILL)
        running.wait_until_nothing_is_left()

    def test_with_its_whole_process_group_leaves_nothing(self):
        running = self.start()
        os.killpg(running.pid, signal.SIGKILL)
        running.wait_until_nothing_is_left()

    def test_by_a_closed_terminal_leaves_nothing(self):
        running = self.start()
        os.killpg(running.pid, signal.SIGHUP)
        running.wait_until_nothing_is_left()

    def test_while_a_segment_stands_leaves_nothing(self):
        for queue in ("spsc", "robust_mutex", "pipe", "boost_message_queue"):
            with self.subTest(queue=queue):
                scratch = Scratch.of(self)
                many = suite(scenario("many", queue=queue), repetitions=1000, duration_ms=1)
                running = scratch.start_suite(many)
                wait_until(running.segments, f"a segment of {queue} in /dev/shm")
                os.kill(running.pid, signal.SIGKILL)
                running.wait_until_nothing_is_left()

    def test_at_random_moments_of_its_start_leaves_nothing(self):
        moments = random.Random(2)
        text = suite(scenario("many", "ping_pong", queue=QUEUES), repetitions=100, duration_ms=1)
        for _ in range(25):
            scratch = Scratch.of(self)
            running = scratch.start_suite(text)
            try:
                running.child.wait(moments.uniform(0, 0.08))
            except subprocess.TimeoutExpired:  # it still runs: the moment has come
                os.kill(running.pid, signal.SIGKILL)
            running.wait_until_nothing_is_left()

    def test_does_not_touch_another_run(self):
        first, second = self.start(), self.start()
        os.kill(first.pid, signal.SIGKILL)
        first.wait_until_nothing_is_left()
        self.assertEqual(len(second.workers()), 2)
        os.kill(second.pid, signal.SIGINT)
        self.assertEqual(second.finish().exit_code, 130)


class AnInterruptTest(unittest.TestCase):
    def start(self):
        """A run in the middle of its second cell."""
        self.scratch = Scratch.of(self)
        text = before_and_after(scenario("long", queue="spsc", duration_ms=LONG_MS))
        running = self.scratch.start_suite(text, "--format", "json")
        self.scratch.wait_for_busy_workers(running, records=1)
        return running

    def check_clean_end(self, running):
        finished = running.finish()
        self.assertEqual(finished.exit_code, 130, finished.err)
        self.assertIn("interrupted", finished.err)
        self.assertEqual([r["cell"].split("/")[1] for r in self.scratch.records()], ["before"])
        self.assertEqual([cell["status"] for cell in json.loads(finished.out)], ["ok"])
        running.wait_until_nothing_is_left()

    def test_from_the_terminal_ends_cleanly_with_the_records_so_far(self):
        running = self.start()
        os.killpg(running.pid, signal.SIGINT)
        self.check_clean_end(running)

    def test_of_the_parent_alone_ends_cleanly_with_the_records_so_far(self):
        running = self.start()
        os.kill(running.pid, signal.SIGINT)
        self.check_clean_end(running)

    def test_by_sigterm_ends_cleanly_with_the_records_so_far(self):
        running = self.start()
        os.kill(running.pid, signal.SIGTERM)
        self.check_clean_end(running)

    def test_does_not_wait_for_a_stopped_worker(self):
        running = self.start()
        os.kill(running.workers("consumer")[0].pid, signal.SIGSTOP)
        os.kill(running.pid, signal.SIGINT)
        self.check_clean_end(running)

    def test_of_a_run_in_the_background_ends_cleanly_too(self):
        """A shell without job control starts it with SIGINT ignored."""
        self.scratch = Scratch.of(self)
        text = before_and_after(scenario("long", queue="spsc", duration_ms=LONG_MS))
        ignore = lambda: signal.signal(signal.SIGINT, signal.SIG_IGN)
        running = self.scratch.start_suite(text, "--format", "json", preexec_fn=ignore)
        self.scratch.wait_for_busy_workers(running, records=1)
        os.kill(running.pid, signal.SIGINT)
        self.check_clean_end(running)


if __name__ == "__main__":
    unittest.main()
