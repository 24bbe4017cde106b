"""The help: verbs in groups, each on a screen, with two examples that can be typed."""
import re
import unittest

from ringside_program import Scratch

COLUMNS = 80
LINES = 24
# With more options than a screen has lines.
MOST_LINES = {"": 40, "gate": 40, "compare-config": 40, "export": 40, "fleet run": 40}
GROUPS = ["look around", "measure", "judge", "pass on", "keep house"]


def verbs_in(text):
    return re.findall(r"(?m)^  ([a-z][a-z-]+) ", text.split("\nExamples:\n")[0])


class HelpTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = Scratch.of_class(cls)
        cls.program = cls.help_of()
        cls.verbs = verbs_in(cls.program)
        cls.kinds = {verb: cls.kinds_in(cls.help_of(verb)) for verb in cls.verbs}

    @classmethod
    def help_of(cls, *verb):
        finished = cls.scratch.start(*verb, "--help").finish()
        if (finished.exit_code, finished.err) != (0, ""):
            raise AssertionError(f"ringside {verb} --help: {finished}")
        return finished.out

    @staticmethod
    def kinds_in(text):
        """Verbs of a verb, as `ringside selftest` has them."""
        has_kinds = re.search(r"(?m)^Usage: ringside [a-z-]+ VERB", text)
        return verbs_in(text) if has_kinds else []

    def each(self):
        """All verbs with their helps; the program itself is the first."""
        yield (), self.program
        for verb in self.verbs:
            yield (verb,), self.help_of(verb)
        for verb, kinds in self.kinds.items():
            for kind in kinds:
                yield (verb, kind), self.help_of(verb, kind)

    def test_fits_a_screen(self):
        for verb, text in self.each():
            with self.subTest(verb):
                lines = text.splitlines()
                self.assertEqual([line for line in lines if len(line) > COLUMNS], [])
                most = MOST_LINES.get(" ".join(verb), LINES)
                self.assertLessEqual(len(lines), most, text)

    def test_ends_with_two_examples(self):
        for verb, text in self.each():
            with self.subTest(verb):
                examples = text.split("\nExamples:\n")[1].splitlines()
                self.assertEqual(len(examples), 2, text)
                for example in examples:
                    self.assertIn(" ".join(["ringside", *verb]), example)

    def test_has_the_options_of_its_examples(self):
        for verb, text in self.each():
            described, examples = text.split("\nExamples:\n")
            for example in examples.splitlines():
                ours = re.split(r" -- | \| | > |\$\(", example)[0]
                words = ours.split()[1:3]
                has_kind = words[1:] and words[1] in self.kinds.get(words[0], [])
                known = self.help_of(*words) if has_kind else described
                for option in re.findall(r"(?<=\s)--?[a-z][a-z-]*", ours):
                    with self.subTest(verb, option=option):
                        self.assertRegex(known, rf"(?<![\w-]){option}(?![\w-])", example)

    def test_of_the_program_names_verbs_in_groups(self):
        headings = re.findall(r"(?m)^([a-z ]+):$", self.program)
        self.assertEqual(headings, GROUPS)
        self.assertLess({"topo", "run", "verify", "compare", "gate", "report", "clean"},
                        set(self.verbs))  # fmt: skip
        self.assertNotIn("gate-arm", self.program)

    def test_of_no_verb_is_the_same(self):
        finished = self.scratch.start().finish()
        self.assertEqual((finished.exit_code, finished.out), (2, ""))
        self.assertEqual(finished.err, self.program)

    def test_says_what_an_option_may_be_and_is(self):
        text = self.help_of("gate")
        formats = r"--format FORMAT +Of what[^\[]*: table, json,[^\[]*markdown\s+\[table\]"
        self.assertRegex(text, formats)
        self.assertRegex(text, r"--links N +Links of a revision[^\[]*: 1 to 64\s+\[36\]")


class SameNameTest(unittest.TestCase):
    def test_a_suite_may_be_called_as_a_verb_is(self):
        finished = Scratch.of(self).start("list", "gate").finish()
        self.assertEqual(finished.exit_code, 0, finished.err)
        self.assertTrue(all(line.startswith("gate/") for line in finished.out.splitlines()))


if __name__ == "__main__":
    unittest.main()
