"""The JSON Schemas for editors know what the program knows of scenario files: the same keys, words,
ranges and defaults, all taken from what the program says; and wrong files are refused by both."""
import json
import os
import re
import tomllib
import unittest

import jsonschema
from ringside_program import REPOSITORY, Scratch, scenario, suite
from test_bad_files import BAD_FILES

SCENARIOS = os.path.join(REPOSITORY, "scenarios")
SUITE_SCHEMA = os.path.join(SCENARIOS, "suite.schema.json")
CAMPAIGN_SCHEMA = os.path.join(SCENARIOS, "verify", "campaign.schema.json")
GATED = ("throughput", "ping_pong", "paced")
NOT_GATED = ("stream", "duplex", "snapshot", "slo")

# Wrong files that a schema accepts, and why.
SCHEMA_CANNOT_KNOW = {
    "more than the memory holds": "the machine's memory",
    "an unknown queue": "a plug-in may bring it",
    "no queue": "[defaults] may name it",
    "two producers on spsc": "what a queue takes",
    "two consumers on spsc": "what a queue takes",
    "a CPU outside of the mask": "the machine's CPUs",
    "two scenarios of one name": "a schema compares no tables with each other",
}


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def checker(path):
    schema = json.loads(read(path))
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


def faults_of(text, path):
    """What the schema finds in a file; what is no TOML is one fault."""
    try:
        content = tomllib.loads(text if isinstance(text, str) else text.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        return [str(error)]
    return [error.message for error in checker(path).iter_errors(content)]


def shipped(folder):
    names = sorted(name for name in os.listdir(folder) if name.endswith(".toml"))
    return [os.path.join(folder, name) for name in names]


def words_in(text):
    return set(re.findall(r"[a-z_0-9]+", text))


class SchemaTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = Scratch.of_class(cls)
        cls.schema = json.loads(read(SUITE_SCHEMA))
        cls.definitions = cls.schema["definitions"]
        cls.verify = json.loads(read(CAMPAIGN_SCHEMA))["properties"]["verify"]

    def refusal(self, *arguments, text=None):
        """What the program says of a file or an override that it refuses."""
        if text is not None:
            with open(self.scratch.file, "w", encoding="utf-8") as file:
                file.write(text)
        finished = self.scratch.start(*arguments).finish()
        self.assertEqual(finished.exit_code, 2, finished.err)
        return finished.err

    def of_suite(self, text):
        return self.refusal("list", self.scratch.file, text=text)

    def of_campaign(self, *lines):
        text = "\n".join(['[verify]\nname = "small"', *lines, ""])
        return self.refusal("verify", self.scratch.file, text=text)

    def of_axis(self, value, workload="throughput", **others):
        text = suite(scenario("only", workload, **{"queue": "spsc", **others}))
        with open(self.scratch.file, "w", encoding="utf-8") as file:
            file.write(text)
        return self.refusal("list", self.scratch.file, "-a", value)

    def axes(self):
        return self.schema["properties"]["defaults"]["properties"]

    def enum_of(self, value):
        """Its words; of the queues without `all`, which stands alone."""
        return set(value.get("enum") or value["anyOf"][0]["enum"]) - {"all"}


class ShippedFilesTest(unittest.TestCase):
    def check(self, folder, schema):
        files = shipped(folder)
        self.assertTrue(files)
        for file in files:
            with self.subTest(os.path.basename(file)):
                text = read(file)
                self.assertEqual(faults_of(text, schema), [])
                named = text.splitlines()[0].removeprefix("#:schema ")
                self.assertEqual(os.path.normpath(os.path.join(folder, named)), schema)

    def test_each_suite_names_its_schema_and_is_valid(self):
        self.check(SCENARIOS, SUITE_SCHEMA)

    def test_each_campaign_names_its_schema_and_is_valid(self):
        self.check(os.path.join(SCENARIOS, "verify"), CAMPAIGN_SCHEMA)


class KeysTest(SchemaTest):
    def check_keys(self, said, properties):
        known = re.search(r"unknown key 'zzz'.*known are (.*)", said)
        self.assertTrue(known, said)
        self.assertEqual(words_in(known[1]), set(properties))

    def check_table(self, table, properties, workload="throughput"):
        """The table is the last one of a suite, and has the unknown key alone."""
        text = suite(scenario("only", workload, queue="spsc")) + table + "\nzzz = 1\n"
        self.check_keys(self.of_suite(text), properties)

    def test_of_the_file(self):
        self.check_keys(self.of_suite("zzz = 1\n" + suite()), self.schema["properties"])

    def test_of_the_suite(self):
        known = self.schema["properties"]["suite"]["properties"]
        self.check_keys(self.of_suite(suite().replace("question", "zzz = 1\nquestion")), known)

    def test_of_the_defaults(self):
        self.check_keys(self.of_suite(suite() + "zzz = 1\n"), self.axes())

    def test_of_a_scenario_and_its_sweep(self):
        self.check_table("", self.definitions["scenario"]["properties"])
        sweep = self.definitions["scenario"]["properties"]["sweep"]["properties"]
        self.check_table("[scenario.sweep]", sweep)

    def test_of_the_gate_of_each_workload(self):
        for workload in GATED:
            with self.subTest(workload):
                metrics = self.definitions["gate-of-" + workload]["properties"]
                self.check_table("[scenario.gate]", metrics, workload)
                for metric in set(metrics) - {"required"}:
                    known = metrics[metric]["properties"]
                    self.check_table(f"[scenario.gate.{metric}]", known, workload)

    def test_of_an_expectation_and_its_conditions(self):
        known = self.definitions["expectation"]["properties"]
        line = 'expect = [{ %s }]\n[defaults]'
        begin = suite(scenario("only", queue="spsc")).replace(
            "[defaults]", 'subjects = ["spsc"]\n' + line
        )
        start = 'subject = "spsc", workload = "throughput", '
        self.check_keys(self.of_suite(begin % "zzz = 1"), known)
        where = self.of_suite(begin % (start + "where = { zzz = 1 }"))
        self.check_keys(where, known["where"]["properties"])
        against = self.of_suite(begin % (start + "against = { zzz = 1 }"))
        self.check_keys(against, known["against"]["anyOf"][1]["properties"])

    def test_of_a_campaign(self):
        self.check_keys(self.of_campaign("zzz = 1"), self.verify["properties"])


class WordsTest(SchemaTest):
    def check_words(self, said, pattern, expected):
        found = re.search(pattern, said)
        self.assertTrue(found, said)
        self.assertEqual(words_in(found[1]), expected)

    def test_of_each_axis_that_has_some(self):
        seen = 0
        for name in ("memory", "huge_pages", "numa_node", "wait", "tuning", "validate", "queue"):
            with self.subTest(name):
                known = self.enum_of(self.definitions["value-of-" + name])
                one_of = r"one of (.*?)(?:, or a whole number)?\. (?:Leave|Those)"
                self.check_words(self.of_axis(name + "=zzz"), one_of, known)
                seen += 1
        with_patterns = {"placement", "arrivals"}  # below
        for name in set(self.axes()) - with_patterns:
            value = self.definitions.get("value-of-" + name, {})
            seen -= "enum" in value or "anyOf" in value
        self.assertEqual(seen, 0, "an axis with words is not looked at")

    def test_of_placement(self):
        known = self.enum_of(self.definitions["value-of-placement"])
        self.check_words(self.of_axis("placement=zzz"), r"it must be (.*), or cpus:", known)

    def test_of_arrivals(self):
        known = self.enum_of(self.definitions["value-of-arrivals"])
        said = self.of_axis("arrivals=zzz", "paced")
        self.check_words(said, r"it must be (.*), burst:N \(.*\) or trace:FILE.csv", known)

    def test_of_workloads(self):
        known = set(self.definitions["scenario"]["properties"]["workload"]["enum"])
        self.assertEqual(known, set(GATED) | set(NOT_GATED))
        self.check_words(self.of_suite(suite(scenario("only", "zzz"))), "known are (.*)", known)

    def test_of_the_measures_of_each_workload(self):
        rules = self.definitions["expectation"]["allOf"]
        by_workload = {
            rule["if"]["properties"]["workload"]["const"]: rule["then"]["properties"]["metric"]
            for rule in rules
        }
        for workload in (*GATED, *NOT_GATED):
            with self.subTest(workload):
                line = f'subject = "spsc", workload = "{workload}", metric = "zzz"'
                text = suite(scenario("only", queue="spsc")).replace(
                    "[defaults]", f'subjects = ["spsc"]\nexpect = [{{ {line} }}]\n[defaults]'
                )
                known = set(by_workload[workload]["enum"])
                self.check_words(self.of_suite(text), r"is judged by (.*)", known)

    def test_of_a_campaign(self):
        definitions = json.loads(read(CAMPAIGN_SCHEMA))["definitions"]
        said = self.of_campaign('faults = "zzz"')
        self.check_words(said, "known are (.*)", set(definitions["fault"]["enum"]))
        said = self.of_campaign('queues = "zzz"')
        self.check_words(said, "known are (.*)", self.enum_of(definitions["queue"]))
        said = self.of_campaign("[verify.expect]", 'spsc = "zzz"')
        classes = set(self.verify["properties"]["expect"]["additionalProperties"]["enum"])
        self.check_words(said, "must be (.*, .* or .*)", classes | {"or"})


class RangesTest(SchemaTest):
    def check_range(self, said, value):
        found = re.search(r"(?:number,|from|be) (\d+) to (\d+)", said)
        self.assertTrue(found, said)
        self.assertEqual((value["minimum"], value["maximum"]), (int(found[1]), int(found[2])))

    def test_of_each_number(self):
        seen = set()
        for name in self.axes():
            value = self.definitions.get("value-of-" + name, self.definitions[name])
            if value.get("type") != "integer":
                continue
            with self.subTest(name):
                self.check_range(self.of_axis(name + "=-1"), value)
            seen.add(name)
        self.assertLessEqual({"capacity", "limit_ns", "repetitions"}, seen)

    def test_of_each_number_of_a_campaign(self):
        capacities = self.verify["properties"]["capacities"]["items"]
        self.check_range(self.of_campaign("capacities = [-1]"), capacities)
        numbers = [n for n, v in self.verify["properties"].items() if v.get("type") == "integer"]
        self.assertIn("kill_points", numbers)
        for name in numbers:
            with self.subTest(name):
                self.check_range(
                    self.of_campaign(f"{name} = -1"), self.verify["properties"][name]
                )


class DefaultsTest(SchemaTest):
    """An override makes a bundle's scenario.toml one that has every key written out."""

    def written_out(self, verb, *overrides):
        scratch = Scratch.of(self)
        with open(scratch.file, "w", encoding="utf-8") as file:
            if verb == "verify":
                file.write('[verify]\nname = "small"\nqueues = "pipe"\nfaults = "full_memory"\n')
            else:
                scenarios = [scenario(workload, workload, queue="spsc") for workload in GATED]
                file.write('[suite]\nname = "small"\nquestion = "?"\n' + "".join(scenarios))
        fixed = [verb, scratch.file, "--out", scratch.bundle]
        scratch.start(*fixed, *overrides).finish()
        return tomllib.loads(scratch.read("scenario.toml"))

    def test_of_a_suite_and_its_gates(self):
        short = self.written_out("run", "--no-report", "-a", "duration_ms=1", "-a", "warmup_ms=1")
        few = self.written_out("run", "--no-report", "-a", "repetitions=1")
        for content, given in ((short, {"duration_ms", "warmup_ms"}), (few, {"repetitions"})):
            self.assertEqual(list(checker(SUITE_SCHEMA).iter_errors(content)), [])
            for one in content["scenario"]:
                settings = {**one, **one["sweep"]}
                for name in set(self.axes()) - given - {"queue"}:
                    value = settings[name]
                    default = self.definitions[name]["default"]
                    self.assertEqual(value, [default] if isinstance(value, list) else default)
                for metric, terms in one["gate"].items():
                    if metric == "required":
                        self.assertEqual(terms, self.definitions["required"]["default"])
                        continue
                    gate = self.definitions["gate-of-" + one["workload"]]["properties"][metric]
                    for key in ("margin_percent", "pass_percent"):
                        self.assertEqual(terms[key], gate["properties"][key]["default"])
                    is_gated = "gates by itself" in gate["description"]
                    self.assertEqual(terms["report_only"], not is_gated)

    def test_of_a_campaign(self):
        content = self.written_out("verify", "--set", "question=?")
        self.assertEqual(list(checker(CAMPAIGN_SCHEMA).iter_errors(content)), [])
        known = self.verify["properties"]
        without_default = {"name", "question", "queues", "faults", "expect"}
        for name in set(known) - without_default:
            with self.subTest(name):
                self.assertEqual(content["verify"][name], known[name]["default"])


class DocumentTest(SchemaTest):
    """FORMAT.md says of each key what the schemas say."""

    def setUp(self):
        text = read(os.path.join(SCENARIOS, "FORMAT.md"))
        self.of_suites, self.of_campaigns = text.split("\n## Campaigns\n")

    def rows(self, text, key):
        """The cells of the rows whose first cell is the key."""
        cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines()]
        return [row for row in cells if row and row[0] == f"`{key}`"]

    def check_row(self, text, key, value):
        rows = self.rows(text, key)
        self.assertTrue(rows, f"{key} has no row")
        spread = [value, *value.get("anyOf", [])]
        words = [word for part in spread for word in part.get("enum", [])]
        for row in rows:
            if "minimum" in value:
                self.assertIn(f"{value['minimum']} to {value['maximum']}", row[3])
            if key not in ("queue", "queues"):  # they are many: `ringside list` names them
                self.assertEqual([word for word in words if f"`{word}`" not in row[3]], [])
            if value.get("default", []) == []:
                continue
            default = value["default"]
            shown = str(default).lower() if isinstance(default, bool) else str(default)
            self.assertEqual(row[2].strip("`").replace("empty", ""), shown)

    def test_of_each_axis_and_of_the_timing(self):
        for name in self.axes():
            with self.subTest(name):
                value = self.definitions.get("value-of-" + name, {})
                default = self.definitions[name].get("default", [])
                body = {**self.definitions[name], **value, "default": default}
                self.check_row(self.of_suites, name, body)

    def test_of_all_other_keys_of_a_suite(self):
        definitions = self.definitions
        tables = [
            self.schema["properties"]["suite"], definitions["expectation"],
            definitions["scenario"], *(definitions["gate-of-" + name] for name in GATED),
            definitions["gate-of-paced"]["properties"]["response_ns_p50"],
        ]  # fmt: skip
        for name in set().union(*(table["properties"] for table in tables)):
            self.assertIn(f"| `{name}` |", self.of_suites)

    def test_of_the_gate_of_each_workload(self):
        for workload in GATED:
            begin = self.of_suites.index(f"| {workload} | `")
            for metric, terms in self.definitions["gate-of-" + workload]["properties"].items():
                if metric == "required":
                    continue
                known = terms["properties"]
                figures = [known[key]["default"] for key in ("margin_percent", "pass_percent")]
                gates = "gates" if "gates by itself" in terms["description"] else ""
                row = f"| `{metric}` | {figures[0]} | {figures[1]} | {gates}".rstrip() + " |"
                self.assertIn(row, self.of_suites[begin:])

    def test_of_a_campaign(self):
        for name, value in self.verify["properties"].items():
            with self.subTest(name):
                if name == "capacities":
                    value = {**value["items"], "default": "1, 2, 3, 4"}
                self.check_row(self.of_campaigns, name, value)


