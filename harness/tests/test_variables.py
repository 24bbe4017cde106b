"""Variables that stand for options: of the verb that is used, and weaker than the command line."""
import json
import os
import unittest

from ringside_program import Scratch, scenario, suite

SUITE = suite(scenario("one", queue="spsc", capacity=8), duration_ms=5)


class VariablesTest(unittest.TestCase):
    def setUp(self):
        self.scratch = Scratch.of(self)
        with open(self.scratch.file, "w", encoding="utf-8") as file:
            file.write(SUITE)

    def start(self, *arguments, **variables):
        return self.scratch.start(*arguments, env=dict(os.environ, **variables)).finish()

    def list_cells(self, *arguments, **variables):
        finished = self.start("list", self.scratch.file, *arguments, **variables)
        self.assertEqual(finished.exit_code, 0, finished.err)
        return finished.out

    def test_stand_for_options(self):
        self.assertIn("/cap=16/", self.list_cells(RINGSIDE_LIST_AXIS="capacity=16"))
        finished = self.start("topo", RINGSIDE_TOPO_FORMAT="json")
        self.assertIn("cpus", json.loads(finished.out))

    def test_stand_for_flags(self):
        finished = self.start("topo", RINGSIDE_TOPO_CLASSES="1")
        self.assertEqual(finished.exit_code, 2)
        self.assertIn("belong to --matrix", finished.err)
        self.assertEqual(self.start("topo", RINGSIDE_TOPO_CLASSES="0").exit_code, 0)

    def test_give_way_to_the_command_line(self):
        cells = self.list_cells("-a", "capacity=32", RINGSIDE_LIST_AXIS="capacity=16")
        self.assertIn("/cap=32/", cells)
        self.assertNotIn("/cap=16/", cells)

    def test_of_other_verbs_are_not_read(self):
        self.assertIn("/cap=8/", self.list_cells(RINGSIDE_RUN_AXIS="nonsense"))
        self.assertIn("/cap=8/", self.list_cells(RINGSIDE_GATE_LINKS="many"))

    def test_that_are_empty_say_nothing(self):
        self.assertIn("/cap=8/", self.list_cells(RINGSIDE_LIST_AXIS=""))

    def test_are_named_when_what_they_hold_is_refused(self):
        finished = self.start("topo", RINGSIDE_TOPO_FORMAT="jsno")
        self.assertEqual((finished.exit_code, finished.out), (2, ""))
        self.assertIn("--format", finished.err)
        self.assertIn("did you mean 'json'", finished.err)
        self.assertIn("RINGSIDE_TOPO_FORMAT is set to 'jsno'", finished.err)


if __name__ == "__main__":
    unittest.main()
