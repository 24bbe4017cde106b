"""Every wrong input gets one line that helps: what was wrong, where, and what would be right.

Files and overrides of `run` have their own tables in test_bad_files and test_bad_flags; here is
what all other verbs and options refuse, and that each answer is one line, nothing on stdout, exit
code 2, and nothing left behind.
"""
import os
import unittest

from ringside_program import Scratch, scenario, suite
from test_bad_files import BAD_FILES
from test_bad_flags import BAD_FLAGS, VALID

PACED = suite(scenario("only", "paced", queue="spsc"))
SLO = suite(scenario("only", "slo", queue="spsc"))
GATE = suite(scenario("only", "ping_pong", queue="spsc"))
STREAM = suite(scenario("only", "stream", queue="spsc"))

# What is in the folder: small.toml (of VALID but where it says otherwise), an empty folder `empty`.
# Then the command line, and regular expressions for its answer.
BAD_INPUTS = {
    # --- verbs and their arguments
    "an unknown verb": ("measure", "measure", "run"),
    "an unknown flag": ("--fast", "--fast"),
    "an argument that topo does not take": ("topo everything", "everything"),
    "a second prefix": ("clean a b", "'b'|: b"),
    "nothing to run": ("run", "name a suite", "--resume"),
    "an axis without a suite": ("list -a capacity=3", "ringside list SUITE"),
    "a shard without a suite": ("list --shard 1/2", "--shard", "suite"),
    "no bundles": ("compare", "bundles", "required"),
    "nothing to replay": ("replay", "file", "required"),
    "a self-test without a kind": ("selftest", "(?i)subcommand|aa"),
    "a power test without a delay": ("selftest power", "--inject-ns", "--inject-stall"),
    # --- files that are not there, or are something else
    "a suite that is missing": ("list nowhere", "nowhere: there is no such scenario", "list"),
    "a campaign that is missing": ("verify nowhere", "nowhere: there is no such file", "verify/"),
    "a gate of a missing suite": ("gate nowhere --baseline self", "nowhere", "ringside list"),
    "a bundle that is missing": ("report nowhere", "nowhere: there is no such folder", "name the"),
    "a history that is missing": ("report --history nowhere", "no file nowhere", "RINGSIDE_HIST"),
    "a folder without records": ("report empty", "empty/records.jsonl: there is no", "name the"),
    "a folder that is no bundle": ("compare empty small", "empty: this is no bundle", "run"),
    "a record that is missing": ("replay nowhere", "nowhere: cannot be read", "name a"),
    "a replay of a folder that is no bundle": ("replay empty", "empty: this is no bundle", "run"),
    "a replay of a suite": ("replay small.toml", "small.toml:1: this is no JSON"),
    "a plug-in that is missing": ("run small.toml --plugin x.so", "x.so: there is no such", "name"),
    "a plug-in that is none": ("run small.toml --plugin small.toml", "no plug-in", "add_queue"),
    "a plug-in that is named twice": ("list --plugin x.so --plugin x.so", "x.so"),
    "a run that cannot go on": ("run --resume nowhere", "nowhere/run.json", "start it again"),
    "a gate that is missing": ("gate --explain x --from nowhere", "nowhere: .*no bundle", "name"),
    "a machine that is missing": ("doctor --root nowhere", "'nowhere', which is no folder", "name"),
    "an arm that is missing": ("gate small.toml --baseline x", "x: there is no such", "name"),
    # --- options with a value that is none
    "a budget of 0": ("run small.toml --budget 0s", "--budget 0s", "90s, 2m or 1.5h"),
    "a budget that is a word": ("run small.toml --budget soon", "--budget soon", "90s"),
    "a budget without a unit": ("list small.toml --budget 5", "--budget 5", "90s"),
    "a budget of years": ("run small.toml --budget 99999h", "more than 30 days", "leave it out"),
    "a budget for nothing": ("run small.toml --budget 0.01s", "not one repetition", "more time"),
    "a gate's budget that is a word": (
        "gate small.toml --baseline self --budget soon", "--budget soon", "90s",
    ),
    "shard 0": ("run small.toml --shard 0/2", "--shard 0/2", "i/n", "2/3"),
    "a shard beyond the last": ("run small.toml --shard 3/2", "--shard 3/2", "i is 1 to n"),
    "a shard that is a word": ("list small.toml --shard two", "--shard two", "i/n"),
    "an unknown validation": ("run small.toml --validate=some", "--validate", "off,sequence,full"),
    "an unknown format of verify": ("verify --format xml", "xml", "markdown"),
    "an unknown format of clean": ("clean --format xml", "xml", "markdown"),
    "an unknown format of topo": ("topo --format xml", "xml", "markdown"),
    "an unknown format of report": ("report --format xml", "xml", "markdown"),
    "an unknown format of replay": ("replay x --format csv", "csv", "json"),
    "a machine that hwloc does not know": ("topo --synthetic x", "'x' is no topology", "pack:2"),
    "no rounds": ("topo --matrix --rounds 0", "--rounds", "1 to|100000|1 - 100000"),
    "too short a look at the noise": ("doctor --noise-ms 1", "--noise-ms", "60000"),
    "no gates and no record": ("selftest aa --gates 0", "selftest.jsonl: nothing", "--gates 1"),
    "no links": ("gate small.toml --baseline self --links 0", "--links", "1", "64"),
    "gates that are a word": ("selftest aa --gates x", "'x' is no whole number", "0 to 10000"),
    "more gates than anybody waits for": ("selftest aa --gates 99999999999", "from 0 to 10000"),
    "gates below 0": ("selftest aa --gates -1", "--gates: '-1' is no whole number"),
    "a delay that is a word": ("selftest power --inject-ns x", "'x' is no number from 0.1"),
    "a delay below 0": ("selftest power --inject-ns -5", "'-5' is no number", "1000000"),
    "a seed of a gate below 0": ("gate small.toml --seed -1", "'-1' is no whole number"),
    "a seed of 65 bits": ("gate small.toml --seed 99999999999999999999", "18446744073709551615"),
    "a flag with a value": ("gate small.toml --dry-run=maybe", "--dry-run takes no value", "maybe"),
    "more links than there are": ("gate small.toml --links 999", "'999'", "from 1 to 64"),
    "a margin that is a word": ("compare a b --margin abc", "'abc' is no number", "0 to 1000"),
    "rounds that are a word": ("topo --matrix --rounds x", "'x' is no whole", "1 to 100000"),
    "a time that is a word": ("doctor --noise-ms x", "'x' is no whole number", "10 to 60000"),
    "a repetition below 0": ("replay small.toml --repetition -1", "'-1' is no whole number"),
    "links without a number": ("gate small.toml --links", "--links has no value", "1 to 64"),
    "too few first blocks": ("gate small.toml --baseline self --first-blocks 5", "first", "6"),
    "a part of the messages above 1": ("selftest power --inject-tail 2,5", "'2,5'", "0.02,500"),
    "a tail that is a word": ("selftest power --inject-tail x", "'x'", "0.02,500"),
    "a margin below 0": ("compare empty small --margin -1", "--margin", "-1"),
    "no repetition": ("replay x --times 0", "--times", "1000"),
    # --- options that do not go together
    "out and resume": ("run --resume empty --out x", "--out", "--resume"),
    "a matrix of another machine": ("topo --matrix --synthetic pack:1", "leave one of them out"),
    "classes without a matrix": ("topo --classes", "belong to --matrix; add it"),
    "apply and restore": ("doctor --apply --restore", "leave one of them out"),
    "huge pages without apply": ("doctor --huge-pages 3", "belongs to --apply; add it"),
    "a command without apply": ("doctor ls", "'ls' is no option", "ringside doctor --apply -- ls"),
    "strict and apply": ("doctor --strict --apply", "leave out --apply"),
    "a history of a bundle": ("report empty --history", "at once", "name a bundle"),
    "a bundle with itself": ("compare empty empty", "the same bundle", "once"),
    "one bundle": ("compare empty", "one bundle", "--by"),
    "one bundle to be merged": ("merge empty", "two bundles or more"),
    "a folder to be merged that is no bundle": ("merge empty small", "empty: this is no bundle"),
    "a bundle merged with itself": ("merge small small", "the same bundle", "once"),
    "a gate without a suite": ("gate", "name a suite"),
    "a gate without a baseline": ("gate small.toml", "--baseline: name what is accepted"),
    "a fresh baseline that is only reported": (
        "gate small.toml --baseline self --report-only", "stored baseline", "--save-baseline",
    ),
    **{
        f"{option} of one side alone": (
            f"gate small.toml --save-baseline x --candidate self {option}",
            f"{option.split()[0]}: it is for", "--save-baseline measures one side", "leave it out",
        )
        for option in (
            "--fwer", "--budget 5s", "--second-blocks 8", "--until-quiet 0", "--report-only",
            "--format json", "--from x",
        )
    },
    **{
        f"{option} of an explanation": (
            f"gate --explain x {option}",
            f"{option.split()[0]}: it is for", "--explain measures nothing", "leave it out",
        )
        for option in (
            "--fwer", "--budget 5s", "--baseline self", "--candidate self", "--links 4", "--out x",
            "--axis capacity=8", "--seed 1", "--dry-run", "--format json", "--first-blocks 9",
        )
    },
    "a suite of an explanation": ("gate small.toml --explain x", "suite: it is for", "leave it"),
    "a bundle of a gate that is measured": (
        "gate small.toml --baseline self --from x", "--from: it is for --explain", "leave it out",
    ),
    "links of what is not linked": (
        "gate small.toml --baseline self --candidate self --links 4", "--links: it is for git",
    ),
    "pictures of a history": ("report --history --png", "--png excludes --history|--png"),
    # --- overrides of a campaign
    "a setting without a value": ("verify --set seed", "--set 'seed'", "KEY=VALUE", "seed=7"),
    "an unknown setting": ("verify --set kill_point=3", "'kill_point'", "mean 'kill_points'"),
    "a seed below 0": ("verify --set seed=-1", "seed is -1", "from 0 to"),
    "an unknown queue of a campaign": ("verify --set queues=spcs", "'spcs'", "mean 'spsc'"),
    "an unknown fault": ("verify --set faults=fire", "'fire'", "known are none, kill"),
    "a fault twice": ("verify --set faults=[kill,kill]", "'kill' twice", "once"),
    "a trial of capacity 0": ("verify --set capacities=[0]", "a capacity is 0", "1 to 64"),
    "no capacities": ("verify --set capacities=[]", "capacities is", "a list of numbers"),
    # --- axes that only some workloads have
    "a percentile without slo": (
        "list small.toml -a percentile=p99", "no scenario has workload = \"slo\"", "leave",
    ),
    "arrivals without paced": (
        "list small.toml -a arrivals=burst", "no scenario has workload = \"paced\"", "leave",
    ),
    "a number that is no node": ("list small.toml -a numa_node=-1", "numa_node is -1", "0 or more"),
    "a word that is no node": ("list small.toml -a numa_node=x", "'x'", "producer, consumer"),
    "unknown huge pages": ("list small.toml -a huge_pages=always", "'always'", "never, try"),
    "all among others": ("list small.toml -a queue=[all,spsc]", "'all'", "must be one of"),
}  # fmt: skip

