"""ringside replay: what it says of a history, its exit codes, and which files it refuses."""
import json
import os
import unittest

from ringside_program import Scratch


def operation(process, action, value, began_ns, ended_ns, **more):
    fields = {"process": process, "action": action, "began_ns": began_ns, "ended_ns": ended_ns}
    if value is not None:
        fields["value"] = value
    return dict(fields, **more)


def history(*operations, **facts):
    """The text of a history file."""
    header = {"ringside_history": 1, "queue": "mpmc", "delivery": "at_most_once"}
    header.update(operations=len(operations), **facts)
    return "".join(json.dumps(line) + "\n" for line in (header, *operations))


PUSHES = [operation(1, "push", 17, 110, 120), operation(1, "push", 18, 130, 140)]
IN_ORDER = [operation(2, "pop", 17, 150, 160), operation(2, "pop", 18, 170, 180)]
OUT_OF_ORDER = [operation(2, "pop", 18, 150, 160), operation(3, "pop", 17, 170, 180)]


class ReplayTest(unittest.TestCase):
    def setUp(self):
        self.scratch = Scratch.of(self)
        self.file = os.path.join(self.scratch.folder, "history.jsonl")

    def replay(self, text, *arguments):
        with open(self.file, "w", encoding="utf-8") as file:
            file.write(text)
        return self.scratch.start("replay", self.file, *arguments).finish()

    def check_refused(self, finished, *says):
        self.assertEqual(finished.exit_code, 2, finished.err)
        self.assertEqual(finished.out, "")
        for part in says:
            self.assertIn(part, finished.err)


class VerdictTest(ReplayTest):
    def test_a_queue_has_no_violation(self):
        text = history(*PUSHES, *IN_ORDER, drained=True, capacity=8, notes={"seed": "7"})
        finished = self.replay(text)
        self.assertEqual(finished.exit_code, 0, finished.err)
        self.assertIn("mpmc, capacity 8, at_most_once, drained", finished.out)
        self.assertRegex(finished.out, r"seed +7\n")
        self.assertIn("pushed 2, popped 2, unreturned 0", finished.out)
        self.assertRegex(finished.out, r"verdict +no violation\n")

    def test_a_violation_is_told_and_drawn(self):
        finished = self.replay(history(*PUSHES, *OUT_OF_ORDER))
        self.assertEqual(finished.exit_code, 3, finished.err)
        self.assertIn(
            "overtaken: value 17 (pushed by process 1, 110..120 ns) was popped by process 3, "
            "170..180 ns, wholly after value 18",
            finished.out,
        )
        line = r"\+40 +\+50 +2 +pop 18 +\[\]\n +\+60 +\+70 +3 +pop 17 +\[\]\n"
        self.assertRegex(finished.out, line)

    def test_what_a_killed_consumer_may_have_taken_is_not_lost(self):
        killed = operation(2, "pop", None, 150, None, claimed=2)
        self.assertEqual(self.replay(history(*PUSHES, killed, drained=True)).exit_code, 0)
        finished = self.replay(history(*PUSHES, dict(killed, claimed=1), drained=True))
        self.assertEqual(finished.exit_code, 3)
        self.assertIn("lost 1,", finished.out)
        self.assertRegex(finished.out, r"never +2 +pop of up to 1 +\[=*>\n")

    def test_json_says_the_same(self):
        finished = self.replay(history(*PUSHES, *OUT_OF_ORDER), "--format", "json")
        self.assertEqual(finished.exit_code, 3, finished.err)
        answer = json.loads(finished.out)
        self.assertEqual(answer["verdict"], "overtaken")
        self.assertEqual(answer["violation"]["values"], [17, 18])
        self.assertEqual(len(answer["violation"]["operations"]), 4)
        self.assertEqual(answer["counts"]["pushed"], 2)
        self.assertEqual(answer["counts"]["overtaken"], 1)
        self.assertEqual(answer["counts"]["lost"], 0)

    def test_json_of_a_queue_has_no_violation(self):
        finished = self.replay(history(*PUSHES, *IN_ORDER), "--format", "json")
        self.assertEqual(finished.exit_code, 0, finished.err)
        answer = json.loads(finished.out)
        self.assertEqual(answer["verdict"], "no violation")
        self.assertIsNone(answer["violation"])


class RefusalTest(ReplayTest):
    def test_names_file_and_line_of_what_is_wrong(self):
        text = history(PUSHES[0], dict(PUSHES[1], action="shove"))
        self.check_refused(self.replay(text), f"{self.file}:3: ", "shove", "push, pop, saw_empty")

    def test_refuses_a_file_that_was_cut_off(self):
        text = history(*PUSHES)
        self.check_refused(self.replay(text[:-5]), f"{self.file}:3: ", "cut off")

    def test_refuses_what_only_records_have(self):
        for option in (["--cell", "x"], ["--times", "2"], ["--out", "x"], ["--plugin", "x.so"]):
            finished = self.replay(history(*PUSHES), *option)
            self.check_refused(finished, f"{option[0]}: ", self.file, "is a history")

    def test_refuses_a_file_that_is_missing(self):
        finished = self.scratch.start("replay", "not/there.jsonl").finish()
        self.check_refused(finished, "not/there.jsonl", "cannot be read")

    def test_refuses_an_unknown_format(self):
        finished = self.replay(history(*PUSHES), "--format", "csv")
        self.check_refused(finished, "--format", "csv", "table")


if __name__ == "__main__":
    unittest.main()
