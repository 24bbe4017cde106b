"""Every document: links resolve, commands do what is shown, and options that are named exist."""
import functools
import json
import os
import re
import shutil
import subprocess
import tempfile
import tomllib
import unittest

import documents
from documents import TOP

LANGUAGES = {"console", "toml", "cpp", "cmake", "json", "yaml", "text", "python"}
COMMAND_TIMEOUT_S = 60
# Two small runs of suite quick, made once: documents call them so.
PREPARED = ("out/before", "out/after")
SHORTER = "-a repetitions=4 -a duration_ms=50 -a capacity=144 -a element_size_bytes=64"
# Options of programs that are not ours, of CMake and its tests, and one that stands for any.
OPTIONS_OF_OTHERS = re.compile(r"^--(benchmark|gtest)_|^--(install|build|prefix|test-dir|option)$")
INVALID = 5  # what a machine that is busy makes of a short run
OUT = re.compile(r"--out[ =](\S+)")


@functools.lru_cache(maxsize=None)
def program():
    built = os.path.join(TOP, "build", "release", "ringside")
    path = os.path.abspath(os.environ.get("RINGSIDE_PROGRAM") or built)
    if not os.access(path, os.X_OK):
        raise AssertionError(f"{path}: there is no program to test; build it first")
    return path


