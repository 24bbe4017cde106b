"""ringside replay of a record: its cell runs again as it was, beside what it was then."""
import json
import os
import shutil
import signal
import unittest

from ringside_program import Scratch, scenario, suite, wait_until

SEED = 7
SUITE = suite(
    scenario("loop", queue=["spsc", "pipe"], wait="yield", capacity=16, element_size_bytes=200),
    # It sleeps: with 130 ns a message, some machines' senders are as late as that and say so.
    scenario("open", workload="paced", queue="mpsc", rate_per_s=20000, seed=SEED, wait="block"),
    scenario("many", queue="spsc", producers=[1, 2], placement="unpinned"),
    repetitions=2,
    warmup_ms=5,
    duration_ms=60,
)
REQUIRED = {"huge_pages": "require"}
CAUTION = "one repetition each says nothing about better or worse"


def records_of(bundle):
    with open(os.path.join(bundle, "records.jsonl"), encoding="utf-8") as file:
        return [json.loads(line) for line in file]


class OneBundleTest(unittest.TestCase):
    """Of one bundle, which is only read."""

    @classmethod
    def setUpClass(cls):
        cls.scratch = Scratch.of_class(cls)
        cls.run_of_suite = cls.scratch.run_suite(SUITE)
        cls.bundle = cls.scratch.bundle
        cls.file = os.path.join(cls.bundle, "records.jsonl")

    def record(self, scenario_name, repetition=0, status="ok"):
        """The first one of this scenario, and the number of its line."""
        self.assertEqual(self.run_of_suite.exit_code, 0, self.run_of_suite.err)
        for line, record in enumerate(self.scratch.records(), 1):
            is_asked = record["repetition"] == repetition and record["status"] == status
            if is_asked and record["cell"].startswith(f"small/{scenario_name}/"):
                return record, line
        raise AssertionError(f"no record of {scenario_name} is {status}")

    def replay(self, *arguments, **options):
        return self.scratch.start("replay", *arguments, **options).finish()

    def replayed(self, *arguments, exit_code=0, **options):
        """The answer in JSON."""
        finished = self.replay(*arguments, "--format", "json", **options)
        self.assertEqual(finished.exit_code, exit_code, finished.err)
        return json.loads(finished.out)

    def copy_of_bundle(self):
        folder = os.path.join(Scratch.of(self).folder, "copy")
        shutil.copytree(self.bundle, folder)
        return folder

    def check_refused(self, *arguments, says):
        finished = self.replay(*arguments)
        self.assertEqual(finished.exit_code, 2, finished.err)
        self.assertEqual(finished.out, "")
        for part in says:
            self.assertIn(part, finished.err)