CONTEST = '[suite]\nname = "small"\nquestion = "?"\n%s\n' + scenario("only", queue="spsc")
GATE = suite(scenario("only", "%s", queue="spsc")) + "[scenario.gate]\n%s\n"
LINE = 'subjects = ["spsc"]\nexpect = [{ subject = "spsc", workload = "%s", at_least = %s%s }]'

WRONG = {
    "a margin below 0": GATE % ("throughput", "messages_per_s = { margin_percent = -1 }"),
    "a margin above 1000": GATE % ("throughput", "messages_per_s = { margin_percent = 1001 }"),
    "a bound that is a word": GATE % ("ping_pong", 'rtt_ns_p50 = { pass_percent = "x" }'),
    "a metric of another workload": GATE % ("throughput", "rtt_ns_p50_clean = {}"),
    "a metric that is no table": GATE % ("throughput", "messages_per_s = 5"),
    "report_only as a number": GATE % ("throughput", "messages_per_s = { report_only = 1 }"),
    "required as a word": GATE % ("throughput", 'required = "spsc"'),
    "required with an empty part": GATE % ("throughput", 'required = [""]'),
    "a gate of a stream": GATE % ("stream", "required = true"),
    "no subjects": CONTEST % "subjects = []",
    "a subject twice": CONTEST % 'subjects = ["spsc", "spsc"]',
    "a subject that is a number": CONTEST % "subjects = [31]",
    "expectations without subjects": CONTEST % "expect = []",
    "an expectation of 0": CONTEST % (LINE % ("throughput", 0, "")),
    "an expectation above 1000": CONTEST % (LINE % ("throughput", 1001, "")),
    "a measure of another workload": CONTEST
    % (LINE % ("throughput", 1, ', metric = "rtt_ns_p99"')),
    "an unknown workload that is judged": CONTEST % (LINE % ("thruput", 1, "")),
    "a condition on the queue": CONTEST % (LINE % ("throughput", 1, ', where = { queue = "x" }')),
    "against another capacity": CONTEST
    % (LINE % ("throughput", 1, ", against = { capacity = 1 }")),
    "against nobody": CONTEST % (LINE % ("throughput", 1, ', against = "nobody"')),
}


