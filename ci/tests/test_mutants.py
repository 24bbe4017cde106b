"""harness/mutants/mutants.toml: what ci/mutants replaces is there, once, and differs."""
import pathlib
import tomllib
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


class MutantsTest(unittest.TestCase):
    def setUp(self):
        text = (ROOT / "harness/mutants/mutants.toml").read_text()
        self.mutants = tomllib.loads(text)["mutant"]

    def test_each_fits_the_core_as_it_is(self):
        times = {
            mutant["name"]: (ROOT / "core" / mutant["file"]).read_text().count(mutant["from"])
            for mutant in self.mutants
        }
        self.assertEqual({name: count for name, count in times.items() if count != 1}, {})

    def test_each_changes_something_and_has_a_name_of_its_own(self):
        self.assertEqual([m["name"] for m in self.mutants if m["from"] == m["to"]], [])
        self.assertEqual(len({m["name"] for m in self.mutants}), len(self.mutants))
        self.assertGreater(len(self.mutants), 30)


if __name__ == "__main__":
    unittest.main()
