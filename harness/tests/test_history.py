"""The history: runs add their main figures to it, and report --history draws how they went."""
import json
import os
import subprocess
import unittest
from pathlib import Path

from ringside_program import Scratch, scenario, suite

SUITE = suite(*(scenario(name, name, queue="spsc") for name in ("throughput", "ping_pong")))


def lines_of(file):
    with open(file, encoding="utf-8") as history:
        return [json.loads(line) for line in history]


def without_variable():
    return {name: value for name, value in os.environ.items() if name != "RINGSIDE_HISTORY"}


class HistoryCase(unittest.TestCase):
    def setUp(self):
        self.scratch = Scratch.of(self)
        self.file = os.path.join(self.scratch.folder, "history.jsonl")
        self.page = os.path.join(self.scratch.folder, "history.html")
        with open(self.scratch.file, "w", encoding="utf-8") as file:
            file.write(SUITE)

    def start(self, *arguments, **variables):
        environment = dict(without_variable(), **variables)
        return self.scratch.start(*arguments, env=environment)

    def run_suite(self, bundle, *arguments, **variables):
        fixed = ["run", self.scratch.file, "--no-report", "--out", bundle]
        return self.start(*fixed, *arguments, **variables).finish()

    def report(self, *arguments, **variables):
        return self.start("report", *arguments, **variables).finish()