@functools.lru_cache(maxsize=None)
def help_of(*verbs):
    """What a verb says of itself; None when there is none."""
    asked = subprocess.run(
        [program(), *verbs, "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False
    )
    return asked.stdout.decode() if asked.returncode == 0 else None


def has_verb(word):
    """What is no verb gets the help of the whole program, or none."""
    return help_of(word) not in (None, help_of(), help_of("no-such-verb"))


@functools.lru_cache(maxsize=None)
def verbs():
    """Those of the first words of the lines of `ringside --help` that are verbs."""
    words = re.findall(r"^ +([a-z][a-z-]+)(?: |$)", help_of(), re.MULTILINE)
    return {word for word in words if has_verb(word)}


@functools.lru_cache(maxsize=None)
def kinds_of(verb):
    """The verbs of a verb, as `ringside selftest` has them."""
    helped = help_of(verb) or ""
    has_kinds = re.search(rf"^Usage: ringside {verb} VERB", helped, re.MULTILINE)
    return re.findall(r"^  ([a-z][a-z-]*) ", helped, re.MULTILINE) if has_kinds else []


def script_text(name):
    """What a script of this repository says; None when there is none, or it cannot be started."""
    path = os.path.join(TOP, name)
    if not os.path.isfile(path) or not (os.access(path, os.X_OK) or name.endswith(".py")):
        return None
    return documents.read(name)


class Place:
    """A folder in which commands find what they find in the repository, after `ci/bench`."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="ringside-documents-")
        os.makedirs(os.path.join(self.folder, "build"))
        os.symlink(os.path.dirname(program()), os.path.join(self.folder, "build", "release"))
        for name in ("core", "harness", "scenarios", "results", "plots", "ci", "CMakeLists.txt"):
            os.symlink(os.path.join(TOP, name), os.path.join(self.folder, name))
        path = os.pathsep.join([os.path.dirname(program()), os.environ["PATH"]])
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("RINGSIDE_", "GITHUB_"))}
        kept.pop("CI", None)
        self.environment = {**kept, "PATH": path, "NO_COLOR": "1", "LC_ALL": "C.UTF-8"}

    def remove(self):
        shutil.rmtree(self.folder)

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text + "\n")

    def run(self, command):
        """Exit code, and stdout and stderr as they come. A bundle of that name is made anew."""
        for out in OUT.findall(command):
            shutil.rmtree(os.path.join(self.folder, out), ignore_errors=True)
        done = subprocess.run(
            ["bash", "-c", command], cwd=self.folder, env=self.environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=COMMAND_TIMEOUT_S, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout.decode("utf-8")


@unittest.skipIf(len(os.sched_getaffinity(0)) < 2, "documents show what two CPUs print")
class ConsoleTest(unittest.TestCase):
    """One test a document, added below: its commands, in order, in one folder."""

    @classmethod
    def setUpClass(cls):
        cls.place = Place()
        cls.addClassCleanup(cls.place.remove)
        for name in PREPARED:
            cls.place.run(f"ringside run quick --no-report --out {name} {SHORTER}")

    def check_command(self, command):
        where = f"{command.path}:{command.line}: {command.typed}"
        check_words(self, where, command.typed)
        if command.not_run:
            return
        fault = self.fault_of(command)
        measures = re.search(r"\bringside (run|verify|replay)\b", command.run_as or command.typed)
        if fault and measures:
            fault = self.fault_of(command)  # it may have met a bad moment
        self.assertIsNone(fault, f"{where}\n{fault}")

    def fault_of(self, command):
        """What is wrong with what it prints, and that; None when nothing is."""
        exit_code, printed = self.place.run(command.run_as or command.typed)
        fault = documents.shape_fault(command.shown, printed)
        is_run = re.search(r"\bringside run\b", command.run_as or command.typed)
        if exit_code not in (command.exit_code, INVALID if is_run else command.exit_code):
            fault = f"it exits with {exit_code}, and not with {command.exit_code}"
        return f"{fault}\n--- printed:\n{printed}" if fault else None

    def check_document(self, path):
        for block in documents.blocks_of(path)[0]:
            if block.marker and block.marker[1] == "file":
                self.place.write(block.marker[2], block.text)
            if block.language != "console":
                continue
            for command in documents.commands_of(block):
                with self.subTest(f"{path}:{command.line}"):
                    self.check_command(command)


def words_of(text):
    """The words of a command, as far as they can be told without a shell."""
    return re.findall(r"'[^']*'|\"[^\"]*\"|[^\s|;&()]+", text)


def check_words(test, where, text):
    """Each `ringside VERB` and each script in the text exists, with the options given to it."""
    for part in re.split(r"[|;&]+\s*|\$\(| -- ", text):
        words = [word for word in words_of(part) if word not in ("sudo", "time", "exec")]
        while words and re.match(r"^[A-Z_]+=", words[0]):
            words.pop(0)
        if not words:
            continue
        if os.path.basename(words[0]) == "ringside":
            check_verb(test, where, words[1:])
        elif re.match(r"^(?:\./)?(\.?ci|plots|core)/[\w.-]+(/[\w.-]+)*$", words[0]):
            check_script(test, where, words)


def check_verb(test, where, words):
    if not words or words[0].startswith("-") or words[0].isupper():
        return
    helped = help_of(words[0])
    test.assertTrue(has_verb(words[0]), f"{where}: there is no verb '{words[0]}'")
    if words[1:] and words[1] in kinds_of(words[0]):
        helped += help_of(*words[:2])
    for word in words[1:]:
        option = re.match(r"^--?[a-z][a-z-]*", word)
        if option:
            known = re.search(rf"(?<![\w-]){option[0]}(?![\w-])", helped)
            test.assertTrue(known, f"{where}: '{words[0]}' has no option {option[0]}")


def check_script(test, where, words):
    if words[0].startswith("core/"):
        return  # a part of the tree, and no command
    text = script_text(words[0].removeprefix("./"))
    test.assertIsNotNone(text, f"{where}: there is no script {words[0]}")
    passes_on = words[0] in ("ci/bench", "ci/gate", "ci/vm-test", "ci/test")
    for word in words[1:]:
        option = re.match(r"^--[a-z][a-z-]*", word)
        if option and not passes_on:
            test.assertTrue(option[0] in text, f"{where}: the script has no {option[0]}")


def add_test(path):
    name = "test_commands_of_" + re.sub(r"\W", "_", path)
    setattr(ConsoleTest, name, lambda test: test.check_document(path))


for document in documents.all_documents():
    add_test(document)


class LinkTest(unittest.TestCase):
    def check_target(self, link):
        file, _, anchor = link.target.partition("#")
        folder = os.path.dirname(link.path)
        path = os.path.normpath(os.path.join(folder, file)) if file else link.path
        where = f"{link.path}:{link.line}: {link.target}"
        self.assertTrue(os.path.exists(os.path.join(TOP, path)), f"{where}: is not there")
        self.assertFalse(path.startswith("build"), f"{where}: is nothing that git keeps")
        if anchor:
            self.assertIn(anchor, documents.anchors_of(path), f"{where}: no such heading")

    def test_each_link_leads_to_a_file_and_a_heading(self):
        seen = 0
        for path in documents.all_documents():
            for link in documents.links_of(path):
                seen += 1
                if re.match(r"^[a-z]+:", link.target):
                    self.assertRegex(link.target, r"^https://[\w.-]+\.\w+(/\S*)?$")
                    continue
                with self.subTest(f"{path}:{link.line}"):
                    self.check_target(link)
        self.assertGreater(seen, 50)

    def test_each_document_can_be_reached_from_the_first(self):
        reached, next_ones = set(), ["README.md"]
        while next_ones:
            path = next_ones.pop()
            reached.add(path)
            for link in documents.links_of(path):
                file = os.path.normpath(
                    os.path.join(os.path.dirname(path), link.target.partition("#")[0])
                )
                if file.endswith(".md") and file not in reached:
                    next_ones.append(file)
        self.assertEqual(set(documents.all_documents()) - reached, set())


class NamedTest(unittest.TestCase):
    """What stands in the text in backquotes."""

    def test_each_verb_and_script_in_the_text_exists_with_its_options(self):
        seen = 0
        for path in documents.all_documents():
            for line, text in documents.code_spans_of(path):
                first = text.split()[0]
                is_ours = os.path.basename(first) == "ringside" or first.startswith(("ci/", ".ci/"))
                is_short = first in verbs() and " " in text and " --" in text
                if not (is_ours or is_short) or os.path.isfile(os.path.join(TOP, text)):
                    continue
                if os.path.isdir(os.path.join(TOP, first)):
                    continue
                seen += 1
                with self.subTest(f"{path}:{line}: {text}"):
                    command = "ringside " + text if is_short else text
                    check_words(self, f"{path}:{line}", re.sub(r"[…\[\]]", " ", command))
        self.assertGreater(seen, 50)

    def test_each_verb_has_a_row_in_the_harness(self):
        rows = re.findall(r"^\| `([\w-]+)` \|", documents.read("harness/README.md"), re.MULTILINE)
        self.assertGreater(len(verbs()), 10)
        self.assertEqual(set(rows), verbs())

    def test_each_option_that_stands_alone_exists_somewhere(self):
        of_verbs = "".join(help_of(verb) or "" for verb in verbs())
        of_verbs += "".join(help_of(verb, kind) for verb in verbs() for kind in kinds_of(verb))
        for folder in ("ci", ".ci"):
            for name in sorted(os.listdir(os.path.join(TOP, folder))):
                of_verbs += script_text(f"{folder}/{name}") or ""
        of_verbs += documents.read("core", "bench", "protection_options.cpp")
        for path in documents.all_documents():
            for line, text in documents.code_spans_of(path):
                option = re.match(r"^(--[a-z][a-z-]*)(?:[= ]\S+)*$", text)
                if option and not OPTIONS_OF_OTHERS.match(text):
                    with self.subTest(f"{path}:{line}: {text}"):
                        self.assertTrue(option[1] in of_verbs, "nothing has that option")


class BlockTest(unittest.TestCase):
    def test_each_block_says_what_it_is(self):
        for path in documents.all_documents():
            for block in documents.blocks_of(path)[0]:
                with self.subTest(f"{path}:{block.line}"):
                    self.assertIn(block.language, LANGUAGES, "commands stand in ```console")

    def test_each_block_of_toml_and_json_can_be_read(self):
        for path in documents.all_documents():
            for block in documents.blocks_of(path)[0]:
                with self.subTest(f"{path}:{block.line}"):
                    if block.language == "toml":
                        tomllib.loads(block.text)
                    elif block.language == "json":
                        json.loads(block.text)

    def test_what_is_not_run_says_why(self):
        for path in documents.all_documents():
            for block in documents.blocks_of(path)[0]:
                if block.language != "console":
                    continue
                for command in documents.commands_of(block):
                    if command.not_run is not None:
                        self.assertGreater(len(command.not_run.split()), 2, command)


class ReadingTest(unittest.TestCase):
    """That the reader finds faults: else all of the above would pass for nothing."""

    TABLE = ["queue  msgs/s  p50", "spsc    124 M  363 ns", "…", "mpmc   27.5 M    –"]

    def fault(self, printed):
        return documents.shape_fault(self.TABLE, "\n".join(printed))

    def test_other_figures_have_the_same_shape(self):
        printed = ["queue  msgs/s  p50", "spsc   9.2 k  1.1 µs  [1]", "mpsc 1 2", "mpmc  4  5 s"]
        self.assertIsNone(self.fault([*printed, "", "[1] loaded machine"]))

    def test_another_heading_row_or_order_has_not(self):
        rows = ["spsc 1 M 2 ns", "mpmc 1 M 2 ns"]
        self.assertIsNone(self.fault(["queue msgs/s p50", *rows]))
        self.assertIn("queue", self.fault(["queue msgs/s p99", *rows]))
        self.assertIn("spsc", self.fault(["queue msgs/s p50", rows[1]]))
        self.assertIn("mpmc", self.fault(["queue msgs/s p50", rows[0], rows[0]]))
        self.assertIn("spsc", self.fault(["queue msgs/s p50", rows[1], rows[0]]))
        self.assertIn("more", self.fault(["queue msgs/s p50", *rows, "and another line"]))

    def test_an_ellipsis_within_a_line_stands_for_anything(self):
        self.assertIsNone(documents.shape_fault(["a … d"], "a b c d"))
        self.assertIsNotNone(documents.shape_fault(["a … d"], "a b c"))

    def test_anchors_are_as_github_makes_them(self):
        anchors = documents.anchors_of("core/README.md")
        self.assertIn("tunings-of-spsc-and-what-makes-it-fast", anchors)
        self.assertIn("who-may-use-what", anchors)

    def test_a_verb_and_an_option_that_are_none_are_found(self):
        for text in ("ringside walk", "ringside run --fast", "ci/nothing", "ci/fuzz --fast"):
            with self.assertRaises(AssertionError):
                check_words(self, "here", text)
        check_words(self, "here", "sudo ringside doctor --apply -- ringside run quick --budget 2m")


if __name__ == "__main__":
    unittest.main()
