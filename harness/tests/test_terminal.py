"""What a terminal gets that a pipe does not, and the variables and options that decide it."""
import os
import re
import unittest

from ringside_program import SHM, Scratch, scenario, suite

SUITE = suite(scenario("trip", "ping_pong", queue=["spsc", "mpsc"]), repetitions=2, duration_ms=60)
COLOURS = ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "CI", "COLUMNS")
ENDED_PID = 4194304 + 1  # above what Linux ever gives
BLOCKS = "[▁▂▃▄▅▆▇█]"


def environment(**variables):
    """As of a terminal that can do all, and nothing else that decides."""
    inherited = {name: value for name, value in os.environ.items() if name not in COLOURS}
    return {**inherited, "TERM": "xterm", "LC_ALL": "C.UTF-8", **variables}


class TerminalCase(unittest.TestCase):
    def setUp(self):
        self.scratch = Scratch.of(self)

    def write(self, text):
        with open(self.scratch.file, "w", encoding="utf-8") as file:
            file.write(text)

    def on_terminal(self, *arguments, exit_code=0, **variables):
        """What the program writes to a terminal that is its stdout, and to a pipe for stderr.
        `exit_code`: None where it is nothing to the test."""
        try:
            master, terminal = os.openpty()
        except OSError as error:
            self.skipTest(f"no terminal to be had: {error}")
        self.addCleanup(os.close, master)
        running = self.scratch.start(*arguments, stdout=terminal, env=environment(**variables))
        os.close(terminal)
        text = b""
        while True:
            try:
                part = os.read(master, 65536)
            except OSError:  # the program has ended
                break
            text += part
        finished = running.finish()
        if exit_code is not None:
            self.assertEqual(finished.exit_code, exit_code, finished.err)
        return text.decode("utf-8").replace("\r\n", "\n")

    def in_pipe(self, *arguments, **variables):
        finished = self.scratch.start(*arguments, env=environment(**variables)).finish()
        self.assertEqual(finished.exit_code, 0, finished.err)
        return finished.out


class ColourTest(TerminalCase):
    def setUp(self):
        super().setUp()
        self.arguments = ("doctor", "--root", self.scratch.folder)  # of a machine that is empty

    def check(self, text, is_coloured):
        self.assertEqual("\x1b[" in text, is_coloured, text[:400])

    def test_stands_on_a_terminal_that_can(self):
        self.check(self.on_terminal(*self.arguments), True)
        self.check(self.on_terminal(*self.arguments, TERM="dumb"), False)
        self.check(self.on_terminal(*self.arguments, CI="true"), False)
        self.check(self.on_terminal(*self.arguments, NO_COLOR="1"), False)

    def test_stands_in_a_pipe_only_when_forced(self):
        self.check(self.in_pipe(*self.arguments), False)
        self.check(self.in_pipe(*self.arguments, FORCE_COLOR="1"), True)
        self.check(self.in_pipe(*self.arguments, CLICOLOR_FORCE="1"), True)

    def test_no_color_goes_before_force_color_and_the_option_before_both(self):
        forced = {"FORCE_COLOR": "1"}
        self.check(self.in_pipe(*self.arguments, NO_COLOR="1", **forced), False)
        self.check(self.in_pipe(*self.arguments, "--color", "always", NO_COLOR="1"), True)
        self.check(self.in_pipe(*self.arguments, "--color", "never", **forced), False)
        self.check(self.in_pipe(*self.arguments, RINGSIDE_COLOR="always"), True)


class TableTest(TerminalCase):
    """One run, whose table is shown again and again."""

    @classmethod
    def setUpClass(cls):
        scratch = Scratch.of_class(cls)
        finished = scratch.run_suite(SUITE)
        if finished.exit_code != 0:
            raise AssertionError(finished)
        cls.arguments = ("report", scratch.bundle, "--format", "table")

    def headings(self, text):
        return next(line for line in text.splitlines() if line.startswith("queue ")).split()

    def test_has_a_sparkline_in_each_row_where_there_is_room(self):
        text = self.on_terminal(*self.arguments, COLUMNS="120")
        rows = [line for line in text.splitlines() if re.match(r"(spsc|mpsc) .*0/0/0/0", line)]
        self.assertEqual(len(rows), 2)
        for row in rows:
            self.assertRegex(row, BLOCKS)
        self.assertRegex(text, r"(?m)^trip .*, spread \d.* … \d")
        self.assertEqual(self.headings(text)[-1], "spread")

    def test_has_none_where_it_could_not_be_read(self):
        for variables in ({"CI": "true"}, {"LC_ALL": "C"}, {"TERM": "dumb"}):
            text = self.on_terminal(*self.arguments, COLUMNS="120", **variables)
            self.assertNotRegex(text, BLOCKS)
            self.assertNotIn("spread", text)
        self.assertNotRegex(self.in_pipe(*self.arguments), BLOCKS)

    def test_fits_in_80_columns_and_says_what_was_left_out(self):
        every = set(self.headings(self.in_pipe(*self.arguments))) - {"shape"}
        text = self.on_terminal(*self.arguments, COLUMNS="80")
        self.assertEqual([line for line in text.splitlines() if len(line) > 80], [])
        headings = self.headings(text)
        for kept in ("msgs/s", "p50", "p99", "l/d/r/t"):
            self.assertIn(kept, headings)
        left_out = re.search(r"(?m)^Left out for want of columns: (.+)\.$", text)
        self.assertTrue(left_out, text)  # which ones depends on how wide the figures are
        self.assertLessEqual(every - set(headings), set(left_out[1].split(", ")))
        self.assertRegex(text, r"(?m)^trip .*, 1p1c\b")

    def test_has_all_columns_in_a_pipe(self):
        self.assertIn("cpu/M", self.headings(self.in_pipe(*self.arguments)))


