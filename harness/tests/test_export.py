"""ringside export: a bundle of the real program in every format, read as its readers do."""
import base64
import csv
import io
import json
import math
import os
import re
import shutil
import stat
import struct
import subprocess
import unittest
import zlib
from xml.etree import ElementTree

from ringside_program import REPOSITORY, Scratch, program, scenario, suite

SUITE = suite(
    scenario("rate", queue=["spsc", "mpmc"], producers=[1, 2]),
    scenario("there-and-back", "ping_pong", queue="spsc"),
    repetitions=2,
    duration_ms=50,
)
TRIES = 5  # on a machine that is busy, a repetition may be invalid
CELLS = 5
RECORDS = 2 * CELLS
SKIPPED = 2  # two producers on spsc, in both repetitions
READ_JUNIT = os.path.join(REPOSITORY, "results", "tests", "read_junit.py")
ONE_FILE = ("gbench", "hlog", "csv", "junit", "tap", "markdown", "openmetrics", "bmf")
JSON_FORMATS = ("gbench", "bmf")
RTT = "rtt_ns"
SERIES = re.compile(r'(ringside_\w+)(\{(?:\w+="(?:[^"\\\n]|\\["\\n])*",?)*\}) (\S+)')
HDR_COOKIE, HDR_COMPRESSED_COOKIE, HDR_HEADER_BYTES = 0x1C849313, 0x1C849314, 40


def run_once():
    """A bundle in which nothing failed and nothing was invalid."""
    scratch = Scratch()
    unittest.addModuleCleanup(scratch.remove)
    for _ in range(TRIES):
        shutil.rmtree(scratch.bundle, ignore_errors=True)
        finished = scratch.run_suite(SUITE)
        if finished.exit_code == 0:
            return scratch
    raise AssertionError(finished.err)


def setUpModule():
    """One bundle for all; in a copy of it one record failed and one was invalid."""
    scratch = run_once()
    ExportTest.scratch = scratch
    ExportTest.records = scratch.records()
    ExportTest.spoilt = os.path.join(scratch.folder, "spoilt")
    shutil.copytree(scratch.bundle, ExportTest.spoilt)
    records = scratch.records()
    timed = [record for record in records if record["histograms"]]
    for record, status in zip(timed, ("failed", "invalid")):
        record.update(status=status, reason=f"it was {status} | on purpose")
        record.update(metrics={}, histograms={})
    with open(os.path.join(ExportTest.spoilt, "records.jsonl"), "w", encoding="utf-8") as file:
        file.writelines(json.dumps(record) + "\n" for record in records)


class ExportTest(unittest.TestCase):
    scratch = records = spoilt = None

    def start(self, *arguments):
        return self.scratch.start("export", *arguments).finish()

    def export(self, name, *arguments, bundle=None):
        """What stands on stdout, where nothing but data may."""
        finished = self.start(bundle or self.scratch.bundle, "--format", name, *arguments)
        self.assertEqual(finished.exit_code, 0, finished.err)
        return finished.out

    def export_to_folder(self, name, *arguments, bundle=None):
        """The files by their names."""
        folder = os.path.join(Scratch.of(self).folder, "exported")
        out = self.export(name, "--out", folder, *arguments, bundle=bundle)
        self.assertEqual(out, "")
        texts = {}
        for file_name in os.listdir(folder):
            with open(os.path.join(folder, file_name), encoding="utf-8") as file:
                texts[file_name] = file.read()
        return texts

    def check_refused(self, arguments, *says):
        before = sorted(os.listdir(self.scratch.folder))
        finished = self.start(*arguments)
        self.assertEqual(finished.exit_code, 2, finished.err)
        self.assertEqual(finished.out, "")
        for pattern in says:
            self.assertRegex(finished.err, pattern)
        self.assertEqual(sorted(os.listdir(self.scratch.folder)), before)


