"""A run that was interrupted goes on where it was, and ends as if it never had been."""
import json
import os
import signal
import unittest

from ringside_program import QUEUES, Scratch, scenario, suite, wait_until

CELLS = QUEUES[:4]
REPETITIONS = 3


def four_cells(duration_ms=150):
    return suite(
        scenario("one", queue=CELLS), repetitions=REPETITIONS, warmup_ms=5, duration_ms=duration_ms
    )


def identities(records):
    return [(record["cell"], record["repetition"]) for record in records]


class InterruptedTest(unittest.TestCase):
    def setUp(self):
        self.scratch = Scratch.of(self)

    def interrupted(self, with_signal, records=5, text=None, arguments=()):
        """What a run leaves that got this signal after so many records."""
        running = self.scratch.start_suite(text or four_cells(), *arguments)
        wait_until(lambda: len(self.scratch.records()) >= records, f"{records} records")
        os.kill(running.pid, with_signal)
        finished = running.finish()
        running.wait_until_nothing_is_left()
        return finished

    def resume(self, *arguments):
        return self.scratch.start(
            "run", "--resume", self.scratch.bundle, "--no-report", *arguments
        ).finish()

    def expect_a_whole_run(self, finished):
        self.assertEqual(finished.exit_code, 0, finished.err)
        names = identities(self.scratch.records())
        self.assertEqual(len(names), len(CELLS) * REPETITIONS)
        self.assertEqual(len(set(names)), len(names), "none is there twice")
        self.assertEqual([r for _, r in names], sorted(r for _, r in names), "in rounds")

    def test_from_another_folder_with_a_trace_of_the_first(self):
        trace = os.path.join(self.scratch.folder, "times", "sends.csv")
        os.mkdir(os.path.dirname(trace))
        with open(trace, "w", encoding="utf-8") as file:
            file.write("time_us\n0\n100\n300\n")
        text = suite(
            scenario("one", workload="paced", queue="spsc", arrivals="trace:times/sends.csv"),
            repetitions=3, warmup_ms=5, duration_ms=400,
        )  # fmt: skip
        self.assertEqual(self.interrupted(signal.SIGINT, 1, text).exit_code, 130)
        os.remove(trace)
        again = self.scratch.start(
            "run", "--resume", self.scratch.bundle, "--no-report", cwd="/"
        ).finish()
        self.assertEqual(again.exit_code, 0, again.err)
        self.assertEqual(len(self.scratch.records()), 3)

    def test_by_ctrl_c_says_how_to_go_on_and_does(self):
        finished = self.interrupted(signal.SIGINT)
        self.assertEqual(finished.exit_code, 130)
        self.assertIn(f"ringside run --resume {self.scratch.bundle}", finished.err)
        before = self.scratch.read("records.jsonl")
        again = self.resume()
        self.expect_a_whole_run(again)
        after = self.scratch.read("records.jsonl")
        self.assertTrue(after.startswith(before), "what was there is left as it was")
        self.assertRegex(again.err, r"going on: \d+ records there already")
        for queue in CELLS:
            self.assertRegex(again.out, rf"(?m)^{queue} .* 0/0/0/0")
        self.assertIn(f"{REPETITIONS} repetitions", again.out)

    def test_by_kill_9_goes_on(self):
        self.interrupted(signal.SIGKILL)
        self.expect_a_whole_run(self.resume())

    def test_twice_goes_on_twice(self):
        self.interrupted(signal.SIGKILL, records=3)
        running = self.scratch.start("run", "--resume", self.scratch.bundle, "--no-report")
        wait_until(lambda: len(self.scratch.records()) >= 6, "6 records")
        os.kill(running.pid, signal.SIGKILL)
        running.finish()
        running.wait_until_nothing_is_left()
        self.expect_a_whole_run(self.resume())

    def test_in_the_middle_of_a_line_loses_that_line_and_says_so(self):
        self.interrupted(signal.SIGKILL)
        path = os.path.join(self.scratch.bundle, "records.jsonl")
        size = os.path.getsize(path)
        os.truncate(path, size - 10)
        finished = self.resume()
        self.assertRegex(finished.err, r"last line of .*records\.jsonl was not whole and is cut")
        self.expect_a_whole_run(finished)

    def test_that_was_complete_is_left_as_it_is(self):
        self.assertEqual(self.scratch.run_suite(four_cells(duration_ms=60)).exit_code, 0)
        before = self.scratch.read("records.jsonl")
        self.expect_a_whole_run(self.resume())
        self.assertEqual(self.scratch.read("records.jsonl"), before)

    def test_draws_the_page_at_its_end(self):
        self.interrupted(signal.SIGINT)
        finished = self.scratch.start("run", "--resume", self.scratch.bundle).finish()
        self.expect_a_whole_run(finished)
        self.assertTrue(os.path.exists(os.path.join(self.scratch.bundle, "report.html")))

    def test_keeps_what_failed_and_ends_with_its_exit_code(self):
        running = self.scratch.start_suite(four_cells(duration_ms=1000))
        worker = self.scratch.wait_for_busy_workers(running, records=0)[0]
        os.kill(worker.pid, signal.SIGKILL)
        wait_until(lambda: len(self.scratch.records()) >= 2, "2 records")
        os.kill(running.pid, signal.SIGKILL)
        running.finish()
        running.wait_until_nothing_is_left()
        finished = self.resume()
        self.assertEqual(finished.exit_code, 7, finished.err)
        statuses = [record["status"] for record in self.scratch.records()]
        self.assertEqual(statuses, ["failed"] + ["ok"] * (len(CELLS) * REPETITIONS - 1))

    def test_remembers_overrides_shard_and_budget(self):
        arguments = ("-a", "capacity=[8, 16]", "--shard", "2/2", "--budget", "1h")
        whole = Scratch.of(self)
        self.assertEqual(whole.run_suite(four_cells(duration_ms=60), *arguments).exit_code, 0)
        self.interrupted(signal.SIGKILL, records=3, arguments=arguments)
        finished = self.resume()
        self.assertEqual(finished.exit_code, 0, finished.err)
        self.assertEqual(identities(self.scratch.records()), identities(whole.records()))
        self.assertEqual(len(whole.records()), len(CELLS) * REPETITIONS)

    def test_is_refused_while_the_run_goes_on(self):
        running = self.scratch.start_suite(four_cells(duration_ms=2000))
        wait_until(lambda: self.scratch.records(), "a record")
        finished = self.resume()
        self.assertEqual(finished.exit_code, 2)
        self.assertIn("another run is writing", finished.err)
        os.kill(running.pid, signal.SIGINT)
        running.finish()


