"""What the program writes is what results/SCHEMA.md and results/record.schema.json say: every field
of real files stands in them, and every field that they name is there."""
import copy
import json
import os
import re
import unittest

import jsonschema
from ringside_program import REPOSITORY, Scratch, scenario, suite

RESULTS = os.path.join(REPOSITORY, "results")
GATE = ["--first-blocks", "6", "--second-blocks", "8", "--until-quiet", "0"]
WIDE = "[scenario.gate]\nrtt_ns_p50_clean = { margin_percent = 25, pass_percent = 300 }\n"
SHORT = {"repetitions": 1, "warmup_ms": 2, "duration_ms": 10}
# Fields whose keys are names of something else: of metrics, placements, NUMA nodes, facts …
OPEN_FIELDS = {
    "metrics", "histograms", "validation", "node_pages", "effects", "values", "block_metrics",
    "memory.nodes", "memory.huge_page_pools", "clock.offsets", "topology.placements", "floor_ns",
    "facts", "program_facts",
}  # fmt: skip


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()


def lines(*path):
    return [json.loads(line) for line in read(*path).splitlines()]


def record_schema():
    schema = json.loads(read(RESULTS, "record.schema.json"))
    jsonschema.Draft7Validator.check_schema(schema)
    return schema


def section(title):
    """The part of SCHEMA.md below that heading, up to the next one of its kind or above."""
    text = read(RESULTS, "SCHEMA.md")
    heading = re.search(rf"^(#+) {re.escape(title)}$", text, re.MULTILINE)
    rest = text[heading.end() :]
    end = re.search(rf"^#{{1,{len(heading[1])}}} ", rest, re.MULTILINE)
    return rest[: end.start()] if end else rest


def named_in(text, columns=1):
    """What stands in backquotes in the first columns of its tables."""
    rows = [line.split("|")[1 : 1 + columns] for line in text.splitlines() if line[:1] == "|"]
    return set(re.findall(r"`([^`]+)`", " ".join(" ".join(row) for row in rows)))


def fields_of(value, prefix=""):
    """Every key of an object and of all objects in it, but for those of OPEN_FIELDS."""
    if isinstance(value, list):
        return set().union(*(fields_of(part, prefix) for part in value), set())
    if not isinstance(value, dict):
        return set()
    found = set()
    for key, part in value.items():
        found.add(key)
        if key not in OPEN_FIELDS and f"{prefix}{key}" not in OPEN_FIELDS:
            found |= fields_of(part, f"{key}.")
    return found


class RecordTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = Scratch.of_class(cls)
        cls.schema = record_schema()
        cls.validator = jsonschema.Draft7Validator(cls.schema)
        workloads = ("throughput", "ping_pong", "stream", "duplex", "paced")
        scenarios = [scenario(name, name, queue="spsc") for name in workloads]
        scenarios += [
            scenario("snapshot", "snapshot", queue="double_buffer", capacity=1),
            scenario("slo", "slo", queue="spsc", limit_ns=100_000_000),
            scenario("unseen", "throughput", queue="mpmc", validate="off"),
            scenario("several", "paced", queue="mpsc", producers=2, arrivals="burst:8"),
            scenario("not", "throughput", queue=["spsc", "pipe"], placement="cross_package"),
            scenario("kernel", "throughput", queue="pipe", placement="unpinned"),
        ]
        cls.finished = cls.scratch.run_suite(suite(*scenarios, **SHORT))
        cls.records = cls.scratch.records()

    def check_valid(self, record):
        errors = self.validator.iter_errors(record)
        faults = [f"{list(error.absolute_path)}: {error.message}" for error in errors]
        self.assertEqual(faults, [], record["cell"])

    def test_each_record_is_valid(self):
        self.assertIn(self.finished.exit_code, (0, 5), self.finished.err)
        self.assertGreaterEqual(len(self.records), 11)
        self.assertIn("skipped", {record["status"] for record in self.records})
        for record in self.records:
            self.check_valid(record)

    def test_each_record_of_verify_is_valid(self):
        scratch = Scratch.of(self)
        with open(scratch.file, "w", encoding="utf-8") as file:
            file.write('[verify]\nname = "x"\nqueues = "pipe"\nfaults = ["none", "truncated"]\n')
        scratch.start("verify", scratch.file, "--out", scratch.bundle).finish()
        self.assertEqual(len(scratch.records()), 2)
        for record in scratch.records():
            self.check_valid(record)
            self.check_known(record)

    def known(self, *path):
        node = self.schema
        for key in path:
            node = node["properties"][key]
            if "$ref" in node:
                node = self.schema["definitions"][node["$ref"].rsplit("/", 1)[1]]
        return set(node["properties"])

    def check_known(self, record):
        self.assertLessEqual(set(record), self.known())
        self.assertLessEqual(set(record["axes"]), self.known("axes"))
        obtained = record["obtained"] or {}
        self.assertLessEqual(set(obtained), self.known("obtained"))
        process = set(self.schema["definitions"]["process"]["properties"])
        for worker in obtained.get("workers", []):
            self.assertEqual(set(worker), process)
        self.assertEqual(set(record["validation"]), self.known("validation"))
        self.assertLessEqual(set(record["metrics"]), self.known("metrics"))
        self.assertLessEqual(set(record["histograms"]), self.known("histograms"))

    def test_the_schema_names_all_that_is_in_a_record(self):
        for record in self.records:
            self.check_known(record)

    def test_and_all_that_it_names_is_in_one(self):
        seen = set().union(*(fields_of(record) for record in self.records))
        optional = {"gives_up", "origin"}  # of other queues, and of merged bundles
        for known in (self.known(), self.known("axes"), self.known("obtained")):
            self.assertLessEqual(known - optional, seen)
        self.assertLessEqual(set(self.schema["definitions"]["process"]["properties"]), seen)

    def test_the_schema_names_the_metrics_of_the_program(self):
        table = re.findall(r'^ +\{"(\w+)", *Unit::', read(RESULTS, "metrics.cpp"), re.MULTILINE)
        self.assertGreater(len(table), 50)
        of_verify = {"trials", "bad_trials", "leaked_slots", "stale_segments", "detection_ms"}
        self.assertEqual(self.known("metrics"), set(table) | of_verify)

    def test_the_document_names_what_the_schema_names(self):
        self.assertEqual(named_in(section("axes")), self.known("axes"))
        process = set(self.schema["definitions"]["process"]["properties"])
        self.assertEqual(named_in(section("obtained")), self.known("obtained") | process)
        self.assertEqual(named_in(section("validation")), self.known("validation"))
        self.assertEqual(named_in(section("metrics")), self.known("metrics"))
        self.assertEqual(named_in(section("histograms")), self.known("histograms"))
        first_table = section("records.jsonl").split("### ")[0]
        self.assertEqual(named_in(first_table), self.known())

    def test_wrong_records_are_refused_by_the_schema_and_by_the_program(self):
        (sound, *_) = [record for record in self.records if record["status"] == "ok"]
        wrong = {
            "another schema": lambda record: record.update(schema=99),
            "a status that is none": lambda record: record.update(status="fine"),
            "no cell": lambda record: record.pop("cell"),
            "no axes": lambda record: record.pop("axes"),
            "no queue": lambda record: record["axes"].pop("queue"),
            "a repetition below 0": lambda record: record.update(repetition=-1),
            "a count that is a word": lambda record: record["validation"].update(lost="none"),
            "a metric that is a list": lambda record: record["metrics"].update(messages=[1]),
            "a histogram that is none": lambda record: record["histograms"].update(rtt_ns="x"),
            "a canary of 0": lambda record: record["obtained"].update(canary_ns=[0, 1]),
        }
        for name, spoil in wrong.items():
            with self.subTest(name):
                record = copy.deepcopy(sound)
                spoil(record)
                self.assertFalse(self.validator.is_valid(record))
                scratch = Scratch.of(self)
                os.mkdir(scratch.bundle)
                with open(os.path.join(scratch.bundle, "records.jsonl"), "w") as file:
                    file.write(json.dumps(record) + "\n")
                finished = scratch.start("report", scratch.bundle, "--format", "csv").finish()
                self.assertEqual(finished.exit_code, 2, finished.err)
                self.assertIn("records.jsonl:1: ", finished.err)

    def test_the_other_files_of_a_run_are_as_documented(self):
        self.check_fields("run.json", [json.loads(self.scratch.read("run.json"))])
        self.check_fields("history.jsonl", lines(self.scratch.folder, "history.jsonl"))
        environment = json.loads(self.scratch.read("environment.json"))
        named = named_in(section("environment.json"))
        found = set()
        for name, content in environment.items():
            of_facts = any(key.startswith(name + ".") for key in named)
            found |= {f"{name}.{key}" for key in content} if of_facts else {name}
        self.assertEqual(found, named)
        for name in ("checks", "fingerprint"):
            fields = fields_of(environment[name])
            row = next(r for r in section("environment.json").splitlines() if f"| `{name}`" in r)
            self.assertLessEqual(fields, set(re.findall(r"`([^`]+)`", row)))

    def check_fields(self, title, contents, optional=()):
        """The first columns name the outer fields; those of tables in them stand in the row."""
        text = section(title)
        outer = set().union(*contents)
        of_parts = set().union(*(fields_of(content) for content in contents))
        self.assertLessEqual(outer, named_in(text))
        self.assertLessEqual(of_parts, named_in(text, 6), "a field that stands nowhere")
        self.assertLessEqual(named_in(text) - set(optional), of_parts, "a field that is not there")

    def test_the_files_of_a_gate_are_as_documented(self):
        scratch = Scratch.of(self)
        text = suite(scenario("one", "ping_pong", queue="spsc"), **SHORT) + WIDE
        with open(scratch.file, "w", encoding="utf-8") as file:
            file.write(text)
        arms = ["--baseline", "self", "--candidate", "self", "--out", scratch.bundle]
        finished = scratch.start("gate", scratch.file, *arms, *GATE).finish()
        self.assertIn(finished.exit_code, (0, 4), finished.err)
        self.check_fields("gate.json", [json.loads(scratch.read("gate.json"))])
        self.check_fields("blocks.jsonl", lines(scratch.bundle, "blocks.jsonl"))
        (entry,) = lines(scratch.folder, "history.jsonl")
        self.assertLessEqual(fields_of(entry), named_in(section("history.jsonl"), 3))
        later = os.path.join(scratch.folder, "later")
        stored = ["--baseline", scratch.bundle, "--report-only", "--out", later, *GATE[:2]]
        finished = scratch.start("gate", scratch.file, *stored, "--candidate", "self").finish()
        self.assertEqual(finished.exit_code, 0, finished.err)
        self.check_fields("drift.json", [json.loads(read(later, "drift.json"))])

    def test_the_lines_of_self_tests_are_as_documented(self):
        gates = lines(RESULTS, "selftest.jsonl")
        self.check_fields("selftest.jsonl", gates, optional={"rejected_by"})
        of_metrics = set().union(*(metric for gate in gates for metric in gate["metrics"]))
        (row,) = [r for r in section("selftest.jsonl").splitlines() if r.startswith("| `metrics`")]
        self.assertLessEqual(of_metrics, set(re.findall(r"`(\w+)`", row)))

    def test_the_history_of_a_trial_is_as_documented(self):
        writer = read(REPOSITORY, "harness", "history", "history_writer.cpp")
        written = set(re.findall(r'[{,]"(\w+)"', writer))
        self.assertEqual(written, named_in(section("history.jsonl of verify")))


if __name__ == "__main__":
    unittest.main()
