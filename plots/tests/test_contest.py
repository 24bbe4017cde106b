"""Ratios to the best comparator: which rounds count, and who is compared with whom."""

import tempfile
import unittest

import bundle
import contest
from tests.peers_records import peer, round_trip, seven_rounds
from tests.synthetic_bundle import record, write


def load(records):
    with tempfile.TemporaryDirectory() as folder:
        return bundle.load(write(folder, records))


def hold(records):
    return contest.hold(load(records), ("spsc",))


class ContestTest(unittest.TestCase):
    def test_ratios_are_of_the_same_round(self):
        (only,), left_out = hold(seven_rounds())
        self.assertEqual(only.best.queue, "good")
        self.assertEqual(left_out, 0)
        for ratio in only.ratios(only.of_queue()["spsc"]):
            self.assertAlmostEqual(ratio, 1.5)

    def test_cells_that_differ_in_size_are_not_compared(self):
        contests, _ = hold(seven_rounds() + [peer("spsc", 0, 1e6, size=8)])
        self.assertEqual(len(contests), 2)
        alone = next(one for one in contests if one.axes["element_size_bytes"] == 8)
        self.assertIsNone(alone.best)
        alone = next(one for one in contests if one.axes["element_size_bytes"] == 8)
        self.assertIsNone(alone.best)
        self.assertEqual({len(one.entrants) for one in contests}, {1, 3})

    def test_waits_and_memory_of_the_kernel_are_of_one_contest_and_the_best_wait_counts(self):
        records = seven_rounds()
        records += [peer("spsc", number, 900e6, wait="block") for number in range(7)]
        records += [peer("pipe", number, 1e6, memory="kernel") for number in range(7)]
        (only,), _ = hold(records)
        self.assertEqual(only.of_queue()["spsc"].median, 900e6)
        self.assertIn("pipe", only.of_queue())

    def test_who_gives_something_up_is_not_the_best_comparator(self):
        careless = [{**peer("careless", number, 1e9), "gives_up": "order"} for number in range(7)]
        (only,), _ = hold(seven_rounds() + careless)
        self.assertEqual(only.best.queue, "good")
        self.assertEqual(only.of_queue()["careless"].gives_up, "order")

    def test_a_comparator_of_a_single_round_is_not_the_best(self):
        (only,), _ = hold(seven_rounds() + [peer("lucky", 0, 1e9)])
        self.assertEqual(only.best.queue, "good")

    def test_rounds_of_another_placement_are_left_out(self):
        records = seven_rounds()
        records[0] = peer("spsc", 0, 9e9, canary_ns=(9, 9))
        records[3] = peer("spsc", 1, 9e9, canary_ns=(26, 112))
        (only,), left_out = hold(records)
        self.assertEqual(left_out, 2)
        self.assertEqual(sorted(only.of_queue()["spsc"].values), [2, 3, 4, 5, 6])

    def test_a_round_without_a_canary_among_those_that_have_one_is_left_out(self):
        (only,), left_out = hold(seven_rounds() + [peer("good", 7, 1e6, canary_ns=None)])
        self.assertEqual((len(only.of_queue()["good"].values), left_out), (7, 1))

    def test_without_canaries_every_round_counts(self):
        records = [peer(queue, number, 1e6, canary_ns=None)
                   for queue in ("spsc", "good") for number in range(3)]
        (only,), left_out = hold(records)
        self.assertEqual((len(only.of_queue()["spsc"].values), left_out), (3, 0))

    def test_round_trips_are_better_when_shorter_and_have_two_measures(self):
        contests, _ = hold([round_trip("spsc", 0, 80, 300), round_trip("good", 0, 100, 240)])
        ratios = {one.metric: one.ratios(one.of_queue()["spsc"]) for one in contests}
        self.assertEqual(ratios, {"rtt_ns_mean99": [1.25], "rtt_ns_p99": [0.8]})

    def test_the_floor_is_one_hand_off_a_message_and_two_a_round_trip(self):
        records = [peer("spsc", 0, 1e6), peer("good", 0, 20e6, canary_ns=(25, 25))]
        records[0]["obtained"]["canary_ns"] = [25, 25]
        (only,), _ = hold(records)
        self.assertAlmostEqual(only.floor_ratio(), 2.0)
        contests, _ = hold([round_trip("good", 0, 100, 240)])
        self.assertAlmostEqual(contests[0].floor_ratio(), 2.0)

    def test_regimes_end_at_gaps_of_thirty_percent(self):
        canaries = [(26, 28), (33, 30), (112, 110), (9, 9)]
        records = load([peer("spsc", number, 1e6, canary_ns=both)
                        for number, both in enumerate(canaries)]).records
        self.assertEqual(contest.regimes_of_run(records), {"same_l3": (26, 33)})

    def test_a_canary_that_is_none_is_read_as_none(self):
        for bad in ([26], [26, 0], "fast", None, [26, "x"]):
            value = record("throughput", metrics={"messages_per_s": 1.0})
            value["obtained"]["canary_ns"] = bad
            self.assertEqual(load([value]).records[0].canary_ns, ())

