"""ci/many-bundles: its bundles are what a run writes, and compare sets them side by side."""
import json
import os
import subprocess
import sys
import tempfile
import unittest

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SCRIPT = os.path.join(SOURCE, "ci", "many-bundles")
PROGRAM = os.environ.get("RINGSIDE_PROGRAM", os.path.join(SOURCE, "build/release/ringside"))
# More than JSON has distributions of when nobody asks for them.
BUNDLES, CELLS, REPETITIONS = 17, 10, 5


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False)


class ManyBundlesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.scratch.cleanup)
        cls.folder = os.path.join(cls.scratch.name, "many")
        made = cls.make(cls.folder)
        assert made.returncode == 0, made.stderr
        cls.bundles = [os.path.join(cls.folder, name) for name in sorted(os.listdir(cls.folder))]

    @staticmethod
    def make(folder, *options):
        return run(
            sys.executable, SCRIPT, folder, "--bundles", str(BUNDLES), "--cells", str(CELLS),
            "--repetitions", str(REPETITIONS), *options,
        )  # fmt: skip

    def compared(self, *options):
        if not os.access(PROGRAM, os.X_OK):
            self.skipTest(f"{PROGRAM} is not built")
        finished = run(PROGRAM, "compare", *self.bundles, "--by", "host", *options)
        self.assertEqual(finished.returncode, 0, finished.stderr)
        return finished.stdout

    def test_writes_as_many_as_are_asked_for(self):
        self.assertEqual(len(self.bundles), BUNDLES)
        for bundle in self.bundles:
            with open(os.path.join(bundle, "records.jsonl"), encoding="utf-8") as file:
                records = [json.loads(line) for line in file]
            self.assertEqual(len({record["cell"] for record in records}), CELLS)
            self.assertEqual(len(records), CELLS * REPETITIONS)

    def test_the_same_seed_writes_the_same_and_another_one_does_not(self):
        texts = []
        for name, seed in (("again", "1"), ("other", "2")):
            folder = os.path.join(self.scratch.name, name)
            self.assertEqual(self.make(folder, "--seed", seed).returncode, 0)
            with open(os.path.join(folder, "many-0003", "records.jsonl"), "rb") as file:
                texts.append(file.read())
        with open(os.path.join(self.bundles[3], "records.jsonl"), "rb") as file:
            self.assertEqual(file.read(), texts[0])
        self.assertNotEqual(texts[0], texts[1])

    def test_refuses_a_folder_that_is_there(self):
        made = self.make(self.folder)
        self.assertEqual(made.returncode, 1)
        self.assertIn("name a folder that is not there yet", made.stderr)

    def test_json_has_all_of_them_and_the_table_some(self):
        found = json.loads(self.compared("--format", "json"))["configurations"]
        self.assertEqual(len(found["names"]), BUNDLES)
        self.assertEqual({len(row["values"]) for row in found["rows"]}, {BUNDLES})
        self.assertEqual(found["left_out"], [])
        for row in found["rows"]:
            self.assertTrue(row["ranking"] or row["why_not"], row)
            for value in row["values"]:
                self.assertLessEqual(value["low"], value["median"])
                self.assertGreaterEqual(value["high"], value["median"])
        table = self.compared()
        self.assertIn(f"… {BUNDLES - 7} others", table)
        self.assertIn("confounded with time and neighbours", table)

    def test_histograms_can_be_read_and_change_no_figure(self):
        cell = ("--cell", "round-trip/spsc/1p1c/el=8/cap=16/same_l3")
        quick = json.loads(self.compared("--metric", "rtt_ns_p99", *cell, "--format", "json"))
        whole = json.loads(
            self.compared("--metric", "rtt_ns_p99", *cell, "--distribution", "--format", "json")
        )
        self.assertEqual(quick["configurations"], whole["configurations"])
        names = {row["metric"] for row in whole["cells"][0]["distribution"]}
        self.assertIn("rtt_ns_p99_clean", names)


if __name__ == "__main__":
    unittest.main()
