"""ringside clean: what nobody alive uses goes, and nothing else. Each test keeps to names of its
own, or has a /dev/shm of its own: other programs use this machine's."""
import csv
import io
import json
import os
import signal
import unittest
import uuid

from ringside_program import (
    JANITOR_NAME, SHM, Scratch, as_nobody, scenario, suite, wait_until, with_shm_of,
)  # fmt: skip

KINDS = {
    "spsc": "ring", "robust_mutex": "mutex ring", "pipe": "pipe", "boost_message_queue": "file",
}  # fmt: skip
GROUP_AND_OTHERS_MAY_READ = 0o644


def many_short_cells(queue):
    return suite(scenario("many", queue=queue), repetitions=1000, duration_ms=1)


def stop_while_a_segment_stands(running):
    """The run in the middle of a cell, with what it made in /dev/shm, until it is told to go on."""

    def stopped():
        if running.child.poll() is not None:
            raise AssertionError(running.finish())
        if not running.segments():
            return False
        os.kill(running.pid, signal.SIGSTOP)
        wait_until(lambda: " T " in stat_of(running.pid), "the run is stopped")
        if running.segments():
            return True
        os.kill(running.pid, signal.SIGCONT)
        return False

    wait_until(stopped, "a run stopped with a segment in /dev/shm")


