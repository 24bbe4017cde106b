"""The figures: drawn where there are data, absent with a word where there are none."""

import tempfile
import unittest
from pathlib import Path

import numpy
from matplotlib.figure import Figure

import bundle
import figures
import histogram
import palette
import panels
import percentile_curves
from tests.synthetic_bundle import encode, quick_records, record, skipped, timed, write

FIGURES = figures.find_all()


def load(records, **options):
    with tempfile.TemporaryDirectory() as folder:
        return bundle.load(write(folder, records, **options))


def visible_axes(figure):
    return [axes for axes in figure.axes if axes.get_visible()]


class FiguresTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.quick = load(quick_records(samples=400))

    def test_every_file_in_the_folder_is_a_figure(self):
        self.assertIn("latency_by_percentile", FIGURES)
        self.assertIn("throughput_by_size", FIGURES)
        for module in FIGURES.values():
            self.assertTrue(module.QUESTION.endswith("?"))
            self.assertIsInstance(module.notes, list)

    def test_the_readme_names_every_figure_with_its_question(self):
        readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
        for name, module in FIGURES.items():
            self.assertIn(f"| `{name}` | {module.QUESTION} |", readme)

    def test_round_trips_have_a_panel_per_element_size_and_capacity(self):
        figure = FIGURES["latency_by_percentile"].draw(self.quick)
        axes = visible_axes(figure)
        self.assertEqual(len(axes), 6)
        self.assertEqual(axes[0].get_title(loc="left"), "8 B · capacity 144")
        self.assertEqual([len(one.lines) for one in axes], [3] * 6)

    def test_throughput_has_a_panel_per_shape_and_capacity(self):
        figure = FIGURES["throughput_by_size"].draw(self.quick)
        titles = [axes.get_title(loc="left") for axes in visible_axes(figure)]
        self.assertEqual(titles, ["1p1c · capacity 144", "1p1c · capacity 1024",
                                  "1p1c · capacity 4096", "2p1c · capacity 1024",
                                  "2p2c · capacity 1024"])

    def test_captions_say_what_was_measured_and_what_is_missing(self):
        module = FIGURES["throughput_by_size"]
        module.draw(self.quick)
        caption = " ".join(module.notes)
        for words in ("1 failed, 1 invalid, 1 skipped", "messages received and validated",
                      "note of the harness", "bench-07", "2025-11-21", "uite quick", "repetitions"):
            self.assertIn(words, caption)

    def test_there_is_no_figure_and_a_reason_without_data(self):
        for records in ([], [skipped()], [record(status="failed", reason="died")]):
            empty = load(records, environment=None)
            for name, module in FIGURES.items():
                with self.subTest(name):
                    self.assertIsNone(module.draw(empty))
                    self.assertRegex(" ".join(module.notes), "No repetition")

    def test_a_repetition_of_one_sample_can_be_drawn(self):
        self.assertIsNotNone(FIGURES["latency_by_percentile"].draw(load([record(**timed([70]))])))

    def test_reads_of_snapshots_are_drawn_and_round_trips_are_none_of_them(self):
        reads = load([record("snapshot", queue="double_buffer", **timed([26, 27], "read_ns"))])
        self.assertEqual(len(visible_axes(FIGURES["snapshot_read_by_percentile"].draw(reads))), 1)
        self.assertIsNone(FIGURES["latency_by_percentile"].draw(reads))
        round_trips = load([record(**timed([70]))])
        self.assertIsNone(FIGURES["snapshot_read_by_percentile"].draw(round_trips))

    def test_what_differs_is_never_drawn_as_one(self):
        first, second = record(**timed([90])), record(**timed([95]))
        second["axes"] = {**second["axes"], "huge_pages": "try"}
        second["cell"] += "/try"
        figure = FIGURES["latency_by_percentile"].draw(load([first, second]))
        self.assertEqual([axes.get_title(loc="left") for axes in visible_axes(figure)],
                         ["huge_pages never", "huge_pages try"])

    def test_an_axis_that_only_depends_on_the_queue_is_said_in_the_caption(self):
        first, second = record(**timed([90])), record(queue="pipe", **timed([95]))
        second["axes"] = {**second["axes"], "tuning": None}
        module = FIGURES["latency_by_percentile"]
        self.assertEqual(len(visible_axes(module.draw(load([first, second])))), 1)
        self.assertIn("tuning (spsc adaptive, pipe none)", " ".join(module.notes))

    def test_panels_have_a_limit_and_what_is_beyond_is_said(self):
        notes = []
        self.assertEqual(len(panels.limited(list(range(100)), notes)), panels.MAX_PANELS)
        self.assertIn("of 100 panels", notes[0])


class PercentileCurvesTest(unittest.TestCase):
    def test_ends_where_ten_samples_lie_beyond_in_the_smallest_repetition(self):
        large = histogram.decode(encode(range(1, 10001)))
        small = histogram.decode(encode(range(1, 1001)))
        inverse, curves = percentile_curves.percentile_curves([large, small])
        self.assertAlmostEqual(inverse[-1], 100)
        self.assertEqual(curves.shape, (2, len(inverse)))
        self.assertTrue((numpy.diff(curves) >= 0).all())

    def test_has_the_median_even_of_few_samples(self):
        inverse, _ = percentile_curves.percentile_curves([histogram.decode(encode([5, 6, 7]))])
        self.assertEqual(inverse[-1], 2.0)


class PaletteTest(unittest.TestCase):
    def styles(self, queues):
        cells = load([record(queue=queue) for queue in queues]).cells
        return palette.line_styles(cells, cells)

    def test_a_policy_looks_the_same_whatever_else_is_drawn(self):
        alone = self.styles(["mpmc"])["mpmc"]
        among = self.styles(["boost_queue", "mpmc", "pipe", "spsc"])["mpmc"]
        self.assertEqual(alone, among)

    def test_a_queue_looks_the_same_in_a_figure_without_its_neighbours(self):
        cells = load([record(queue=queue) for queue in ("boost_queue", "mpmc", "pipe")]).cells
        self.assertEqual(palette.line_styles(cells, cells)["pipe"],
                         palette.line_styles(cells, cells[-1:])["pipe"])

    def test_thirty_queues_look_different(self):
        styles = self.styles([f"queue{number}" for number in range(27)] + list(palette.POLICIES))
        self.assertEqual(len(styles), 30)
        self.assertEqual(len({tuple(style.values()) for style in styles.values()}), 30)


class AxisTest(unittest.TestCase):
    def test_a_duration_axis_has_several_ticks_whatever_its_span(self):
        for lowest, highest in ((100, 100), (100, 130), (95, 480), (80, 9e4), (5, 4e9)):
            with self.subTest(lowest=lowest, highest=highest):
                axes = Figure().subplots()
                palette.set_duration_axis(axes, lowest, highest)
                bottom, top = axes.get_ylim()
                ticks = [tick for tick in axes.get_yticks() if bottom <= tick <= top]
                self.assertTrue(bottom <= lowest and highest <= top and bottom < top)
                self.assertTrue(2 <= len(ticks) <= 16)