def hdr_count(text):
    """How many values a histogram holds, decoded as formats of HdrHistogram say."""
    packed = base64.b64decode(text, validate=True)
    cookie, length = struct.unpack(">Ii", packed[:8])
    assert (cookie, length) == (HDR_COMPRESSED_COOKIE, len(packed) - 8)
    inflated = zlib.decompress(packed[8:])
    cookie, length, offset, digits = struct.unpack(">Iiii", inflated[:16])
    assert (cookie, offset, digits) == (HDR_COOKIE, 0, 3)
    assert length == len(inflated) - HDR_HEADER_BYTES
    assert struct.unpack(">qqd", inflated[16:HDR_HEADER_BYTES]) == (1, 3_600_000_000_000, 1.0)
    return sum(count for count in zigzag_words(inflated[HDR_HEADER_BYTES:]) if count > 0)


def zigzag_words(payload):
    value = shift = 0
    for byte in payload:
        is_ninth = shift == 56
        value |= (byte if is_ninth else byte & 0x7F) << shift
        shift += 7
        if is_ninth or not byte & 0x80:
            yield (value >> 1) ^ -(value & 1)
            value = shift = 0


class GoogleBenchmarkTest(ExportTest):
    def test_has_an_iteration_for_each_record_and_an_aggregate_for_each_percentile(self):
        entries = json.loads(self.export("gbench"))["benchmarks"]
        iterations = [entry for entry in entries if entry["run_type"] == "iteration"]
        self.assertEqual(len(iterations), RECORDS)
        self.assertEqual(sum("skipped" in entry for entry in iterations), SKIPPED)
        for entry in iterations:
            self.assertEqual(entry["real_time"] > 0, "skipped" not in entry, entry)
        names = {e["aggregate_name"] for e in entries if e["run_type"] == "aggregate"}
        self.assertLessEqual({"p50", "p99", "p999"}, names)
        self.assertLessEqual(names, {"p50", "p99", "p999", "p50_clean", "p99_clean"})

    def test_what_failed_or_was_invalid_is_an_error(self):
        entries = json.loads(self.export("gbench", bundle=self.spoilt))["benchmarks"]
        errors = [entry["error_message"] for entry in entries if "error_occurred" in entry]
        self.assertEqual(errors, [f"{s}: it was {s} | on purpose" for s in ("failed", "invalid")])

    def test_its_context_has_the_keys_of_a_real_one(self):
        ours = json.loads(self.export("gbench"))["context"]
        theirs = json.loads(core_bench(self, "--benchmark_format=json", *ONE_SHORT))["context"]
        for key, value in theirs.items():
            if key != "executable" and key in ours:
                self.assertIs(type(ours[key]), type(value), key)
        optional = {"executable", "cpu_scaling_enabled", "aslr_enabled"}
        self.assertEqual(set(theirs) - set(ours) - optional, set())

    def test_its_entries_have_the_keys_of_a_real_one_in_their_order(self):
        ours = json.loads(self.export("gbench"))["benchmarks"][0]
        theirs = json.loads(core_bench(self, "--benchmark_format=json", *ONE_SHORT))
        theirs = theirs["benchmarks"][0]
        until = list(theirs).index("time_unit") + 1
        self.assertEqual(list(ours)[:until], list(theirs)[:until])


ONE_SHORT = ("--benchmark_filter=/element_size_bytes:8$", "--benchmark_min_time=0.0001")


def core_bench(test, *arguments):
    """stdout of the benchmarks of the core, which are built beside the program."""
    path = os.path.join(os.path.dirname(program()), "core", "core_bench")
    if not os.path.exists(path):
        test.skipTest(f"{path} is not built: RINGSIDE_BENCH is off")
    finished = subprocess.run([path, *arguments], capture_output=True, text=True, check=False)
    test.assertEqual(finished.returncode, 0, finished.stderr)
    return finished.stdout


