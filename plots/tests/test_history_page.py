"""A history on its page and as text, from the outside."""

import contextlib
import csv
import io
import json
import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import history
import history_file
import trend_figures
import trends
from tests.synthetic_history import entry, judged, measured, of_one_cell, two_months, write
from tests.test_report import HOSTILE, Reader

STEP = [100e6 * (1 + 0.01 * (day % 3)) for day in range(12)] + [80e6 * (1 + 0.01 * (day % 3))
                                                               for day in range(12)]


class HistoryCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.file = self.folder / "history.jsonl"
        self.page_file = self.folder / "history.html"

    def run_history(self, *arguments):
        """(exit code, stdout, stderr)"""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = history.main([str(self.file), *arguments])
        return code, out.getvalue(), err.getvalue()

    def page_of(self, entries):
        write(self.file, entries)
        self.assertEqual(self.run_history(), (0, f"{self.page_file}\n", ""))
        return self.page_file.read_text(encoding="utf-8")

    def text_of(self, entries, form):
        write(self.file, entries)
        code, out, err = self.run_history("--format", form)
        self.assertEqual((code, err), (0, ""))
        return out

    def groups_of(self, entries):
        return trends.groups_of(history_file.load(write(self.file, entries)))


class PageTest(HistoryCase):
    def test_of_two_months_is_whole_and_needs_nothing_from_outside(self):
        page = self.page_of(two_months())
        reader = Reader()
        reader.feed(page)
        self.assertEqual(reader.open, [])
        self.assertEqual(len(reader.ids), len(set(reader.ids)))
        self.assertEqual(reader.tags.count("svg"), 4)
        self.assertNotRegex(page, r"https?://|@import|url\((?!#)")
        wanted = {value[1:] for key, value in reader.attributes if key == "href"}
        self.assertLessEqual(wanted, set(reader.ids))
        self.assertEqual([path.name for path in self.folder.iterdir()
                          if path.suffix != ".jsonl"], ["history.html"])

    def test_lists_a_change_with_cell_metric_time_size_and_what_the_machine_did(self):
        page = self.page_of(of_one_cell(STEP))
        for words in ("2026-09-13 06:00, run of quick: 1 change",
                      "revision cc623a9b00 → ",
                      "throughput/spsc/1p1c/el=64/cap=1024/same_l3", "101 M/s", "80.8 M/s",
                      "-20.0 %", "&lt; 10⁻⁹", "hand-off 66 → 66 ns", 'mark failed'):
            self.assertIn(words, page)

    def test_says_when_there_are_too_few_entries(self):
        self.assertIn("There are too few entries", self.page_of(of_one_cell(STEP[:5])))
        self.assertIn("No change point was found", self.page_of(of_one_cell(STEP[:10])))

    def test_of_one_entry_and_of_none_can_be_drawn(self):
        self.assertIn("<svg", self.page_of(of_one_cell(STEP[:1])))
        self.assertIn("holds no entry yet", self.page_of([]))

    def test_names_the_machines_and_never_mixes_them(self):
        entries = of_one_cell(STEP)
        for one in entries[12:]:
            one.update(machine="feedfacefeedface", host="other")
        page = self.page_of(entries)
        self.assertIn("feedfacefeedface", page)
        self.assertIn("No change point was found", page)

    def test_leaves_a_line_out_that_is_cut_off_and_says_so(self):
        write(self.file, of_one_cell(STEP[:3]))
        whole = self.file.read_text(encoding="utf-8").splitlines()
        self.file.write_text("\n".join([whole[0], whole[1][:50], whole[2][:70]]), encoding="utf-8")
        self.assertEqual(self.run_history()[0], 0)
        page = self.page_file.read_text(encoding="utf-8")
        self.assertIn("Line 2 of the history is cut off", page)
        self.assertIn("Line 3 of the history is cut off", page)

    def test_refuses_a_whole_line_that_is_no_entry_and_says_where(self):
        for junk in ("hello", "{}", '{"schema": 2}', "[", '{"scheme": 1'):
            with self.subTest(junk):
                write(self.file, of_one_cell(STEP[:1]))
                with self.file.open("a", encoding="utf-8") as file:
                    file.write(junk + "\n")
                code, out, err = self.run_history()
                self.assertEqual((code, out), (2, ""))
                self.assertIn(f"{self.file}:2: ", err)
                self.assertFalse(self.page_file.exists())

    def test_counts_of_a_gate_only_the_metrics_that_gate(self):
        found = [judged(gates=True), judged(gates=True, verdict="improved"),
                 judged(gates=False), judged(gates=False, verdict="regressed")]
        self.assertIn("<td>fine, 1 pass, 1 improved</td>",
                      self.page_of([entry(kind="gate", judged=found)]))

    def test_a_run_that_was_gone_on_with_counts_once(self):
        half, whole = (entry(0, exit_code=code, cells=[measured(messages_per_s=1e6)])
                       for code in (130, 0))
        again = entry(0, began_utc="2026-09-01T07:00:00Z", cells=[measured(messages_per_s=1e6)])
        (group,) = self.groups_of([half, whole, again])
        self.assertEqual([one.exit_code for one in group.entries], [0, 0])
        self.assertIn("1 of 3 entries are left out", self.page_of([half, whole, again]))

    def test_links_to_the_page_of_a_bundle_that_is_still_there(self):
        (self.folder / "run-1").mkdir()
        (self.folder / "run-1" / "report.html").write_text("", encoding="utf-8")
        page = self.page_of(of_one_cell(STEP[:3]))
        self.assertIn('href="run-1/report.html"', page)
        self.assertNotIn('href="run-2/report.html"', page)

    def test_escapes_whatever_the_history_says(self):
        hostile = entry(suite=HOSTILE, host=HOSTILE, cpu=HOSTILE, revision=HOSTILE, bundle=HOSTILE,
                        cells=[measured(HOSTILE, messages_per_s=1e6)])
        reader = Reader()
        reader.feed(self.page_of([hostile]))
        self.assertEqual(reader.tags.count("script"), 1)
        self.assertNotIn("img", reader.tags)

    def test_equal_histories_give_equal_bytes(self):
        with mock.patch.dict(os.environ, {"SOURCE_DATE_EPOCH": "1700000000"}):
            first = self.page_of(of_one_cell(STEP))
            self.run_history()
        self.assertEqual(first, self.page_file.read_text(encoding="utf-8"))

    def test_a_bad_history_is_exit_code_2_and_one_line(self):
        bad = {"not/there": r"cannot be read", '{"schema": 2}': r":1: schema is 2",
               "[]": r":1: an entry must be an object",
               json.dumps(entry(kind="walk")): r":1: kind is 'walk'",
               json.dumps(entry(cells=[1])): r":1: each of 'cells' must be an object",
               json.dumps(entry(judged=[{}])): r":1: each of 'judged' must be an object",
               json.dumps(entry(machine=None)): r":1: 'machine' must be a text"}
        for text, words in bad.items():
            with self.subTest(text):
                self.file.unlink(missing_ok=True)
                if text != "not/there":
                    self.file.write_text(text + "\n", encoding="utf-8")
                code, out, err = self.run_history()
                self.assertEqual((code, out, err.count("\n")), (2, "", 1))
                self.assertRegex(err, r"^history\.py: .*" + words)
                self.assertFalse(self.page_file.exists())


