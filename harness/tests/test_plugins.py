"""Plug-ins: built outside of the tree, loaded, measured, verified; refused, and what goes wrong."""
import json
import os
import shutil
import signal
import subprocess
import unittest

from plugin_builds import PluginBuilds, exported
from ringside_program import Scratch, reasons, scenario, suite, wait_until

DURATION_MS = 100
VERSION, HEADERS, LAYOUT = (24, 32), (56, 24), (80, 24)  # fields of a stamp


def setUpModule():
    global builds
    builds = PluginBuilds()
    unittest.addModuleCleanup(builds.remove)


def plugin(name):
    return ["--plugin", builds.plugin(name)]


def one_cell(queue, **settings):
    return suite(scenario("one", queue=queue, **settings), duration_ms=DURATION_MS)


class InTheirPlaceTest(unittest.TestCase):
    """A plug-in's queue is measured and verified as those of the program."""

    def setUp(self):
        self.scratch = Scratch.of(self)

    def test_the_skeleton_is_measured_beside_a_queue_of_the_program(self):
        finished = self.scratch.run_suite(
            one_cell(["skeleton", "spsc"], element_size_bytes=[8, 1472]), *plugin("skeleton")
        )
        self.assertEqual(finished.exit_code, 0, finished.err)
        records = self.scratch.records()
        self.assertEqual([r["status"] for r in records], ["ok"] * 4, reasons(records))
        self.assertRegex(finished.out, r"(?m)^skeleton .* 0/0/0/0")

    def test_in_every_workload_that_a_queue_can_be_measured_with(self):
        workloads = ["throughput", "ping_pong", "duplex", "paced"]
        settings = {"paced": {"rate_per_s": 10000}}
        text = suite(
            *(scenario(w, w, queue="skeleton", **settings.get(w, {})) for w in workloads),
            duration_ms=60,
        )
        finished = self.scratch.run_suite(text, *plugin("skeleton"))
        records = self.scratch.records()
        self.assertEqual(finished.exit_code, 0, f"{finished.err}{reasons(records)}")
        self.assertEqual([r["axes"]["workload"] for r in records], workloads)

    def test_by_the_program_as_it_is_installed(self):
        finished = subprocess.run(
            [builds.program(), "run", "capacity", "--no-report", "--out", self.scratch.bundle,
             *plugin("lamport_ring"), "-a", "queue=lamport_ring", "-a", "capacity=144",
             "-a", "element_size_bytes=64", "-a", "repetitions=1", "-a", "duration_ms=20"],
            cwd="/", capture_output=True, text=True, check=False,
        )  # fmt: skip
        self.assertEqual(finished.returncode, 0, finished.stderr)
        self.assertIn("lamport_ring", finished.stdout)

    def test_a_template_over_size_and_capacity_is_skipped_for_others(self):
        text = one_cell("lamport_ring", element_size_bytes=[64, 100], capacity=[144, 145])
        finished = self.scratch.run_suite(text, *plugin("lamport_ring"))
        self.assertEqual(finished.exit_code, 0, finished.err)
        by_shape = {
            (r["axes"]["element_size_bytes"], r["axes"]["capacity"]): r["status"]
            for r in self.scratch.records()
        }
        self.assertEqual(by_shape.pop((64, 144)), "ok")
        self.assertEqual(list(by_shape.values()), ["skipped"] * 3)

    def test_verify_tries_it(self):
        for queue in ("skeleton", "lamport_ring"):
            finished = self.scratch.start(
                "verify", "--out", f"{self.scratch.bundle}-{queue}", *plugin(queue), "--format",
                "json", "--set", f"queues={queue}", "--set", "faults=[\"none\", \"stop\"]",
                "--set", "stop_points=2", "--set", "capacities=[1, 3]",
            ).finish()  # fmt: skip
            self.assertEqual(finished.exit_code, 0, finished.err)
            found = [finding["class"] for finding in json.loads(finished.out)]
            self.assertEqual(found, ["survives"] * 2, finished.out)

    def test_it_travels_with_a_fleet(self):
        with open(self.scratch.file, "w", encoding="utf-8") as file:
            file.write(one_cell("skeleton"))
        cpus = ",".join(map(str, os.sched_getaffinity(0)))
        fleet = os.path.join(self.scratch.folder, "fleet")
        finished = self.scratch.start(
            "fleet", "run", self.scratch.file, "--engine", "local", "--masks", cpus, "--repeat",
            "1", "--out", fleet, *plugin("skeleton"),
        ).finish()  # fmt: skip
        self.assertIn(finished.exit_code, (0, 5), finished.err)  # 5: a busy machine's times
        with open(os.path.join(fleet, "fleet.json"), encoding="utf-8") as file:
            travelled = [entry["name"] for entry in json.load(file)["files"]]
        name = os.path.basename(builds.plugin("skeleton"))
        self.assertIn(f"plugins/{name}", travelled)
        twice = self.scratch.start(
            "fleet", "run", self.scratch.file, "--engine", "local", "--masks", cpus, "--out",
            fleet + "-2", *plugin("skeleton"), *plugin("skeleton"),
        ).finish()  # fmt: skip
        self.assertEqual(twice.exit_code, 2, twice.err)
        self.assertFalse(os.path.exists(fleet + "-2"))

    def test_list_says_where_it_is_from(self):
        finished = self.scratch.start("list", *plugin("skeleton"), *plugin("lamport_ring")).finish()
        self.assertEqual(finished.exit_code, 0, finished.err)
        for name in ("skeleton", "lamport_ring"):
            self.assertRegex(finished.out, rf"(?m)^  {name} .*\n +from {builds.plugin(name)}$")

    def test_the_bundle_says_where_it_is_from(self):
        self.scratch.run_suite(one_cell("skeleton"), *plugin("skeleton"))
        (entry,) = json.loads(self.scratch.read("environment.json"))["plugins"]
        self.assertEqual(entry["file"], builds.plugin("skeleton"))
        self.assertEqual(entry["queues"], ["skeleton"])
        self.assertEqual(entry["bytes"], os.path.getsize(builds.plugin("skeleton")))
        self.assertRegex(entry["fnv1a"], "^[0-9a-f]{16}$")
        self.assertIn("++", entry["compiler"])