def stat_of(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        return file.read()


def kill_all_at_once(running):
    """The janitor first, so that nobody is left who cleans up."""
    janitor = next(p for p in running.processes() if p.name == JANITOR_NAME)
    os.kill(janitor.pid, signal.SIGKILL)
    os.kill(running.pid, signal.SIGKILL)
    running.child.wait()
    wait_until(lambda: not running.processes(), "all processes of the run gone")


class CleanTest(unittest.TestCase):
    def setUp(self):
        self.scratch = Scratch.of(self)

    def start(self, queue="spsc"):
        running = Scratch.of(self).start_suite(many_short_cells(queue))
        stop_while_a_segment_stands(running)
        self.addCleanup(self.remove_names, f"ringside-{running.pid}-")
        return running

    def clean(self, *arguments, exit_code=0, **options):
        finished = self.scratch.start("clean", *arguments, **options).finish()
        self.assertEqual(finished.exit_code, exit_code, finished.err)
        return finished

    def rows(self, *arguments, **options):
        return json.loads(self.clean(*arguments, "--format", "json", **options).out)

    def copy_of_a_ring(self, mode=0o600):
        """The name of a whole ring that nobody has open."""
        running = self.start()
        name = f"ringside-test-{uuid.uuid4().hex}"
        with open(os.path.join(SHM, running.segments()[0]), "rb") as ring:
            content = ring.read()
        path = os.path.join(SHM, name)
        with open(path, "wb") as copy:
            copy.write(content)
        os.chmod(path, mode)
        self.addCleanup(self.remove_names, name)
        running.end()
        return name

    def remove_names(self, prefix):
        for name in os.listdir(SHM):
            if name.startswith(prefix):
                os.unlink(os.path.join(SHM, name))


class AfterARunTest(CleanTest):
    def test_that_lives_keeps_what_it_has_made(self):
        for queue in KINDS:
            with self.subTest(queue=queue):
                running = self.start(queue)
                before = running.segments()
                rows = self.rows(f"ringside-{running.pid}-")
                self.assertEqual(sorted(row["name"] for row in rows), sorted(before))
                self.assertEqual({row["done"] for row in rows}, {"in_use"})
                self.assertEqual(running.segments(), before)
                running.end()

    def test_that_died_with_its_janitor_removes_what_it_has_left(self):
        for queue, kind in KINDS.items():
            with self.subTest(queue=queue):
                running = self.start(queue)
                kill_all_at_once(running)
                left = running.segments()
                self.assertNotEqual(left, [])
                rows = self.rows(f"ringside-{running.pid}-")
                self.assertEqual(sorted(row["name"] for row in rows), sorted(left))
                self.assertEqual({row["done"] for row in rows}, {"removed"})
                self.assertIn(kind, {row["kind"] for row in rows})
                self.assertEqual(running.segments(), [])

    def test_that_died_with_its_janitor_keeps_a_pipe_that_somebody_has_open(self):
        running = self.start("pipe")
        name = running.segments()[0]
        descriptor = os.open(os.path.join(SHM, name), os.O_RDWR)
        self.addCleanup(os.close, descriptor)
        kill_all_at_once(running)
        (row,) = self.rows(name)
        self.assertEqual(row["done"], "in_use")
        self.assertIn(os.getpid(), row["attached"])
        self.assertIn(name, os.listdir(SHM))


class ASegmentTest(CleanTest):
    def test_that_nobody_uses_is_removed_once(self):
        name = self.copy_of_a_ring()
        (row,) = self.rows(name)
        self.assertEqual((row["kind"], row["done"], row["attached"]), ("ring", "removed", []))
        self.assertNotIn(name, os.listdir(SHM))
        self.assertEqual(self.rows(name), [])

    def test_is_only_listed_in_a_dry_run(self):
        name = self.copy_of_a_ring()
        (row,) = self.rows(name, "--dry-run")
        self.assertEqual(row["done"], "would_be_removed")
        self.assertIn(name, os.listdir(SHM))

    def test_that_somebody_has_open_is_kept(self):
        name = self.copy_of_a_ring()
        descriptor = os.open(os.path.join(SHM, name), os.O_RDONLY)
        (row,) = self.rows(name)
        self.assertEqual((row["done"], row["attached"]), ("in_use", [os.getpid()]))
        os.close(descriptor)
        (row,) = self.rows(name)
        self.assertEqual(row["done"], "removed")

    def test_of_another_user_is_refused_with_6_and_the_reason(self):
        if os.geteuid() != 0:
            self.skipTest("only root can be another user")
        name = self.copy_of_a_ring(GROUP_AND_OTHERS_MAY_READ)
        finished = self.clean(name, exit_code=6, **as_nobody(self))
        self.assertIn(f"ringside: {name} could not be removed: Permission denied", finished.err)
        self.assertIn("could not be removed: Permission denied", finished.out)
        self.assertIn(name, os.listdir(SHM))


class TheRestOfSharedMemoryTest(CleanTest):
    def test_stays_as_it_is(self):
        """In a /dev/shm of its own, so that nothing is named on the command line."""
        ring = os.path.join(self.scratch.folder, "ring")
        with open(os.path.join(SHM, self.copy_of_a_ring()), "rb") as source:
            content = source.read()
        with open(ring, "wb") as file:
            file.write(content)
        with open(ring + "-damaged", "wb") as file:
            file.write(content[:60] + b"\x7f" + content[61:])
        make = (
            f"cp {ring} /dev/shm/channel && cp {ring}-damaged /dev/shm/damaged"
            " && echo notes >/dev/shm/notes && mkfifo /dev/shm/pipe && mkdir /dev/shm/folder"
            " && cp /dev/shm/channel /dev/shm/folder/ && ln -s channel /dev/shm/link"
            " && : >/dev/shm/ringside-mine && : >/dev/shm/sem.mine"
        )
        through = with_shm_of(self, "1m", make)
        through[-2] = through[-2].replace('exec "$@"', '"$@" && ls /dev/shm && ls /dev/shm/folder')
        lines = self.clean("--format", "csv", through=through).out.splitlines()
        (row,) = csv.DictReader(io.StringIO("\n".join(lines[:2])))
        self.assertEqual((row["name"], row["kind"], row["done"]), ("channel", "ring", "removed"))
        rest = ["damaged", "folder", "link", "notes", "pipe", "ringside-mine", "sem.mine"]
        self.assertEqual(lines[2:], rest + ["channel"])

    def test_that_is_empty_is_fine(self):
        finished = self.clean(through=with_shm_of(self, "64k"))
        self.assertEqual(finished.out, "nothing of Ringside is in shared memory\n")


class FormatTest(CleanTest):
    def test_the_table_has_a_row_a_name(self):
        name = self.copy_of_a_ring()
        lines = self.clean(name, "--dry-run").out.splitlines()
        self.assertEqual(lines[0].split(), ["name", "kind", "size", "age", "attached", "done"])
        self.assertEqual(len(lines), 2)
        self.assertRegex(lines[1], rf"^{name}  ring +\S+ KiB +\S+ s +–  would be removed$")

    def test_markdown_has_a_row_a_name(self):
        name = self.copy_of_a_ring()
        lines = self.clean(name, "--dry-run", "--format", "markdown").out.splitlines()
        self.assertEqual(lines[0], "| name | kind | size | age | attached | done |")
        self.assertTrue(lines[2].startswith(f"| {name} | ring |"), lines)

    def test_an_unknown_one_is_refused_before_anything_is_done(self):
        name = self.copy_of_a_ring()
        finished = self.clean(name, "--format", "xml", exit_code=2)
        self.assertIn("xml", finished.err)
        self.assertIn(name, os.listdir(SHM))


if __name__ == "__main__":
    unittest.main()