class SeriesTest(HistoryCase):
    def test_a_rate_that_follows_from_round_trips_is_none(self):
        cell = measured(messages_per_s=1e6, rtt_ns_p50=500.0, rtt_ns_p99=900.0)
        (group,) = self.groups_of([entry(cells=[cell])])
        self.assertEqual([one.metric for one in group.series], ["rtt_ns_p50", "rtt_ns_p99"])

    def test_undisturbed_times_stand_for_all_where_they_are_known(self):
        cell = measured(rtt_ns_p50=500.0, rtt_ns_p50_clean=480.0)
        (group,) = self.groups_of([entry(cells=[cell])])
        self.assertEqual([one.metric for one in group.series], ["rtt_ns_p50_clean"])

    def test_a_cell_without_undisturbed_times_keeps_its_series_beside_one_that_has_them(self):
        clean = measured(rtt_ns_p50=500.0, rtt_ns_p50_clean=480.0)
        other = measured("round-trip/pipe/1p1c", rtt_ns_p50=900.0)
        (group,) = self.groups_of([entry(0, cells=[clean, other]),
                                   entry(1, cells=[measured(rtt_ns_p50=500.0), other])])
        found = [(one.name, one.metric, len(one.points)) for one in group.series]
        self.assertEqual(found, [(clean["cell"], "rtt_ns_p50_clean", 1),
                                 (other["cell"], "rtt_ns_p50", 2)])

    def test_values_of_0_are_no_level_but_are_told_of(self):
        values = [2e6, 0, 1e6, 0, 3e6]
        (group,) = self.groups_of(of_one_cell(values, "slo_rate_per_s"))
        self.assertEqual([point.value for point in group.series[0].points], [2e6, 1e6, 3e6])
        (zero,) = group.at_zero
        self.assertEqual(zero.name, "quick/throughput/spsc/1p1c/el=64/cap=1024/same_l3")
        self.assertEqual(zero.text, zero.name + ", slo rate/s: 2 entries at 0, the last on "
                                                "2026-09-04; not drawn")

    def test_a_gate_has_effects_and_levels(self):
        (group,) = self.groups_of([entry(kind="gate", judged=[judged(0.05)])])
        effect, level = group.series
        self.assertEqual((effect.is_effect, level.is_effect), (True, False))
        self.assertEqual(effect.points[0].value, 0.05)
        self.assertAlmostEqual(level.points[0].value, 315.4, delta=0.1)
        self.assertEqual(level.points[0].baseline, 300)

    def test_a_gate_without_an_estimate_has_no_effect(self):
        bare = judged(estimate=0, baseline_median=None, candidate_median=None)
        bare["estimate"] = None
        (group,) = self.groups_of([entry(kind="gate", judged=[bare])])
        self.assertEqual(group.series, [])

    def test_a_level_that_moves_with_its_baseline_is_neither_better_nor_worse(self):
        entries = []
        for day in range(24):
            level = (300.0 if day < 12 else 450.0) * (1 + 0.01 * (day % 3))
            sides = {"baseline_median": level, "candidate_median": level}
            entries.append(entry(day, "gate", judged=[judged(0.001 * (day % 3), **sides)]))
        (change,) = trends.changes_of(self.groups_of(entries))
        self.assertEqual(change.direction, "as its baseline")

    def test_a_change_of_the_hand_off_is_the_machines(self):
        entries = of_one_cell(STEP)
        for one in entries[12:]:
            one["cells"][0]["metrics"]["floor_ns"] = 100.0
        (change,) = trends.changes_of(self.groups_of(entries))
        self.assertEqual(change.direction, "with the machine")
        self.assertEqual(change.meanwhile(), ("hand-off", 66, 100))

    def test_higher_is_better_of_rates_and_worse_of_times(self):
        for metric, direction in (("messages_per_s", "worse"), ("rtt_ns_p50", "better")):
            (change,) = trends.changes_of(self.groups_of(of_one_cell(STEP, metric)))
            self.assertEqual(change.direction, direction)
            self.assertAlmostEqual(change.percent, -20, places=6)

    def test_changes_of_less_than_one_per_cent_are_none(self):
        values = [100.0 + 0.01 * (day % 3) + (0.5 if day > 11 else 0) for day in range(24)]
        self.assertEqual(trends.changes_of(self.groups_of(of_one_cell(values))), [])

    def test_the_latest_change_has_number_1(self):
        changes = trends.changes_of(self.groups_of(two_months()))
        self.assertGreater(len(changes), 10)
        self.assertEqual([change.number for change in changes], list(range(1, len(changes) + 1)))
        lines = [change.first.entry.line for change in changes]
        self.assertEqual(lines, sorted(lines, reverse=True))

    def test_axes_are_read_from_the_name_of_a_cell(self):
        axes = trends.axes_of("peers/batched/spsc/1p1c/el=64/cap=144/cpus:0,1/batch=16/locked")
        self.assertEqual(axes, {"scenario": "batched", "queue": "spsc", "shape": "1p1c",
                                "element_size_bytes": 64, "capacity": 144,
                                "placement": "cpus:0,1", "batch": 16, "locked": True})

    def test_of_very_many_entries_the_latest_count(self):
        count = trends.MAX_ENTRIES + 3
        (group,) = self.groups_of(of_one_cell([1e6 * (1 + day % 2) for day in range(count)]))
        self.assertEqual((len(group.entries), group.left_out), (trends.MAX_ENTRIES, 3))


