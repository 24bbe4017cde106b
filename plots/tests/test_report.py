"""The page and the command, from the outside."""

import contextlib
import io
import os
import re
import tempfile
import unittest
from html.parser import HTMLParser
from pathlib import Path
from unittest import mock

import report
from tests.synthetic_bundle import quick_records, record, skipped, timed, write
from tests.synthetic_suites import many_cells

HOSTILE = ("<script>alert('x')</script><img src=http://evil.example/a.png> \" onload=\"x\" & ]]>"
           " $\\frac{$")
UNPRINTABLE = "\0\x1b\ud800"  # JSON can hold these, XML or UTF-8 cannot
VOID = {"meta", "img", "br", "hr", "link", "input"}


class Reader(HTMLParser):
    """Collects tags, attributes and ids, and checks that elements close in order."""

    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.ids, self.open = [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        self.ids += [value for key, value in attrs if key == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.attributes += attrs
        self.ids += [value for key, value in attrs if key == "id"]

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-3:]}"
        self.open.pop()


class ReportTest(unittest.TestCase):
    FIGURES = [f"figures/{name}.svg" for name in (
        "latency_by_percentile", "machine", "over_the_run", "throughput_by_capacity",
        "throughput_by_size", "throughput_by_workers")]

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "bundle"

    def run_report(self, *arguments):
        """(exit code, stdout, stderr)"""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = report.main([str(self.path), *arguments])
        return code, out.getvalue(), err.getvalue()

    def page_of(self, records, **options):
        write(self.path, records, **options)
        code, out, err = self.run_report()
        self.assertEqual((code, err), (0, ""))
        self.assertEqual(out, f"{self.path / 'report.html'}\n")
        return (self.path / "report.html").read_text(encoding="utf-8")

    def read(self, page):
        reader = Reader()
        reader.feed(page)
        self.assertEqual(reader.open, [])
        return reader

    def test_writes_page_and_figures_and_leaves_nothing_else_behind(self):
        self.page_of(quick_records(samples=400))
        names = sorted(str(path.relative_to(self.path)) for path in self.path.rglob("*"))
        self.assertEqual(names, ["environment.json", "figures", *self.FIGURES, "records.jsonl",
                                 "report.html", "scenario.toml"])

    def test_page_is_well_formed_with_unique_ids_and_stays_small(self):
        page = self.page_of(quick_records(samples=400))
        reader = self.read(page)
        self.assertEqual(len(reader.ids), len(set(reader.ids)))
        self.assertEqual(reader.tags.count("svg"), len(self.FIGURES))
        self.assertLess(len(page), 1_000_000)

    def test_a_page_of_500_cells_stays_below_5_megabytes_and_says_what_is_not_drawn(self):
        page = self.page_of(many_cells(500))
        self.assertLess(len(page.encode("utf-8")), 5_000_000)
        self.assertIn("500 cells with 5 records each", page)
        self.assertIn("Only the first 48 of 50 panels are drawn", page)

    def test_the_question_stands_before_the_answers_and_these_before_the_figures(self):
        page = self.page_of(quick_records(samples=400))
        for sentence in ("the round trip of spsc is the shortest", "spsc moves the most"):
            self.assertLess(page.index(sentence), page.index("<svg"))
        self.assertLess(page.index("What does one round trip cost, and how much"),
                        page.index('id="answers"'))

    def test_rows_say_by_what_they_are_chosen(self):
        page = self.page_of(quick_records(samples=400))
        self.assertIn('data-queue="mpsc" data-shape="1p1c" data-element-size-bytes="64"', page)
        self.assertIn('data-status="ok|invalid"', page)
        self.assertIn('<option value="1472">1472 B</option>', page)

    def test_colours_of_figures_have_a_dark_side(self):
        page = self.page_of(quick_records(samples=400))
        used = set(re.findall(r"var\((--c-[0-9a-f]{6}),", page))
        self.assertGreater(len(used), 5)
        for name in used:
            self.assertRegex(page, rf"{name}: #[0-9a-f]{{6}};")

    def test_page_has_no_reference_to_the_outside(self):
        page = self.page_of(quick_records(samples=400))
        reader = self.read(page)
        for key, value in reader.attributes:
            if key in ("src", "href", "srcset", "action", "data", "xlink:href", "poster"):
                self.assertRegex(value, r"^#")
        self.assertNotRegex(page, r"https?://")
        self.assertNotRegex(page, r"@import|url\((?!#)")
        self.assertIn("default-src &#x27;none&#x27;", page)

    def test_every_reference_inside_the_page_has_its_target(self):
        page = self.page_of(quick_records(samples=400))
        reader = self.read(page)
        wanted = {value[1:] for key, value in reader.attributes if key == "href"}
        wanted |= set(re.findall(r"url\(#([^)]+)\)", page))
        self.assertLessEqual(wanted, set(reader.ids))

    def test_escapes_whatever_the_bundle_says(self):
        reason = HOSTILE + UNPRINTABLE
        hostile = record(queue=HOSTILE, status="failed", reason=reason, notes=[reason],
                         cell=f"quick/{HOSTILE}", suite=HOSTILE)
        fine = record(queue=reason, cell=f"quick/{HOSTILE}/fine", **timed(range(50, 90)))
        page = self.page_of([hostile, fine], environment={HOSTILE: {HOSTILE: [HOSTILE]},
                                                          "host": reason},
                            scenario=f"[suite]\nquestion = '''{HOSTILE}'''\n")
        reader = self.read(page)
        self.assertEqual(reader.tags.count("script"), 1)
        self.assertNotIn("img", reader.tags)
        self.assertNotIn("onload", [key for key, _ in reader.attributes])

    def test_says_what_was_skipped_failed_and_invalid_and_why(self):
        page = self.page_of(quick_records(samples=400))
        for words in ("233 ok, 1 failed, 1 invalid, 1 skipped", "died of SIGSEGV in phase measure",
                      "this machine has one NUMA node", "asked for CPU 1, ran on CPU 0",
                      "asked for try, obtained 4096-byte pages", "21 violations: 20 lost, 1 torn",
                      "20 / 0 / 0 / 1"):
            self.assertIn(words, page)

    def test_says_so_when_there_is_nothing_to_draw(self):
        page = self.page_of([skipped(reason="no second CPU")], environment=None, scenario=None)
        self.assertIn("What is not drawn, and why", page)
        self.assertIn("No record was validated.", page)
        self.assertNotIn("<svg", page)
        self.assertFalse((self.path / "figures").exists())

    def test_a_bundle_without_records_still_has_a_page(self):
        self.assertIn("nothing was measured", self.page_of([]))

    def test_a_truncated_last_line_is_a_note_on_the_page(self):
        write(self.path, [record(repetition=0), record(repetition=1)])
        whole = (self.path / "records.jsonl").read_bytes()
        (self.path / "records.jsonl").write_bytes(whole[:-30])
        self.assertEqual(self.run_report()[0], 0)
        self.assertIn("cut off", (self.path / "report.html").read_text(encoding="utf-8"))

    def test_the_same_bundle_gives_the_same_bytes(self):
        with mock.patch.dict(os.environ, {"SOURCE_DATE_EPOCH": "1700000000"}):
            first = self.page_of(quick_records(samples=400))
            self.run_report()
        self.assertEqual(first, (self.path / "report.html").read_text(encoding="utf-8"))
        self.assertIn("2023-11-14 22:13:20 UTC", first)

    def test_writes_png_only_when_asked(self):
        write(self.path, [record(**timed(range(50, 90)))])
        self.run_report("--png")
        data = (self.path / "figures" / "latency_by_percentile.png").read_bytes()
        self.assertTrue(data.startswith(b"\x89PNG"))

    def test_a_figure_of_an_earlier_report_does_not_stay_behind(self):
        self.page_of([record(**timed(range(50, 90)))])
        self.assertTrue((self.path / "figures" / "latency_by_percentile.svg").exists())
        self.page_of([skipped()])
        self.assertFalse((self.path / "figures" / "latency_by_percentile.svg").exists())

    def test_a_missing_bundle_is_exit_code_2_and_one_line(self):
        code, out, err = self.run_report()
        self.assertEqual((code, out), (2, ""))
        self.assertRegex(err, r"^report\.py: .*bundle: no such folder; name a folder .*\n$")

    def test_a_folder_without_records_is_exit_code_2(self):
        self.path.mkdir()
        code, _, err = self.run_report()
        self.assertEqual(code, 2)
        self.assertRegex(err, r"records\.jsonl: no such file; .*\n$")

    def test_a_broken_line_is_exit_code_2_with_file_and_line_and_no_page(self):
        write(self.path, [record(), record(repetition=1)])
        lines = (self.path / "records.jsonl").read_text().splitlines()
        (self.path / "records.jsonl").write_text("\n".join([lines[0], "{", lines[1]]) + "\n")
        code, _, err = self.run_report()
        self.assertEqual(code, 2)
        self.assertEqual(err.count("\n"), 1)
        self.assertRegex(err, r"records\.jsonl:2: not valid JSON .*; remove the line")
        self.assertFalse((self.path / "report.html").exists())
