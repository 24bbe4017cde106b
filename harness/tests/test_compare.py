"""`ringside compare`, as a program: what it prints of bundles side by side, and what it refuses."""
import csv
import io
import json
import os
import shutil
import unittest

from ringside_program import Scratch, as_nobody, scenario, suite

REPETITIONS = 5
SUITE = suite(
    scenario("throughput", queue="spsc", memory=["posix_shm", "memfd"]),
    scenario("round-trip", "ping_pong", queue="spsc"),
    repetitions=REPETITIONS, duration_ms=60,
)  # fmt: skip
CELLS = 3
RATES = (100e6, 101e6, 99e6, 100.5e6, 99.5e6)


def read_json(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return json.load(file)


def write(text, *path):
    with open(os.path.join(*path), "w", encoding="utf-8") as file:
        file.write(text)


def steadied(record, factor):
    """As if every repetition had been ok, with these rates, where the cell says."""
    steady = dict(record, status="ok", reason=None)
    steady["obtained"] = dict(record["obtained"], canary_ns=None)
    rate = factor * RATES[record["repetition"]]
    steady["metrics"] = dict(record["metrics"], messages_per_s=rate)
    return steady


class CompareTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        """Two runs, and copies of the first that are steady, or half as fast."""
        cls.scratch = Scratch.of_class(cls)
        cls.folder = cls.scratch.folder
        cls.scratch.run_suite(SUITE)
        cls.records = cls.scratch.records()
        os.rename(cls.scratch.bundle, os.path.join(cls.folder, "a"))
        cls.scratch.run_suite(SUITE)
        os.rename(cls.scratch.bundle, os.path.join(cls.folder, "b"))
        cls.copy("steady", 1)
        cls.copy("slow", 0.5)

    @classmethod
    def copy(cls, name, factor, **facts):
        """With facts of the fingerprint changed, and then its hash too."""
        folder = os.path.join(cls.folder, name)
        shutil.copytree(os.path.join(cls.folder, "a"), folder)
        lines = [json.dumps(steadied(record, factor)) + "\n" for record in cls.records]
        write("".join(lines), folder, "records.jsonl")
        environment = read_json(folder, "environment.json")
        environment["fingerprint"]["facts"].update(facts)
        if facts:
            environment["fingerprint"]["machine"] = "of another machine"
        write(json.dumps(environment), folder, "environment.json")
        return name

    def compare(self, *arguments, **options):
        return self.scratch.start("compare", *arguments, **options).finish()

    def compared(self, *arguments):
        finished = self.compare(*arguments)
        self.assertEqual(finished.exit_code, 0, finished.err)
        self.assertRegex(finished.err, r"^next:   ringside gate \S+ --baseline \S+\n$")
        return finished.out

    def json_of(self, *arguments):
        return json.loads(self.compared(*arguments, "--format", "json"))

    def verdicts(self, *arguments, metric="messages_per_s"):
        """Of the metric in each cell, beside the baseline."""
        cells = self.json_of(*arguments)["cells"]
        return [
            row["ratios"][0]["verdict"]
            for cell in cells
            for row in cell["metrics"]
            if row["metric"] == metric
        ]

    # --- what it says -------------------------------------------------------------------------

    def test_of_two_runs_has_every_cell_and_metric_with_values_and_ratio(self):
        found = self.json_of("a", "b")
        self.assertEqual(len(found["cells"]), CELLS)
        self.assertEqual([bundle["records"] for bundle in found["bundles"]], [15, 15])
        for cell in found["cells"]:
            names = [row["metric"] for row in cell["metrics"]]
            self.assertIn("messages_per_s", names)
            self.assertIn("cpu_s_per_million", names)
            for row in cell["metrics"]:
                self.assertGreater(row["values"][0]["median"], 0, row)
                ratio = row["ratios"][0]
                self.assertLessEqual(ratio["ratio_low"], ratio["ratio"], row)
                self.assertTrue(ratio["reason"], row)

    def test_is_fine_whatever_it_finds(self):
        out = self.compared("steady", "slow", "--metric", "messages_per_s")
        self.assertRegex(out, r"(?m)^  messages_per_s +100 M +50.0 M +0\.500 \[[\d.–]+\]  worse$")
        self.assertIn(f"\n{CELLS} comparisons of {CELLS} cells: {CELLS} worse\n", out)
        self.assertIn("`ringside gate`", out)

    def test_the_baseline_comes_first(self):
        self.assertEqual(set(self.verdicts("slow", "steady")), {"better"})

    def test_the_same_within_the_margin(self):
        self.copy("near", 0.97)
        self.assertEqual(set(self.verdicts("steady", "near")), {"same"})
        self.assertEqual(set(self.verdicts("steady", "near", "--margin", "0.5")), {"worse"})

    def test_the_environments_come_first(self):
        self.copy("tuned", 1, governor="made-up")
        lines = self.compared("steady", "tuned").splitlines()
        facts = [number for number, line in enumerate(lines) if line.startswith("governor ")]
        cells = [number for number, line in enumerate(lines) if line.startswith("small/")]
        self.assertEqual(len(facts), 1, lines)
        self.assertIn("made-up", lines[facts[0]])
        self.assertLess(facts[0], cells[0])

    def test_judges_nothing_between_machines(self):
        self.copy("elsewhere", 0.5, cpu="Other CPU")
        out = self.compared("steady", "elsewhere")
        self.assertIn("between-machine, confounded with time and neighbours", out)
        self.assertIn(": nothing is judged\n", out)
        self.assertNotRegex(out, r"(?m)(better|worse|same|inconclusive)( \[\d+\])?$")
        self.assertIn(" 0.500 [", out)
        self.assertEqual(set(self.verdicts("steady", "elsewhere")), {None})

    def test_by_a_fact_has_multiples_of_each_floor(self):
        self.copy("other-cpu", 0.5, cpu="Other CPU")
        out = self.compared("steady", "other-cpu", "--by", "cpu_model")
        self.assertIn("Other CPU; the first is the baseline", out)
        if any("floor_ns" in record["metrics"] for record in self.records):
            self.assertIn(" ×floor", out)

    def test_by_an_axis_compares_within_one_run(self):
        found = self.json_of("a", "--by", "backing")
        self.assertEqual([side["name"] for side in found["sides"]], ["posix_shm", "memfd"])
        missing = [cell["sides"][1]["verdict"] == "missing" for cell in found["cells"]]
        self.assertEqual(missing, [False, True])
        self.assertNotIn("mem=", found["cells"][0]["cell"])

    def test_names_cells_that_only_one_has(self):
        self.copy("part", 1)
        lines = [json.dumps(r) + "\n" for r in self.records if "mem=memfd" not in r["cell"]]
        write("".join(lines), self.folder, "part", "records.jsonl")
        out = self.compared("a", "part")
        self.assertRegex(out, r"\n  small/.*/mem=memfd: B has no such cell\n")

    def test_a_failed_repetition_makes_its_cell_invalid(self):
        self.copy("failed", 1)
        records = [steadied(record, 1) for record in self.records]
        records[0].update(status="failed", reason="3 messages lost")
        lines = [json.dumps(record) + "\n" for record in records]
        write("".join(lines), self.folder, "failed", "records.jsonl")
        out = self.compared("steady", "failed")
        self.assertIn(f"  invalid: B: 1 of {REPETITIONS} repetitions failed: 3 messages", out)

    def test_a_cell_can_be_chosen_and_its_distribution_seen(self):
        out = self.compared("a", "b", "--cell", "/round-trip/", "--distribution")
        self.assertRegex(out, r"(?m)^  rtt_ns_p10 +\d")
        self.assertRegex(out, r"(?m)^  rtt_ns_p90 +\d")
        self.assertNotIn("/throughput/", out)

    def test_a_line_that_was_cut_off_is_left_out(self):
        self.copy("cut", 1)
        with open(os.path.join(self.folder, "cut", "records.jsonl"), "a", encoding="utf-8") as file:
            file.write('{"schema": 1, "suite": "sm')
        self.assertEqual(set(self.verdicts("steady", "cut")), {"same"})

    def test_csv_has_a_line_for_each_metric_and_candidate(self):
        text = self.compared("steady", "slow", "a", "--format", "csv")
        rows = list(csv.DictReader(io.StringIO(text), strict=True))
        self.assertEqual({row["candidate"] for row in rows}, {"slow", "a"})
        for row in rows:
            self.assertNotIn(None, row, "more fields than headings")
            self.assertNotIn(None, row.values(), "fewer fields than headings")

    def test_markdown_has_tables_of_one_width_each(self):
        blocks = self.compared("steady", "slow", "--format", "markdown").split("\n\n")
        tables = [block.splitlines() for block in blocks if block.startswith("|")]
        self.assertGreaterEqual(len(tables), 1 + CELLS)
        for table in tables:
            self.assertEqual(len({line.count("|") for line in table}), 1, table)

    # --- what it refuses ----------------------------------------------------------------------

    def check_refused(self, arguments, *says, **options):
        finished = self.compare(*arguments, **options)
        self.assertEqual(finished.exit_code, 2, finished.err)
        self.assertEqual(finished.out, "")
        for pattern in says:
            self.assertRegex(finished.err, pattern)

    def test_draws_a_page_and_keeps_its_data(self):
        page = os.path.join(self.folder, "changes.html")
        finished = self.compare("steady", "slow", "--page", page)
        self.assertEqual(finished.exit_code, 0, finished.err)
        self.assertIn(f"page:   {page}\n", finished.err)
        with open(page, encoding="utf-8") as file:
            markup = file.read()
        self.assertIn("<svg", markup)
        self.assertIn("small/throughput", markup)
        self.assertEqual(len(read_json(self.folder, "changes.json")["cells"]), CELLS)

    def test_a_page_of_machines_ranks_them_and_draws_them_side_by_side(self):
        self.copy("quick-cpu", 2, cpu="Other CPU")
        page = os.path.join(self.folder, "machines.html")
        finished = self.compare("steady", "quick-cpu", "--by", "cpu_model", "--page", page)
        self.assertEqual(finished.exit_code, 0, finished.err)
        with open(page, encoding="utf-8") as file:
            markup = file.read()
        self.assertIn("Other CPU is ahead, 200 M/s", markup.replace("\u00a0", " "))
        for part in ("machine0", "machine1", "throughput", "configurations"):
            self.assertEqual(markup.count(f'id="{part}"'), 1, part)

    def test_draws_no_page_where_it_cannot(self):
        self.check_refused(["a", "b", "--page", "changes.pdf"], "changes.pdf", ".html")
        nowhere = self.compare("a", "b", "--page", "no/such/changes.html")
        self.assertEqual(nowhere.exit_code, 2)
        self.assertRegex(nowhere.err, r"no/such/changes\.json cannot be written \(No such file")

    def test_refuses_what_is_no_pair_of_bundles(self):
        self.check_refused(["a"], "one bundle", "--by")
        self.check_refused(["a", "./a"], "a and ./a are the same bundle")
        self.check_refused(["a", "nowhere"], "nowhere: there is no such folder")
        self.check_refused(["a", "."], "no bundle", "records.jsonl")
        self.check_refused([], "bundles")
        self.copy("of-a-gate", 1)
        for name in ("records.jsonl", "blocks.jsonl"):
            write("", self.folder, "of-a-gate", name)
        self.check_refused(["a", "of-a-gate"], "this is the bundle of a gate", "gate.md")

    def test_refuses_options_that_mean_nothing_here(self):
        self.check_refused(["a", "b", "--by", "hosst"], "--by hosst", "did you mean 'host'")
        self.check_refused(["a", "b", "--by", "host"], "all records have", "nothing to compare")
        self.check_refused(["a", "b", "--metric", "rtt_p50"], "did you mean 'rtt_ns_p50'")
        absent = ["--metric", "messages_per_s", "--metric", "slo_rate_per_s"]
        self.check_refused(["a", "b", *absent], "--metric slo_rate_per_s: no record that is ok has")
        self.check_refused(["a", "b", "--cell", "mpmc"], "--cell mpmc: no cell", "small/throughput")
        self.check_refused(["a", "b", "--margin", "-1"], "--margin", "-1")
        self.check_refused(["a", "b", "--format", "xml"], "xml", "markdown")

    def test_refuses_damaged_bundles(self):
        self.copy("broken", 1)
        write("{", self.folder, "broken", "environment.json")
        self.check_refused(["a", "broken"], "broken/environment.json is damaged", "put back")
        self.copy("strange", 1)
        write('{"schema": 99}\n', self.folder, "strange", "records.jsonl")
        self.check_refused(["a", "strange"], r"strange/records.jsonl:1", "99")

    def test_refuses_what_it_may_not_read(self):
        options = as_nobody(self)
        self.copy("secret", 1)
        os.chmod(os.path.join(self.folder, "secret", "records.jsonl"), 0)
        self.check_refused(["a", "secret"], "secret/records.jsonl", **options)
        os.chmod(os.path.join(self.folder, "secret"), 0)
        self.check_refused(["a", "secret"], "secret", "name the folder", **options)
        os.chmod(os.path.join(self.folder, "secret"), 0o700)


if __name__ == "__main__":
    unittest.main()
