"""Completion: what bash offers, by the script that the program prints; and zsh can read its own."""
import os
import shutil
import subprocess
import unittest

from ringside_program import Scratch, program

# Sources the script as a user does, and calls the function as bash does when tab is pressed.
ASK = r"""
source <("$1" completion bash) || exit 1
COMP_WORDBREAKS=$' \t\n"\'><=;|&(:'
COMP_LINE="$2"
COMP_POINT="${#COMP_LINE}"
_ringside ringside
printf '%s\n' "${COMPREPLY[@]}"
"""


class CompletionCase(unittest.TestCase):
    def setUp(self):
        self.scratch = Scratch.of(self)

    def offered(self, typed):
        """What bash would offer behind this line. The program is called by its path."""
        asked = subprocess.run(
            ["bash", "--norc", "-c", ASK, "bash", program(), f"{program()} {typed}"],
            cwd=self.scratch.folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        self.assertEqual((asked.returncode, asked.stderr), (0, ""))
        return [line for line in asked.stdout.splitlines() if line]


class BashTest(CompletionCase):
    def test_offers_verbs(self):
        self.assertEqual(self.offered("ru"), ["run"])
        verbs = self.offered("")
        self.assertLess({"topo", "list", "gate", "completion"}, set(verbs))
        self.assertNotIn("gate-arm", verbs)
        self.assertNotIn("complete", verbs)

    def test_offers_verbs_of_a_verb(self):
        self.assertEqual(self.offered("selftest "), ["aa", "power", "layout"])
        self.assertIn("--inject-percent", self.offered("selftest power --inj"))

    def test_offers_the_options_of_a_verb_that_were_not_given(self):
        self.assertEqual(self.offered("run quick --fo"), ["--format"])
        self.assertEqual(self.offered("run quick --format csv --fo"), [])
        self.assertIn("--axis", self.offered("run -a capacity=8 --"))  # any number of times

    def test_offers_the_values_of_an_option(self):
        self.assertEqual(self.offered("run --format "), ["table", "json", "csv", "markdown"])
        self.assertEqual(self.offered("run --format=c"), ["csv"])
        self.assertEqual(self.offered("topo --color n"), ["never"])

    def test_offers_axes_and_their_values(self):
        self.assertEqual(self.offered("run quick -a capac"), ["capacity="])
        self.assertIn("same_l3", self.offered("run quick -a placement="))
        self.assertEqual(self.offered("run quick -a queue=boost_m"), ["boost_message_queue"])

    def test_offers_what_sets_two_configurations_apart(self):
        self.assertEqual(self.offered("compare-config --a hug"), ["huge_pages="])
        values = self.offered("compare-config --b huge_pages=")
        self.assertEqual(values, ["never", "try", "require"])
        self.assertEqual(self.offered("compare-config --a gov"), ["governor="])
        self.assertEqual(self.offered("compare-config --a queu"), [])

    def test_offers_suites_and_campaigns_by_name(self):
        self.assertEqual(self.offered("run qui"), ["quick"])
        self.assertIn("latency", self.offered("list "))
        self.assertIn("nightly", self.offered("verify "))

    def test_offers_the_folders_in_out_as_bundles(self):
        for name in ("out/first", "out/second", "elsewhere"):
            os.makedirs(os.path.join(self.scratch.folder, name))
        self.assertEqual(self.offered("compare "), ["out/first/", "out/second/"])
        self.assertEqual(self.offered("compare out/first out/s"), ["out/second/"])
        self.assertEqual(self.offered("report e"), ["elsewhere/"])

    def test_offers_metrics(self):
        self.assertIn("messages_per_s", self.offered("compare a b --metric mess"))

    def test_offers_nothing_for_a_command_of_others(self):
        self.assertEqual(self.offered("doctor --apply -- ru"), [])


class ScriptTest(CompletionCase):
    def test_zsh_can_read_its_script(self):
        if shutil.which("zsh") is None:
            self.skipTest("zsh is not installed")
        path = os.path.join(self.scratch.folder, "_ringside")
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.scratch.start("completion", "zsh").finish().out)
        read = subprocess.run(["zsh", "-n", path], capture_output=True, text=True, check=False)
        self.assertEqual((read.returncode, read.stderr), (0, ""))

    def test_there_is_none_for_other_shells(self):
        finished = self.scratch.start("completion", "zhs").finish()
        self.assertEqual(finished.exit_code, 2)
        self.assertIn("did you mean 'zsh'", finished.err)


if __name__ == "__main__":
    unittest.main()