class RefusedTest(unittest.TestCase):
    """Of one bundle, complete, that is damaged in turn; nothing is ever added to it."""

    @classmethod
    def setUpClass(cls):
        cls.scratch = Scratch.of_class(cls)
        cls.scratch.run_suite(suite(scenario("one", queue="spsc"), duration_ms=20))

    def refusal(self, *arguments):
        finished = self.scratch.start("run", *arguments).finish()
        self.assertEqual(finished.exit_code, 2, finished.err)
        return finished.err

    def refusal_with(self, name, change):
        """Of the bundle with this file changed."""
        path = os.path.join(self.scratch.bundle, name)
        before = self.scratch.read(name)
        try:
            with open(path, "w", encoding="utf-8") as file:
                file.write(change(before))
            return self.refusal("--resume", self.scratch.bundle)
        finally:
            with open(path, "w", encoding="utf-8") as file:
                file.write(before)

    def changed_fact(self, section, name):
        def change(text):
            environment = json.loads(text)
            environment[section][name] = "another"
            return json.dumps(environment)

        return self.refusal_with("environment.json", change)

    def test_where_the_suite_was_changed(self):
        says = self.refusal_with("scenario.toml", lambda text: text + "\n")
        self.assertIn("not the suite that was run", says)

    def test_on_another_machine_or_with_another_program(self):
        for section, name in (("machine", "host"), ("cpu", "model"), ("build", "version")):
            says = self.changed_fact(section, name)
            self.assertIn(f'{name} of the {section} is "another", here it is', says)

    def test_with_another_suite_than_the_bundle_s(self):
        other = os.path.join(self.scratch.folder, "other.toml")
        with open(other, "w", encoding="utf-8") as file:
            file.write(suite(scenario("two", queue="spsc")))
        says = self.refusal(other, "--resume", self.scratch.bundle)
        self.assertIn("is not the suite of", says)

    def test_with_what_was_settled_when_it_began(self):
        for option in (("--out", "x"), ("--budget", "2m"), ("--shard", "1/2")):
            says = self.refusal("--resume", self.scratch.bundle, *option)
            self.assertIn("--resume", says)
            self.assertIn(option[0], says)

    def test_where_there_is_no_bundle(self):
        self.assertIn("run.json cannot be read", self.refusal("--resume", self.scratch.folder))

    def test_with_the_suite_of_the_bundle_it_is_not_refused(self):
        finished = self.scratch.start(
            "run", self.scratch.file, "--resume", self.scratch.bundle, "--no-report"
        ).finish()
        self.assertEqual(finished.exit_code, 0, finished.err)


if __name__ == "__main__":
    unittest.main()
