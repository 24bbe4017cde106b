"""What people and programs read: help, lists, tables, and the formats on stdout."""
import csv
import io
import json
import os
import re
import unittest

from ringside_program import QUEUES, REPOSITORY, Scratch, scenario, suite

WORKLOADS = ("throughput", "ping_pong")
SHAPES = (("spsc", 1), ("mpmc", 1), ("spsc", 2), ("mpmc", 2))
AXES = {"queue": ["spsc", "mpmc"], "producers": [1, 2]}
SUITE = suite(*(scenario(name, name, **AXES) for name in WORKLOADS), repetitions=2)
CELLS = len(WORKLOADS) * len(SHAPES)
STATUSES = ["ok", "ok", "skipped", "ok"] * len(WORKLOADS)
TIMED = ["p50", "p99", "p99.9", "max", "×floor"]
HEADINGS = [
    ["queue", "shape", "bytes", "cap", "msgs/s", *timed, "cpu/M", "l/d/r/t"]
    for timed in ([], TIMED)  # of each workload
]


def run_program(test, *arguments, **options):
    finished = Scratch.of(test).start(*arguments, **options).finish()
    test.assertEqual(finished.exit_code, 0, finished.err)
    return finished


class VersionTest(unittest.TestCase):
    def test_version_is_three_numbers(self):
        self.assertRegex(run_program(self, "--version").out, r"^(ringside )?\d+\.\d+\.\d+\n$")


class ListTest(unittest.TestCase):
    def test_names_the_queues_the_axes_and_the_shipped_suites(self):
        words = run_program(self, "list", cwd=REPOSITORY).out.split()
        axes = ["capacity", "element_size_bytes", "placement", "lock_memory"]
        for word in QUEUES + axes + ["quick"]:
            self.assertIn(word, words)

    def test_says_what_a_queue_gives_up_that_others_keep(self):
        lines = run_program(self, "list", cwd=REPOSITORY).out.splitlines()
        at = next(i for i, line in enumerate(lines) if line.startswith("  robust_mutex "))
        self.assertRegex(lines[at + 1], r"^ +gives up: a try waits for whoever stopped")
        at = next(i for i, line in enumerate(lines) if line.startswith("  mpmc "))
        self.assertNotIn("gives up", lines[at + 1])

    def test_of_a_suite_has_one_line_a_cell_with_the_reason_of_a_skip(self):
        scratch = Scratch.of(self)
        with open(scratch.file, "w", encoding="utf-8") as file:
            file.write(SUITE)
        finished = scratch.start("list", scratch.file).finish()
        self.assertEqual(finished.exit_code, 0, finished.err)
        lines = finished.out.splitlines()
        self.assertEqual(len(lines), CELLS)
        self.assertTrue(all(line.startswith("small/") for line in lines), lines)
        skipped = [line for line in lines if "/spsc/2p1c/" in line]
        self.assertTrue(all("skipped: spsc takes at most" in line for line in skipped), lines)

    def test_of_the_cpus_has_each_that_may_be_used(self):
        one_cpu = min(os.sched_getaffinity(0))
        bind = lambda: os.sched_setaffinity(0, {one_cpu})
        text = run_program(self, "topo", preexec_fn=bind).out
        self.assertRegex(text, r"(?m)^\d+ package.*, 1 CPU$")
        self.assertRegex(text, rf"(?m)  CPU {one_cpu}$")
        for placement in ("same_core", "same_l2", "same_l3", "same_node", "cross_package"):
            self.assertRegex(text, rf"(?m)^{placement} +none")


