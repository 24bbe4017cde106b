"""The counts that ci/test prints are those of single tests."""
import contextlib
import io
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import count_tests

SKIP = '<skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/>'


def written(output):
    return f"<system-out>{output}</system-out>"


def count(cases, counter=count_tests.count_junit):
    """The counts of a file with these <testcase> elements, and what was said."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "junit.xml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"<testsuite>{cases}</testsuite>")
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            counts = counter(path)
    return tuple(counts[key] for key in ("passed", "failed", "skipped")), said.getvalue()


class JunitTest(unittest.TestCase):
    def test_counts_what_ran(self):
        cases = '<testcase name="a" status="run"/><testcase name="b" status="fail"/>'
        self.assertEqual(count(cases)[0], (1, 1, 0))

    def test_names_a_skipped_test_with_its_reason(self):
        output = "a.cpp:4: Skipped\nno huge pages\n\n[  SKIPPED ] A.b (0 ms)"
        cases = f'<testcase name="A.b" status="notrun">{SKIP}{written(output)}</testcase>'
        self.assertEqual(count(cases), ((0, 0, 1), "skipped A.b: no huge pages\n"))

    def test_takes_a_test_that_skipped_after_a_failure_for_failed(self):
        output = "[  SKIPPED ] A.b [  FAILED  ] A.b"
        cases = f'<testcase name="A.b" status="notrun">{SKIP}{written(output)}</testcase>'
        self.assertEqual(count(cases)[0], (0, 1, 0))

    def test_takes_a_program_that_is_missing_for_failed(self):
        skip = '<skipped message="Unable to find executable"/>'
        cases = f'<testcase name="a" status="notrun">{skip}</testcase>'
        self.assertEqual(count(cases)[0], (0, 1, 0))

    def test_takes_no_test_at_all_for_a_failure(self):
        self.assertEqual(count("")[0], (0, 1, 0))
        with contextlib.redirect_stderr(io.StringIO()):
            self.assertEqual(count_tests.count_junit("not/there.xml"), {"failed": 1})


class GtestTest(unittest.TestCase):
    def count(self, cases):
        return count(cases, count_tests.count_gtest)

    def test_says_once_what_many_tests_were_skipped_for(self):
        skip = '<skipped message="one node"/>'
        cases = "".join(
            f'<testcase name="t{i}" classname="A" status="run">{skip}</testcase>' for i in range(9)
        )
        self.assertEqual(
            self.count(cases), ((0, 0, 9), "skipped A.t0 and 8 others: one node\n")
        )

    def test_counts_what_ran(self):
        passed = '<testcase name="a" classname="A" status="run" result="completed"/>'
        failed = '<testcase name="b" classname="A" status="run"><failure message="no"/></testcase>'
        self.assertEqual(self.count(passed + failed), ((1, 1, 0), "failed A.b\n"))

    def test_names_a_skipped_test_with_its_reason(self):
        skip = '<skipped message="a.cpp:4&#x0A;no huge&#x0A;pages&#x0A;"/>'
        case = f'<testcase name="b" classname="A" status="run" result="skipped">{skip}</testcase>'
        self.assertEqual(self.count(case), ((0, 0, 1), "skipped A.b: no huge pages\n"))

    def test_takes_a_test_that_skipped_after_a_failure_for_failed(self):
        both = '<failure message="no"/><skipped message="a.cpp:4&#x0A;why"/>'
        case = f'<testcase name="b" classname="A" status="run">{both}</testcase>'
        self.assertEqual(self.count(case)[0], (0, 1, 0))

    def test_names_a_disabled_test(self):
        case = '<testcase name="DISABLED_b" classname="A" status="notrun" result="suppressed"/>'
        counts, said = self.count(case)
        self.assertEqual(counts, (0, 0, 1))
        self.assertEqual(said, "skipped A.DISABLED_b: disabled in the source\n")

    def test_says_when_the_filter_selects_nothing(self):
        counts, said = self.count("")
        self.assertEqual(counts, (0, 0, 0))
        self.assertIn("skipped junit: the filter selects none of its tests", said)

    def test_takes_a_program_that_wrote_no_results_for_a_failure(self):
        with contextlib.redirect_stderr(io.StringIO()):
            self.assertEqual(count_tests.count_gtest("not/there.xml"), {"failed": 1})


class UnittestTest(unittest.TestCase):
    def test_counts_a_test_once_however_many_subtests_fail(self):
        class Example(unittest.TestCase):
            def test_passes(self):
                pass

            def test_skips(self):
                self.skipTest("why")

            def test_fails_twice(self):
                for number in range(3):
                    with self.subTest(number):
                        self.assertEqual(number, 0)

        suite = unittest.defaultTestLoader.loadTestsFromTestCase(Example)
        runner = unittest.TextTestRunner(
            stream=io.StringIO(), resultclass=count_tests.CountingResult
        )
        self.assertEqual(runner.run(suite).counts(), {"passed": 1, "failed": 1, "skipped": 1})

    def test_runs_only_the_files_that_fit_the_pattern(self):
        text = "import unittest\nclass A(unittest.TestCase):\n def test_it(self): pass\n"
        with tempfile.TemporaryDirectory() as folder:
            for name in ("test_first_counted.py", "test_second_counted.py"):
                with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                    file.write(text)
            with contextlib.redirect_stderr(io.StringIO()):
                one = count_tests.count_unittest(folder, "test_first*.py")
                all_of_them = count_tests.count_unittest(folder)
        self.assertEqual((one["passed"], all_of_them["passed"]), (1, 2))


if __name__ == "__main__":
    unittest.main()