BAD_OPEN_LOOPS = {
    "a burst of 0": (PACED, "arrivals=burst:0", "'burst:0'", "burst:32"),
    "unknown arrivals": (PACED, "arrivals=often", "'often'", "poisson, periodic, burst"),
    "a trace that is missing": (PACED, "arrivals=trace:x.csv", "trace:x.csv", "no such file"),
    "a trace without times": (PACED, "arrivals=trace:small.toml", "small.toml:1: the time is"),
    "a rate of 0": (PACED, "rate_per_s=0", "rate_per_s is 0", "1 to 100000000"),
    "more than can be planned": (PACED, "rate_per_s=100000000", "16777216", "lower rate"),
    "a percentile without its p": (SLO, "percentile=99", "percentile is 99", 'such as "p99.9"'),
    "a percentile of 0": (SLO, "percentile=p0", "'p0'", "above 0"),
    "a percentile above 100": (SLO, "percentile=p101", "'p101'", "at most 100"),
    "no bound": (SLO, "limit_ns=0", "limit_ns is 0", "1 to"),
}

BAD_GATES = {
    "a gate of a workload that has none": (
        STREAM + "[scenario.gate]\nrequired = true\n", "cannot be gated", "ping_pong",
    ),
    "a metric of another workload": (
        GATE + "[scenario.gate]\nmessages_per_s = {}\n", "'messages_per_s'", "rtt_ns_p50_clean",
    ),
    "a bound within the margin": (
        GATE + "[scenario.gate]\nrtt_ns_p50 = { margin_percent = 9, pass_percent = 5 }\n",
        "not above", "nothing could pass",
    ),
    "a margin below 0": (
        GATE + "[scenario.gate]\nrtt_ns_p50 = { margin_percent = -1 }\n", "is -1", "from 0 to",
    ),
    "cells that are required by number": (
        GATE + "[scenario.gate]\nrequired = 3\n", "required is 3", "true, false, or a list",
    ),
}  # fmt: skip


