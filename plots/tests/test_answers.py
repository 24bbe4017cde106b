"""The sentences at the top of a page: what the figures say, and no more."""

import tempfile
import unittest

import answers
import bundle
from tests.peers_records import SUITE, seven_rounds
from tests.synthetic_bundle import record, skipped, timed, write


def answers_of(records, scenario=None):
    with tempfile.TemporaryDirectory() as folder:
        return answers.of_bundle(bundle.load(write(folder, records, scenario=scenario)))


def rates(queue, values, size=64, floor_ns=None, **changes):
    """Repetitions of throughput with these values, in millions."""
    records = []
    for number, value in enumerate(values):
        metrics = {"messages_per_s": value * 1e6, "bytes_per_s": value * 1e6 * size}
        if floor_ns:
            metrics["floor_ns"] = floor_ns
        records.append(record("throughput", queue=queue, size=size, capacity=1024,
                              repetition=number, metrics=metrics, **changes))
    return records


def trips(queue, values, over_floor=None, size=64):
    records = []
    for number, value in enumerate(values):
        one = record("ping_pong", queue=queue, size=size, capacity=1024, repetition=number,
                     **timed([value] * 50))
        if over_floor:
            one["metrics"]["rtt_over_floor"] = over_floor
        records.append(one)
    return records


class LeadTest(unittest.TestCase):
    def lead_of(self, records):
        answer, = answers_of(records)
        return answer.lead

    def test_names_the_best_with_its_spread_and_the_floor_and_then_the_others(self):
        lead = self.lead_of(rates("spsc", (131, 140, 150), floor_ns=66) +
                            rates("mpsc", (48, 50, 52)) + rates("mpmc", (14, 15, 16)))
        self.assertEqual(
            lead, "At 64 B: spsc moves the most, 140 M messages/s [131–150 M], 9.2 in the time of "
            "one hand-off of a cache line (66 ns); mpsc 50.0 M [48.0–52.0 M], mpmc 15.0 M "
            "[14.0–16.0 M].")

    def test_a_round_trip_is_set_beside_two_hand_offs(self):
        lead = self.lead_of(trips("spsc", (350, 363, 380), 2.5) + trips("mpsc", (420, 428, 430)))
        self.assertEqual(
            lead, "At 64 B: the round trip of spsc is the shortest, 363 ns [350–380 ns] at p50, "
            "2.5 times two hand-offs of a cache line; mpsc 428 ns [420–430 ns].")

    def test_what_is_inside_the_spread_is_not_called_better(self):
        lead = self.lead_of(rates("spsc", (40, 50, 60)) + rates("mpsc", (45, 48, 52)) +
                            rates("mpmc", (10, 11, 12)))
        self.assertIn("spsc 50.0 M messages/s [40.0–60.0 M] and mpsc 48.0 M messages/s "
                      "[45.0–52.0 M] cannot be told apart, for they lie within each other's "
                      "spread; ", lead)
        self.assertIn("mpmc 11.0 M", lead)
        self.assertNotIn("the most", lead)

    def test_times_that_overlap_say_what_takes_them(self):
        self.assertIn("At 64 B: the round trips of spsc 363 ns [350–380 ns] and mpsc 370 ns "
                      "[360–390 ns] at p50 cannot be told apart, for",
                      self.lead_of(trips("spsc", (350, 363, 380)) +
                                   trips("mpsc", (360, 370, 390))))

    def test_one_stray_repetition_of_seven_does_not_hide_what_leads(self):
        lead = self.lead_of(rates("spsc", (10, 100, 101, 102, 103, 104, 105)) +
                            rates("mpsc", (50, 51, 52, 53, 54, 55, 56)))
        self.assertIn("spsc moves the most, 102 M messages/s [10.0–105 M]", lead)

    def test_one_repetition_tells_nothing_apart(self):
        lead = self.lead_of(rates("spsc", (100,)) + rates("mpsc", (10,)))
        self.assertIn("cannot be told apart, for there is one repetition of each", lead)

    def test_a_queue_alone_is_the_best_of_nothing(self):
        self.assertEqual(self.lead_of(rates("spsc", (10, 11))),
                         "At 64 B: spsc moves 10.5 M messages/s [10.0–11.0 M].")

    def test_of_many_queues_the_last_is_named_and_how_many_there_are(self):
        records = [one for number in range(12)
                   for one in rates(f"queue{number:02}", (100 - 5 * number, 101 - 5 * number))]
        lead = self.lead_of(records)
        self.assertIn("and 7 more, down to queue11 with 45.5 M", lead)
        self.assertNotIn("queue07", lead)

    def test_skipped_cells_are_said_with_their_reason(self):
        answer, = answers_of([skipped(reason="this machine has one NUMA node")])
        self.assertEqual(answer.lead, "Nothing can be said: 1 cell skipped (this machine has one "
                                      "NUMA node).")

    def test_a_lost_message_goes_before_any_speed(self):
        records = rates("spsc", (10, 11))
        records[0]["validation"].update(lost=3)
        answer, = answers_of(records)
        self.assertTrue(answer.is_bad)
        self.assertTrue(answer.lead.startswith("Messages did not arrive as they were sent: 3 lost"))


