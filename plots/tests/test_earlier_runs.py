"""The history on the page of a bundle: earlier runs of its suite on its machine."""

import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import bundle
import earlier_runs
import report
from tests import synthetic_history
from tests.synthetic_bundle import ENVIRONMENT, quick_records, record, timed, write

ENVIRONMENT_HERE = {**ENVIRONMENT, "fingerprint": {"machine": synthetic_history.MACHINE}}


class EarlierRunsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        environment = mock.patch.dict(os.environ)
        environment.start()
        self.addCleanup(environment.stop)
        os.environ.pop("RINGSIDE_HISTORY", None)
        self.path = write(self.folder / "run", [record(**timed([90, 91]))], ENVIRONMENT_HERE)

    def earlier(self):
        return earlier_runs.of_bundle(bundle.load(self.path))

    def history(self, entries, name="history.jsonl"):
        return synthetic_history.write(self.folder / name, entries)

    def test_draws_the_runs_of_this_suite_on_this_machine_alone(self):
        others = [synthetic_history.entry(20 + day, suite="latency") for day in range(9)]
        others += [synthetic_history.entry(40 + day, machine="other") for day in range(9)]
        self.history(synthetic_history.of_one_cell([1e6, 1.1e6, 1e6]) + others)
        found = self.earlier()
        self.assertEqual([picture.title for picture in found.pictures],
                         ["quick: messages per second"])
        self.assertIn("3 entries of this suite on this machine", found.text)
        self.assertIn("no change point", found.text)

    def test_a_change_is_told_of(self):
        self.history(synthetic_history.of_one_cell([1e6, 1.01e6, 0.99e6, 1e6, 1.005e6, 1e6] +
                                                   [2e6, 2.01e6, 1.99e6, 2e6, 2.02e6, 2e6]))
        self.assertIn("1 change point.", self.earlier().text)

    def test_the_environment_may_name_another_history(self):
        file = self.history(synthetic_history.of_one_cell([1e6, 1e6]), "elsewhere.jsonl")
        self.assertEqual(self.earlier().pictures, [])
        os.environ["RINGSIDE_HISTORY"] = str(file)
        self.assertEqual(len(self.earlier().pictures), 1)

    def test_one_entry_is_too_few_and_a_broken_history_is_no_error_of_the_page(self):
        self.history([synthetic_history.entry()])
        self.assertIn("too few to draw", self.earlier().text)
        (self.folder / "history.jsonl").write_text('{"schema": 9}\n')
        self.assertIn("The history is not drawn", self.earlier().text)
        self.assertEqual(self.earlier().pictures, [])

    def test_many_cells_are_left_to_the_page_of_the_history(self):
        cells = [synthetic_history.measured(f"throughput/q{number}", messages_per_s=1e6)
                 for number in range(earlier_runs.MAX_CELLS + 1)]
        self.history([synthetic_history.entry(day, cells=cells) for day in range(3)])
        found = self.earlier()
        self.assertEqual(found.pictures, [])
        self.assertIn("too many cells to be drawn here", found.text)

    def test_without_a_history_the_page_says_so(self):
        self.assertIn("no history", self.earlier().text)
        report.write_report(self.path)
        self.assertIn("no history", (self.path / "report.html").read_text(encoding="utf-8"))

    def test_the_page_has_the_figures_with_ids_of_their_own(self):
        self.history(synthetic_history.of_one_cell([1e6, 1.1e6, 1e6]))
        write(self.path, quick_records(samples=400), ENVIRONMENT_HERE)
        report.write_report(self.path)
        page = (self.path / "report.html").read_text(encoding="utf-8")
        self.assertIn('id="trend1-level-messages-per-second"', page)
