"""The page of a comparison, from what ringside compare prints."""

import contextlib
import io
import json
import tempfile
import unittest
from pathlib import Path

import comparison
import comparison_file
import comparison_page


def metric(name, better, ratio, low, high, verdict, reason=None):
    values = [{"side": side, "median": median, "lowest": median, "highest": median,
               "repetitions": 5, "over_floor": None}
              for side, median in (("A", 100.0), ("B", 100.0 * (ratio or 1)))]
    return {"metric": name, "unit": "ns", "better": better, "values": values, "ratios": [
        {"side": "B", "ratio": ratio, "ratio_low": low, "ratio_high": high,
         "ratio_coverage": 0.968, "verdict": verdict, "reason": reason}]}


def cell(name, *metrics):
    return {"cell": name, "workload": "throughput", "sides": [], "metrics": list(metrics),
            "distribution": []}


CELLS = [
    cell("quick/throughput/spsc/el=8",
         metric("messages_per_s", "higher", 1.1, 1.05, 1.2, "better"),
         metric("cpu_s_per_million", "lower", 0.9, 0.8, 1.02, "inconclusive", "reaches beyond")),
    cell("quick/throughput/mpmc/el=8",
         metric("messages_per_s", "higher", 0.8, 0.7, 0.9, "worse"),
         metric("faults", "lower", None, None, None, "missing", "no such metric")),
]


def whole(cells=CELLS, **changes):
    sides = [{"label": label, "name": name, "bundles": [label], "is_judged": True}
             for label, name in (("A", "old"), ("B", "new <b>"))]
    bundles = [{"label": label, "folder": f"out/{label}"} for label in "AB"]
    return {"schema": 1, "by": None, "margin_percent": 5.0, "coverage": 0.95, "bundles": bundles,
            "differences": [{"fact": "kernel", "values": {"A": "6.1", "B": None}}],
            "sides": sides, "cells": cells, "notes": ["five of a hundred are wrong by chance"],
            **changes}


class ComparisonTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "changes.json"

    def run_on(self, text):
        """(exit code, stdout, stderr)"""
        if text is not None:
            self.path.write_text(text, encoding="utf-8")
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = comparison.main([str(self.path)])
        return code, out.getvalue(), err.getvalue()

    def load(self, value):
        self.path.write_text(json.dumps(value), encoding="utf-8")
        return comparison_file.load(self.path)

    def test_writes_a_page_beside_the_file_with_verdicts_and_differences(self):
        code, out, err = self.run_on(json.dumps(whole()))
        self.assertEqual((code, out, err), (0, f"{self.path.with_suffix('.html')}\n", ""))
        page = self.path.with_suffix(".html").read_text(encoding="utf-8")
        for words in ("old → new &lt;b&gt;", "1.100 [1.050–1.200]", "reaches beyond", "kernel",
                      "five of a hundred", "messages_per_s"):
            self.assertIn(words, page)
        self.assertNotIn("<b>", page)
        self.assertEqual(page.count("<svg"), 2)

    def test_rates_and_times_are_figures_of_their_own(self):
        pictures = comparison_page.pictures_of(self.load(whole()))
        self.assertEqual([picture.title for picture in pictures],
                         ["new <b>: rates: right is better",
                          "new <b>: times and costs: left is better"])

    def test_rows_stand_by_metric_with_what_is_worse_first(self):
        picture = comparison_page.pictures_of(self.load(whole()))[0]
        labels = [text.get_text().strip() for text in picture.figure.axes[0].texts]
        self.assertEqual([label for label in labels if "×" not in label],
                         ["messages_per_s", "mpmc", "spsc"])
        self.assertIn("2 ratios, 5 repetitions a side", " ".join(picture.notes))

    def test_ticks_stand_on_both_sides_of_one_however_far_the_ends_lie_apart(self):
        for low, high in ((0.98, 1.02), (0.8, 1.3), (0.3, 3.5), (0.01, 90)):
            cells = [cell("quick/a/b", metric("x_per_s", "higher", 1.0, low, high, "same")),
                     cell("quick/a/c", metric("x_per_s", "higher", low, low, low, "same")),
                     cell("quick/a/d", metric("x_per_s", "higher", high, high, high, "same"))]
            axes = comparison_page.pictures_of(self.load(whole(cells=cells)))[0].figure.axes[0]
            with self.subTest(low=low):
                places = axes.get_xticks()
                self.assertTrue(min(places) < 0 < max(places))
                self.assertTrue(4 <= len(places) <= 18)

    def test_what_has_no_ratio_is_in_the_table_alone(self):
        loaded = self.load(whole(cells=[CELLS[1]]))
        self.assertEqual(len(comparison_page.pictures_of(loaded)), 1)
        self.assertIn("no such metric", comparison_page.markup(loaded, []))

    def test_many_rows_have_an_end_that_is_said(self):
        cells = [cell(f"quick/throughput/spsc/el={size}",
                      metric("messages_per_s", "higher", 1.0, 0.99, 1.01, "same"))
                 for size in range(90)]
        picture = comparison_page.pictures_of(self.load(whole(cells=cells)))[0]
        self.assertIn("Only the first 60 of 90 rows", " ".join(picture.notes))

    def test_a_comparison_of_nothing_has_a_page(self):
        self.assertEqual(self.run_on(json.dumps(whole(cells=[])))[0], 0)
        self.assertIn("There is no ratio", self.path.with_suffix(".html").read_text())

    def test_what_is_no_comparison_is_exit_code_2_and_one_line(self):
        lacking = json.loads(json.dumps(whole()))
        del lacking["cells"][0]["metrics"][0]["ratios"][0]["ratio_low"]
        for text in (None, "{", "[]", '{"schema": 7, "cells": []}', json.dumps(lacking)):
            with self.subTest(text=(text or "")[:12]):
                code, out, err = self.run_on(text)
                self.assertEqual((code, out, err.count("\n")), (2, "", 1))
                self.assertRegex(err, r"^comparison\.py: .*changes\.json: .*'ringside compare")