class RefusedTest(unittest.TestCase):
    """Exit code 2, what is wrong and what to do, and nothing has run."""

    def setUp(self):
        self.scratch = Scratch.of(self)

    def refused(self, path, *says, more=()):
        text = one_cell("spsc")
        finished = self.scratch.run_suite(text, "--plugin", path, *more)
        self.assertEqual(finished.exit_code, 2, finished.err)
        self.assertEqual(finished.out, "")
        self.assertFalse(os.path.exists(self.scratch.bundle), "nothing has run")
        for words in ("ringside: --plugin ", path, *says):
            self.assertIn(words, finished.err)
        for verb in (["list"], ["verify"]):
            again = self.scratch.start(*verb, "--plugin", path, *more).finish()
            self.assertEqual((again.exit_code, again.err), (2, finished.err))

    def file(self, name, content):
        path = os.path.join(self.scratch.folder, name)
        with open(path, "wb") as file:
            file.write(content)
        return path

    def test_a_file_that_is_not_there(self):
        self.refused("./nowhere.so", "no such file", "ringside_add_queue()")

    def test_a_folder(self):
        self.refused(self.scratch.folder, "it is no file")

    def test_a_text(self):
        self.refused(self.file("text.so", b"hello"), "no plug-in of ringside", "examples")

    def test_nothing(self):
        self.refused(self.file("empty.so", b""), "no plug-in of ringside")

    def test_a_stamp_that_is_cut_off(self):
        self.refused(self.file("cut.so", builds.stamp()[:100]), "no plug-in of ringside")

    def test_a_stamp_alone(self):
        self.refused(self.file("stamp.so", builds.stamp()), "cannot be loaded")

    def test_a_plugin_that_is_cut_off(self):
        with open(builds.plugin("skeleton"), "rb") as file:
            content = file.read()
        half = content[: content.index(builds.stamp()) + len(builds.stamp())]
        self.refused(self.file("half.so", half), "loaded")

    def test_the_program_itself(self):
        self.refused(builds.program(), "--plugin")

    def test_another_version_says_both(self):
        path = builds.with_other_stamp("version.so", VERSION, "9.8.7")
        version = self.scratch.start("--version").finish().out.strip()
        self.refused(path, "9.8.7", version, "build it again")

    def test_other_headers(self):
        path = builds.with_other_stamp("headers.so", HEADERS, "0123456789abcdef")
        self.refused(path, "0123456789abcdef", "its loops would be other ones", "build it again")

    def test_another_layout(self):
        path = builds.with_other_stamp("layout.so", LAYOUT, "fedcba9876543210")
        self.refused(path, "fedcba9876543210", "laid out in another way", "build it again")

    def test_a_symbol_that_nobody_has(self):
        path = builds.plugin("undefined_symbol")
        self.refused(path, "nowhere_to_be_found", "LINK of ringside_add_queue()")

    def test_one_without_a_list(self):
        self.refused(builds.plugin("without_list"), "ringside_plugin_entrants")

    def test_one_without_a_queue(self):
        self.refused(builds.plugin("empty_list"), "enters no queue", "RINGSIDE_QUEUE")

    def test_the_name_of_a_queue_of_the_program(self):
        self.refused(builds.plugin("taken_name"), "'spsc'", "of this program", "another name")

    def test_the_name_of_a_queue_of_another_plugin(self):
        copy = os.path.join(self.scratch.folder, "copy.so")
        shutil.copy(builds.plugin("skeleton"), copy)
        finished = self.scratch.run_suite(one_cell("spsc"), *plugin("skeleton"), "--plugin", copy)
        self.assertEqual(finished.exit_code, 2, finished.err)
        self.assertIn(f"--plugin {copy}: its queue 'skeleton'", finished.err)
        self.assertIn(f"of the plug-in {builds.plugin('skeleton')}", finished.err)

    def test_the_same_file_twice(self):
        self.refused(builds.plugin("skeleton"), "named twice", more=plugin("skeleton"))

    def test_one_that_crashes_when_it_is_loaded(self):
        environment = dict(os.environ, RINGSIDE_TEST_TROUBLE="load: segv")
        finished = self.scratch.start("list", *plugin("troubled"), env=environment).finish()
        self.assertEqual(finished.exit_code, 2, finished.err)
        self.assertIn("killed by SIGSEGV when it was loaded", finished.err)

    def test_a_queue_whose_plugin_is_not_named(self):
        finished = self.scratch.run_suite(one_cell("skeleton"))
        self.assertEqual(finished.exit_code, 2, finished.err)
        self.assertIn("'skeleton'", finished.err)


