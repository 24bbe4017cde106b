"""Curves of capacity and of contention."""

import tempfile
import unittest

import bundle
import figures
from tests.synthetic_bundle import record, write
from tests.synthetic_suites import records_of

FIGURES = figures.find_all()
CAPACITY, TRIPS = FIGURES["throughput_by_capacity"], FIGURES["round_trip_by_capacity"]
WORKERS = FIGURES["throughput_by_workers"]


def load(records):
    with tempfile.TemporaryDirectory() as folder:
        return bundle.load(write(folder, records))


def panels_of(figure):
    return {axes.get_title(loc="left").replace("\n", " · "): axes for axes in figure.axes
            if axes.get_visible()}


def lines_of(axes):
    """x values of the line of each queue, by the container of its error bars."""
    return [list(bars.lines[0].get_xdata()) for bars in axes.containers]


class CapacityTest(unittest.TestCase):
    def test_has_a_line_for_each_queue_over_all_capacities(self):
        axes, = panels_of(CAPACITY.draw(load(records_of("capacity")))).values()
        self.assertEqual(lines_of(axes), [[1, 8, 144, 1024, 65536]] * 2)
        self.assertEqual(axes.get_xlabel(), "capacity (elements)")
        self.assertEqual(axes.get_ylabel(), "messages per second")

    def test_the_caption_says_how_often_each_was_measured(self):
        CAPACITY.draw(load(records_of("capacity")))
        caption = " ".join(CAPACITY.notes)
        self.assertIn("10 cells × 3 repetitions", caption)
        self.assertIn("smallest to largest repetition", caption)

    def test_two_capacities_are_no_curve(self):
        records = [one for one in records_of("capacity") if one["axes"]["capacity"] < 100]
        self.assertIsNone(CAPACITY.draw(load(records)))
        self.assertIn("3 or more capacities", " ".join(CAPACITY.notes))

    def test_round_trips_are_a_figure_of_their_own(self):
        records = [record("ping_pong", capacity=capacity, metrics={"rtt_ns_p50": 100 + capacity})
                   for capacity in (1, 8, 64)]
        self.assertIsNone(CAPACITY.draw(load(records)))
        axes, = panels_of(TRIPS.draw(load(records))).values()
        self.assertEqual(axes.get_ylabel(), "round trip, p50")

    def test_a_capacity_that_came_otherwise_is_said(self):
        records = [record("throughput", capacity=capacity, metrics={"messages_per_s": 1e6},
                          obtained={"capacity": capacity - 1}) for capacity in (8, 64, 256)]
        CAPACITY.draw(load(records))
        self.assertIn("Not as asked: capacity 8, came as 7 (1 cell)", " ".join(CAPACITY.notes))


class WorkersTest(unittest.TestCase):
    def test_has_a_panel_for_each_kind_of_contention(self):
        found = panels_of(WORKERS.draw(load(records_of("contention"))))
        self.assertEqual(list(found), ["producers, one consumer", "consumers, one producer",
                                       "producers, and as many consumers"])
        self.assertEqual(lines_of(found["producers, one consumer"]), [[1, 2, 4, 8]] * 2)

    def test_a_queue_with_one_number_of_workers_has_no_line(self):
        found = panels_of(WORKERS.draw(load(records_of("contention"))))
        self.assertEqual(lines_of(found["consumers, one producer"]), [[1, 2, 4]])

    def test_uneven_numbers_are_counted_in_the_caption(self):
        WORKERS.draw(load(records_of("contention")))
        self.assertIn("another number of several consumers (1)", " ".join(WORKERS.notes))

    def test_scenarios_of_one_suite_share_a_line(self):
        records = [record("throughput", queue="mpmc", shape=(count, 1), repetition=0,
                          metrics={"messages_per_s": 1e6 / count}) for count in (1, 2)]
        records[1]["cell"] = records[1]["cell"].replace("throughput", "contention")
        axes, = panels_of(WORKERS.draw(load(records))).values()
        self.assertEqual(lines_of(axes), [[1, 2]])

    def test_waiting_that_follows_from_the_shape_parts_no_lines(self):
        records = records_of("contention")
        for one in records:
            one["axes"]["wait"] = "spin" if one["axes"]["producers"] == 1 else "yield"
        found = panels_of(WORKERS.draw(load(records)))
        self.assertEqual(lines_of(found["producers, one consumer"]), [[1, 2, 4, 8]] * 2)
        self.assertIn("yields while it waits", " ".join(WORKERS.notes))

    def test_waiting_that_was_chosen_stands_apart(self):
        records = records_of("contention")
        chosen = [{**one, "axes": {**one["axes"], "wait": "yield"}, "cell": one["cell"] + "/yield"}
                  for one in records]
        titles = panels_of(WORKERS.draw(load(records + chosen)))
        self.assertEqual(len(titles), 6)

    def test_one_shape_is_no_curve(self):
        self.assertIsNone(WORKERS.draw(load([record("throughput",
                                                    metrics={"messages_per_s": 1e6})])))
