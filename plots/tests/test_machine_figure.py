"""The drawing of the machine: every CPU in its place, and who ran there."""

import tempfile
import unittest

from matplotlib.patches import Rectangle

import bundle
import cpu_places
import figures
from tests.synthetic_bundle import ENVIRONMENT, record, write

MACHINE = figures.find_all()["machine"]


def places(packages, nodes, caches, cores, threads):
    """CPUs numbered as many machines do: first all cores, then their second threads."""
    count = packages * nodes * caches * cores
    return [{"cpu": core + thread * count, "core": core, "l2": core, "l3": core // cores,
             "node": core // (caches * cores), "package": core // (nodes * caches * cores),
             "l1d_bytes": 32 << 10, "l2_bytes": 1 << 20, "l3_bytes": 32 << 20,
             "node_bytes": 190 << 30}
            for core in range(count) for thread in range(threads)]


def draw(cpus, producers=(0,), consumers=(1,), environment=None):
    one = record()
    one["obtained"].update(producer_cpus=list(producers), consumer_cpus=list(consumers))
    topology = {"summary": "a machine", "cpus": cpus} if cpus else ENVIRONMENT["topology"]
    with tempfile.TemporaryDirectory() as folder:
        return MACHINE.draw(bundle.load(write(
            folder, [one], environment or {**ENVIRONMENT, "topology": topology})))


def beside(cpus, **changes):
    environment = {**ENVIRONMENT, "topology": {"summary": "a machine", "cpus": cpus}, **changes}
    with tempfile.TemporaryDirectory() as folder:
        write(folder, [], environment)
        return MACHINE.beside_others(bundle.load_machine(folder))


def texts_of(figure):
    return [text.get_text() for text in figure.axes[0].texts]


class MachineFigureTest(unittest.TestCase):
    def test_two_cpus_have_their_caches_and_their_roles(self):
        shown = texts_of(draw(places(1, 1, 1, 2, 1)))
        self.assertIn("package 0, NUMA node 0 (190 GiB), L3 (32 MiB)", shown)
        self.assertIn("L2 (1 MiB), core 0 (L1d 32 KiB)", shown)
        self.assertIn("0\nP", shown)
        self.assertIn("1\nC", shown)

    def test_every_one_of_many_cpus_is_there_once(self):
        cpus = places(2, 2, 4, 4, 2)
        shown = texts_of(draw(cpus, (3,), (100,)))
        for cpu in range(128):
            self.assertEqual(shown.count(str(cpu)), 1, cpu)
        self.assertIn("NUMA node 3 (190 GiB)", shown)

    def test_boxes_lie_inside_the_picture_and_beside_each_other(self):
        axes = draw(places(2, 2, 4, 4, 2)).axes[0]
        right, bottom = axes.get_xlim()[1], axes.get_ylim()[0]
        chips = [patch.get_bbox() for patch in axes.patches if hasattr(patch, "get_xy")
                 and not hasattr(patch, "get_boxstyle")]
        self.assertEqual(len(chips), 127)  # and one is round
        for chip in chips:
            self.assertTrue(0 <= chip.x0 and chip.x1 <= right and chip.y1 <= bottom)
        corners = {(round(chip.x0, 3), round(chip.y0, 3)) for chip in chips}
        self.assertEqual(len(corners), len(chips))

    def test_who_did_both_is_told_apart(self):
        one, other = record(repetition=0), record(repetition=1)
        other["obtained"].update(producer_cpus=[1], consumer_cpus=[0])
        with tempfile.TemporaryDirectory() as folder:
            loaded = bundle.load(write(folder, [one, other], {
                **ENVIRONMENT, "topology": {"cpus": places(1, 1, 1, 2, 1)}}))
            self.assertEqual(cpu_places.used_by(loaded),
                             {0: {"producer", "consumer"}, 1: {"producer", "consumer"}})
            self.assertIn("0\nPC", texts_of(MACHINE.draw(loaded)))

    def test_an_early_bundle_shows_what_it_says_and_what_it_does_not(self):
        environment = {"cpu": {"online": "0-3"}, "memory": {"nodes": {
            "node0": {"cpus": "0-1"}, "node1": {"cpus": "2-3"}}},
            "topology": {"allowed_cpus": "0-2", "summary": "2 packages"}}
        figure = draw(None, environment=environment)
        shown = texts_of(figure)
        self.assertIn("NUMA node 1", shown)
        self.assertIn("3", shown)
        self.assertIn("this bundle does not say", " ".join(MACHINE.notes))

    def test_beside_others_a_machine_is_narrow_and_has_no_roles(self):
        figure, sentences = beside(places(1, 1, 1, 2, 1), floor_ns={"same_l3": 34.5})
        self.assertEqual(figure.get_figwidth(), 5.2)
        self.assertIn("L2 (1 MiB), core 0 (L1d 32 KiB)", texts_of(figure))
        self.assertIn("0", texts_of(figure))
        self.assertEqual(figure.legends, [])
        self.assertEqual(sentences[0], "AMD EPYC 9354 32-Core Processor · a machine.")
        self.assertIn("same_l3 34.5 ns", sentences[1])

    def test_beside_others_each_of_many_cpus_is_a_square_without_a_number(self):
        figure, _ = beside(places(2, 2, 4, 4, 2))
        axes = figure.axes[0]
        chips = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
        self.assertEqual(len(chips), 128)
        self.assertTrue(all(chip.get_x() + chip.get_width() <= axes.get_xlim()[1]
                            for chip in chips))
        self.assertNotIn("3", texts_of(figure))
        self.assertIn("NUMA node 3 (190 GiB)", texts_of(figure))

    def test_there_is_none_where_no_cpu_is_named(self):
        self.assertIsNone(draw(None, environment={"host": "x"}))
        self.assertIn("which CPUs there are", " ".join(MACHINE.notes))


class NumbersTest(unittest.TestCase):
    def test_lists_of_cpus_are_read_and_nonsense_is_empty(self):
        self.assertEqual(cpu_places.numbers_of("0-2,5"), [0, 1, 2, 5])
        self.assertEqual(cpu_places.numbers_of([3, 4]), [3, 4])
        for nonsense in (None, "all", {}, "0-99999999999", ""):
            self.assertEqual(cpu_places.numbers_of(nonsense), [])
