"""Each rule of ci/tidy.py with an example that breaks it and one that keeps it."""
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import tidy
from tidy_source import Source

TREE = [
    "core/include/ringside/ring.hpp", "core/src/ring.cpp", "core/src/futex.hpp",
    "results/record.hpp", "results/record.cpp", "harness/runner.cpp", "harness/crew.hpp",
    "plots/bundle.py", "plots/figures/matrix.py",
]  # fmt: skip
WORK = "/wo" + "rk/"


def findings(path, text):
    return tidy.check_source(Source(path, text, TREE))


class RuleTest(unittest.TestCase):
    def assertFound(self, words, path, text, line=None):
        found = findings(path, text)
        self.assertEqual(len(found), 1, found)
        self.assertIn(words, found[0].message)
        if line is not None:
            self.assertEqual(found[0].line, line)

    def assertClean(self, path, text):
        self.assertEqual(findings(path, text), [])


class SizeTest(RuleTest):
    def test_a_file_may_have_500_lines(self):
        self.assertClean("core/src/a.cpp", "int a;\n" * 500)
        self.assertFound("501 lines", "core/src/a.cpp", "int a;\n" * 501)

    def test_the_file_limit_holds_for_scripts_without_a_suffix(self):
        self.assertFound("501 lines", "ci/bench", "#!/usr/bin/env bash\n" + "true\n" * 500)

    def test_a_cpp_function_may_have_70_lines(self):
        body = "  work();\n"
        self.assertClean("core/src/a.cpp", "void f() {\n" + body * 68 + "}\n")
        self.assertFound("f has 71", "core/src/a.cpp", "\nvoid f() {\n" + body * 69 + "}\n", line=2)

    def test_a_python_function_may_have_70_lines(self):
        self.assertClean("plots/a.py", "def f():\n" + "    g()\n" * 69)
        self.assertFound("f has 71", "plots/a.py", "def f():\n" + "    g()\n" * 70, line=1)

    def test_a_line_may_have_100_columns(self):
        self.assertClean("core/src/a.cpp", "// " + "x" * 97 + "\n")
        self.assertFound("101 columns", "core/src/a.cpp", "// " + "x" * 98 + "\n")

    def test_columns_are_characters_and_not_bytes(self):
        self.assertClean("core/src/a.cpp", "// " + "µ" * 97 + "\n")


class DependencyTest(RuleTest):
    def test_the_core_includes_itself_and_system_headers(self):
        text = '#include <ringside/ring.hpp>\n#include <vector>\n#include "futex.hpp"\n'
        self.assertClean("core/src/a.cpp", text)

    def test_the_core_includes_nothing_above_it(self):
        self.assertFound("harness/", "core/src/a.cpp", '#include "harness/crew.hpp"\n', line=1)
        self.assertFound("results/", "core/src/a.cpp", "#include <results/new.hpp>\n")

    def test_results_and_core_know_nothing_of_each_other(self):
        self.assertFound("core/", "results/a.cpp", "#include <ringside/ring.hpp>\n")
        self.assertFound("core/", "results/a.cpp", "#include <ringside/not_there_yet.hpp>\n")
        self.assertFound("harness/", "results/a.cpp", '#include "crew.hpp"\n')
        self.assertClean("results/a.cpp", '#include "record.hpp"\n#include "results/record.hpp"\n')

    def test_the_harness_includes_core_and_results(self):
        text = '#include <ringside/ring.hpp>\n#include "results/record.hpp"\n#include "crew.hpp"\n'
        self.assertClean("harness/a.cpp", text)

    def test_an_include_in_a_comment_is_none(self):
        self.assertClean("results/a.cpp", "// for example:\n// #include <ringside/ring.hpp>\n")

    def test_the_core_uses_no_library(self):
        self.assertFound("fmt/core.h", "core/src/a.cpp", "#include <fmt/core.h>\n")
        self.assertFound("fmt/core.h", "core/tests/a.cpp", "#include <fmt/core.h>\n")
        self.assertClean("core/tests/a.cpp", "#include <gtest/gtest.h>\n")

    def test_no_include_climbs(self):
        self.assertFound("climbs", "harness/queues/a.cpp", '#include "../crew.hpp"\n')

    def test_plots_import_numpy_matplotlib_and_themselves(self):
        text = "import json\nimport numpy as np\nfrom matplotlib import pyplot\nimport bundle\n"
        self.assertClean("plots/a.py", text + "from figures import matrix\nfrom . import bundle\n")
        self.assertFound("import pandas", "plots/a.py", "import json\nimport pandas\n", line=2)

    def test_ci_imports_only_the_standard_library(self):
        self.assertFound("import numpy", "ci/a.py", "import numpy\n")


