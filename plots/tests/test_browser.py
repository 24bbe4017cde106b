"""The page in a real browser: it complains of nothing, sorts, filters, and fits the window."""

import tempfile
import unittest
from pathlib import Path

import report
from tests.browser import Browser, program
from tests.synthetic_bundle import quick_records, write

ROWS = "Array.from(document.querySelectorAll('#results tbody tr'))"
SHOWN = f"{ROWS}.filter(row => row.offsetParent !== null)"
FIRST_TABLE = "document.querySelector('#results table.results')"


@unittest.skipUnless(program(), "there is no chromium here: install the package chromium")
class BrowserTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.page = report.write_report(write(Path(folder.name) / "bundle",
                                             quick_records(samples=400))).resolve()
        cls.browser = cls.enterClassContext(Browser())

    def setUp(self):
        self.browser.complaints.clear()
        self.browser.look(1280, 900)
        self.browser.open(self.page)

    def column(self, number):
        """The values by which the first table is sorted, in the order of its rows."""
        return self.browser.value(f"Array.from({FIRST_TABLE}.tBodies[0].rows)"
                                  f".map(row => Number(row.cells[{number}].dataset.v))")

    def place_of(self, heading):
        return self.browser.value(
            f"Array.from({FIRST_TABLE}.tHead.rows[0].cells)"
            f".findIndex(cell => cell.textContent.startsWith('{heading}'))")

    def click(self, heading):
        place = self.place_of(heading)
        self.browser.value(f"{FIRST_TABLE}.tHead.rows[0].cells[{place}]"
                           ".querySelector('button').click()")
        return self.column(place)

    def choose(self, name, value):
        self.browser.value(
            f"(choice => {{ choice.value = '{value}'; "
            "choice.dispatchEvent(new Event('change')); })"
            f"(document.querySelector('#filter select[name={name}]'))")

    def type_words(self, words):
        self.browser.value("document.querySelector('#filter input').focus()")
        self.browser.call("Input.insertText", text=words)

    def wait(self):
        """Until what the page has put off is done."""
        self.browser.call("Runtime.evaluate", awaitPromise=True,
                          expression="new Promise(done => setTimeout(done, 50))")

    def names_shown(self):
        return self.browser.value(f"{SHOWN}.map(row => row.title)")

    def test_the_console_has_nothing_to_complain_of(self):
        self.click("p50")
        self.type_words("spsc")
        self.assertEqual(self.browser.complaints, [])

    def test_a_script_that_throws_would_be_seen(self):
        self.browser.value("setTimeout(() => { throw new Error('planted'); }, 0)")
        self.wait()
        self.assertIn("planted", " ".join(self.browser.complaints))

    def test_a_click_on_a_heading_sorts_and_a_second_turns_it_round(self):
        rising = self.click("p50")
        self.assertGreater(len(rising), 10)
        self.assertEqual(rising, sorted(rising))
        falling = self.click("p50")
        self.assertEqual(falling, sorted(rising, reverse=True))

    def test_headings_sort_from_the_keyboard(self):
        place = self.place_of("element")
        self.browser.value(f"{FIRST_TABLE}.tHead.rows[0].cells[{place}]"
                           ".querySelector('button').focus()")
        self.browser.press("Enter", "\r")
        values = self.column(place)
        self.assertEqual(values, sorted(values))

    def test_words_filter_the_rows_and_escape_shows_them_again(self):
        everything = self.names_shown()
        self.type_words("SPSC el=64")
        shown = self.names_shown()
        self.assertTrue(0 < len(shown) < len(everything))
        self.assertTrue(all("spsc" in name and "el=64" in name for name in shown))
        self.assertEqual(self.browser.value("document.querySelector('#filter output').textContent"),
                         f"{len(shown)} of {len(everything)} cells")
        self.browser.press("Escape")
        self.wait()
        self.assertEqual(self.names_shown(), everything)

    def test_choices_of_an_axis_and_of_the_status_filter_together(self):
        self.choose("queue", "mpmc")
        self.assertTrue(all("/mpmc/" in name for name in self.names_shown()))
        self.choose("status", "skipped")
        self.assertEqual(len(self.names_shown()), 1)
        self.assertIn("cross_node", self.names_shown()[0])

    def test_a_table_without_a_row_goes_with_its_heading(self):
        self.choose("workload", "ping_pong")
        headings = self.browser.value("Array.from(document.querySelectorAll('#results h3'))"
                                      ".filter(one => one.offsetParent).map(one => one.innerText)")
        self.assertEqual(len(headings), 1)

    def test_the_keyboard_reaches_the_filter_from_the_top(self):
        self.browser.value("document.querySelector('#results a, #results h2').scrollIntoView()")
        reached = set()
        for _ in range(60):
            self.browser.press("Tab")
            reached.add(self.browser.value("document.activeElement.closest('#filter') !== null && "
                                           "document.activeElement.tagName"))
        self.assertTrue({"INPUT", "SELECT", "BUTTON"} <= reached)

    def test_the_page_is_no_wider_than_the_window(self):
        for width in (390, 768, 1280):
            for is_dark in (False, True):
                with self.subTest(width=width, is_dark=is_dark):
                    self.browser.look(width, 900, is_dark)
                    self.browser.open(self.page)
                    self.assertEqual(self.browser.value("window.innerWidth"), width)
                    self.assertLessEqual(
                        self.browser.value("document.documentElement.scrollWidth"), width)
                    self.assertTrue(self.browser.picture(900).startswith(b"\x89PNG"))

    def test_figures_follow_the_dark(self):
        ink = ("getComputedStyle(document.querySelector('#throughput_by_size svg text'))"
               ".fill")
        light = self.browser.value(ink)
        self.browser.look(1280, 900, is_dark=True)
        dark = self.browser.value(ink)
        self.assertNotEqual(light, dark)
        self.browser.look(1280, 900, is_dark=True, medium="print")
        self.assertEqual(self.browser.value(ink), light)

    def test_it_prints(self):
        self.assertTrue(self.browser.printed().startswith(b"%PDF"))
