"""The map of placements, and memory side by side."""

import tempfile
import unittest

import numpy

import bundle
import figures
from tests.synthetic_bundle import record, write
from tests.synthetic_suites import PLACEMENTS, records_of

FIGURES = figures.find_all()
MAP, BACKING = FIGURES["placement_map"], FIGURES["backing"]


def load(records):
    with tempfile.TemporaryDirectory() as folder:
        return bundle.load(write(folder, records))


def maps_of(figure):
    return {axes.get_title(loc="left"): axes for axes in figure.axes if axes.images}


class PlacementMapTest(unittest.TestCase):
    def test_has_a_map_for_each_measure_from_near_to_far(self):
        found = maps_of(MAP.draw(load(records_of("placement"))))
        self.assertEqual(list(found), ["messages per second", "round trip, p50"])
        axes = found["round trip, p50"]
        self.assertEqual([label.get_text() for label in axes.get_xticklabels()],
                         list(PLACEMENTS))
        self.assertEqual([label.get_text() for label in axes.get_yticklabels()][:2],
                         ["spsc · 8 B", "spsc · 1472 B"])

    def test_fields_hold_medians_and_each_is_written(self):
        loaded = load(records_of("placement"))
        axes = maps_of(MAP.draw(loaded))["round trip, p50"]
        field = numpy.ma.getdata(axes.images[0].get_array())
        self.assertEqual(field.shape, (6, 5))
        cell = next(cell for cell in loaded.cells if cell.axes["workload"] == "ping_pong"
                    and cell.axes["queue"] == "spsc" and cell.axes["element_size_bytes"] == 8
                    and cell.axes["placement"] == "cross_node")
        self.assertEqual(field[0, 3], cell.spread("rtt_ns_p50").median)
        self.assertEqual(len(axes.texts), 2 * 6 * 5)

    def test_what_was_not_measured_stays_empty(self):
        records = [one for one in records_of("placement")
                   if (one["axes"]["queue"], one["axes"]["placement"]) != ("spsc", "same_l2")]
        axes = maps_of(MAP.draw(load(records)))["round trip, p50"]
        self.assertTrue(numpy.ma.getmaskarray(axes.images[0].get_array())[0, 1])

    def test_there_is_none_with_one_placement(self):
        self.assertIsNone(MAP.draw(load([record(metrics={"rtt_ns_p50": 90})])))
        self.assertIn("placed otherwise", " ".join(MAP.notes))


class BackingTest(unittest.TestCase):
    def test_has_a_row_for_each_memory_and_lock(self):
        figure = BACKING.draw(load(records_of("memory")))
        rows = [label.get_text() for label in figure.axes[0].get_yticklabels()]
        self.assertEqual(len(rows), 8)
        self.assertIn("posix_shm, locked", rows)

    def test_huge_pages_that_did_not_come_are_hollow_and_said(self):
        figure = BACKING.draw(load(records_of("memory")))
        faces = [line.get_markerfacecolor() for line in figure.axes[0].lines
                 if len(line.get_xdata()) == 1]
        self.assertEqual(faces.count("white"), 8)
        self.assertIn("Not as asked: huge_pages try, came as pages of 4 KiB (8 cells)",
                      " ".join(BACKING.notes))

    def test_those_that_came_are_filled(self):
        records = records_of("memory")
        for one in records:
            if one["axes"]["huge_pages"] == "try":
                one["obtained"]["page_size_bytes"] = 2 << 20
        figure = BACKING.draw(load(records))
        faces = [line.get_markerfacecolor() for line in figure.axes[0].lines]
        self.assertNotIn("white", faces)

    def test_queues_that_make_their_own_memory_are_no_choice(self):
        own = record("throughput", queue="pipe", metrics={"messages_per_s": 1e6})
        own["axes"] = {**own["axes"], "memory": "kernel"}
        ours = record("throughput", metrics={"messages_per_s": 2e6})
        self.assertIsNone(BACKING.draw(load([own, ours])))
        self.assertIn("nothing but its memory", " ".join(BACKING.notes))