class WrongFilesTest(SchemaTest):
    def test_what_the_program_refuses_the_schema_refuses_if_it_can(self):
        for name, bad in BAD_FILES.items():
            with self.subTest(name):
                faults = faults_of(bad.text, SUITE_SCHEMA)
                if SCHEMA_CANNOT_KNOW.get(name):
                    self.assertEqual(faults, [], "the schema knows it: take it off the list")
                else:
                    self.assertNotEqual(faults, [])

    def test_wrong_gates_and_expectations_are_refused_by_both(self):
        for name, text in WRONG.items():
            with self.subTest(name):
                self.assertNotEqual(faults_of(text, SUITE_SCHEMA), [])
                self.of_suite(text)

    def test_and_what_they_are_made_of_by_neither(self):
        for text in (
            GATE % ("throughput", "messages_per_s = { margin_percent = 1 }"),
            CONTEST % (LINE % ("throughput", 1, ', where = { capacity = [8, 16] }')),
        ):
            self.assertEqual(faults_of(text, SUITE_SCHEMA), [])
            with open(self.scratch.file, "w", encoding="utf-8") as file:
                file.write(text)
            finished = self.scratch.start("list", self.scratch.file).finish()
            self.assertEqual(finished.exit_code, 0, finished.err)

    def test_wrong_campaigns_are_refused_by_both(self):
        for line in (
            'name = "a/b"', "capacities = []", "capacities = [65]", "storms = 0", "seed = -1",
            "kill_points = 1.5", 'faults = "fire"', 'faults = ["kill", "kill"]', "queues = 31",
            '[verify.expect]\nspsc = "dies"', "[verify.expect]\nspsc = 1",
        ):  # fmt: skip
            with self.subTest(line):
                first = "" if line.startswith("name") else '\nname = "small"'
                text = f"[verify]{first}\n{line}\n"
                self.assertNotEqual(faults_of(text, CAMPAIGN_SCHEMA), [])
                self.refusal("verify", self.scratch.file, text=text)


if __name__ == "__main__":
    unittest.main()