class MoreTest(unittest.TestCase):
    def more_of(self, records, scenario=None):
        answer, = answers_of(records, scenario)
        return " ".join(answer.more)

    def test_says_whether_the_same_queue_leads_everywhere(self):
        more = self.more_of([one for size in (8, 64) for one in
                             rates("spsc", (50, 51), size) + rates("mpsc", (20, 21), size)])
        self.assertIn("spsc leads at all 2 values of element size.", more)
        more = self.more_of(rates("spsc", (50, 51), 8) + rates("mpsc", (20, 21), 8) +
                            rates("spsc", (10, 11), 64) + rates("mpsc", (20, 21), 64))
        self.assertIn("in 1 spsc leads", more)
        self.assertIn("in 1 mpsc leads", more)

    def test_says_which_size_is_best_and_which_moves_the_most_bytes(self):
        more = self.more_of(rates("spsc", (100, 110, 120), 8) + rates("spsc", (50, 51), 64) +
                            rates("spsc", (9, 10, 11), 1472))
        self.assertIn("By element size, spsc is best at 8 B (110 M messages/s [100–120 M]) and "
                      "worst at 1472 B", more)
        self.assertIn("the most bytes go through at 1472 B, 14.7 GB/s", more)

    def test_an_axis_within_the_spread_makes_no_difference(self):
        more = self.more_of(rates("spsc", (50, 60), 8) + rates("spsc", (52, 58), 64))
        self.assertIn("By element size, spsc shows no difference beyond the spread", more)

    def test_memory_that_people_have_is_what_others_are_set_beside(self):
        records = [record("throughput", repetition=number, metrics={"messages_per_s": 100 + number})
                   for number in range(3)]
        for memory in ("anon", "sysv"):
            other = rates("spsc", (1, 2, 3))
            for one in other:
                one["axes"]["memory"], one["cell"] = memory, one["cell"] + memory
                one["axes"]["capacity"] = 144
            records += other
        answer, = answers_of(records)
        self.assertTrue(answer.lead.startswith("At 64 B, memory posix_shm: spsc"))
        self.assertIn("By memory, spsc is best at anon and sysv (", " ".join(answer.more))

    def test_what_the_harness_noted_is_said(self):
        more = self.more_of(rates("spsc", (50, 60), notes=["3 workers share 2 CPUs"]))
        self.assertIn("To be read with: 3 workers share 2 CPUs (1 cell).", more)

    def test_what_the_machine_did_to_a_time_is_said(self):
        records = trips("spsc", (350, 360))
        for one in records:
            one["metrics"].update(rtt_ns_p50_clean=170, rtt_ns_p99_clean=290)
        self.assertIn("One in a hundred of spsc takes 355 ns or more; where the machine did not "
                      "disturb, p50 is 170 ns and p99 290 ns.", self.more_of(records))

    def test_the_comparators_of_a_contest_are_told_of(self):
        more = self.more_of(seven_rounds(), SUITE)
        self.assertIn("spsc is ahead in 1 of 1 contest, behind in 0, and not told apart in 0", more)


class OrderTest(unittest.TestCase):
    def test_scenarios_come_as_the_suite_has_them(self):
        records = [{**one, "cell": one["cell"].replace("throughput", "second")}
                   for one in rates("spsc", (1, 2))]
        records += [{**one, "cell": one["cell"].replace("ping_pong", "first")}
                    for one in trips("spsc", (100, 110))]
        scenario = '[[scenario]]\nname = "first"\n[[scenario]]\nname = "second"\n'
        self.assertEqual([one.title for one in answers_of(records, scenario)],
                         ["first", "second"])