class CoreBenchTest(unittest.TestCase):
    """Flags that users of Google Benchmark know, given to the benchmarks of the core."""

    def test_lists_its_tests(self):
        names = core_bench(self, "--benchmark_list_tests").splitlines()
        self.assertTrue(any(name.startswith("BM_PushPop<") for name in names), names)

    def test_writes_json_to_stdout_and_to_a_file(self):
        path = os.path.join(Scratch.of(self).folder, "out.json")
        out = core_bench(
            self, "--benchmark_format=json", f"--benchmark_out={path}",
            "--benchmark_out_format=json", "--benchmark_repetitions=2",
            "--benchmark_context=who=ci", *ONE_SHORT,
        )  # fmt: skip
        with open(path, encoding="utf-8") as file:
            written = json.load(file)
        self.assertEqual(written["context"]["who"], "ci")
        for document in (written, json.loads(out)):
            types = [entry["run_type"] for entry in document["benchmarks"]]
            self.assertEqual(types.count("iteration") % 2, 0)
            self.assertIn("aggregate", types)

    def test_writes_csv_and_the_usual_table(self):
        out = core_bench(self, "--benchmark_format=csv", *ONE_SHORT)
        self.assertRegex(out, r"(?m)^name,iterations,real_time,cpu_time,time_unit,")
        self.assertRegex(core_bench(self, *ONE_SHORT), r"(?m)^Benchmark +Time +CPU +Iterations")

    def test_shows_aggregates_alone(self):
        out = core_bench(
            self, "--benchmark_format=json", "--benchmark_repetitions=2",
            "--benchmark_report_aggregates_only=true", *ONE_SHORT,
        )  # fmt: skip
        types = {entry["run_type"] for entry in json.loads(out)["benchmarks"]}
        self.assertEqual(types, {"aggregate"})


class HistogramTest(ExportTest):
    def timed(self):
        return [record for record in self.records if RTT in record["histograms"]]

    def test_the_log_has_a_line_for_each_repetition_with_all_of_its_messages(self):
        lines = self.export("hlog", "--metric", RTT).splitlines()
        intervals = [line.split(",") for line in lines if line.startswith("Tag=")]
        self.assertEqual(len(intervals), 2)
        before_s = 0.0
        for (tag, start, length, most, payload), record in zip(intervals, self.timed()):
            self.assertEqual(tag, f"Tag={record['cell']}:{RTT}")
            self.assertGreaterEqual(float(start), before_s)
            self.assertAlmostEqual(float(length), record["seconds"], places=3)
            self.assertAlmostEqual(float(most), record["metrics"]["rtt_ns_max"] / 1e6, places=3)
            self.assertEqual(hdr_count(payload), record["metrics"]["messages"])
            before_s = float(start) + float(length)

    def test_the_log_names_what_is_not_ok_before_its_legend(self):
        header, legend, _ = self.export("hlog", bundle=self.spoilt).partition('"StartTimestamp"')
        self.assertTrue(legend)
        self.assertIn("#[not ok: failed: it was failed | on purpose, repetition 0 of ", header)
        self.assertEqual([line for line in header.splitlines() if len(line) >= 128], [])

    def test_the_percentiles_have_a_file_for_each_cell_and_histogram(self):
        texts = self.export_to_folder("hgrm")
        kinds = sorted(self.timed()[0]["histograms"])
        self.assertEqual([name.split(".")[-2] for name in sorted(texts)], kinds)
        for text in texts.values():
            self.assertRegex(text, r"\A {7}Value {5}Percentile TotalCount 1/\(1-Percentile\)\n\n")
            self.assertRegex(text, r"#\[Buckets = +32, SubBuckets     = +2048\]\n\Z")

    def test_the_percentiles_of_one_histogram_go_to_stdout(self):
        text = self.export("hgrm", "--metric", RTT)
        rows = [line.split() for line in text.splitlines()[2:] if not line.startswith("#")]
        values = [float(row[0]) for row in rows]
        counts = [int(row[2]) for row in rows]
        self.assertEqual((values, counts), (sorted(values), sorted(counts)))
        self.assertEqual(counts[-1], sum(r["metrics"]["messages"] for r in self.timed()))
        self.assertEqual(len(rows[-1]), 3)

    def test_several_percentiles_do_not_fit_on_stdout(self):
        self.check_refused([self.scratch.bundle, "--format", "hgrm"], "4 files", "--out DIR")

    def test_a_bundle_without_that_histogram_is_refused(self):
        arguments = [self.scratch.bundle, "--format", "hgrm", "--metric", "nothing_ns"]
        self.check_refused(arguments, "cells have no histogram of that kind", "can be written")


