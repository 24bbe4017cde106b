"""A small suite from its file to its bundle: what runs, what is recorded, what is left."""
import base64
import json
import os
import re
import unittest
import zlib

from ringside_program import QUEUES, REPOSITORY, Scratch, program, reasons, scenario, suite

TOP_LEVEL_KEYS = [
    "schema", "suite", "cell", "repetition", "status", "reason", "notes", "axes", "obtained",
    "validation", "seconds", "metrics", "histograms",
]  # fmt: skip
AXES = [
    "workload", "queue", "producers", "consumers", "element_size_bytes", "capacity", "placement",
    "memory", "huge_pages", "lock_memory", "numa_node", "wait", "batch", "tuning", "rate_per_s",
    "prefault", "numa_policy", "validate",
]  # fmt: skip
GIVING_SOMETHING_UP = {"robust_mutex", "boost_message_queue"}  # who say it in a key of their own
OBTAINED = {
    "producer_cpus", "consumer_cpus", "producer_pids", "consumer_pids", "page_size_bytes",
    "locked_bytes", "node_pages", "memory", "workers", "parent",
}  # fmt: skip
MANY_PRODUCERS_ONE_CONSUMER = {(1, 1), (2, 1), (3, 1)}
ANY_SHAPE = MANY_PRODUCERS_ONE_CONSUMER | {(1, 2), (2, 2), (3, 2)}
SHAPES = dict.fromkeys(QUEUES, ANY_SHAPE)
SHAPES.update(spsc={(1, 1)}, mpsc=MANY_PRODUCERS_ONE_CONSUMER)
WORKLOADS = ("throughput", "ping_pong")
ROUND_TRIP_HISTOGRAMS = ["one_way_ns", "one_way_ns_clean", "rtt_ns", "rtt_ns_clean"]


def shape_of(record):
    return record["axes"]["producers"], record["axes"]["consumers"]


def is_hdr_v2(text):
    """HdrHistogram's compressed V2: two cookies, a length, and counts in zlib's format."""
    packed = base64.b64decode(text, validate=True)
    plain = zlib.decompress(packed[8:])
    return (
        text.startswith("HISTFAAA")  # the first cookie, and the length's upper bytes
        and int.from_bytes(packed[4:8], "big") == len(packed) - 8
        and plain[:4] == bytes.fromhex("1c849313")
    )


class EveryQueueAndShapeTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = Scratch.of_class(cls)
        axes = {"queue": QUEUES, "producers": [1, 2, 3], "consumers": [1, 2]}
        cls.text = suite(*(scenario(name, name, **axes) for name in WORKLOADS))
        cls.running = cls.scratch.start_suite(cls.text)
        cls.finished = cls.running.finish()
        cls.records = cls.scratch.records()
        cls.measured = [record for record in cls.records if record["status"] == "ok"]

    def test_exits_with_0(self):
        self.assertEqual(self.finished.exit_code, 0, self.finished.err)

    def test_every_record_is_ok_or_skipped_with_a_reason(self):
        for record in self.records:
            self.assertIn(record["status"], ("ok", "skipped"), reasons(self.records))
            self.assertEqual(record["status"] == "skipped", bool(record["reason"]), record)

    def test_each_queue_runs_with_every_shape_that_it_takes_and_no_other(self):
        for workload in WORKLOADS:
            for queue, shapes in SHAPES.items():
                with self.subTest(workload=workload, queue=queue):
                    asked = {"workload": workload, "queue": queue}
                    ran = [r for r in self.measured if asked.items() <= r["axes"].items()]
                    self.assertEqual({shape_of(r) for r in ran}, shapes, reasons(self.records))

    def test_every_combination_has_one_record(self):
        cells = [record["cell"] for record in self.records]
        self.assertEqual(len(cells), len(WORKLOADS) * len(QUEUES) * 3 * 2)
        self.assertEqual(len(set(cells)), len(cells))

    def test_each_worker_is_a_process_of_its_own(self):
        for record in self.measured:
            obtained = record["obtained"]
            self.assertEqual(
                (len(obtained["producer_pids"]), len(obtained["consumer_pids"])), shape_of(record)
            )
            pids = obtained["producer_pids"] + obtained["consumer_pids"] + [self.running.pid]
            self.assertEqual(len(set(pids)), sum(shape_of(record)) + 1, record["cell"])

    def test_all_that_was_sent_was_received_once_whole_and_in_order(self):
        for record in self.measured:
            validation = dict(record["validation"])
            self.assertGreater(validation["sent"], 0, record["cell"])
            self.assertEqual(validation.pop("received"), validation.pop("sent"), record["cell"])
            self.assertEqual(
                validation, {"lost": 0, "duplicated": 0, "reordered": 0, "torn": 0}, record["cell"]
            )

    def test_the_workers_ran_where_they_may(self):
        allowed = os.sched_getaffinity(0)
        for record in self.measured:
            obtained = record["obtained"]
            self.assertLessEqual(set(obtained["producer_cpus"]), allowed, record["cell"])
            self.assertLessEqual(set(obtained["consumer_cpus"]), allowed, record["cell"])

    def test_a_record_has_the_keys_of_schema_1(self):
        for record in self.records:
            gives_up = ["gives_up"] if record["axes"]["queue"] in GIVING_SOMETHING_UP else []
            self.assertEqual(list(record), TOP_LEVEL_KEYS + gives_up)
            self.assertEqual(record["schema"], 1)
            self.assertEqual(list(record["axes"]), AXES)
        for record in self.measured:
            self.assertLessEqual(OBTAINED, set(record["obtained"]))

    def test_a_measured_cell_has_a_rate(self):
        for record in self.measured:
            self.assertGreater(record["seconds"], 0)
            self.assertGreater(record["metrics"]["messages_per_s"], 0)
            self.assertGreater(record["metrics"]["bytes_per_s"], 0)

    def test_a_round_trip_has_percentiles_and_its_histogram(self):
        names = [f"rtt_ns_{part}" for part in ("p50", "p90", "p99", "p999", "max")]
        for record in self.measured:
            if record["axes"]["workload"] != "ping_pong":
                self.assertEqual(record["histograms"], {}, record["cell"])
                continue
            values = [record["metrics"][name] for name in names]
            self.assertGreater(values[0], 0)
            self.assertEqual(values, sorted(values), record["cell"])
            self.assertEqual(list(record["histograms"]), ROUND_TRIP_HISTOGRAMS)
            self.assertTrue(is_hdr_v2(record["histograms"]["rtt_ns"]), record["cell"])

    def test_the_bundle_holds_the_scenario_and_the_environment(self):
        self.assertEqual(self.scratch.read("scenario.toml"), self.text)
        environment = json.loads(self.scratch.read("environment.json"))
        self.assertEqual(environment["schema"], 1)
        for section in ("machine", "cpu", "kernel", "memory", "limits", "clock", "topology"):
            self.assertIn(section, environment)

    def test_nothing_is_left(self):
        self.running.wait_until_nothing_is_left()