class FigureTest(HistoryCase):
    def pictures(self, entries):
        return trend_figures.draw_all(self.groups_of(entries))

    def test_there_is_one_for_each_family_and_side(self):
        titles = [picture.title for picture in self.pictures(two_months())]
        self.assertEqual(titles, ["quick: messages per second", "quick: round trip",
                                  "quick: gates, round trip, candidate to baseline",
                                  "quick: gates, round trip"])

    def test_a_change_is_a_numbered_line_in_its_panel(self):
        (picture,) = self.pictures(of_one_cell(STEP))
        (axes,) = [axes for axes in picture.figure.axes if axes.get_visible()]
        self.assertEqual([text.get_text() for text in axes.texts], ["1"])
        self.assertIn("1 change point, numbered as in the table above.", picture.notes)

    def test_what_gates_decided_is_marked_and_in_sight(self):
        found = [judged(0.4 if day == 5 else 0, "regressed" if day == 5 else "pass")
                 for day in range(30)]
        effect, _ = self.pictures([entry(day, "gate", judged=[one])
                                   for day, one in enumerate(found)])
        legend = [text.get_text() for text in effect.figure.legends[0].get_texts()]
        self.assertEqual(legend, ["spsc", "regressed"])
        self.assertGreater(effect.figure.axes[0].get_ylim()[1], 0.4)

    def test_one_wild_entry_lies_on_the_edge_and_is_counted(self):
        values = [1e6 * (1 + 0.01 * (day % 5)) for day in range(60)]
        values[20] = 90e6
        (picture,) = self.pictures(of_one_cell(values))
        self.assertLess(picture.figure.axes[0].get_ylim()[1], 1)
        self.assertIn("1 point further out on the edge.", " ".join(picture.notes))

    def test_ticks_are_round_whatever_the_span(self):
        for span in (0.03, 0.1, 0.4, 1.2, 4, 12):
            ticks = trend_figures._tick_ratios(-span, span)
            self.assertTrue(3 <= len(ticks) <= 14, (span, ticks))
            self.assertIn(1, ticks)

    def test_violations_are_marked(self):
        entries = of_one_cell(STEP[:4])
        entries[2]["cells"][0]["clean"] = False
        (picture,) = self.pictures(entries)
        legend = [text.get_text() for text in picture.figure.legends[0].get_texts()]
        self.assertEqual(legend, ["spsc", "messages lost, duplicated, reordered or torn"])