class TextTest(ExportTest):
    def test_the_table_has_a_row_for_each_record(self):
        rows = list(csv.DictReader(io.StringIO(self.export("csv"), newline=""), strict=True))
        self.assertEqual([row["cell"] for row in rows], [r["cell"] for r in self.records])
        for row, record in zip(rows, self.records):
            self.assertNotIn(None, row, "more fields than headings")
            self.assertNotIn(None, row.values(), "fewer fields than headings")
            self.assertEqual(row["status"], record["status"])
            self.assertRegex(row["time"], r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+0000$")
            for name, value in record["metrics"].items():
                self.assertEqual(float(row[name]), value, name)
            for name, value in record["axes"].items():
                is_text = isinstance(value, str)
                expected = value if is_text else "" if value is None else json.dumps(value)
                self.assertEqual(row[name], expected, name)

    def test_junit_passes_its_strict_reader(self):
        path = os.path.join(Scratch.of(self).folder, "junit.xml")
        self.assertEqual(self.export("junit", "--out", path, bundle=self.spoilt), "")
        command = ["/usr/bin/python3", "-B", READ_JUNIT, path]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        cases = json.loads(done.stdout)[0]["cases"]
        outcomes = [case["outcome"] for case in cases]
        self.assertEqual(len(outcomes), RECORDS)
        self.assertEqual(outcomes.count("error"), 2)
        self.assertEqual(outcomes.count("skipped"), SKIPPED)
        self.assertEqual(ElementTree.parse(path).getroot().tag, "testsuites")

    def test_tap_has_a_plan_and_a_point_for_each_record(self):
        lines = self.export("tap", bundle=self.spoilt).splitlines()
        self.assertEqual(lines[:2], ["TAP version 14", f"1..{RECORDS}"])
        points = [re.match(r"(not )?ok (\d+) - ", line) for line in lines]
        points = [point for point in points if point]
        self.assertEqual([int(point[2]) for point in points], list(range(1, RECORDS + 1)))
        self.assertEqual(sum(bool(point[1]) for point in points), 2)
        self.assertEqual(sum(" # SKIP spsc takes at most" in line for line in lines), SKIPPED)
        self.assertEqual(lines.count("  ---"), lines.count("  ..."))

    def test_markdown_is_one_table_and_what_was_not_ok(self):
        text = self.export("markdown", bundle=self.spoilt)
        rows = [line for line in text.splitlines() if line.startswith("|")]
        self.assertEqual(len(rows), CELLS + 2)
        self.assertEqual(len({row.count("|") for row in rows}), 1, rows)
        self.assertRegex(text, r"\A### small: 6 of 10 repetitions ok, 5 cells\n\n")
        self.assertIn("<details><summary>4 not ok</summary>\n\n- `small/", text)

    def test_openmetrics_has_no_two_equal_series(self):
        lines = self.export("openmetrics").splitlines()
        self.assertEqual(lines[-1], "# EOF")
        samples = [line for line in lines if not line.startswith("# ")]
        found = [SERIES.fullmatch(line) for line in samples]
        self.assertTrue(all(found), [s for s, f in zip(samples, found) if not f])
        self.assertEqual(len({(f[1], f[2]) for f in found}), len(samples))
        for match in found:
            self.assertTrue(math.isfinite(float(match[3])), match[0])
            for axis in self.records[0]["axes"]:
                self.assertIn(f'{axis}="', match[2])
        self.assertTrue(any(f[1] == "ringside_rtt_seconds" for f in found))


class JsonTest(ExportTest):
    def test_bencher_gets_measures_of_each_cell_that_is_ok(self):
        benchmarks = json.loads(self.export("bmf"))
        self.assertEqual(len(benchmarks), CELLS - 1)
        for measures in benchmarks.values():
            for slug, measure in measures.items():
                self.assertRegex(slug, r"^[a-z0-9-]+$")
                self.assertLessEqual(measure["lower_value"], measure["value"])
                self.assertLessEqual(measure["value"], measure["upper_value"])
        timed = next(m for cell, m in benchmarks.items() if "/there-and-back/" in cell)
        self.assertLessEqual({"latency", "p99", "p99-9", "throughput"}, set(timed))

    def test_github_action_benchmark_gets_a_file_for_each_direction(self):
        texts = self.export_to_folder("github-action-benchmark")
        self.assertEqual(set(texts), {"smaller-is-better.json", "bigger-is-better.json"})
        for text in texts.values():
            entries = json.loads(text)
            self.assertTrue(entries)
            for entry in entries:
                self.assertEqual(set(entry), {"name", "unit", "value", "range", "extra"})
                self.assertIsInstance(entry["value"], (int, float))
            self.assertEqual(len({entry["name"] for entry in entries}), len(entries))

    def test_jq_reads_all_of_it(self):
        if not shutil.which("jq"):
            self.skipTest("jq is not installed")
        texts = [self.export(name, bundle=self.spoilt) for name in JSON_FORMATS]
        texts += self.export_to_folder("github-action-benchmark").values()
        for text in texts:
            done = subprocess.run(
                ["jq", "-e", "."], input=text.encode(), capture_output=True, check=False
            )
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_what_has_no_place_is_told_of_on_stderr(self):
        for name in ("bmf", "hgrm"):
            folder = os.path.join(Scratch.of(self).folder, "out")
            finished = self.start(self.spoilt, "--format", name, "--out", folder)
            says = "left out: 4 of 10 repetitions are not ok, and not in it; the first: small/"
            self.assertIn(says, finished.err)


class OutTest(ExportTest):
    def test_a_file_is_the_same_as_stdout_and_is_there_whole(self):
        for name in ONE_FILE:
            folder = Scratch.of(self).folder
            path = os.path.join(folder, "exported")
            with open(path, "w", encoding="utf-8") as file:
                file.write("before")
            self.assertEqual(self.export(name, "--out", path), "")
            with open(path, encoding="utf-8", newline="") as file:
                self.assertEqual(file.read(), self.export(name, "--out", "-"), name)
            self.assertEqual(os.listdir(folder), ["exported"])

    def test_the_last_line_is_a_command_that_reads_it(self):
        folder = Scratch.of(self).folder
        path = os.path.join(folder, "of a run.json")
        compare = "/usr/share/benchmark/compare.py benchmarks BEFORE.json"
        tap = f"ringside report {self.scratch.bundle}"
        commands = {"gbench": f"{compare} '{path}'", "tap": tap}
        for name, command in commands.items():
            finished = self.start(self.scratch.bundle, "--format", name, "--out", path)
            self.assertEqual(finished.err.splitlines()[-1], f"next:   {command}")
        self.assertNotIn("next:", self.start(self.scratch.bundle, "--format", "tap").err)

    def test_a_folder_takes_a_file_under_its_usual_name(self):
        folder = Scratch.of(self).folder
        self.assertEqual(self.export("junit", "--out", folder), "")
        self.assertEqual(self.export("tap", "--out", folder + "/new/"), "")
        self.assertEqual(sorted(os.listdir(folder)), ["junit.xml", "new"])
        self.assertEqual(os.listdir(os.path.join(folder, "new")), ["results.tap"])

    def test_a_pipe_is_written_to_and_not_replaced(self):
        pipe = os.path.join(Scratch.of(self).folder, "pipe")
        os.mkfifo(pipe)
        reader = subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE)
        self.assertEqual(self.export("tap", "--out", pipe), "")
        text, _ = reader.communicate()
        self.assertEqual(text.decode(), self.export("tap"))
        self.assertTrue(stat.S_ISFIFO(os.stat(pipe).st_mode))

    def test_a_link_stays_one(self):
        folder = Scratch.of(self).folder
        link, file_name = os.path.join(folder, "link"), os.path.join(folder, "file")
        os.symlink("file", link)
        self.export("tap", "--out", link)
        self.assertTrue(os.path.islink(link))
        self.assertTrue(os.path.isfile(file_name))

    def test_a_last_line_that_is_cut_off_is_told_of(self):
        killed = os.path.join(Scratch.of(self).folder, "killed")
        shutil.copytree(self.scratch.bundle, killed)
        path = os.path.join(killed, "records.jsonl")
        os.truncate(path, os.path.getsize(path) - 100)
        finished = self.start(killed, "--format", "csv")
        self.assertEqual(finished.exit_code, 0, finished.err)
        self.assertEqual(len(list(csv.DictReader(io.StringIO(finished.out)))), RECORDS - 1)
        self.assertIn(f"left out: the last line of {path}", finished.err)

    def test_cells_are_chosen_by_a_part_of_their_names(self):
        rows = list(csv.DictReader(io.StringIO(self.export("csv", "--cell", "/mpmc/1p1c/"))))
        self.assertEqual(len(rows), 2)
        self.assertTrue(all("/mpmc/1p1c/" in row["cell"] for row in rows))

    def test_metrics_are_chosen_by_their_names(self):
        text = self.export("csv", "--metric", "messages_per_s", "--metric", "rtt_ns_p99")
        row = next(csv.DictReader(io.StringIO(text)))
        self.assertLessEqual({"messages_per_s", "rtt_ns_p99"}, set(row))
        self.assertNotIn("rtt_ns_p50", row)

    def test_the_bundle_is_left_as_it_is(self):
        for name in ("records.jsonl", "environment.json"):
            out = os.path.join(self.scratch.bundle, name)
            before = self.scratch.read(name)
            link = os.path.join(Scratch.of(self).folder, "link")
            os.symlink(out, link)
            for path in (out, link):
                arguments = [self.scratch.bundle, "--format", "csv", "--out", path]
                self.check_refused(arguments, f"--out {path}: the bundle's own file")
            self.assertEqual(self.scratch.read(name), before)