class RunTest(unittest.TestCase):
    def test_each_repetition_is_a_record_of_fresh_processes(self):
        scratch = Scratch.of(self)
        text = suite(scenario("one", queue=["spsc", "mpmc"]), repetitions=3)
        self.assertEqual(scratch.run_suite(text).exit_code, 0)
        records = scratch.records()
        self.assertEqual([r["repetition"] for r in records], [0, 0, 1, 1, 2, 2])
        pids = [pid for r in records for pid in r["obtained"]["producer_pids"]]
        self.assertEqual(len(set(pids)), 6)

    def test_the_command_line_overrides_the_file_and_the_bundle_says_so(self):
        scratch = Scratch.of(self)
        text = suite(scenario("one", queue="spsc", capacity=7))
        changes = ("-a", "queue=mpmc", "-a", "element_size_bytes=[8, 24]", "-a", "repetitions=2")
        self.assertEqual(scratch.run_suite(text, *changes).exit_code, 0)
        axes = [record["axes"] for record in scratch.records()]
        self.assertEqual({(a["queue"], a["capacity"]) for a in axes}, {("mpmc", 7)})
        self.assertEqual([a["element_size_bytes"] for a in axes], [8, 24, 8, 24])
        self.assertIn("# run with -a queue=mpmc\n", scratch.read("scenario.toml"))

    def test_the_copy_of_a_suite_names_no_schema_beside_it(self):
        scratch = Scratch.of(self)
        text = suite(scenario("one", queue="spsc"))
        self.assertEqual(scratch.run_suite("#:schema suite.schema.json\n" + text).exit_code, 0)
        self.assertEqual(scratch.read("scenario.toml"), text)

    def test_explicit_cpus_are_honoured_producers_first(self):
        scratch = Scratch.of(self)
        allowed = sorted(os.sched_getaffinity(0))
        asked = f"cpus:{allowed[-1]},{allowed[0]}"
        text = suite(scenario("one", queue="spsc", placement=asked))
        self.assertEqual(scratch.run_suite(text).exit_code, 0)
        obtained = scratch.records()[0]["obtained"]
        self.assertEqual(obtained["producer_cpus"], [allowed[-1]])
        self.assertEqual(obtained["consumer_cpus"], [allowed[0]])

    def test_without_out_the_bundle_is_named_after_suite_time_and_host(self):
        scratch = Scratch.of(self)
        with open(scratch.file, "w", encoding="utf-8") as file:
            file.write(suite(scenario("one", queue="spsc")))
        finished = scratch.start("run", scratch.file, "--no-report").finish()
        self.assertEqual(finished.exit_code, 0, finished.err)
        name, history = sorted(os.listdir(os.path.join(scratch.folder, "out")), reverse=True)
        self.assertEqual(history, "history.jsonl")
        self.assertRegex(name, r"^small-\d{8}T\d{6}Z-.+$")
        self.assertIn(name, finished.err)

    def test_draws_the_page_and_draws_it_again(self):
        scratch = Scratch.of(self)
        with open(scratch.file, "w", encoding="utf-8") as file:
            file.write(suite(*(scenario(name, name, queue="spsc") for name in WORKLOADS)))
        finished = scratch.start("run", scratch.file, "--out", scratch.bundle).finish()
        self.assertEqual(finished.exit_code, 0, finished.err)
        page = os.path.join(scratch.bundle, "report.html")
        self.assertTrue(os.path.exists(page), finished.err)
        os.remove(page)
        again = scratch.start("report", scratch.bundle).finish()
        self.assertEqual((again.exit_code, again.out), (0, page + "\n"), again.err)
        self.assertTrue(os.path.exists(page))

    def test_without_validation_the_counts_are_null(self):
        for validate in ("off", "sequence", "full"):
            with self.subTest(validate=validate):
                scratch = Scratch.of(self)
                text = suite(*(scenario(name, name, queue="spsc") for name in WORKLOADS))
                finished = scratch.run_suite(text, f"--validate={validate}")
                self.assertEqual(finished.exit_code, 0, finished.err)
                for record in scratch.records():
                    self.assertEqual(record["axes"]["validate"], validate)
                    counts = list(record["validation"].values())
                    self.assertEqual(counts == [None] * 6, validate == "off", record)
                    self.assertEqual(record["validation"]["lost"], None if validate == "off" else 0)

    def test_every_shipped_suite_has_a_plan(self):
        folder = os.path.join(REPOSITORY, "scenarios")
        names = [name[:-5] for name in os.listdir(folder) if name.endswith(".toml")]
        self.assertLessEqual({"memory", "wait", "capacity", "throughput", "contention"}, set(names))
        for name in names:
            with self.subTest(suite=name):
                file = os.path.join(folder, name + ".toml")
                finished = Scratch.of(self).start("list", file).finish()
                self.assertEqual(finished.exit_code, 0, finished.err)
                self.assertTrue(finished.out.splitlines())

    def test_each_record_has_a_reading_of_each_process(self):
        scratch = Scratch.of(self)
        text = suite(scenario("one", queue="mpmc", producers=2, consumers=2, memory="memfd"))
        self.assertEqual(scratch.run_suite(text).exit_code, 0)
        (record,) = scratch.records()
        obtained = record["obtained"]
        names = [worker["name"] for worker in obtained["workers"]]
        self.assertEqual(names, ["producer 0", "producer 1", "consumer 0", "consumer 1"])
        self.assertEqual(obtained["parent"]["name"], "parent")
        self.assertEqual(obtained["memory"], "memfd")
        for reading in obtained["workers"]:
            self.assertGreater(reading["cpu_ns"], 0, reading)
            self.assertGreater(reading["before"]["page_size_bytes"], 0, reading)
            self.assertGreater(reading["after"]["page_size_bytes"], 0, reading)

    def test_the_shipped_suite_has_a_plan(self):
        scratch = Scratch.of(self)
        quick = os.path.join(os.path.dirname(program()), "../../scenarios/quick.toml")
        finished = scratch.start("list", os.path.normpath(quick)).finish()
        self.assertEqual(finished.exit_code, 0, finished.err)
        self.assertTrue(all(re.match("quick/", line) for line in finished.out.splitlines()))
        self.assertIn("quick/throughput/spsc/1p1c/el=8/cap=144", finished.out)


if __name__ == "__main__":
    unittest.main()
