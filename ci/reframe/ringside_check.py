"""Ringside as a test of ReFrame 4: runs suites, and reports medians of each cell with their units.

Not run here: Debian 12 has no package of ReFrame. ci/tests/test_reframe.py loads this class with a
stand-in for the framework, and with ReFrame itself where Python finds it.
"""

import json
import os
from statistics import median

import reframe as rfm
import reframe.utility.sanity as sn

UNITS = {"messages_per_s": "1/s", "rtt_ns_p50": "ns", "rtt_ns_p99": "ns",
         "response_ns_p50": "ns", "response_ns_p99": "ns", "slo_rate_per_s": "1/s"}


@rfm.simple_test
class RingsideCheck(rfm.RunOnlyRegressionTest):
    descr = "Ringside: is every message there, and how fast?"
    suite = parameter(["quick", "latency", "throughput", "numa"])
    program = variable(str, value="ringside")  # -S RingsideCheck.program=/path/to/ringside
    valid_systems = ["*"]
    valid_prog_environs = ["*"]
    num_tasks = 1
    exclusive_access = True
    time_limit = "1h"
    postrun_cmds = ['echo "ringside ended with $?"']
    keep_files = ["bundle"]

    @run_before("run")
    def set_command(self):
        self.executable = self.program
        self.executable_opts = ["run", self.suite, "--out", "bundle"]
        if self.job.launcher.registered_name == "srun":
            self.job.launcher.options = ["--cpu-bind=none"]  # Ringside pins its workers itself

    @sanity_function
    def every_message_arrived(self):
        """Exit code 0: no record failed or is invalid; and something was measured."""
        sn.evaluate(sn.assert_found(r"^ringside ended with 0$", self.stdout))
        return sn.assert_true(self.medians(), "nothing was measured: the output says why")

    @performance_function("ns")
    def time_ns(self, key=None):
        return self.medians()[key]

    @performance_function("1/s")
    def rate_per_s(self, key=None):
        return self.medians()[key]

    @run_before("performance")
    def name_figures(self):
        """A variable for each cell and metric. A ':' would part the names of a reference."""
        read = {"ns": self.time_ns, "1/s": self.rate_per_s}
        self.perf_variables = {f"{cell}/{metric}".replace(":", "-"):
                               read[UNITS[metric]](key=(cell, metric))
                               for cell, metric in self.medians()}

    def medians(self):
        """(cell, metric) → the median over its repetitions that are ok."""
        found = {}
        with open(os.path.join(self.stagedir, "bundle", "records.jsonl"), encoding="utf-8") as file:
            for record in map(json.loads, file):
                if record["status"] == "ok":
                    for metric in UNITS.keys() & record["metrics"].keys():
                        found.setdefault((record["cell"], metric), []).append(
                            record["metrics"][metric])
        return {key: median(values) for key, values in sorted(found.items())}