class RefusedTest(ExportTest):
    def test_an_unknown_format(self):
        arguments = [self.scratch.bundle, "--format", "parquet"]
        self.check_refused(arguments, "parquet", "gbench", "openmetrics")

    def test_no_format(self):
        self.check_refused([self.scratch.bundle], "--format")

    def test_a_folder_that_is_none(self):
        self.check_refused(["nowhere", "--format", "csv"], "nowhere: there is no such folder")

    def test_a_folder_that_is_no_bundle(self):
        self.check_refused([Scratch.of(self).folder, "--format", "csv"], "environment.json")

    def test_a_bundle_without_records(self):
        empty = os.path.join(Scratch.of(self).folder, "empty")
        shutil.copytree(self.scratch.bundle, empty)
        with open(os.path.join(empty, "records.jsonl"), "w", encoding="utf-8"):
            pass
        self.check_refused([empty, "--format", "csv"], "no records", "junit.xml")

    def test_a_damaged_record(self):
        damaged = os.path.join(Scratch.of(self).folder, "damaged")
        shutil.copytree(self.scratch.bundle, damaged)
        with open(os.path.join(damaged, "records.jsonl"), "w", encoding="utf-8") as file:
            file.write('{"schema": 1}\n')
        self.check_refused([damaged, "--format", "csv"], r"records\.jsonl:1: ")

    def test_a_part_that_no_cell_has(self):
        arguments = [self.scratch.bundle, "--format", "csv", "--cell", "/nobody/"]
        self.check_refused(arguments, "--cell /nobody/", "the first is small/rate/")

    def test_an_unknown_metric(self):
        arguments = [self.scratch.bundle, "--format", "csv", "--metric", "rtt_ns_p98"]
        self.check_refused(arguments, "--metric rtt_ns_p98", "did you mean 'rtt_ns_p9")

    def test_a_metric_where_there_are_none(self):
        arguments = [self.scratch.bundle, "--format", "tap", "--metric", "rtt_ns_p99"]
        self.check_refused(arguments, "--metric rtt_ns_p99", "leave it out")

    def test_a_file_where_a_folder_is_wanted(self):
        path = os.path.join(Scratch.of(self).folder, "file")
        with open(path, "w", encoding="utf-8"):
            pass
        arguments = [self.scratch.bundle, "--format", "hgrm", "--out", path]
        self.check_refused(arguments, f"--out {path}: cannot be written")

    def test_a_place_that_cannot_be_written(self):
        arguments = [self.scratch.bundle, "--format", "csv", "--out", "none/of/it.csv"]
        self.check_refused(arguments, "--out none/of/it.csv: cannot be written", "another place")


if __name__ == "__main__":
    unittest.main()
