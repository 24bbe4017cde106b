"""The figure of queues beside the best comparator."""

import tempfile
import unittest

import bundle
import figures
from tests.peers_records import SUITE, peer, round_trip, seven_rounds
from tests.synthetic_bundle import write

PEERS = figures.find_all()["peers"]


def draw(records, scenario=SUITE):
    with tempfile.TemporaryDirectory() as folder:
        return PEERS.draw(bundle.load(write(folder, records, scenario=scenario)))


def legend_of(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


class PeersFigureTest(unittest.TestCase):
    def test_has_a_panel_a_shape_and_measure(self):
        records = seven_rounds() + [round_trip("spsc", 0, 80, 300), round_trip("good", 0, 100, 240)]
        titles = [axes.get_title(loc="left").replace("\n", " · ") for axes in draw(records).axes
                  if axes.get_visible()]
        self.assertEqual(titles, ["throughput · 1p1c · capacity 144",
                                  "round trip, fastest 99 % · 1p1c · capacity 144",
                                  "round trip, p99 · 1p1c · capacity 144"])

    def test_draws_the_median_of_the_ratios_of_each_queue(self):
        axes = draw(seven_rounds()).axes[0]
        heights = sorted(float(line.get_ydata()[0]) for line in axes.lines if len(line.get_xdata()))
        self.assertIn(1.5, [round(height, 6) for height in heights])
        self.assertIn(0.05, heights)  # the poor one, on the edge

    def test_subjects_come_first_in_the_legend_and_the_floor_last(self):
        names = legend_of(draw(seven_rounds()))
        self.assertEqual(names[0], "spsc")
        self.assertEqual(names[1:3], ["good", "poor"])
        self.assertIn("hand-off", names[-1])

    def test_says_who_gives_what_up_and_what_was_left_out(self):
        records = seven_rounds()
        records += [{**peer("careless", number, 1e9), "gives_up": "order"} for number in range(7)]
        records.append(peer("poor", 7, 1e6, canary_ns=(112, 112)))
        draw(records)
        caption = " ".join(PEERS.notes)
        self.assertIn("careless (order)", caption)
        self.assertIn("1 repetition left out", caption)

    def test_there_is_none_where_the_suite_compares_no_queues(self):
        self.assertIsNone(draw(seven_rounds(), scenario='[suite]\nname = "quick"\n'))
        self.assertRegex(" ".join(PEERS.notes), "No repetition .* subjects")

    def test_there_is_none_without_a_comparator(self):
        self.assertIsNone(draw([peer("spsc", 0, 1e6)]))

