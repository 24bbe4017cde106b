"""What the page of a gate shows: its verdicts, as sentences, as a forest plot and as a table."""

import contextlib
import io
import tempfile
import unittest
from pathlib import Path

import bundle
import figures
import gate_answer
import gate_file
import report
from tests.gate_files import VERDICTS, gate_json, verdict
from tests.synthetic_bundle import write

EFFECTS = figures.find_all()["gate_effects"]


class GatePageTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "gate"

    def write(self, text):
        write(self.path, [])
        (self.path / gate_file.FILE).write_text(text, encoding="utf-8")
        return bundle.load(self.path)

    def page(self, text):
        self.write(text)
        with contextlib.redirect_stdout(io.StringIO()):
            self.assertEqual(report.main([str(self.path)]), 0)
        return (self.path / "report.html").read_text(encoding="utf-8")

    def test_the_figure_has_a_row_for_each_metric_and_the_worst_first(self):
        figure = EFFECTS.draw(self.write(gate_json(VERDICTS)))
        labels = [text.get_text().strip() for text in figure.axes[0].texts]
        rows = [label for label in labels if "_" in label]
        self.assertEqual(rows, ["throughput el=64  messages_per_s_robust",
                                "round-trip el=8  rtt_ns_p99_clean",
                                "round-trip el=8  rtt_ns_p50_clean",
                                "round-trip el=8  rtt_ns_p99"])
        self.assertIn("+52.9 %", labels)

    def test_the_caption_says_how_many_blocks_and_what_is_missing(self):
        EFFECTS.draw(self.write(gate_json(VERDICTS)))
        caption = " ".join(EFFECTS.notes)
        for words in ("3 metrics judged, 12 to 36 blocks each of 264 in all", "All at spsc",
                      "1 cell not gated: only one arm has it"):
            self.assertIn(words, caption)

    def test_an_interval_without_an_end_reaches_the_edge(self):
        figure = EFFECTS.draw(self.write(gate_json([verdict(upper=None)])))
        axes = figure.axes[0]
        ends = [line.get_xdata()[-1] for line in axes.lines if len(line.get_xdata()) == 2]
        self.assertIn(axes.get_xlim()[1], ends)

    def test_the_page_tells_the_outcome_and_each_regression(self):
        page = self.page(gate_json(VERDICTS))
        for words in ("Ringside · gate report", "Red: 1 of 3 metrics regressed.",
                      "1 regressed, 1 inconclusive, 1 pass", "linked once",
                      "worse by 52.9 %", "[+46.9 %, +57.8 %]", "main (aaa) → worktree",
                      "because it is inconclusive"):
            self.assertIn(words, page)
        self.assertNotIn("There is no record", page)

    def test_sides_of_two_configurations_are_called_by_these(self):
        page = self.page(gate_json(VERDICTS, columns=["a: never", "b: require"],
                                   baseline={"label": "huge_pages=never"},
                                   candidate={"label": "huge_pages=require"}))
        for words in ("huge_pages=never → huge_pages=require", "a: never", "b: require"):
            self.assertIn(words, page)
        self.assertNotIn("candidate", page)

    def test_a_metric_without_an_effect_is_in_the_table_alone(self):
        nothing = verdict(worse=None, lower=None, upper=None, baseline=None, first_effects=[])
        loaded = self.write(gate_json([nothing]))
        self.assertIsNone(EFFECTS.draw(loaded))
        self.assertIn("found no effect", " ".join(EFFECTS.notes))
        self.assertIn("rtt_ns_p50_clean", self.page(gate_json([nothing])))

    def test_a_damaged_file_is_refused_by_name(self):
        lacking = gate_json([{"cell": "x"}])
        for text in ("{", "[]", '{"schema": 2}', lacking):
            with self.subTest(text[:12]), self.assertRaisesRegex(bundle.BundleError, "gate.json"):
                gate_file.load(self.write(text).path)

    def test_improvements_are_told_as_such(self):
        gate = gate_file.load(self.write(gate_json(
            [verdict(name="improved", worse=-4.0, lower=-5.0, upper=-3.0)], exit_code=0)).path)
        whole, improved = gate_answer.of_gate(gate)
        self.assertFalse(whole.is_bad)
        self.assertIn("better by 4.0 %", improved.lead)