class RunsTest(HistoryCase):
    def test_two_runs_append_two_lines_and_report_draws_them(self):
        for bundle in ("first", "second"):
            finished = self.run_suite(bundle)
            self.assertEqual(finished.exit_code, 0, finished.err)
            self.assertIn("trend:  ringside report --history history.jsonl\n", finished.err)
        entries = lines_of(self.file)
        self.assertEqual([entry["bundle"] for entry in entries], ["first", "second"])
        drawn = self.report("--history", self.file)
        self.assertEqual((drawn.exit_code, drawn.out), (0, self.page + "\n"), drawn.err)
        with open(self.page, encoding="utf-8") as page:
            text = page.read()
        self.assertIn("small: messages per second", text)
        self.assertIn("small: round trip", text)

    def test_an_entry_says_what_was_measured_where_and_by_whom(self):
        self.run_suite("bundle")
        (entry,) = lines_of(self.file)
        environment = json.loads(self.scratch.read("environment.json"))
        self.assertEqual((entry["schema"], entry["kind"], entry["suite"]), (1, "run", "small"))
        self.assertRegex(entry["time_utc"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertEqual(entry["began_utc"], environment["machine"]["time_utc"])
        self.assertEqual(entry["machine"], environment["fingerprint"]["machine"])
        self.assertEqual(entry["program_hash"],
                         environment["fingerprint"]["program_facts"]["binary_hash"])
        self.assertEqual(entry["exit_code"], 0)
        records = {record["cell"]: record for record in self.scratch.records()}
        self.assertEqual({cell["cell"] for cell in entry["cells"]}, set(records))
        for cell in entry["cells"]:
            self.assertEqual((cell["ok"], cell["clean"]), (1, True))
            for metric, median in cell["metrics"].items():
                self.assertEqual(median, records[cell["cell"]]["metrics"][metric], metric)
        self.assertIn("rtt_ns_p99", entry["cells"][1]["metrics"])

    def git(self, *arguments):
        who = ["-c", "user.name=nobody", "-c", "user.email=nobody@localhost"]
        return subprocess.run(["git", "-C", self.scratch.folder, *who, *arguments], check=True,
                              capture_output=True, text=True).stdout.strip()

    def test_the_revision_is_that_of_the_working_tree_and_says_where_it_is_changed(self):
        self.git("init", "--quiet")
        self.git("add", self.scratch.file)
        self.git("commit", "--quiet", "--message", "a suite")
        self.run_suite("first")
        with open(self.scratch.file, "a", encoding="utf-8") as file:
            file.write("# changed\n")
        self.run_suite("second")
        revision = self.git("rev-parse", "HEAD")
        self.assertEqual([entry["revision"] for entry in lines_of(self.file)],
                         [revision, revision + "-dirty"])

    def test_outside_of_a_working_tree_there_is_no_revision(self):
        self.run_suite("bundle", GIT_CEILING_DIRECTORIES=os.path.dirname(self.scratch.folder))
        self.assertIsNone(lines_of(self.file)[0]["revision"])

    def test_a_run_that_failed_is_remembered_with_its_exit_code(self):
        with open(self.scratch.file, "w", encoding="utf-8") as file:
            file.write(suite(scenario("one", queue="spsc", capacity=64), duration_ms=60_000))
        running = self.start("run", self.scratch.file, "--no-report", "--out",
                             self.scratch.bundle)
        for worker in self.scratch.wait_for_busy_workers(running):
            os.kill(worker.pid, 9)
        finished = running.finish()
        self.assertEqual(finished.exit_code, 7, finished.err)
        (entry,) = lines_of(self.file)
        self.assertEqual(entry["exit_code"], 7)
        self.assertEqual((entry["cells"][0]["ok"], entry["cells"][0]["failed"]), (0, 1))

    def test_one_that_was_interrupted_before_it_measured_anything_is_not(self):
        with open(self.scratch.file, "w", encoding="utf-8") as file:
            file.write(suite(scenario("one", queue="spsc"), duration_ms=60_000))
        running = self.start("run", self.scratch.file, "--no-report", "--out",
                             self.scratch.bundle)
        self.scratch.wait_for_busy_workers(running)
        os.kill(running.pid, 2)
        self.assertEqual(running.finish().exit_code, 130)
        self.assertFalse(os.path.exists(self.file))

    def test_a_variable_names_another_file_and_an_empty_one_switches_it_off(self):
        other = os.path.join(self.scratch.folder, "other.jsonl")
        self.run_suite("first", RINGSIDE_HISTORY=other)
        self.assertEqual(len(lines_of(other)), 1)
        finished = self.run_suite("second", RINGSIDE_HISTORY="")
        self.assertEqual(finished.exit_code, 0, finished.err)
        self.assertNotIn("trend:", finished.err)
        self.assertFalse(os.path.exists(self.file))

    def test_one_that_cannot_be_written_is_said_and_spoils_no_run(self):
        finished = self.run_suite("bundle", RINGSIDE_HISTORY="not/there.jsonl")
        self.assertEqual(finished.exit_code, 0)
        self.assertIn("not remembered: not/there.jsonl: cannot be opened", finished.err)


class ReportTest(HistoryCase):
    def test_of_a_bundle_draws_pictures_as_well_where_they_are_asked_for(self):
        self.run_suite("bundle")
        drawn = self.report("bundle", "--png")
        self.assertEqual((drawn.exit_code, drawn.out), (0, "bundle/report.html\n"), drawn.err)
        pictures = Path(self.scratch.folder, "bundle", "figures").glob("*.png")
        beginnings = [picture.read_bytes()[:8] for picture in pictures]
        self.assertTrue(beginnings)
        self.assertEqual(set(beginnings), {b"\x89PNG\r\n\x1a\n"})

    def test_says_what_else_it_shows(self):
        self.run_suite("bundle")
        next_one = f"next:   ringside report --history {self.file}"
        drawn = self.report("--history", self.file)
        self.assertTrue(drawn.err.endswith(f"{next_one} --format markdown\n"), drawn.err)
        shown = self.report("--history", self.file, "--format", "csv")
        self.assertTrue(shown.err.endswith(f"{next_one}\n"), shown.err)

    def test_refuses_whole_lines_of_junk(self):
        with open(self.file, "w", encoding="utf-8") as file:
            file.write("junk\nmore of it\n")
        self.check_refused(["--history", self.file], self.file + ":1: this is no JSON", "remove")
        self.assertFalse(os.path.exists(self.page))

    def test_prints_entries_and_changes_in_each_format(self):
        self.run_suite("bundle")
        beginnings = {"json": "{", "csv": "kind,suite,", "table": "Entries\n",
                      "markdown": "### Entries"}
        for name, beginning in beginnings.items():
            shown = self.report("--history", self.file, "--format", name)
            self.assertEqual(shown.exit_code, 0, shown.err)
            self.assertTrue(shown.out.startswith(beginning), shown.out[:80])
        self.assertFalse(os.path.exists(self.page))

    def test_means_the_usual_file_where_none_is_named(self):
        self.run_suite(os.path.join("out", "bundle"))
        drawn = self.report("--history")
        self.assertEqual((drawn.exit_code, drawn.out), (0, "out/history.html\n"), drawn.err)

    def test_means_the_file_of_the_variable_before_that(self):
        self.run_suite("bundle")
        drawn = self.report("--history", RINGSIDE_HISTORY=self.file)
        self.assertEqual((drawn.exit_code, drawn.out), (0, self.page + "\n"), drawn.err)

    def check_refused(self, arguments, *words):
        finished = self.report(*arguments)
        self.assertEqual((finished.exit_code, finished.out), (2, ""), finished.err)
        for word in words:
            self.assertIn(word, finished.err)

    def test_refuses_nothing_both_and_what_is_not_there(self):
        self.check_refused([], "bundle", "--history")
        self.check_refused(["bundle", "--history"], "bundle", "at once")
        self.check_refused(["--history", "not/there"], "no file not/there", "RINGSIDE_HISTORY")

    def test_refuses_what_is_no_history_and_says_where(self):
        with open(self.file, "w", encoding="utf-8") as file:
            file.write('{"schema": 1, "kind": "walk"}\n')
        self.check_refused(["--history", self.file], self.file + ":1", "kind is 'walk'")


if __name__ == "__main__":
    unittest.main()