class WidthTest(TerminalCase):
    """80 columns are enough: only what cannot be broken, a name or a path, takes more."""

    def check(self, *arguments, exit_code=0):
        text = self.on_terminal(*arguments, exit_code=exit_code, COLUMNS="80")
        self.assertTrue(text.strip(), arguments)
        lines = re.sub("\x1b\\[[0-9]*m", "", text).splitlines()
        wide = [line for line in lines if len(line) > 80 and " " in line.strip()]
        self.assertEqual(wide, [], text)

    def measure(self, folder, *arguments):
        """Two repetitions: no interval is what it should be, and each verdict has a footnote."""
        self.in_pipe("run", self.scratch.file, "--no-report", "--out", folder, *arguments)

    def test_is_enough_for_what_is_at_hand_and_for_a_plan(self):
        self.check("list")
        self.check("list", "quick")
        self.check("list", "numa")  # most of it is skipped, or left out
        self.check("topo")
        self.check("doctor", "--root", self.scratch.folder)
        self.check("doctor", "--noise-ms", "10")

    def test_is_enough_for_a_run_and_for_runs_side_by_side(self):
        self.write(SUITE)
        self.check("run", self.scratch.file, "--no-report", "--out", "one")
        self.measure("two")
        self.measure("other", "-a", "capacity=7")
        self.check("report", "one", "--format", "table")
        self.check("compare", "one", "two")
        self.check("compare", "one", "other")
        self.check("compare", "one", "two", "--distribution")
        self.check("compare", "one", "two", "other", "--by", "queue")
        self.check("report", "--history", "history.jsonl", "--format", "table")

    def test_is_enough_for_a_queue_under_faults(self):
        self.check("verify", "--out", "campaign", "--set", "queues=spsc")

    def test_is_enough_for_what_is_left_in_shared_memory(self):
        name = os.path.join(SHM, f"ringside-{ENDED_PID}-" + "x" * 30)
        with open(name, "wb"):
            self.addCleanup(lambda: os.path.exists(name) and os.remove(name))
        self.check("clean", "--dry-run", f"ringside-{ENDED_PID}-")

    def test_is_enough_for_a_gate_and_how_it_came(self):
        self.write(SUITE)
        gate = ("gate", self.scratch.file, "--baseline", "self", "--candidate", "self")
        fast = ("--budget", "2s", "--until-quiet", "0", "--no-report")
        self.check(*gate, *fast, "--out", "gated", exit_code=None)
        self.check("gate", "--explain", "trip/spsc", "--from", "gated")


class PlanTest(TerminalCase):
    """How much there is to do, and how long it takes, before it begins."""

    def plan_of(self, *arguments):
        self.write(SUITE)
        finished = self.scratch.start(*arguments, env=environment()).finish()
        plan = re.search("(?m)^plan: .*$", finished.err)
        self.assertTrue(plan, finished.err)
        return plan[0]

    def test_is_told_by_a_gate(self):
        gate = ("gate", self.scratch.file, "--baseline", "self", "--candidate", "self", "--dry-run")
        self.assertRegex(self.plan_of(*gate), r"2 cells, 24 blocks, about 0:0\d \(minutes")
        self.assertIn("for 30s at most", self.plan_of(*gate, "--budget", "30s"))

    def test_is_told_by_a_self_test(self):
        selftest = ("selftest", "aa", "--suite", self.scratch.file, "--gates", "1")
        self.assertRegex(self.plan_of(*selftest), r"1 gate of 24 blocks, about 0:0\d \(minutes")


class NextTest(TerminalCase):
    def next_of(self, *arguments, exit_code=0):
        finished = self.scratch.start(*arguments, env=environment()).finish()
        self.assertEqual(finished.exit_code, exit_code, finished.err)
        self.assertNotIn("next:", finished.out)
        lines = finished.err.splitlines()
        self.assertRegex(lines[-1], r"^next:   (sudo )?ringside [a-z]")
        self.assertEqual(sum(line.startswith("next:") for line in lines), 1)
        return lines[-1]

    def test_stands_last_behind_each_verb_that_looks_around(self):
        self.write(SUITE)
        self.assertIn("list quick", self.next_of("list"))
        self.assertIn(f"run {self.scratch.file}", self.next_of("list", self.scratch.file))
        self.assertIn("topo --matrix", self.next_of("topo"))
        self.assertIn("run quick", self.next_of("doctor", "--noise-ms", "10"))

    def test_of_a_second_run_is_to_compare_it_with_the_first(self):
        self.write(SUITE)
        run = ("run", self.scratch.file, "--out")
        self.assertIn("report out/first", self.next_of(*run, "out/first", "--no-report"))
        second = self.next_of(*run, "out/second", "--no-report")
        self.assertIn("compare out/first out/second", second)
        self.next_of(*second.split()[2:])


if __name__ == "__main__":
    unittest.main()
