"""ringside verify: exit codes, what it prints and keeps, what it refuses, and what it leaves."""
import csv
import io
import json
import os
import signal
import unittest
import xml.etree.ElementTree as ElementTree

from ringside_program import REPOSITORY, Scratch, with_shm_of, wait_until

SMALL = {"kill_points": 2, "stop_points": 2, "wake_points": 2, "storms": 1, "rounds": 1}
LONG = {"queues": "mpmc", "faults": "storm", "storms": 1_000_000}  # nobody waits for its end


def campaign(name="tiny", expect=None, **settings):
    """The text of a campaign; lists, strings and numbers look the same in JSON and TOML."""
    lines = ["[verify]", f'name = "{name}"', 'question = "Does it work?"', "capacities = [2]"]
    lines += [f"{key} = {json.dumps(value)}" for key, value in dict(SMALL, **settings).items()]
    lines += ["[verify.expect]"] + [f'{queue} = "{what}"' for queue, what in (expect or {}).items()]
    return "\n".join(lines) + "\n"


class VerifyTest(unittest.TestCase):
    def setUp(self):
        self.scratch = Scratch.of(self)

    def start(self, text, *arguments, **options):
        with open(self.scratch.file, "w", encoding="utf-8") as file:
            file.write(text)
        fixed = ["verify", self.scratch.file, "--out", self.scratch.bundle]
        return self.scratch.start(*fixed, *arguments, **options)

    def verify(self, text, *arguments, **options):
        return self.start(text, *arguments, **options).finish()

    def kept_histories(self):
        names = sorted(os.listdir(self.scratch.bundle))
        return [name for name in names if name.endswith(".history.jsonl")]


class ASoundQueueTest(VerifyTest):
    def test_passes_and_leaves_a_whole_bundle(self):
        text = campaign(queues=["spsc"], faults=["none", "kill", "storm", "unlinked"])
        finished = self.verify(text)
        self.assertEqual(finished.exit_code, 0, finished.err)
        self.assertRegex(finished.out, r"spsc +none .* survives\n")
        self.assertRegex(finished.out, r"spsc +storm .* survives\n")
        records = self.scratch.records()
        cells = [f"tiny/verify/spsc/{fault}" for fault in ("none", "kill", "storm", "unlinked")]
        self.assertEqual([record["cell"] for record in records], cells)
        self.assertGreater(records[2]["metrics"]["faults"], 0)
        self.assertEqual(records[2]["validation"]["lost"], 0)
        self.assertEqual(self.scratch.read("scenario.toml"), text)
        self.assertIn("cpu", json.loads(self.scratch.read("environment.json")))
        self.assertEqual(self.kept_histories(), [])

    def test_is_a_passed_case_in_junit(self):
        self.verify(campaign(queues=["spsc", "mpsc"], faults=["none"]))
        tests = ElementTree.parse(os.path.join(self.scratch.bundle, "junit.xml")).getroot()
        self.assertEqual((tests.get("tests"), tests.get("failures")), ("2", "0"))
        names = [case.get("classname") for case in tests.iter("testcase")]
        self.assertEqual(names, ["tiny.spsc.unpinned", "tiny.mpsc.unpinned"])

    def test_says_progress_on_stderr_only(self):
        finished = self.verify(campaign(queues=["spsc"], faults=["none"]), "--format", "json")
        self.assertRegex(finished.err, r"plan: 1 queue, each under 1 kind of fault; about 0:0\d")
        self.assertIn("spsc none: survives", finished.err)
        self.assertEqual([row["queue"] for row in json.loads(finished.out)], ["spsc"])


