"""The picture of a terminal: its text, its colours, and nothing that is no SVG."""

import unittest
import xml.etree.ElementTree as ElementTree

from tests.terminal_picture import MAX_LINES, picture

SVG = "{http://www.w3.org/2000/svg}"


class TerminalPictureTest(unittest.TestCase):
    def lines_of(self, command, text):
        root = ElementTree.fromstring(picture(command, text))
        return ["".join(line.itertext()) for line in root.iter(f"{SVG}text")]

    def test_shows_the_command_and_each_line_with_its_blanks(self):
        self.assertEqual(self.lines_of("ringside run", "queue  p50\nspsc   <1\n"),
                         ["$ ringside run", "", "queue  p50", "spsc   <1"])

    def test_colours_are_those_of_the_escapes_and_end_with_them(self):
        root = ElementTree.fromstring(picture("x", "\x1b[1;31mbad\x1b[0m good"))
        span = list(root.iter(f"{SVG}tspan"))[-1]
        self.assertEqual((span.text, span.get("font-weight")), ("bad", "bold"))
        self.assertIsNotNone(span.get("fill"))
        self.assertEqual(self.lines_of("x", "\x1b[1;31mbad\x1b[0m good")[-1], "bad good")

    def test_says_how_much_is_left_out(self):
        lines = self.lines_of("x", "a\n" * (MAX_LINES + 5))
        self.assertEqual(lines[-1], "… 5 more lines")