class BadInputTest(unittest.TestCase):
    """One test for each row of the tables, added below."""

    def setUp(self):
        self.scratch = Scratch.of(self)
        self.write(VALID)
        os.mkdir(os.path.join(self.scratch.folder, "empty"))

    def write(self, text):
        with open(self.scratch.file, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode("utf-8"))

    def answer(self, *arguments):
        """One line; a second one may name a command to go on with."""
        before = sorted(os.listdir(self.scratch.folder))
        finished = self.scratch.start(*arguments).finish()
        self.assertEqual(finished.exit_code, 2, finished.err)
        self.assertEqual(finished.out, "")
        self.assertTrue(finished.err.startswith("ringside: "), finished.err)
        first, *others = finished.err.splitlines()
        self.assertLessEqual(len(others), 1, finished.err)
        for line in others:
            self.assertIn("--help", line)
        self.assertEqual(sorted(os.listdir(self.scratch.folder)), before)
        return first

    def check_command(self, command, *says):
        first = self.answer(*command.split())
        for pattern in says:
            self.assertRegex(first, pattern)

    def check_open_loop(self, text, axis, *says):
        self.write(text)
        self.check_command(f"list small.toml -a {axis}", *says)

    def check_gate(self, text, *says):
        self.write(text)
        self.check_command("list small.toml", r"small.toml:\d+: ", *says)

    def test_each_bad_file_gets_one_line(self):
        for name, bad in BAD_FILES.items():
            with self.subTest(name):
                self.write(bad.text)
                self.answer("list", "small.toml")

    def test_each_bad_flag_gets_one_line(self):
        for name, bad in BAD_FLAGS.items():
            if "\n" in "".join(bad.arguments):
                continue  # its answer says the flag as it was
            with self.subTest(name):
                self.answer("run", "small.toml", "--out", "bundle", *bad.arguments)


def add_tests(table, check):
    for name, (first, *says) in table.items():
        method = "test_refuses_" + name.replace(" ", "_").replace("-", "_").replace("'", "")
        assert not hasattr(BadInputTest, method), name
        setattr(BadInputTest, method, lambda t, a=(first, *says): check(t, *a))


add_tests(BAD_INPUTS, BadInputTest.check_command)
add_tests(BAD_OPEN_LOOPS, BadInputTest.check_open_loop)
add_tests({f"in_a_gate_{k}": v for k, v in BAD_GATES.items()}, BadInputTest.check_gate)


if __name__ == "__main__":
    unittest.main()