class AQueueThatFailsTest(VerifyTest):
    """One that forgets to give its mutex back when its owner dies."""

    BAD = {"queues": ["boost_message_queue"], "faults": ["kill"], "kill_points": 40}

    def test_exits_with_3_and_keeps_what_it_saw(self):
        finished = self.verify(campaign(**self.BAD))
        self.assertEqual(finished.exit_code, 3, finished.err)
        self.assertRegex(finished.out, r"boost_message_queue +kill .* (stalls|loses|corrupts) !\n")
        record = self.scratch.records()[0]
        self.assertEqual(record["status"], "failed")
        self.assertTrue(any(note.startswith("fault point: ") for note in record["notes"]))
        tests = ElementTree.parse(os.path.join(self.scratch.bundle, "junit.xml")).getroot()
        self.assertEqual(tests.get("failures"), "1")
        self.assertEqual(tests.find(".//failure").get("type"), "integrity")
        name = "boost_message_queue-kill.history.jsonl"
        self.assertEqual(self.kept_histories(), [name])
        file = os.path.join(self.scratch.bundle, name)
        self.assertIn(f"ringside replay {file}", finished.err)
        self.check_replay(file)

    def check_replay(self, file):
        """What broke a rule breaks it again; a standstill breaks none."""
        replayed = self.scratch.start("replay", file, "--format", "json").finish()
        answer = json.loads(replayed.out)
        self.assertIn("fault_point", answer["notes"])
        broken = answer["violation"] is not None
        self.assertEqual(replayed.exit_code, 3 if broken else 0)
        evidence = self.scratch.records()[0]["reason"]
        self.assertEqual("nothing moved" in evidence or "still in a call" in evidence, not broken)

    def test_is_no_failure_where_that_is_expected(self):
        text = campaign(expect={"boost_message_queue": "corrupts"}, **self.BAD)
        finished = self.verify(text)
        self.assertEqual(finished.exit_code, 0, finished.err)
        self.assertEqual(self.scratch.records()[0]["status"], "ok")


class WhatIsNotTriedTest(VerifyTest):
    def test_exits_with_77_where_that_is_all(self):
        finished = self.verify(campaign(queues=["pipe"], faults=["wake"]))
        self.assertEqual(finished.exit_code, 77, finished.err)
        self.assertRegex(finished.out, r"pipe +wake .* skipped\n")
        record = self.scratch.records()[0]
        self.assertEqual(record["status"], "skipped")
        self.assertEqual(record["reason"], "its adapter offers no call that waits")

    def test_a_full_dev_shm_ends_in_an_error_and_not_in_a_crash(self):
        through = with_shm_of(self, "16k")
        text = campaign(queues=["spsc"], faults=["none"], capacities=[64], element_size_bytes=4096)
        finished = self.verify(text.replace("capacities = [2]\n", ""), through=through)
        self.assertEqual(finished.exit_code, 3, finished.err)
        self.assertIn("gave up", finished.out)


class TheFormatTest(VerifyTest):
    TEXT = campaign(queues=["spsc", "mpmc"], faults=["none"])

    def test_csv(self):
        rows = list(csv.DictReader(io.StringIO(self.verify(self.TEXT, "--format", "csv").out)))
        self.assertEqual([row["queue"] for row in rows], ["spsc", "mpmc"])
        self.assertEqual([row["class"] for row in rows], ["survives", "survives"])

    def test_markdown(self):
        out = self.verify(self.TEXT, "--format", "markdown").out
        self.assertRegex(out, r"^\| *queue +\|")
        self.assertRegex(out, r"\n\| *mpmc +\|")

    def test_json(self):
        rows = json.loads(self.verify(self.TEXT, "--format", "json").out)
        self.assertEqual([row["failed"] for row in rows], [False, False])
        self.assertGreater(rows[0]["trials"], 0)