class TextTest(HistoryCase):
    def test_json_has_entries_and_change_points(self):
        value = json.loads(self.text_of(of_one_cell(STEP), "json"))
        self.assertEqual(len(value["entries"]), 24)
        (change,) = value["change_points"]
        self.assertEqual((change["line"], change["metric"], change["direction"]),
                         (13, "messages_per_s", "worse"))
        self.assertAlmostEqual(change["change_percent"], -20, places=6)
        self.assertFalse(self.page_file.exists())

    def test_csv_has_a_row_a_value_and_the_change_where_it_begins(self):
        rows = list(csv.DictReader(io.StringIO(self.text_of(of_one_cell(STEP), "csv"))))
        self.assertEqual([float(row["value"]) for row in rows], STEP)
        changed = [number for number, row in enumerate(rows) if row["change_percent"]]
        self.assertEqual(changed, [12])

    def test_the_table_is_in_ascii_where_ci_is_set(self):
        for variables, is_ascii in (({"CI": "true"}, True), ({"CI": ""}, False)):
            with mock.patch.dict(os.environ, variables):
                self.assertEqual(self.text_of(of_one_cell(STEP), "table").isascii(), is_ascii)
                self.assertFalse(self.text_of(of_one_cell(STEP), "markdown").isascii())

    def test_tables_have_entries_and_change_points(self):
        for form in ("table", "markdown"):
            text = self.text_of(of_one_cell(STEP), form)
            self.assertRegex(text, r"2026-09-13 06:00 .*-20\.0 % .*worse")
            self.assertRegex(text, r"2026-09-01 06:00 .*quick .*fine, 1 cell")

    def test_the_table_fits_where_columns_are_counted(self):
        with mock.patch.dict(os.environ, {"COLUMNS": "80"}):
            text = self.text_of(two_months(), "table")
        wide = [line for line in text.splitlines() if len(line) > 80 and " " in line]
        self.assertEqual(wide, [])
        self.assertRegex(text, r"\nquick/\S+/spsc/\S+\n  2026-\S+ 06:00 .*better\n")
        self.assertIn("Left out for want of columns: kind, before, p.", text)

    def test_values_of_0_are_in_every_form(self):
        entries = of_one_cell([0, 0], "slo_rate_per_s")
        words = "slo rate/s: 2 entries at 0, the last on 2026-09-02"
        self.assertIn(words, self.page_of(entries))
        for form in ("table", "markdown"):
            self.assertIn(words, self.text_of(entries, form))
        (zero,) = json.loads(self.text_of(entries, "json"))["at_zero"]
        self.assertEqual((zero["metric"], zero["lines"]), ("slo_rate_per_s", [1, 2]))
        rows = list(csv.DictReader(io.StringIO(self.text_of(entries, "csv"))))
        self.assertEqual([row["value"] for row in rows], ["0", "0"])

    def test_of_nothing_a_table_says_none(self):
        self.assertIn("Change points\nnone\n", self.text_of([], "table"))


if __name__ == "__main__":
    unittest.main()
