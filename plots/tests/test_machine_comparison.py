"""The page of a comparison by host: answers, machines, a figure for each question."""

import json
import re
import tempfile
import unittest
from pathlib import Path

import comparison
import comparison_file
import configurations
import configurations_page
import machine_answers
import machine_figures
import palette
from machine_panels import Mark
from tests import machine_comparisons as made
from tests.browser import Browser, program

SMALLEST = ("smallest tail of a round trip", "rtt_ns_p99", "ping_pong")


def found(rows=None, **changes):
    return configurations.load(made.comparison("out", rows, **changes)["configurations"])


def one_row(*values, **changes):
    return made.row(*SMALLEST, list(values), **changes)


class ConfigurationsTest(unittest.TestCase):
    def test_reads_the_nearest_to_what_people_ask_for(self):
        rows = configurations.at_usual(found().rows_of(configurations.RATES), 1400)
        self.assertEqual({row.element_size_bytes for row in rows}, {1472})
        self.assertEqual(len(rows), 6)

    def test_keeps_to_the_first_metric_that_there_is(self):
        value = made.value("epyc-1", 9.0)
        response = made.row("smallest tail of a response", "response_ns_p99", "paced", [value])
        rows = found([one_row(value), response]).rows_of(configurations.SLOW_TIMES)
        self.assertEqual([row.metric for row in rows], ["rtt_ns_p99"])

    def test_of_a_rate_takes_what_runs_as_fast_as_it_can(self):
        value = made.value("epyc-1", 9.0)
        rows = found([made.row("most messages", "messages_per_s", workload, [value])
                      for workload in ("paced", "throughput")]).rows_of(configurations.RATES)
        self.assertEqual([row.workload for row in rows], ["throughput"])

    def test_a_row_without_size_and_capacity_is_no_other_size(self):
        rows = found([one_row(made.value("epyc-1", 3.0), element_size_bytes=None, capacity=None,
                              cell="quick/x")])
        self.assertEqual(len(configurations.at_usual(rows.rows)), 1)


class AnswerTest(unittest.TestCase):
    def setUp(self):
        self.figures = machine_figures.find_all()

    def lead(self, name, *rows, **changes):
        return self.figures[name].answer(found(list(rows) or None, **changes)).lead

    def test_there_is_one_for_each_question(self):
        self.assertEqual(list(self.figures),
                         ["smallest_tail", "throughput", "crossing", "over_floor"])

    def test_who_is_ahead_is_told_with_places_and_intervals(self):
        lead = self.lead("smallest_tail")
        self.assertTrue(lead.startswith("round trip, p99, same_l3, quick/ping_pong/spsc/"), lead)
        self.assertIn(": epyc-1 is ahead, 315 ns [306–324 ns]; then xeon-2 409 ns", lead)
        self.assertIn("and arm-3 416 ns [403–428 ns], which cannot be told apart.", lead)

    def test_nobody_is_ahead_where_the_comparison_does_not_rank(self):
        row = one_row(made.value("epyc-1", 100.0), made.value("xeon-2", 900.0))
        lead = self.lead("smallest_tail", row)
        self.assertIn("no ranking (cannot be told apart: the intervals overlap)", lead)
        self.assertNotIn("ahead", lead)

    def test_a_first_place_of_two_is_ahead_of_nobody_alone(self):
        row = one_row(made.value("epyc-1", 100.0), made.value("xeon-2", 101.0),
                      made.value("arm-3", 300.0), ranking=[["epyc-1", "xeon-2"], ["arm-3"]],
                      why_not=None)
        lead = self.lead("smallest_tail", row)
        self.assertIn("xeon-2 101 ns [98.0–104 ns], which cannot be told apart; then arm-3", lead)
        self.assertNotIn("ahead", lead)

    def test_who_is_not_ranked_and_who_had_trouble_is_named(self):
        row = one_row(made.value("epyc-1", 100.0, trouble="2 of 5 repetitions failed: lost 3"),
                      made.value("arm-3", 90.0, repetitions=2),
                      not_ranked=[{"configuration": "arm-3", "why": "2 repetitions, 4 needed"}])
        answer = self.figures["smallest_tail"].answer(found([row]))
        self.assertTrue(answer.is_bad)
        self.assertIn("arm-3 is not ranked: 2 repetitions, 4 needed.", answer.more)
        self.assertTrue(answer.more[-1].endswith("2 of 5 repetitions failed: lost 3."))

    def test_counts_in_how_many_cells_somebody_is_ahead(self):
        answer = self.figures["throughput"].answer(found())
        self.assertEqual(answer.more, ["Of 6 cells like this, ahead of all others: epyc-1 in 6."])

    def test_says_why_most_cells_have_no_ranking(self):
        value = made.value("epyc-1", 9.0)
        rows = [one_row(value, cell=f"quick/{number}", why_not=why)
                for number, why in enumerate(("of this", "of that", "of this"))]
        self.assertNotIn("most often", " ".join(
            self.figures["smallest_tail"].answer(found(rows)).more))
        rows.insert(0, one_row(value, ranking=[["epyc-1"], ["arm-3"]], why_not=None,
                               cell="quick/x"))
        rows[0]["values"].append(made.value("arm-3", 19.0))
        self.assertEqual(self.figures["smallest_tail"].answer(found(rows)).more[-1],
                         "No ranking in 3, most often for this: of this.")

    def test_multiples_have_three_digits_and_no_exponent(self):
        for mark, text in (((2.6, 1e-5, 2e5), "2.6 × [under 0.01 ×–200 k ×]"),
                           ((1234.0, None, None), "1.23 k ×")):
            self.assertEqual(machine_answers.multiple_text(Mark(*mark, 5)), text)

    def test_crossing_is_a_ratio_of_each_machine_to_itself(self):
        near, far = (made.row("quickest round trip", "rtt_ns_p50", "ping_pong",
                              [made.value("epyc-1", median, width=0.1)], placement=placement)
                     for placement, median in (("same_node", 100.0), ("cross_node", 300.0)))
        self.assertTrue(self.lead("crossing", near, far).endswith(
            "cap=144: epyc-1 3 × [2.45–3.67 ×]."))

    def test_crossing_takes_one_cache_where_a_node_has_no_more(self):
        rows = [made.row("quickest round trip", "rtt_ns_p50", "ping_pong",
                         [made.value("epyc-1", 100.0)], placement=placement)
                for placement in ("same_l3", "cross_package")]
        self.assertTrue(self.lead("crossing", *rows).startswith("cross_package to same_l3, "))

    def test_a_comparison_by_placement_names_none(self):
        row = made.row("quickest round trip", "rtt_ns_p50", "ping_pong",
                       [made.value("same_l3", 100.0, 50.0)], placement=None)
        lead = self.lead("over_floor", row, hosts=("same_l3", "cross_node"), by="placement")
        self.assertTrue(lead.startswith("quick/ping_pong/"), lead)

    def test_there_is_none_for_what_was_not_measured(self):
        row = one_row(made.value("epyc-1", 100.0))
        for name in ("throughput", "crossing", "over_floor"):
            self.assertIsNone(self.figures[name].answer(found([row])), name)


