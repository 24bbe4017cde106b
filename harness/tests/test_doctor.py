"""ringside doctor: what it prints of this machine, and what --apply and --restore do to another,
which is a made-up tree of /proc and /sys."""
import csv
import io
import json
import os
import signal
import unittest

from ringside_program import Scratch, as_nobody, wait_until

THP = "sys/kernel/mm/transparent_hugepage/enabled"
SHMEM = "sys/kernel/mm/transparent_hugepage/shmem_enabled"
GOVERNOR = "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"
POOL = "sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages"
STATE = "run/ringside/doctor.json"
BEFORE = {
    THP: "[always] madvise never\n", SHMEM: "[never] advise\n",
    GOVERNOR: "schedutil\n", POOL: "0\n",
}  # fmt: skip
APPLIED = {THP: "madvise", SHMEM: "advise", GOVERNOR: "performance", POOL: "64"}
# What the kernel would show again, without its brackets: a made-up file holds what was written.
AFTER = {THP: "always", SHMEM: "never", GOVERNOR: "schedutil", POOL: "0"}


class Machine:
    """A made-up machine in a folder."""

    def __init__(self, test):
        self.scratch = Scratch.of(test)
        self.root = os.path.join(self.scratch.folder, "machine")
        self.write("run/lock", "")
        self.write("sys/devices/system/cpu/online", "0\n")
        for path, text in BEFORE.items():
            self.write(path, text)

    def write(self, path, text):
        place = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, "w", encoding="utf-8") as file:
            file.write(text)

    def settings(self):
        def read(path):
            with open(os.path.join(self.root, path), encoding="utf-8") as file:
                return file.read()

        return {path: read(path) for path in BEFORE}

    def has_state(self):
        return os.path.exists(os.path.join(self.root, STATE))

    def start(self, *arguments, **options):
        return self.scratch.start("doctor", "--root", self.root, *arguments, **options)

    def run(self, *arguments, **options):
        return self.start(*arguments, **options).finish()


class ThisMachineTest(unittest.TestCase):
    """One look at this machine in each format."""

    @classmethod
    def setUpClass(cls):
        cls.finished = {}
        for name in ("table", "json", "csv", "markdown"):
            scratch = Scratch.of_class(cls)
            arguments = ["doctor", "--noise-ms", "20", "--format", name]
            cls.finished[name] = scratch.start(*arguments).finish()

    def test_is_no_failure_whatever_is_found(self):
        for name, finished in self.finished.items():
            self.assertEqual(finished.exit_code, 0, (name, finished.err))

    def test_every_check_has_a_verdict_and_what_is_not_ok_a_cure(self):
        checks = json.loads(self.finished["json"].out)["checks"]
        names = {check["name"] for check in checks}
        for name in (
            "cpu", "microcode", "governor", "turbo", "smt", "transparent_huge_pages",
            "shmem_enabled", "huge_page_pools", "memlock_limit", "dev_shm", "cgroup_cpu",
            "cgroup_memory", "numa_balancing", "isolated_cpus", "hypervisor", "clock_source", "tsc",
            "run_delay", "load", "other_processes", "gaps",
        ):  # fmt: skip
            self.assertIn(name, names)
        for check in checks:
            self.assertIn(check["verdict"], ("OK", "WARN", "FAIL", "unknown"))
            self.assertTrue(check["seen"] and check["why"], check)
            self.assertEqual(check["mend"] is None, check["verdict"] == "OK", check)

    def test_ends_with_the_noise_floor_of_each_cpu_and_the_clock_bound(self):
        found = json.loads(self.finished["json"].out)
        self.assertEqual({cpu["cpu"] for cpu in found["noise"]}, os.sched_getaffinity(0))
        self.assertTrue(all(pair["bound_ns"] > 0 for pair in found["clock"]["pairs"]))
        table = self.finished["table"].out
        self.assertRegex(table, r"noise floor(?s:.*)gaps > 1 µs(?s:.*)\nclock: ")
        self.assertRegex(table.splitlines()[-1], r"^\d+ OK, \d+ WARN, \d+ FAIL, \d+ unknown$")

    def test_csv_and_markdown_have_a_row_a_check(self):
        count = len(json.loads(self.finished["json"].out)["checks"])
        rows = list(csv.DictReader(io.StringIO(self.finished["csv"].out), strict=True))
        self.assertEqual(len(rows), count)
        lines = self.finished["markdown"].out.split("\n\n")[0].splitlines()
        self.assertEqual(len(lines), count + 2)


class StrictTest(unittest.TestCase):
    def test_refuses_with_6_what_is_not_ok(self):
        finished = Machine(self).run("--strict")
        self.assertEqual(finished.exit_code, 6)
        self.assertIn("environment refused (exit code 6)", finished.err)
        self.assertRegex(finished.out, r"(?m)^governor +WARN +schedutil on 1 CPU")

    def test_without_it_the_same_is_no_failure(self):
        self.assertEqual(Machine(self).run().exit_code, 0)