class TheCommandLineTest(VerifyTest):
    def check_refused(self, finished, *says):
        self.assertEqual(finished.exit_code, 2, finished.err)
        self.assertEqual(finished.out, "")
        for part in says:
            self.assertIn(part, finished.err)
        self.assertFalse(os.path.exists(self.scratch.bundle))

    def test_overrides_change_the_campaign_and_stand_in_the_bundle(self):
        finished = self.verify(
            campaign(), "--set", "queues=[spsc,mpsc]", "--set", "faults=none", "--set", "seed=9"
        )
        self.assertEqual(finished.exit_code, 0, finished.err)
        self.assertEqual([r["axes"]["queue"] for r in self.scratch.records()], ["spsc", "mpsc"])
        written = os.path.join(self.scratch.bundle, "scenario.toml")
        self.assertIn("# run with --set seed=9\n", self.scratch.read("scenario.toml"))
        again = self.scratch.start("verify", written, "--out", self.scratch.bundle + "-2").finish()
        self.assertEqual(again.exit_code, 0, again.err)
        with open(os.path.join(self.scratch.bundle + "-2", "scenario.toml"), encoding="utf-8") as f:
            self.assertEqual(f.read(), self.scratch.read("scenario.toml"))

    def test_refuses_a_campaign_that_is_not_there(self):
        arguments = ["verify", "nightmare", "--out", self.scratch.bundle]
        finished = self.scratch.start(*arguments).finish()
        self.check_refused(finished, "nightmare", "scenarios/verify")

    def test_refuses_a_bad_override_by_its_flag(self):
        finished = self.verify(campaign(), "--set", "kill_point=3")
        self.check_refused(finished, "--set 'kill_point=3'", "did you mean 'kill_points'")
        self.check_refused(self.verify(campaign(), "--set", "seed"), "--set 'seed'", "KEY=VALUE")

    def test_refuses_a_bad_file_by_its_line(self):
        finished = self.verify(campaign(queues=["spcs"]))
        self.check_refused(finished, f"{self.scratch.file}:10: ", "did you mean 'spsc'")

    def test_refuses_an_unknown_format(self):
        finished = self.verify(campaign(), "--format", "xml")
        self.check_refused(finished, "--format", "xml", "markdown")

    def test_refuses_a_bundle_that_exists(self):
        os.mkdir(self.scratch.bundle)
        finished = self.verify(campaign(queues=["spsc"], faults=["none"]))
        self.assertEqual(finished.exit_code, 2, finished.err)
        self.assertIn(self.scratch.bundle, finished.err)
        self.assertEqual(os.listdir(self.scratch.bundle), [])

    def test_list_names_the_campaigns(self):
        finished = self.scratch.start("list", cwd=REPOSITORY).finish()
        self.assertEqual(finished.exit_code, 0, finished.err)
        below = finished.out.split("campaigns of ringside verify\n")[1]
        self.assertRegex(below, r"(?m)^  nightly +The same.*\n  quick +Does a queue lose")


class TheEndBeforeTheEndTest(VerifyTest):
    """In the middle of a storm, and of stepping through a call."""

    def start_and_wait(self, **settings):
        running = self.start(campaign(**settings))
        wait_until(lambda: running.segments() and len(running.processes()) > 3, "a trial")
        return running

    def check_sigkill(self, running):
        os.kill(running.pid, signal.SIGKILL)
        running.wait_until_nothing_is_left()

    def test_sigkill_in_a_storm_leaves_nothing(self):
        self.check_sigkill(self.start_and_wait(**LONG))

    def test_sigkill_while_it_steps_leaves_nothing(self):
        settings = {"queues": "mpmc", "faults": "kill", "kill_points": 100_000}
        self.check_sigkill(self.start_and_wait(**settings))

    def test_ctrl_c_ends_it_with_130_and_whole_records(self):
        running = self.start_and_wait(**LONG)
        os.kill(running.pid, signal.SIGINT)
        finished = running.finish()
        self.assertEqual(finished.exit_code, 130, finished.err)
        running.wait_until_nothing_is_left()
        self.assertEqual(len(self.scratch.records()), 1)
        ElementTree.parse(os.path.join(self.scratch.bundle, "junit.xml"))
        self.assertIn("mpmc", finished.out)

    def test_ctrl_c_at_once_says_what_was_not_tried(self):
        running = self.start_and_wait(**dict(LONG, faults=["storm", "kill"]))
        os.killpg(running.pid, signal.SIGINT)
        finished = running.finish()
        self.assertEqual(finished.exit_code, 130, finished.err)
        self.assertIn("interrupted", finished.err)
        running.wait_until_nothing_is_left()


if __name__ == "__main__":
    unittest.main()
