"""What is read from scenario.toml, with and without tomllib."""

import unittest

import scenario
from tests.synthetic_bundle import SCENARIO


class ScenarioTest(unittest.TestCase):
    def test_both_parsers_agree_on_what_is_shown(self):
        for parse in (scenario.parse, scenario.parse_roughly):
            with self.subTest(parse.__name__):
                document = parse(SCENARIO)
                self.assertRegex(scenario.suite_text(document, "question"), "^What does one round")
                rows = scenario.scenario_rows(document)
                self.assertEqual([row["scenario"] for row in rows], ["round-trip", "throughput"])
                self.assertEqual([row["duration_ms"] for row in rows], [200, 400])
                self.assertEqual([row["repetitions"] for row in rows], [5, 5])

    def test_a_file_that_is_not_toml_gives_no_answer(self):
        document = scenario.parse("[[[ nonsense")
        self.assertIsNone(scenario.suite_text(document, "question"))
        self.assertEqual(scenario.scenario_rows(document), [])

    def test_keys_of_another_type_give_no_answer(self):
        document = scenario.parse('suite = 3\nscenario = "no"\ndefaults = []\n')
        self.assertIsNone(scenario.suite_text(document, "question"))
        self.assertEqual(scenario.scenario_rows(document), [])