class WordTest(RuleTest):
    def test_some_words_are_banned_inside_names(self):
        for name in ("idx", "slot_idx", "slotIdx", "kMaxIdx", "read_buf_", "ShmMgr", "my_utils"):
            with self.subTest(name):
                self.assertFound(f"the name {name} ", "core/src/a.cpp", f"int {name};\n")

    def test_some_words_are_banned_only_as_whole_names(self):
        self.assertFound("'head'", "core/src/a.cpp", "int head_;\n")
        self.assertFound("'latency'", "plots/a.py", "latency = 1\n")
        self.assertClean("core/src/a.cpp", "int header, head_room, common_type, rtt_latency_ns;\n")

    def test_longer_words_are_not_banned(self):
        self.assertClean("core/src/a.cpp", "int buffer, streambuf, average, utility, tmpfs;\n")

    def test_comments_strings_and_includes_are_not_names(self):
        text = (
            "#include <boost/detail/tmp.hpp>\n// the head\n/* idx\n tmp */\n"
            'auto a = "the \\" tail";\nauto b = R"x(a "buf" ")x";\n'
            "char c = '\"'; int d = 1'000;\n"
        )
        self.assertClean("harness/a.cpp", text)
        self.assertClean("plots/a.py", '"""The head."""\na = "tmp"  # idx\n')

    def test_a_name_after_tricky_literals_is_still_seen(self):
        text = "char c = '\"'; int d = 1'000;\nint idx;\n"
        self.assertFound("idx", "core/src/a.cpp", text, line=2)

    def test_macros_are_code(self):
        self.assertFound("tmp", "core/src/a.cpp", "#define SWAP(a) tmp = a\n")

    def test_file_and_folder_names_are_names(self):
        self.assertFound("util", "core/src/util.hpp", "#pragma once\n")
        self.assertFound("common", "core/common/a.cpp", "int a;\n")
        self.assertClean("core/src/ring.cpp", "int a;\n")

    def test_an_imposed_name_is_allowed_in_its_file_only(self):
        self.assertClean("scenarios/latency.toml", "")
        self.assertFound("latency", "scenarios/old/latency.toml", "")

    def test_every_allowed_name_has_a_reason(self):
        self.assertTrue(all(tidy.ALLOWED_NAMES.values()))

    def test_nothing_is_left_for_later(self):
        for word in ("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"):
            with self.subTest(word):
                self.assertFound(word, "core/src/a.cpp", f"// {word}: more\n")
        self.assertClean("ci/bench", "#!/bin/bash\nmktemp -d a.XXXXXX\n")


class TextTest(RuleTest):
    def test_no_tab(self):
        self.assertFound("a tab", "core/src/a.cpp", "int\ta;\n")

    def test_no_blank_at_the_end_of_a_line(self):
        self.assertFound("end of the line", "README.md", "one \ntwo\n", line=1)

    def test_the_last_line_ends(self):
        self.assertFound("newline", "scenarios/a.toml", "a = 1")
        self.assertClean("scenarios/a.toml", "a = 1\n")
        self.assertClean("plots/__init__.py", "")

    def test_golden_files_stay_as_they_came(self):
        self.assertClean("results/tests/golden/a.txt", "a\tb \n")

    def test_a_header_is_read_once(self):
        self.assertFound("#pragma once", "core/src/a.hpp", "int a;\n")
        self.assertClean("core/src/a.hpp", "// why\n#pragma once\nint a;\n")

    def test_no_path_of_one_machine(self):
        self.assertFound(WORK, "ci/bench", f"#!/bin/bash\ncd {WORK}main\n", line=2)
        self.assertClean("ci/bench", f"#!/bin/bash\ncd build{WORK}main\nls /dev/shm /usr/bin\n")

    def test_python_parses(self):
        self.assertFound("not Python", "plots/a.py", "def f(:\n")


class TopLevelTest(unittest.TestCase):
    FULL = [name + "/a" for name in tidy.TOP_LEVEL if "." not in name] + [
        "CMakeLists.txt", "README.md", ".ci/run",
    ]  # fmt: skip

    def test_the_top_level_is_that_of_the_design(self):
        self.assertEqual(list(tidy.check_top_level(self.FULL)), [])

    def test_a_name_more_or_less_is_found(self):
        changed = [path for path in self.FULL if path != "README.md"] + ["src/a.cpp"]
        self.assertEqual([f.path for f in tidy.check_top_level(changed)], ["src", "README.md"])


if __name__ == "__main__":
    unittest.main()