# What happens where, and what the reason of the failed record then says.
TROUBLES = {
    "limits: segv": "limits() of troubled was killed by SIGSEGV",
    "limits: throw": "limits() of troubled threw: no luck at limits",
    "limits: exit": "limits() of troubled ended its process with 0",
    "bytesNeeded: segv": "bytesNeeded() of troubled was killed by SIGSEGV",
    "bytesNeeded: exit 9": "bytesNeeded() of troubled ended its process with 9",
    "bytesNeeded: throw": "bytesNeeded() of troubled threw: no luck at bytesNeeded",
    "create: segv": "killed by SIGSEGV in the making phase",
    "create: exit": "it ended in the middle",
    "create: throw": "no luck at create",
    "attach: abort": "killed by SIGABRT in the attach phase",
    "attach: throw": "no luck at attach",
    "attach: throw a number": "something that is no std::exception",
    "push: segv": "killed by SIGSEGV",
    "push: exit": "it ended in the middle",
    "push: throw": "killed by SIGABRT",  # no adapter may
    "pop: abort": "killed by SIGABRT",
    "pop: exit 9": "it ended in the middle",
}
# The same of memory that is inherited, which the program itself asks for.
TROUBLES_WHEN_HELD = {
    "hold: segv": "hold() of troubled was killed by SIGSEGV",
    "hold: exit": "hold() of troubled ended its process with 0",
    "hold: throw": "no luck at hold",
    "drop: segv": "hold() of troubled was killed by SIGSEGV",
}


class CrashTest(unittest.TestCase):
    """Only the cell fails, with the reason; the suite goes on, and nothing is left behind."""

    def run_with(self, trouble, **settings):
        scratch = Scratch.of(self)
        text = suite(
            scenario("troubled", queue=["troubled"], **settings),
            scenario("after", queue="spsc"), duration_ms=DURATION_MS,
        )  # fmt: skip
        environment = dict(os.environ, RINGSIDE_TEST_TROUBLE=trouble)
        running = scratch.start_suite(text, *plugin("troubled"), env=environment)
        finished = running.finish()
        running.wait_until_nothing_is_left()
        return finished, scratch.records()

    def expect_one_failure(self, trouble, says, **settings):
        with self.subTest(trouble):
            finished, records = self.run_with(trouble, **settings)
            self.assertEqual(finished.exit_code, 7, finished.err)
            seen = (finished.err, reasons(records))
            self.assertEqual(len(records), 2, seen)
            self.assertEqual(records[0]["status"], "failed", seen)
            # Invalid: the machine gave a worker no time. That cell was tried all the same.
            self.assertIn(records[1]["status"], ("ok", "invalid"), seen)
            self.assertIn(says, records[0]["reason"])
            self.assertEqual(finished.out.count("throughput"), 2, "no line stands there twice")

    def test_harms_only_its_cell(self):
        for trouble, says in TROUBLES.items():
            self.expect_one_failure(trouble, says)

    def test_harms_only_its_cell_where_the_program_holds_the_memory(self):
        for trouble, says in TROUBLES_WHEN_HELD.items():
            self.expect_one_failure(trouble, says, memory="anon")

    def test_without_trouble_it_is_sound(self):
        for memory in ("posix_shm", "anon"):
            finished, records = self.run_with("none", memory=memory)
            self.assertEqual(finished.exit_code, 0, (finished.err, reasons(records)))

    def test_memory_that_is_not_to_be_had_is_skipped(self):
        finished, records = self.run_with("attach: no memory")
        self.assertEqual([r["status"] for r in records], ["skipped", "ok"], finished.err)
        self.assertIn("no room", records[0]["reason"])

    def test_verify_refuses_a_queue_whose_limits_crash(self):
        environment = dict(os.environ, RINGSIDE_TEST_TROUBLE="limits: segv")
        scratch = Scratch.of(self)
        finished = scratch.start(
            "verify", *plugin("troubled"), "--set", "queues=troubled", env=environment
        ).finish()
        self.assertEqual(finished.exit_code, 2, finished.err)
        self.assertIn("limits() of troubled was killed by SIGSEGV", finished.err)

    def test_list_says_what_is_wrong_with_it(self):
        environment = dict(os.environ, RINGSIDE_TEST_TROUBLE="limits: abort")
        scratch = Scratch.of(self)
        finished = scratch.start("list", *plugin("troubled"), env=environment).finish()
        self.assertEqual(finished.exit_code, 0, finished.err)
        self.assertIn("fails: limits() of troubled was killed by SIGABRT", finished.out)


