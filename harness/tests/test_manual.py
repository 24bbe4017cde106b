"""The manual page: all that the help has, and nothing that troff stumbles over."""
import os
import re
import shutil
import subprocess
import unittest

from ringside_program import Scratch


class ManualTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = Scratch.of_class(cls)
        cls.page = cls.say("man")

    @classmethod
    def say(cls, *arguments):
        finished = cls.scratch.start(*arguments).finish()
        if finished.exit_code != 0:
            raise AssertionError(finished)
        return finished.out

    def check_reader(self, name, *arguments):
        if shutil.which(name) is None:
            self.skipTest(f"{name} is not installed")
        read = subprocess.run(
            [name, *arguments], input=self.page.encode(), capture_output=True, check=False
        )
        self.assertEqual((read.returncode, read.stderr), (0, b""))
        return read.stdout.decode("utf-8")

    def test_groff_has_nothing_to_say_against_it(self):
        text = self.check_reader("groff", "-man", "-ww", "-Tutf8", "-P-cbou")
        for word in ("RINGSIDE(1)", "EXIT STATUS", "ENVIRONMENT", "ringside selftest power"):
            self.assertIn(word, text)

    def test_mandoc_has_nothing_to_say_against_it(self):
        self.check_reader("mandoc", "-Tlint", "-Wwarning")

    def test_has_every_verb_and_option(self):
        page = self.page.replace("\\-", "-")
        for verb in re.findall(r"(?m)^  ([a-z]+) ", self.say("--help").split("\nExamples")[0]):
            self.assertIn(f".SS ringside {verb}\n", page)
            for option in re.findall(r"(?m)^  .*?(--[a-z-]+)", self.say(verb, "--help")):
                self.assertIn(option, page)

    def test_names_the_variable_of_an_option(self):
        for variable in ("RINGSIDE_RUN_FORMAT", "RINGSIDE_SELFTEST_POWER_GATES", "RINGSIDE_COLOR"):
            self.assertIn(variable, self.page)
        self.assertNotIn("_HELP", self.page)

    def test_has_the_day_that_is_asked_for(self):
        environment = dict(os.environ, SOURCE_DATE_EPOCH="1700000000")
        finished = self.scratch.start("man", env=environment).finish()
        self.assertTrue(finished.out.startswith(".TH RINGSIDE 1 2023-11-14 "), finished.out[:80])

    def test_has_every_exit_code(self):
        for code in (0, 1, 2, 3, 4, 5, 6, 7, 77, 130):
            self.assertIn(f"\n.TP\n.B {code}\n", self.page)


if __name__ == "__main__":
    unittest.main()