class AsItWasTest(OneBundleTest):
    def test_a_recorded_cell_runs_again_and_both_figures_are_shown(self):
        record, line = self.record("loop")
        finished = self.replay(self.bundle, "--cell", record["cell"])
        self.assertEqual(finished.exit_code, 0, finished.err)
        self.assertRegex(finished.out, rf"(?m)^record +{self.file}:{line}$")
        self.assertRegex(finished.out, r"(?m)^repetition +0 \(there too: 1\)$")
        self.assertRegex(finished.out, r"(?m)^timing +warm-up 5 ms, measured 60 ms: as in ")
        self.assertRegex(finished.out, r"(?m)^messages_per_s +\S+ \S+ +\S+ \S+ +[0-9.e+]+$")
        for when in ("then", "now"):
            self.assertRegex(finished.out, rf"(?m)^{when} +ok; CPUs .* 0 torn$")
        self.assertIn(CAUTION, finished.out)

    def test_with_all_axes_and_on_the_same_cpus(self):
        for name in ("loop", "open", "many"):
            record, line = self.record(name, repetition=1)
            answer = self.replayed(f"{self.file}:{line}")
            (now,) = answer["now"]
            for key in ("suite", "cell", "repetition", "axes"):
                self.assertEqual(now[key], record[key])
            if record["axes"]["placement"] != "unpinned":
                for role in ("producer_cpus", "consumer_cpus"):
                    self.assertEqual(now["obtained"][role], record["obtained"][role])
            self.assertEqual((answer["warmup_ms"], answer["duration_ms"]), (5, 60))
            self.assertEqual(answer["then"]["metrics"], record["metrics"])
            self.assertIn(f"{self.file}:{line} run again", now["notes"])

    def test_a_paced_cell_has_the_plan_of_its_seed_and_repetition(self):
        planned = {}
        for repetition in (0, 1):
            record, line = self.record("open", repetition)
            (now,) = self.replayed(f"{self.file}:{line}")["now"]
            planned[repetition] = now["validation"]["sent"]
            self.assertEqual(now["axes"]["seed"], SEED)
            self.assertEqual(planned[repetition], record["validation"]["sent"])
            self.assertEqual(
                now["metrics"]["messages_planned"], record["metrics"]["messages_planned"]
            )
        self.assertNotEqual(planned[0], planned[1], "each repetition has a plan of its own")

    def test_json_has_then_now_and_the_ratio_of_each_metric(self):
        record, line = self.record("loop")
        answer = self.replayed(f"{self.file}:{line}")
        (metric,) = [m for m in answer["metrics"] if m["name"] == "messages_per_s"]
        (now,) = answer["now"]
        self.assertEqual(metric["then"], record["metrics"]["messages_per_s"])
        self.assertEqual(metric["now"], now["metrics"]["messages_per_s"])
        self.assertAlmostEqual(metric["ratio"], metric["now"] / metric["then"])
        self.assertIn(CAUTION, answer["caution"])
        self.assertEqual(answer["exit_code"], 0)
        self.assertIsNone(answer["bundle"])

    def test_several_times_shows_how_far_they_lie_apart(self):
        record, _ = self.record("loop")
        answer = self.replayed(self.bundle, "--cell", record["cell"], "--times", "3")
        self.assertEqual(len(answer["now"]), 3)
        for metric in answer["metrics"]:
            self.assertLessEqual(metric["now_lowest"], metric["now"])
            self.assertLessEqual(metric["now"], metric["now_highest"])

    def test_nothing_is_kept(self):
        before = sorted(os.listdir(self.scratch.folder))
        content = self.scratch.read("records.jsonl")
        record, _ = self.record("loop")
        self.replayed(self.bundle, "--cell", record["cell"])
        self.assertEqual(sorted(os.listdir(self.scratch.folder)), before)
        self.assertEqual(self.scratch.read("records.jsonl"), content)

    def test_kept_records_can_be_compared_and_run_again_themselves(self):
        record, line = self.record("open")
        kept = os.path.join(Scratch.of(self).folder, "kept")
        answer = self.replayed(f"{self.file}:{line}", "--times", "2", "--out", kept)
        self.assertEqual(answer["bundle"], kept)
        self.assertEqual([r["cell"] for r in records_of(kept)], [record["cell"]] * 2)
        again = self.replayed(kept)
        sent = again["now"][0]["validation"]["sent"]
        self.assertEqual(sent, record["validation"]["sent"])
        compared = self.scratch.start("compare", self.bundle, kept).finish()
        self.assertEqual(compared.exit_code, 0, compared.err)
        self.assertIn(record["cell"], compared.out)

    def test_a_record_that_was_copied_out_has_defaults_that_are_said(self):
        record, line = self.record("open")
        alone = os.path.join(Scratch.of(self).folder, "record.json")
        with open(alone, "w", encoding="utf-8") as file:
            file.write(self.scratch.read("records.jsonl").splitlines()[line - 1])
        answer = self.replayed(alone)
        self.assertEqual((answer["warmup_ms"], answer["duration_ms"]), (50, 60))
        self.assertIn("by default", answer["timing"])
        self.assertFalse(answer["environment_known"])
        answer = self.replayed(alone, "--warmup-ms", "5")
        sent = answer["now"][0]["validation"]["sent"]
        self.assertEqual(sent, record["validation"]["sent"])


