"""Times in the order of the run, and what is marked as the machine's doing."""

import tempfile
import unittest

import bundle
import figures
from tests.synthetic_bundle import record, timed, write
from tests.synthetic_suites import records_of

RUN = figures.find_all()["over_the_run"]
LOADED = "loaded machine: a worker waited for its CPU for over 5 % of the timed phase"


def draw(records):
    with tempfile.TemporaryDirectory() as folder:
        return RUN.draw(bundle.load(write(folder, records)))


def trips(count, **changes):
    return [record(repetition=number, **timed([100 + number]), **changes)
            for number in range(count)]


def crowded(value):
    value["obtained"].update(producer_cpus=[0], consumer_cpus=[0])
    return value


class OverTheRunTest(unittest.TestCase):
    def test_shows_each_repetition_as_a_multiple_of_its_cell(self):
        figure = draw(trips(5))
        heights = [float(y) for line in figure.axes[0].lines[1:2] for y in line.get_ydata()]
        self.assertAlmostEqual(heights[2], 1)
        self.assertAlmostEqual(heights[0], 100 / 102)

    def test_goes_by_the_order_of_the_lines_and_not_of_the_cells(self):
        records = trips(4)
        records.insert(0, record(queue="mpmc", **timed([500])))
        figure = draw(records)
        self.assertEqual(float(figure.axes[0].lines[1].get_ydata()[0]), 1)
        self.assertEqual(len(figure.axes[0].lines[1].get_xdata()), 5)

    def test_marks_those_that_waited_for_a_cpu(self):
        records = trips(6)
        records[4]["notes"] = [LOADED]
        figure = draw(records)
        self.assertEqual(len(figure.axes[0].patches), 1)
        self.assertIn("1 of 6 repetitions marked: a worker waited for its CPU (1)",
                      " ".join(RUN.notes))

    def test_neighbours_share_a_band(self):
        records = trips(8)
        for number in (2, 3, 6):
            records[number]["notes"] = [LOADED]
        self.assertEqual(len(draw(records).axes[0].patches), 2)

    def test_marks_another_hand_off_and_many_disturbed_messages(self):
        records = trips(6)
        for one in records:
            one["obtained"]["canary_ns"] = [100, 101]
        records[1]["obtained"]["canary_ns"] = [300, 310]
        records[2]["metrics"]["disturbed_fraction"] = 0.4
        draw(records)
        caption = " ".join(RUN.notes)
        self.assertIn("the hand-off of a cache line was another one (1)", caption)
        self.assertIn("over 10 % of the messages were disturbed (1)", caption)

    def test_workers_that_share_a_cpu_are_no_disturbance(self):
        records = [crowded(one) for one in trips(5)]
        for one in records:
            one["obtained"]["workers"] = [{"wall_ns": 100, "run_delay_ns": 50}]
        figure = draw(records)
        self.assertEqual(len(figure.axes[0].patches), 0)
        self.assertIn("In 5 of them workers share CPUs", " ".join(RUN.notes))

    def test_says_that_there_are_no_moments_within_a_repetition(self):
        draw(records_of("paced"))
        self.assertIn("keeps no moments of single messages", " ".join(RUN.notes))

    def test_what_was_not_recorded_is_said_in_its_panel(self):
        figure = draw(trips(5))
        texts = [text.get_text() for axes in figure.axes[1:] for text in axes.texts]
        self.assertEqual(texts, ["not recorded", "not recorded"])

    def test_there_is_none_of_few(self):
        self.assertIsNone(draw(trips(3)))
        self.assertIn("fewer than 4", " ".join(RUN.notes))