class FigureTest(unittest.TestCase):
    def setUp(self):
        self.figures = machine_figures.find_all()

    def draw(self, name, rows=None, **changes):
        return self.figures[name].draw(found(rows, **changes))

    def test_each_draws_every_configuration_with_its_interval(self):
        for name, module in self.figures.items():
            with self.subTest(name):
                figure = module.draw(found())
                self.assertEqual([text.get_text() for text in figure.legends[0].get_texts()],
                                 list(made.HOSTS))
                self.assertEqual(len(figure.axes[0].containers), 2 * len(made.HOSTS))
                self.assertIn("5 to 15 repetitions, of 1 to 3 bundles", " ".join(module.notes))
                self.assertIn("epyc-1, arm-3", " ".join(module.notes))  # of one day

    def test_axes_say_what_and_in_which_unit(self):
        axes = self.draw("smallest_tail").axes[0]
        self.assertEqual(axes.get_ylabel(), "round trip, p99")
        self.assertIn("ns", axes.yaxis.get_major_formatter()(400, 0))
        self.assertEqual(self.draw("throughput").axes[0].get_ylabel(), "messages per second")
        self.assertEqual(self.draw("crossing").axes[0].yaxis.get_major_formatter()(2, 0), "2×")

    def test_a_panel_is_a_placement_and_marks_are_medians(self):
        figure = self.draw("smallest_tail")
        self.assertEqual([axes.get_title(loc="left") for axes in figure.axes],
                         ["same_l3", "same_node", "cross_node"])
        line = figure.axes[0].containers[0].lines[0]
        self.assertAlmostEqual(float(line.get_ydata()[0]), 310.0 * (1 + 64 / 4000))

    def test_an_interval_that_reaches_far_leaves_the_markers_apart(self):
        wide = {**made.value("epyc-1", 100.0), "high": 1e9}
        figure = self.draw("smallest_tail", [one_row(wide, made.value("xeon-2", 130.0))])
        self.assertLess(figure.axes[0].get_ylim()[1], 1000)
        self.assertIn("A line that reaches the edge goes on.", self.figures["smallest_tail"].notes)
        self.draw("smallest_tail")
        self.assertNotIn("goes on", " ".join(self.figures["smallest_tail"].notes))

    def test_repetitions_are_those_of_what_is_drawn(self):
        rows = [one_row(made.value("epyc-1", 100.0, repetitions=7)),
                made.row("most messages", "messages_per_s", "throughput",
                         [made.value("epyc-1", 1e6, repetitions=2)])]
        self.draw("smallest_tail", rows)
        self.assertIn("× 7 repetitions, of 1 bundle", self.figures["smallest_tail"].notes[-1])

    def test_49_configurations_look_different(self):
        styles = palette.marker_styles(range(49)).values()
        self.assertEqual(len({(one["color"], one["marker"]) for one in styles}), 49)

    def test_of_many_the_first_are_drawn_and_it_says_so(self):
        hosts = tuple(f"host-{number}" for number in range(20))
        rows = [one_row(*(made.value(host, 100.0 + place) for place, host in enumerate(hosts)))]
        figure = self.draw("smallest_tail", rows, hosts=hosts)
        self.assertEqual(len(figure.axes[0].containers), 8)
        self.assertIn("Only the first 8 of 20", " ".join(self.figures["smallest_tail"].notes))

    def test_there_is_none_without_figures_and_it_says_why(self):
        for name, module in self.figures.items():
            with self.subTest(name):
                self.assertIsNone(module.draw(found([])))
                self.assertEqual(len(module.notes), 1)

    def test_says_where_another_size_stands_for_the_one_that_was_wanted(self):
        row = made.row("most messages", "messages_per_s", "throughput", [made.value("epyc-1", 1e6)])
        self.assertIsNotNone(self.draw("throughput", [row]))
        self.assertIn("Nobody measured 1472 B: 64 B", self.figures["throughput"].notes[0])


class PageTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def page(self, **changes):
        path = made.write(self.folder, **changes)
        return comparison.write_page(comparison_file.load(path)).read_text(encoding="utf-8")

    def test_has_answers_then_what_differs_then_machines_then_figures(self):
        page = self.page()
        places = [page.index(text) for text in (
            'id="answers"', 'id="environment"', "<td>Processor of epyc-1</td>", 'id="machine0"',
            'id="machine2"', 'id="questions"', 'id="smallest_tail"', 'id="crossing"',
            'id="configurations"', 'id="left-out"')]
        self.assertEqual(places, sorted(places))
        self.assertIn("Between-machine, confounded with time", page)
        self.assertIn("this machine has one package", page)
        self.assertEqual(page.count("<svg"), 3 + 4)

    def test_every_link_of_the_header_leads_somewhere(self):
        page = self.page()
        links = re.findall(r'href="#([^"]+)"', page[:page.index("</nav>")])
        self.assertEqual(len(links), 6)
        for link in links:
            self.assertEqual(page.count(f'id="{link}"'), 1, link)

    def test_a_machine_that_cannot_be_read_is_named(self):
        path = made.write(self.folder)
        (self.folder / "arm-3" / "environment.json").write_text("{")
        (self.folder / "xeon-2" / "environment.json").unlink()
        page = comparison.write_page(comparison_file.load(path)).read_text(encoding="utf-8")
        self.assertIn("arm-3/environment.json:1: not valid JSON", page)
        self.assertIn("xeon-2 does not say which CPUs there are", page)
        self.assertIn('id="machine0"', page)

    def test_what_was_measured_in_the_same_runs_has_no_machines(self):
        page = self.page(label=None, by="backing")
        self.assertNotIn('id="machine0"', page)
        self.assertIn("comparison by backing", page)

    def test_nothing_in_common_has_a_page(self):
        page = self.page(made=[])
        self.assertIn("No question can be answered", page)
        self.assertIn("No cell is in all", page)

    def test_a_long_table_has_an_end_that_is_said(self):
        rows = [one_row(made.value("epyc-1", 9.0), cell=f"quick/a/{number}")
                for number in range(configurations_page.MAX_LINES + 1)]
        self.assertIn("Only the first 3,000 of 3,001 rows", self.page(made=rows))

    def test_what_lacks_a_part_is_no_comparison(self):
        path = made.write(self.folder)
        whole = json.loads(path.read_text())
        del whole["configurations"]["rows"][0]["values"][0]["low"]
        path.write_text(json.dumps(whole))
        with self.assertRaisesRegex(comparison_file.ComparisonError, "lacks what a comparison"):
            comparison_file.load(path)

    @unittest.skipUnless(program(), "there is no chromium here: install the package chromium")
    def test_fits_a_phone_and_the_browser_has_nothing_to_complain_of(self):
        self.page()
        with Browser() as browser:
            for width in (390, 1280):
                for is_dark in (False, True):
                    browser.look(width, 900, is_dark)
                    browser.open((self.folder / "machines.html").resolve())
                    self.assertLessEqual(
                        browser.value("document.documentElement.scrollWidth"), width)
            self.assertEqual(browser.complaints, [])


if __name__ == "__main__":
    unittest.main()
