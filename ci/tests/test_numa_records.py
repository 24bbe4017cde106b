"""ci/numa_records.py: passes what lies where it should, and nothing else."""
import contextlib
import io
import json
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import numa_records

ENVIRONMENT = {"memory": {"nodes": {"node0": {"cpus": "0-1,4"}, "node1": {"cpus": "2-3"}}}}


def record(asked, pages, status="ok", reason=None):
    return {
        "cell": f"numa/{asked}", "status": status, "reason": reason, "axes": {"numa_policy": asked},
        "obtained": {"producer_cpus": [4], "consumer_cpus": [2], "node_pages": pages},
    }  # fmt: skip


class NumaRecordsTest(unittest.TestCase):
    def counts(self, records, exit_code="0", environment=ENVIRONMENT):
        """What it prints of a bundle, and what it says."""
        with tempfile.TemporaryDirectory() as folder:
            for name, lines in (("records.jsonl", records), ("environment.json", [environment])):
                with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                    file.writelines(json.dumps(line) + "\n" for line in lines)
            out, err = io.StringIO(), io.StringIO()
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                self.assertEqual(numa_records.main([folder, exit_code]), 0)
        return out.getvalue().strip(), err.getvalue()

    def test_passes_pages_on_the_node_that_was_asked_for(self):
        records = [
            record("producer", {"0": 17}), record("consumer", {"1": 17}),
            record("interleave", {"0": 9, "1": 8}), record("1", {"1": 3}),
            record("any", {"0": 1, "1": 16}),
        ]  # fmt: skip
        self.assertEqual(self.counts(records), ("5 0 0", ""))

    def test_fails_pages_that_are_elsewhere_and_names_the_cell(self):
        for asked, pages in (
            ("producer", {"1": 17}), ("producer", {"0": 16, "1": 1}), ("consumer", {"0": 17}),
            ("interleave", {"0": 17}), ("interleave", {"0": 16, "1": 1}), ("0", {"1": 2}),
            ("1", {}),
        ):  # fmt: skip
            with self.subTest(asked=asked, pages=pages):
                counted, said = self.counts([record(asked, pages)])
                self.assertEqual(counted, "0 1 0")
                self.assertIn(f"failed numa/{asked}", said)

    def test_fails_what_is_not_ok_and_counts_what_was_skipped(self):
        records = [
            record("producer", {"0": 17}, "invalid", "not honoured"),
            record("producer", {}, "skipped", "one node"),
        ]
        counted, said = self.counts(records)
        self.assertEqual(counted, "0 1 1")
        self.assertIn("invalid: not honoured", said)
        self.assertIn("skipped numa/producer: one node", said)

    def test_an_exit_code_that_is_not_0_is_a_failure(self):
        self.assertEqual(self.counts([record("any", {"0": 1})], "7")[0], "1 1 0")

    def test_a_bundle_without_records_or_facts_is_a_failure(self):
        self.assertEqual(self.counts([])[0], "0 1 0")
        self.assertEqual(self.counts([record("any", {"0": 1})], environment={})[0], "0 1 0")


if __name__ == "__main__":
    unittest.main()