class ApplyTest(unittest.TestCase):
    def setUp(self):
        self.machine = Machine(self)

    def test_looking_changes_nothing(self):
        self.machine.run()
        self.assertEqual(self.machine.settings(), BEFORE)
        self.assertFalse(self.machine.has_state())

    def test_sets_and_restore_puts_back(self):
        applied = self.machine.run("--apply")
        self.assertEqual(applied.exit_code, 0, applied.err)
        self.assertEqual(self.machine.settings(), APPLIED)
        self.assertIn("--restore", applied.err)
        restored = self.machine.run("--restore")
        self.assertEqual(restored.exit_code, 0, restored.err)
        self.assertEqual(self.machine.settings(), AFTER)
        self.assertIn("nothing to put back", self.machine.run("--restore").err)

    def test_takes_as_many_huge_pages_as_asked(self):
        self.machine.run("--apply", "--huge-pages", "7")
        self.assertEqual(self.machine.settings()[POOL], "7")

    def test_twice_is_refused_and_the_first_can_still_be_put_back(self):
        self.machine.run("--apply", "--huge-pages", "7")
        again = self.machine.run("--apply")
        self.assertEqual(again.exit_code, 6)
        self.assertIn("--restore", again.err)
        self.machine.run("--restore")
        self.assertEqual(self.machine.settings(), AFTER)

    def test_runs_a_command_in_between_and_ends_as_it_does(self):
        script = f'cat "{self.machine.root}/{THP}"; exit 42'
        finished = self.machine.run("--apply", "--", "sh", "-c", script)
        self.assertEqual(finished.exit_code, 42, finished.err)
        self.assertEqual(finished.out, "madvise")
        self.assertEqual(self.machine.settings(), AFTER)
        self.assertFalse(self.machine.has_state())

    def test_puts_back_after_a_command_that_cannot_be_started_or_is_killed(self):
        for command, code in ((["no-such-program"], 127), (["sh", "-c", "kill -9 $$"], 137)):
            finished = self.machine.run("--apply", "--", *command)
            self.assertEqual(finished.exit_code, code, finished.err)
            self.assertEqual(self.machine.settings(), AFTER)
            for path, text in BEFORE.items():
                self.machine.write(path, text)

    def start_and_wait(self):
        """A command that runs until it is ended, once the settings are changed."""
        running = self.machine.start("--apply", "--", "sh", "-c", "echo on; exec sleep 100")
        self.assertEqual(os.read(running.child.stdout.fileno(), 100), b"on\n")
        self.assertEqual(self.machine.settings(), APPLIED)
        return running

    def test_an_interrupt_ends_the_command_and_puts_back(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            running = self.start_and_wait()
            os.kill(running.pid, number)
            finished = running.finish()
            self.assertEqual(finished.exit_code, 128 + number, finished.err)
            self.assertEqual(self.machine.settings(), AFTER)
            for path, text in BEFORE.items():
                self.machine.write(path, text)

    def test_after_a_crash_restore_puts_back(self):
        running = self.start_and_wait()
        os.kill(running.pid, signal.SIGKILL)
        wait_until(lambda: running.child.poll() is not None, "the end of the doctor")
        self.assertEqual(self.machine.settings(), APPLIED)
        self.assertTrue(self.machine.has_state())
        restored = self.machine.run("--restore")
        self.assertEqual(restored.exit_code, 0, restored.err)
        self.assertEqual(self.machine.settings(), AFTER)

    def test_without_rights_is_refused_before_anything_is_changed(self):
        options = as_nobody(self)
        if not options:
            self.skipTest("only root can become nobody")
        finished = self.machine.run("--apply", **options)
        self.assertEqual(finished.exit_code, 6)
        self.assertRegex(finished.err, "nothing was changed(?s:.*)sudo ringside doctor --apply")
        self.assertEqual(self.machine.settings(), BEFORE)
        self.assertFalse(self.machine.has_state())

    def test_in_a_container_it_says_whose_the_settings_are(self):
        options = as_nobody(self)
        if not options:
            self.skipTest("only root can become nobody")
        self.machine.write(".dockerenv", "")
        finished = self.machine.run("--apply", **options)
        self.assertEqual(finished.exit_code, 6)
        self.assertIn("the host's: its administrator", finished.err)


class UsageTest(unittest.TestCase):
    def test_refuses_what_does_not_go_together(self):
        for arguments, says in (
            (["--apply", "--restore"], "leave one of them out"),
            (["sleep"], "'sleep' is no option of doctor"),
            (["--huge-pages", "3"], "--huge-pages belongs to --apply"),
            (["--strict", "--restore"], "--strict judges"),
            (["--noise-ms", "1"], "--noise-ms"),
            (["--root", "/no/such/folder"], "'/no/such/folder', which is no folder"),
        ):
            with self.subTest(arguments):
                finished = Scratch.of(self).start("doctor", *arguments).finish()
                self.assertEqual(finished.exit_code, 2, finished.err)
                self.assertIn(says, finished.err)
                self.assertEqual(finished.out, "")


if __name__ == "__main__":
    unittest.main()