class FormatTest(unittest.TestCase):
    """The same suite once in each format."""

    @classmethod
    def setUpClass(cls):
        cls.finished = {}
        for name in ("table", "json", "csv", "markdown"):
            scratch = Scratch.of_class(cls)
            cls.finished[name] = scratch.run_suite(SUITE, "--format", name)

    def test_every_one_exits_with_0(self):
        for name, finished in self.finished.items():
            self.assertEqual(finished.exit_code, 0, (name, finished.err))

    def test_json_is_all_that_stands_on_stdout(self):
        cells = json.loads(self.finished["json"].out)
        self.assertEqual([cell["status"] for cell in cells], STATUSES)
        measured = [cell for cell in cells if cell["status"] == "ok"]
        self.assertTrue(all(cell["messages_per_s"] > 0 for cell in measured))
        for cell in cells:
            self.assertEqual(cell["status"] == "skipped", bool(cell["reason"]), cell)

    def test_csv_has_one_row_a_cell(self):
        rows = list(csv.DictReader(io.StringIO(self.finished["csv"].out), strict=True))
        self.assertEqual([row["status"] for row in rows], STATUSES)
        self.assertEqual(len({row["cell"] for row in rows}), CELLS)
        for row in rows:
            self.assertNotIn(None, row, "more fields than headings")
            self.assertNotIn(None, row.values(), "fewer fields than headings")
            self.assertEqual(row["sent"], row["received"])

    def test_markdown_has_a_table_a_scenario(self):
        results, times = self.finished["markdown"].out.split("\n### Times, ")
        self.assertIn("| round trip |", times)
        lines = results.splitlines()
        rows = [line.strip("| ").split(" | ") for line in lines if line.startswith("|")]
        headings = [row for row in rows if row[0] == "queue"]
        self.assertEqual([[word for word in row if word] for row in headings], HEADINGS, lines)
        ruled = [line for line in lines if line.startswith("| :--")]
        self.assertEqual(len(ruled), len(WORKLOADS))
        self.assertEqual(len(rows), CELLS + 2 * len(WORKLOADS))
        widths = {line.count("|") for line in lines if line.startswith("|")}
        self.assertEqual(len(widths), len(HEADINGS), lines)

    def test_the_table_fits_in_100_columns(self):
        lines = self.finished["table"].out.splitlines()
        self.assertEqual([line for line in lines if len(line) > 100], [])
        lines = self.finished["table"].out.split("\ntimes, ")[0].splitlines()
        headings = [line.split() for line in lines if line.startswith("queue ")]
        self.assertEqual(headings, HEADINGS)
        self.assertEqual(sum(line.startswith(("spsc ", "mpmc ")) for line in lines), CELLS)

    def test_the_table_says_in_a_footnote_why_a_cell_was_skipped(self):
        self.assertRegex(self.finished["table"].out, r"\[\d\] skipped: spsc takes at most 1 prod")

    def test_the_plan_comes_first_and_the_progress_after_it(self):
        for finished in self.finished.values():
            lines = finished.err.splitlines()
            self.assertEqual(lines[0], "small: Does it work?")
            self.assertRegex(lines[2], rf"^plan: {CELLS} cells, {CELLS - 2} to run, about \d+:\d+")
            self.assertEqual(sum(line.startswith("[") for line in lines), CELLS - 2)

    def test_stderr_without_a_terminal_has_no_escapes(self):
        for finished in self.finished.values():
            self.assertNotIn("\x1b", finished.err)


class TerminalTest(unittest.TestCase):
    def progress(self, **environment):
        """What a run writes to a terminal on stderr, and to a pipe on stdout."""
        scratch = Scratch.of(self)
        try:
            master, terminal = os.openpty()
        except OSError as error:
            self.skipTest(f"no terminal to be had: {error}")
        self.addCleanup(os.close, master)
        inherited = {key: value for key, value in os.environ.items() if key != "CI"}
        environment = {**inherited, "TERM": "xterm", **environment}
        text = suite(scenario("one", queue=["spsc", "mpsc"]), repetitions=2)
        running = scratch.start_suite(text, stderr=terminal, env=environment)
        os.close(terminal)
        finished = running.finish()
        self.assertEqual(finished.exit_code, 0)
        self.assertNotIn("\x1b", finished.out)
        return os.read(master, 100_000).decode("utf-8")

    def test_one_line_is_redrawn(self):
        self.assertRegex(self.progress(), r"\r\x1b\[K\[2/4\] \d+:\d+ left  small/one/")

    def test_the_line_has_what_the_cell_reached_before(self):
        text = self.progress(COLUMNS="150")
        self.assertRegex(text, r"\[4/4\] \d+:\d+ left  [\d.]+ [kMG]?/s  small/one/\w+/1p1c")

    def test_the_line_is_as_long_as_the_terminal_is_wide(self):
        lines = re.findall(r"\x1b\[K([^\r]*)", self.progress(COLUMNS="40"))
        self.assertEqual(max(len(line) for line in lines), 39)

    def test_nothing_is_redrawn_in_ci(self):
        self.assertNotIn("\x1b", self.progress(CI="true"))

    def test_nothing_is_redrawn_where_the_terminal_cannot(self):
        self.assertNotIn("\x1b", self.progress(TERM="dumb"))


class StdoutTest(unittest.TestCase):
    def test_that_takes_nothing_is_an_error(self):
        """A result that was not written must not look like one that was."""
        scratch = Scratch.of(self)
        with open("/dev/full", "wb") as full:
            finished = scratch.run_suite(suite(scenario("one", queue="spsc")), stdout=full)
        self.assertNotEqual(finished.exit_code, 0, finished.err)
        self.assertEqual(len(scratch.records()), 1)


if __name__ == "__main__":
    unittest.main()
