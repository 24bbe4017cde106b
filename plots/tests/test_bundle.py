"""Reading a bundle: grouping, numbers over repetitions, and what is an error."""

import tempfile
import unittest
from pathlib import Path

import bundle
from tests.synthetic_bundle import record, skipped, timed, write


class BundleTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name)

    def load(self, records, **options):
        return bundle.load(write(self.path, records, **options))

    def test_groups_repetitions_in_any_order_by_cell(self):
        loaded = self.load([record(queue=queue, repetition=repetition)
                            for repetition in (2, 0, 1) for queue in ("mpmc", "spsc")])
        self.assertEqual([cell.axes["queue"] for cell in loaded.cells], ["spsc", "mpmc"])
        for cell in loaded.cells:
            self.assertEqual([one.repetition for one in cell.records], [0, 1, 2])

    def test_takes_median_and_range_over_repetitions_that_are_ok(self):
        rates = [5.0, 1.0, 9.0, 2.0, 4.0]
        records = [record(repetition=place, metrics={"messages_per_s": rate})
                   for place, rate in enumerate(rates)]
        records.append(record(repetition=5, status="invalid", metrics={"messages_per_s": 1e9}))
        spread = self.load(records).cells[0].spread("messages_per_s")
        self.assertEqual(spread, (4.0, 1.0, 9.0, 5))

    def test_does_not_take_null_or_text_for_a_number(self):
        records = [record(metrics={"messages_per_s": None, "rtt_ns_p50": "fast",
                                   "rtt_ns_p99": float("nan"), "rtt_ns_max": 10**400})]
        cell = self.load(records).cells[0]
        for metric in ("messages_per_s", "rtt_ns_p50", "rtt_ns_p99", "rtt_ns_max"):
            self.assertIsNone(cell.spread(metric))

    def test_sums_validation_and_says_none_without_any(self):
        loaded = self.load([record(size=8, repetition=0), record(size=8, repetition=1),
                            skipped(size=64)])
        self.assertEqual(loaded.cells[0].total("received"), 2000000)
        self.assertIsNone(loaded.cells[1].total("received"))

    def test_decodes_the_histograms_of_a_record(self):
        cell = self.load([record(**timed([100] * 90 + [900] * 10))]).cells[0]
        self.assertEqual(cell.histograms("rtt_ns")[0].value_at([0.5, 0.95]).tolist(), [100, 900])

    def test_makes_a_note_of_a_last_line_that_is_cut_off(self):
        write(self.path, [record(), record(repetition=1)])
        whole = (self.path / "records.jsonl").read_text()
        (self.path / "records.jsonl").write_text(whole[:-20])
        loaded = bundle.load(self.path)
        self.assertEqual(len(loaded.records), 1)
        self.assertRegex(loaded.notes[0], r"line 2\) is cut off")

    def test_refuses_a_broken_line_that_is_not_the_last(self):
        write(self.path, [record(), record(repetition=1)])
        lines = (self.path / "records.jsonl").read_text().splitlines()
        (self.path / "records.jsonl").write_text("\n".join(["{oops"] + lines) + "\n")
        with self.assertRaisesRegex(bundle.BundleError, r"records\.jsonl:1: not valid JSON"):
            bundle.load(self.path)

    def test_refuses_a_broken_last_line_that_has_its_end(self):
        write(self.path, [record()])
        with (self.path / "records.jsonl").open("a") as stream:
            stream.write('{"schema": 1\n')
        with self.assertRaisesRegex(bundle.BundleError, r"records\.jsonl:2: not valid JSON"):
            bundle.load(self.path)

    def test_refuses_records_of_another_shape_and_says_where(self):
        wrong = {
            "schema is 2": record(schema=2),
            "'cell' must be a str": record(cell=None),
            "status is 'fine'": record(status="fine"),
            "'metrics' must be a dict": record(metrics=[1]),
            "histogram 'rtt_ns' cannot be decoded": record(histograms={"rtt_ns": "HISTF"}),
        }
        for reason, one in wrong.items():
            with self.subTest(reason), self.assertRaisesRegex(bundle.BundleError,
                                                              rf"records\.jsonl:2: {reason}"):
                self.load([record(), one])

    def test_survives_without_environment_and_scenario(self):
        loaded = self.load([record()], environment=None, scenario=None)
        self.assertEqual(len(loaded.notes), 2)
        self.assertIsNone(loaded.question)
        self.assertIsNone(loaded.host)

    def test_says_when_there_is_no_record(self):
        self.assertRegex(self.load([]).notes[0], "nothing was measured")

    def test_names_the_axes_that_vary(self):
        loaded = self.load([record(size=1472), record(size=8), record(size=64, shape=(2, 1))])
        self.assertEqual(bundle.varying_axes(loaded.cells),
                         {"shape": ["1p1c", "2p1c"], "element_size_bytes": [8, 64, 1472]})
