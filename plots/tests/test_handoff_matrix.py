"""The map of hand-offs: drawn from handoff.json, absent without it, refused when damaged."""

import json
import tempfile
import unittest
from pathlib import Path

import numpy

import answers
import bundle
import figures
import handoffs
from tests.synthetic_bundle import write

MATRIX = figures.find_all()["handoff_matrix"]


def place(cpu, package):
    return {"cpu": cpu, "core": cpu, "l2": cpu, "l3": package, "node": package, "package": package}


def pair(first, second, ns, relation="same_l3"):
    return {"first": first, "second": second, "relation": relation, "min_ns": ns,
            "median_ns": 1.5 * ns, "groups": 80}


# Even CPUs are in package 0, odd ones in package 1, as many machines number them.
CPUS = [place(cpu, cpu % 2) for cpu in range(4)]
PAIRS = [pair(0, 2, 50), pair(1, 3, 60), pair(0, 1, 200, "cross_package"),
         pair(0, 3, 210, "cross_package"), pair(1, 2, 220, "cross_package"),
         pair(2, 3, 230, "cross_package")]


def bundle_with(text):
    """A bundle without records whose handoff.json is this text, or that has none."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(write(folder, []))
        if text is not None:
            (path / handoffs.FILE).write_text(text, encoding="utf-8")
        loaded = bundle.load(path)
        return loaded, MATRIX.draw(loaded), list(MATRIX.notes)


def matrix(cpus, pairs):
    floors = {"same_l3": 50.0, "cross_package": 200.0}
    return json.dumps({"schema": 1, "cpus": cpus, "pairs": pairs, "floor_ns": floors})


class HandoffMatrixTest(unittest.TestCase):
    def test_neighbours_stand_side_by_side_whatever_their_numbers(self):
        _, figure, _ = bundle_with(matrix(CPUS, PAIRS))
        axes = figure.axes[0]
        self.assertEqual([label.get_text() for label in axes.get_xticklabels()],
                         ["0", "2", "1", "3"])
        field = numpy.ma.getdata(axes.images[0].get_array())
        self.assertEqual(field[0, 1], 50)
        self.assertEqual(field[1, 0], 50)
        self.assertEqual(field[2, 3], 60)
        self.assertEqual(field[0, 3], 210)

    def test_packages_are_parted(self):
        _, figure, _ = bundle_with(matrix(CPUS, PAIRS))
        edges = sorted({tuple(line.get_xdata()) for line in figure.axes[0].lines
                        if len(set(line.get_xdata())) == 1})
        self.assertEqual(edges, [(1.5, 1.5)])

    def test_every_pair_has_its_number_where_there_is_room(self):
        _, figure, _ = bundle_with(matrix(CPUS, PAIRS))
        written = [text.get_text() for text in figure.axes[0].texts]
        self.assertEqual(sorted(written), sorted([f"{one['min_ns']}" for one in PAIRS] * 2))

    def test_the_caption_says_how_many_pairs_and_the_floors(self):
        _, _, notes = bundle_with(matrix(CPUS, PAIRS))
        self.assertIn("6 pairs of 4 CPUs", " ".join(notes))
        self.assertIn("same_l3 50.0 ns, cross_package 200.0 ns", " ".join(notes))

    def test_the_answer_names_the_fastest_pair_of_each_relation_and_the_slowest_of_all(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(write(folder, []))
            (path / handoffs.FILE).write_text(matrix(CPUS, PAIRS), encoding="utf-8")
            answer, = answers.of_bundle(bundle.load(path))
        self.assertEqual(answer.lead, "A cache line is handed over, one way, in 50 ns same_l3 "
                         "(CPUs 0 and 2) and 200 ns cross_package (CPUs 0 and 1) at best.")
        self.assertEqual(answer.more, ["Of 6 pairs, CPUs 2 and 3 are the furthest apart: 230 ns."])

    def test_hundreds_of_cpus_are_drawn_without_numbers_and_with_few_ticks(self):
        cpus = [place(cpu, cpu // 96) for cpu in range(192)]
        _, figure, _ = bundle_with(matrix(cpus, [pair(0, 1, 50), pair(0, 100, 300)]))
        self.assertEqual(figure.axes[0].texts[:], [])
        self.assertLessEqual(len(figure.axes[0].get_xticks()), MATRIX.MAX_TICKS)

    def test_one_pair_alone_can_be_drawn(self):
        _, figure, _ = bundle_with(matrix(CPUS[:2], [pair(0, 1, 50)]))
        self.assertIsNotNone(figure)

    def test_there_is_none_and_a_reason_without_the_file_or_without_pairs(self):
        for text in (None, matrix(CPUS[:1], [])):
            _, figure, notes = bundle_with(text)
            self.assertIsNone(figure)
            self.assertIn("topo --matrix", " ".join(notes))

    def test_a_damaged_file_is_refused_by_name(self):
        lacking = json.loads(matrix(CPUS, PAIRS))
        del lacking["pairs"][0]["min_ns"]
        for text in ("{", '{"schema": 2}', "[]", json.dumps(lacking)):
            with self.subTest(text[:20]), self.assertRaisesRegex(bundle.BundleError,
                                                                 "handoff.json"):
                bundle_with(text)


class HostTest(unittest.TestCase):
    def test_is_found_in_the_section_machine(self):
        with tempfile.TemporaryDirectory() as folder:
            path = write(folder, [], environment={"machine": {"host": "bench-07"}})
            self.assertEqual(bundle.load(path).host, "bench-07")
