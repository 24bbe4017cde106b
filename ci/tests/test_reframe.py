"""ci/reframe/ringside_check.py, in a stand-in for ReFrame; loaded by ReFrame itself where it is."""
import json
import os
import py_compile
import re
import runpy
import shutil
import subprocess
import sys
import tempfile
import types
import unittest
from unittest import mock

FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "reframe")
CHECK = os.path.join(FOLDER, "ringside_check.py")


def with_unit(unit):
    def make(function):
        return lambda test, **arguments: (function(test, **arguments), unit)
    return make


BUILTINS = {
    "parameter": list, "variable": lambda _, value: value,
    "run_before": lambda _: lambda function: function,
    "sanity_function": lambda function: function, "performance_function": with_unit,
}  # fmt: skip


class TestType(type):
    """As ReFrame's: its words are known in the body of a class, and nowhere else."""

    @classmethod
    def __prepare__(cls, name, bases, **_):
        return dict(BUILTINS)

    def __new__(cls, name, bases, body, **_):
        kept = {key: value for key, value in body.items() if key not in BUILTINS}
        return super().__new__(cls, name, bases, kept)


def assert_found(pattern, path):
    with open(path, encoding="utf-8") as file:
        if not re.search(pattern, file.read(), re.MULTILINE):
            raise AssertionError(f"{pattern} not found")


def assert_true(value, message):
    if not value:
        raise AssertionError(message)
    return True


def load_check():
    """The class, as a framework of no more than it needs loads it."""
    framework = types.ModuleType("reframe")
    framework.simple_test = lambda cls: cls
    framework.RunOnlyRegressionTest = TestType("RunOnlyRegressionTest", (), {})
    parent, sanity = (types.ModuleType(f"reframe.{name}") for name in ("utility", "utility.sanity"))
    sanity.evaluate, sanity.assert_found, sanity.assert_true = bool, assert_found, assert_true
    framework.utility, parent.sanity = parent, sanity
    modules = {one.__name__: one for one in (framework, parent, sanity)}
    with mock.patch.dict(sys.modules, modules):
        return runpy.run_path(CHECK)["RingsideCheck"]


def record(cell, status="ok", **metrics):
    return {"cell": cell, "status": status, "metrics": metrics}


class RingsideCheckTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.test = load_check()()
        self.test.stagedir = folder.name
        self.test.stdout = os.path.join(folder.name, "rfm_job.out")
        self.test.suite = "quick"
        os.mkdir(os.path.join(folder.name, "bundle"))

    def give(self, exit_code, *records):
        with open(self.test.stdout, "w", encoding="utf-8") as file:
            file.write(f"quick: 3 of 3 cells\nringside ended with {exit_code}\n")
        path = os.path.join(self.test.stagedir, "bundle", "records.jsonl")
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(json.dumps(one) + "\n" for one in records)

    def set_command(self, launcher):
        chosen = types.SimpleNamespace(registered_name=launcher, options=[])
        self.test.job = types.SimpleNamespace(launcher=chosen)
        self.test.set_command()
        return chosen.options

    def test_compiles(self):
        target = os.path.join(self.test.stagedir, "compiled")
        self.assertEqual(py_compile.compile(CHECK, target, doraise=True), target)

    def test_runs_the_suite_into_a_bundle_that_is_kept(self):
        self.assertEqual(self.set_command("local"), [])
        self.assertEqual(self.test.executable, "ringside")
        self.assertEqual(self.test.executable_opts, ["run", "quick", "--out", "bundle"])
        self.assertEqual(self.test.keep_files, ["bundle"])

    def test_leaves_the_pinning_to_ringside_under_srun(self):
        self.assertEqual(self.set_command("srun"), ["--cpu-bind=none"])

    def test_every_suite_of_the_test_exists(self):
        for suite in load_check().suite:
            path = os.path.join(FOLDER, "..", "..", "scenarios", f"{suite}.toml")
            self.assertTrue(os.path.isfile(path), path)

    def test_passes_where_the_run_did_and_measured_something(self):
        self.give(0, record("a/b", messages_per_s=4.0), record("a/c", "skipped"))
        self.assertTrue(self.test.every_message_arrived())

    def test_fails_by_the_exit_code_and_where_nothing_was_measured(self):
        self.give(3, record("a/b", messages_per_s=4.0))
        self.assertRaisesRegex(AssertionError, "ended with 0", self.test.every_message_arrived)
        self.give(0, record("a/b", "skipped"))
        self.assertRaisesRegex(AssertionError, "nothing", self.test.every_message_arrived)

    def test_names_the_median_of_each_cell_and_metric_with_its_unit(self):
        self.give(0, record("a/cpus:0-1", rtt_ns_p50=110.0, messages=9.0),
                  record("a/cpus:0-1", rtt_ns_p50=100.0), record("a/cpus:0-1", rtt_ns_p50=500.0),
                  record("a/c", messages_per_s=4e6), record("a/c", "failed", messages_per_s=1.0))
        self.test.name_figures()
        self.assertEqual(self.test.perf_variables, {
            "a/cpus-0-1/rtt_ns_p50": (110.0, "ns"), "a/c/messages_per_s": (4e6, "1/s")})

    @unittest.skipUnless(shutil.which("reframe"), "there is no reframe")
    def test_reframe_itself_loads_it(self):
        listed = subprocess.run(["reframe", "-c", CHECK, "-l"], encoding="utf-8",
                                cwd=self.test.stagedir, stdout=subprocess.PIPE, timeout=120)
        self.assertEqual(listed.returncode, 0)
        self.assertIn("RingsideCheck %suite=quick", listed.stdout)


if __name__ == "__main__":
    unittest.main()