class OwnCoreTest(unittest.TestCase):
    """The program's core and one that a plug-in carries do not get into each other's way."""

    def test_each_calls_its_own(self):
        scratch = Scratch.of(self)
        text = suite(
            scenario("own", queue="own_core"),
            scenario("blocks", queue="spsc", wait="block"),
            duration_ms=DURATION_MS,
        )
        finished = scratch.run_suite(text, *plugin("own_core"))
        records = scratch.records()
        self.assertEqual([r["status"] for r in records], ["ok", "ok"], finished.err)
        self.assertIn(
            "tries between sleeps: 4711, no deadline has passed: yes", records[0]["notes"]
        )

    def test_neither_shows_the_other_its_core(self):
        for path in (builds.program(), builds.plugin("own_core"), builds.plugin("skeleton")):
            core = [
                symbol
                for symbol in exported(path)
                if symbol.startswith("ringside::")
                and not symbol.startswith(("ringside::harness::", "ringside::results::"))
            ]
            self.assertEqual(core, [], path)

    def test_a_plugin_shows_its_stamp_and_its_list_only(self):
        own = [s for s in exported(builds.plugin("own_core")) if "ringside" in s]
        self.assertEqual(sorted(own), ["ringside_plugin_entrants", "ringside_plugin_stamp"])


class ResumedTest(unittest.TestCase):
    """A run goes on with the plug-ins that it began with."""

    def setUp(self):
        self.scratch = Scratch.of(self)
        self.file = os.path.join(self.scratch.folder, "mine.so")
        shutil.copy(builds.plugin("skeleton"), self.file)
        text = suite(
            scenario("one", queue=["skeleton", "spsc"]), repetitions=3, warmup_ms=5, duration_ms=150
        )
        running = self.scratch.start_suite(text, "--plugin", "./mine.so")
        wait_until(lambda: len(self.scratch.records()) >= 2, "2 records")
        os.kill(running.pid, signal.SIGINT)
        self.assertEqual(running.finish().exit_code, 130)

    def resume(self, *arguments):
        return self.scratch.start(
            "run", "--resume", self.scratch.bundle, "--no-report", *arguments, cwd="/"
        ).finish()

    def refused(self, finished, *says):
        self.assertEqual(finished.exit_code, 2, finished.err)
        for words in says:
            self.assertIn(words, finished.err)

    def expect_all(self, finished):
        self.assertEqual(finished.exit_code, 0, finished.err)
        self.assertEqual(len(self.scratch.records()), 6)

    def test_by_itself_from_any_folder(self):
        self.expect_all(self.resume())

    def test_and_says_when_one_is_missing_and_takes_it_from_elsewhere(self):
        moved = os.path.join(self.scratch.folder, "moved.so")
        os.rename(self.file, moved)
        self.refused(self.resume(), self.file, "not there any more", "--plugin")
        self.expect_all(self.resume("--plugin", moved))

    def test_and_refuses_another_one(self):
        with open(self.file, "ab") as file:
            file.write(b"\0")
        self.refused(self.resume(), self.file, "another one now", "put it back")

    def test_and_refuses_one_that_was_not_there(self):
        self.refused(self.resume(*plugin("lamport_ring")), "did not begin with it", "leave it out")


if __name__ == "__main__":
    unittest.main()
