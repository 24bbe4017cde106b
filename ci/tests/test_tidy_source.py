"""The scanner finds functions, and nothing else, in C++ as it is written here."""
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import tidy_source


def scan(text):
    return [tuple(f) for f in tidy_source.cpp_functions(tidy_source.cpp_code(text))]


class CppFunctionTest(unittest.TestCase):
    def test_finds_functions_in_namespaces_and_classes(self):
        text = (
            "namespace a::b {\n"
            "class C : public D<int> {\n"
            " public:\n"
            "  C() : x_(1) {}\n"
            "  int f() const noexcept {\n"
            "    return 1;\n"
            "  }\n"
            " private:\n"
            "  int x_{0};\n"
            "};\n"
            "}\n"
        )
        self.assertEqual(scan(text), [("C", 4, 1), ("f", 5, 3)])

    def test_counts_lambdas_and_blocks_within_their_function(self):
        text = "void f() {\n  if (a) {\n    g([&](int b) {\n      h(b);\n    });\n  }\n}\n"
        self.assertEqual(scan(text), [("f", 1, 7)])

    def test_counts_from_the_first_line_of_the_signature(self):
        text = "template <typename T, typename U = V<T>>\nstd::optional<T> f(\n    T a) {\n}\n"
        self.assertEqual(scan(text), [("f", 2, 3)])

    def test_takes_braces_in_a_member_initializer_for_no_body(self):
        text = (
            "C::C(int a)\n    : a_{a}, b_(a), c_{a} {\n  if (a) {\n    f();\n  }\n}\n"
            "int g() { }\n"
        )
        self.assertEqual(scan(text), [("C", 1, 6), ("g", 7, 1)])

    def test_takes_a_lambda_in_a_member_initializer_for_no_body(self):
        text = "C::C(int a)\n    : a_(f([](int b) { return b; }, a)) {\n  g();\n}\n"
        self.assertEqual(scan(text), [("C", 1, 4)])

    def test_takes_a_trailing_return_type_and_requires_for_a_part_of_the_signature(self):
        text = "auto f() -> std::pair<int, int> {\n}\nint g(auto a)\n  requires Small<A> {\n}\n"
        self.assertEqual(scan(text), [("f", 1, 2), ("g", 3, 3)])

    def test_takes_tables_enums_and_structs_for_no_functions(self):
        text = (
            "constexpr Row kRows[] = {\n  {1, f(2)},\n  {3, 4},\n};\n"
            "enum class E : std::uint8_t { A, B };\n"
            "struct alignas(64) S : T<decltype(f())> {\n  int a;\n};\n"
            'extern "C" {\nint f(void);\n}\n'
        )
        self.assertEqual(scan(text), [])

    def test_counts_a_lambda_in_a_table_by_itself(self):
        text = 'Row kRows[] = {\n  {"a", [](int b) {\n    return b;\n  }},\n};\n'
        self.assertEqual([length for _, _, length in scan(text)], [3])

    def test_reads_only_the_first_branch_of_an_if(self):
        text = "#ifdef A\nvoid f() {\n#else\nvoid f(int) {\n#endif\n  g();\n}\nvoid h() {\n}\n"
        self.assertEqual(scan(text), [("f", 2, 6), ("h", 8, 2)])

    def test_ignores_braces_in_strings_characters_and_comments(self):
        text = "void f() {\n  g(\"}\", '}');  // }\n  /* } */\n}\nvoid h() {\n}\n"
        self.assertEqual(scan(text), [("f", 1, 4), ("h", 5, 2)])

    def test_takes_a_test_macro_for_a_function(self):
        self.assertEqual([f[1:] for f in scan("TYPED_TEST(A, B) {\n  f();\n}\n")], [(1, 3)])


class NameTest(unittest.TestCase):
    def test_splits_snake_and_camel_case(self):
        self.assertEqual(tidy_source.name_parts("kMaxIdx"), ["k", "max", "idx"])
        self.assertEqual(tidy_source.name_parts("HTTPServer_buf2_"), ["http", "server", "buf2"])


if __name__ == "__main__":
    unittest.main()