class ElsewhereTest(OneBundleTest):
    """What is no longer as it was."""

    def changed_copy(self, scenario_name, change):
        """A file with that record alone, changed, and a bundle around it."""
        record, _ = self.record(scenario_name)
        folder = self.copy_of_bundle()
        change(record)
        with open(os.path.join(folder, "records.jsonl"), "w", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
        return folder

    def skipped_for(self, folder, **options):
        answer = self.replayed(folder, exit_code=77, **options)
        (now,) = answer["now"]
        self.assertEqual(now["status"], "skipped")
        return now["reason"]

    def test_a_cpu_that_may_not_be_used_is_a_reason_to_skip(self):
        record, line = self.record("loop")
        cpus = record["obtained"]["producer_cpus"] + record["obtained"]["consumer_cpus"]
        if len(set(cpus)) < 2:
            self.skipTest("the workers shared their CPU")
        one_cpu = cpus[0]
        bind = lambda: os.sched_setaffinity(0, {one_cpu})
        reason = self.skipped_for(f"{self.file}:{line}", preexec_fn=bind)
        self.assertIn(f"CPU {cpus[1]} is outside of the CPUs that this process may use", reason)

    def test_a_numa_node_that_is_not_there_is_a_reason_to_skip(self):
        folder = self.changed_copy("loop", lambda record: record["axes"].update(numa_policy="999"))
        self.assertIn("no NUMA node 999", self.skipped_for(folder))

    def test_huge_pages_that_are_not_there_are_a_reason_to_skip(self):
        folder = self.changed_copy("loop", lambda record: record["axes"].update(REQUIRED))
        finished = self.replay(folder, "--format", "json")
        if finished.exit_code == 0:
            self.skipTest("this machine has huge pages")
        self.assertEqual(finished.exit_code, 77, finished.err)
        (now,) = json.loads(finished.out)["now"]
        self.assertIn("huge", now["reason"])

    def test_memory_that_is_not_there_is_a_reason_to_skip(self):
        far_too_much = {"element_size_bytes": 1 << 20, "capacity": 1 << 19, "memory": "anon"}
        folder = self.changed_copy("loop", lambda record: record["axes"].update(far_too_much))
        reason = self.skipped_for(folder)
        self.assertRegex(reason, r"^it needs \d+ bytes of memory, this machine has \d+$")

    def test_facts_that_differ_are_named(self):
        folder = self.copy_of_bundle()
        path = os.path.join(folder, "environment.json")
        with open(path, encoding="utf-8") as file:
            environment = json.load(file)
        environment["fingerprint"]["facts"]["kernel"] = "another kernel"
        environment["fingerprint"]["program_facts"]["binary_hash"] = "0123"
        with open(path, "w", encoding="utf-8") as file:
            json.dump(environment, file)
        record, _ = self.record("loop")
        finished = self.replay(folder, "--cell", record["cell"])
        self.assertEqual(finished.exit_code, 0, finished.err)
        self.assertRegex(finished.out, r"(?m)^  kernel: then another kernel, now \S")
        self.assertRegex(finished.out, r"(?m)^  binary_hash: then 0123, now \S")

    def test_a_plugin_that_is_gone_says_what_to_do(self):
        folder = self.copy_of_bundle()
        path = os.path.join(folder, "run.json")
        with open(path, encoding="utf-8") as file:
            request = json.load(file)
        request["plugins"] = [{"file": "/nowhere/libmine.so", "fnv1a": "0" * 16}]
        with open(path, "w", encoding="utf-8") as file:
            json.dump(request, file)
        record, _ = self.record("loop")
        self.check_refused(
            folder, "--cell", record["cell"],
            says=["plug-in /nowhere/libmine.so, which is not there any more", "--plugin FILE"],
        )  # fmt: skip

    def test_an_environment_that_lies_where_it_is_started_is_not_that_of_a_record(self):
        _, line = self.record("loop")
        folder = Scratch.of(self).folder
        with open(os.path.join(folder, "record.json"), "w", encoding="utf-8") as file:
            file.write(self.scratch.read("records.jsonl").splitlines()[line - 1])
        with open(os.path.join(folder, "environment.json"), "w", encoding="utf-8") as file:
            file.write("{")
        answer = self.replayed("record.json", cwd=folder)
        self.assertFalse(answer["environment_known"])

    def test_a_queue_that_nobody_has_says_what_to_do(self):
        folder = self.changed_copy("loop", lambda record: record["axes"].update(queue="mine"))
        self.check_refused(folder, says=["queue is 'mine'", "--plugin FILE.so"])

    def test_a_worker_that_dies_now_is_told_by_the_exit_code(self):
        record, _ = self.record("loop")
        running = self.scratch.start(
            "replay", self.bundle, "--cell", record["cell"], "--duration-ms", "3000"
        )

        def busy():
            return [w for w in running.workers() if w.cpu_ticks >= 5]

        os.kill(wait_until(busy, "a busy worker")[0].pid, signal.SIGKILL)
        finished = running.finish()
        self.assertEqual(finished.exit_code, 7, finished.err)
        self.assertRegex(finished.out, r"(?m)^now +failed: .*SIGKILL")
        running.wait_until_nothing_is_left()

    def test_ctrl_c_ends_it(self):
        record, _ = self.record("loop")
        running = self.scratch.start(
            "replay", self.bundle, "--cell", record["cell"], "--duration-ms", "60000"
        )
        wait_until(lambda: [w for w in running.workers() if w.cpu_ticks >= 5], "a busy worker")
        os.kill(running.pid, signal.SIGINT)
        self.assertEqual(running.finish().exit_code, 130)
        running.wait_until_nothing_is_left()


class RefusalTest(OneBundleTest):
    def test_of_a_cell_that_is_not_there_with_the_nearest_name(self):
        record, _ = self.record("loop")
        cell = record["cell"]
        self.check_refused(
            self.bundle, "--cell", cell[:-1], says=[f"--cell {cell[:-1]}", f"'{cell}'"]
        )

    def test_where_several_cells_could_be_meant(self):
        self.check_refused(self.bundle, says=["records of 5 cells", "--cell '", f"{self.file}:1"])

    def test_of_a_repetition_that_is_not_there(self):
        record, _ = self.record("loop")
        self.check_refused(
            self.bundle, "--cell", record["cell"], "--repetition", "9",
            says=["--repetition 9", "there is 0, 1"],
        )  # fmt: skip

    def test_of_a_line_out_of_range(self):
        for line in ("0", "99"):
            self.check_refused(f"{self.file}:{line}", says=[f":{line}: ", "10 lines"])

    def test_of_a_line_and_a_cell(self):
        self.check_refused(f"{self.file}:1", "--cell", "x", says=["leave out --cell"])

    def test_of_what_was_skipped(self):
        record, line = self.record("many", status="skipped")
        self.check_refused(
            f"{self.file}:{line}", says=["was skipped", record["reason"], "nothing to run again"]
        )

    def test_of_a_bundle_without_records(self):
        folder = self.copy_of_bundle()
        with open(os.path.join(folder, "records.jsonl"), "w", encoding="utf-8"):
            pass
        for named in (folder, os.path.join(folder, "records.jsonl")):
            self.check_refused(named, says=["there is no record in it"])

    def test_of_a_folder_that_is_no_bundle(self):
        folder = Scratch.of(self).folder
        self.check_refused(folder, says=[folder, "this is no bundle"])

    def test_of_the_bundle_of_a_gate(self):
        folder = Scratch.of(self).folder
        blocks = os.path.join(folder, "blocks.jsonl")
        with open(blocks, "w", encoding="utf-8") as file:
            file.write(json.dumps({"cell": "c", "stage": "one", "block": 1, "seed": 5}) + "\n")
        with open(os.path.join(folder, "gate.json"), "w", encoding="utf-8") as file:
            json.dump({"seed": 123}, file)
        says = ["a block is no record", "ringside gate", "--seed 123"]
        for named in (folder, blocks, f"{blocks}:1"):
            self.check_refused(named, says=says)
        records = os.path.join(folder, "records.jsonl")
        with open(records, "w", encoding="utf-8"):
            pass
        for named in (folder, records):
            self.check_refused(named, says=says)

    def test_of_a_trial_of_verify(self):
        record, _ = self.record("loop")
        record["axes"]["workload"] = "verify"
        path = os.path.join(Scratch.of(self).folder, "records.jsonl")
        with open(path, "w", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
        self.check_refused(path, says=["a trial of verify", "ringside verify"])

    def test_of_a_damaged_record_with_file_and_line(self):
        record, _ = self.record("loop")
        path = os.path.join(Scratch.of(self).folder, "records.jsonl")
        del record["axes"]["queue"]
        with open(path, "w", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
        self.check_refused(path, says=[f"{path}:1: ", "axes.queue is missing"])

    def test_of_a_suite_that_was_changed(self):
        folder = self.copy_of_bundle()
        with open(os.path.join(folder, "scenario.toml"), "a", encoding="utf-8") as file:
            file.write("# a word\n")
        says = ["scenario.toml", "not the suite that was run", "--warmup-ms and --duration-ms"]
        self.check_refused(f"{folder}:1", says=says)
        answer = self.replayed(f"{folder}:1", "--warmup-ms", "5", "--duration-ms", "20")
        self.assertEqual(answer["timing"], "as asked")

    def test_of_a_bundle_to_be_made_that_is_there(self):
        record, _ = self.record("loop")
        arguments = (self.bundle, "--cell", record["cell"], "--out", self.bundle)
        self.check_refused(*arguments, says=[self.bundle, "exists"])

    def test_of_times_that_are_none(self):
        self.check_refused(f"{self.file}:1", "--times", "0", says=["--times"])


if __name__ == "__main__":
    unittest.main()
