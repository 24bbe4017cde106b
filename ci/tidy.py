#!/usr/bin/python3
"""The rules of the house as a test: python3 ci/tidy.py, from anywhere in the repository.

Reads every file that git tracks or would track, prints each finding as
`file:line: what, and what to do`, and a count as the last line. Exit code 0 without findings,
1 with, 2 when git cannot list the files. Standard library only.

RULES at the end is the list. A name that another API imposes goes into ALLOWED_NAMES.
"""
import ast
import os
import re
import subprocess
import sys
import sysconfig
from collections import namedtuple

import tidy_source
from tidy_source import Source

MAX_FILE_LINES = 500
MAX_FUNCTION_LINES = 70
MAX_COLUMNS = 100

TOP_LEVEL = {
    "core", "scenarios", "harness", "results", "plots", "ci", "CMakeLists.txt", "README.md",
}  # fmt: skip

# Which parts the C++ of a part may include. What belongs to no part is a system header.
MAY_INCLUDE = {
    "core": {"core"},
    "results": {"results"},
    "harness": {"harness", "core", "results"},
    "ci": {"core"},
}
PART_OF_INCLUDE_FOLDER = {
    "ringside": "core", "core": "core", "results": "results", "harness": "harness",
}  # fmt: skip

# The core links nothing but libc and libnuma; its tests and benchmarks have their frameworks.
THIRD_PARTY = re.compile(
    r"^(fmt|nlohmann|toml\+\+|CLI|boost|gtest|gmock|benchmark|hwloc)/|^(hwloc|zlib)\.h$"
)
TEST_FRAMEWORKS = re.compile(r"^(gtest|gmock|benchmark)/")

# What the Python of a part may import beyond the standard library and its own modules.
MAY_IMPORT = {"plots": {"numpy", "matplotlib"}, "ci": {"reframe", "yaml"}}

# Words that mean opposite or too many things. Parts: also inside kMaxIdx or read_buf.
BANNED_PARTS = {
    "idx": "write index, or name what is counted",
    "buf": "name what it holds",
    "tmp": "name what it holds",
    "mgr": "name what it does",
    "util": "name what is in it",
    "helper": "name what it does",
    "misc": "name what is in it",
    "avg": "write mean",
}
BANNED_WHOLE = {
    "head": "write read_position or write_position",
    "tail": "write read_position or write_position",
    "common": "name what is shared",
    "latency": "say round trip, service or response",
}

# (file, name): why it must be called so. Only for names that are not ours to choose.
ALLOWED_NAMES = {
    ("scenarios/latency.toml", "latency.toml"): "the suite's name, fixed in the design",
    ("results/hdr_codec.cpp", "Z_BUF_ERROR"): "a return code of zlib",
    ("harness/queues/pipe.cpp", "PIPE_BUF"): "a limit named by POSIX",
}

Finding = namedtuple("Finding", "path line message")
Rule = namedtuple("Rule", "applies check")  # check(source) yields (line, message)


# --- size ---------------------------------------------------------------------------------------


def check_file_length(source):
    count = len(source.text.splitlines())
    if count > MAX_FILE_LINES:
        yield MAX_FILE_LINES + 1, (
            f"the file has {count} lines, {MAX_FILE_LINES} is the end: "
            "move one noun of it into a file of its own"
        )


def check_function_length(source):
    for function in tidy_source.functions(source):
        if function.length > MAX_FUNCTION_LINES:
            yield function.line, (
                f"{function.name} has {function.length} lines, {MAX_FUNCTION_LINES} is the end: "
                "name its steps and make them functions"
            )


def check_columns(source):
    for number, line in enumerate(source.lines, 1):
        if len(line) > MAX_COLUMNS:
            yield number, f"{len(line)} columns, {MAX_COLUMNS} is the end: break the line"


# --- who may know whom --------------------------------------------------------------------------


def included_part(source, include):
    """The part of the repository that an include reaches into, or None for a system header."""
    beside = os.path.normpath(os.path.join(os.path.dirname(source.path), include))
    if beside in source.all_paths:
        return beside.split("/")[0]
    parts = {
        path.split("/")[0]
        for path in source.all_paths
        if path == include or path.endswith("/" + include)
    }
    if parts:
        return source.part if source.part in parts else sorted(parts)[0]
    return PART_OF_INCLUDE_FOLDER.get(include.split("/")[0])


def check_include_direction(source):
    allowed = MAY_INCLUDE.get(source.part, set())
    for line, include in tidy_source.cpp_includes(source.text):
        part = included_part(source, include)
        if part and part not in allowed:
            yield line, (
                f"{source.part}/ may not include {include} of {part}/: dependencies point down "
                "only (harness to core and results), so move what is needed or pass it in"
            )


def check_core_libraries(source):
    with_framework = source.path.startswith(("core/tests/", "core/bench/"))
    for line, include in tidy_source.cpp_includes(source.text):
        framework = with_framework and TEST_FRAMEWORKS.search(include)
        if THIRD_PARTY.search(include) and not framework:
            yield line, (
                f"core/ may not include {include}: it links nothing but libc and libnuma; "
                "use the standard library, or do it in harness/"
            )


def check_parent_include(source):
    for line, include in tidy_source.cpp_includes(source.text):
        if "../" in include:
            yield line, f'include "{include}" climbs out of its folder: include it from the part'


def standard_modules():
    if hasattr(sys, "stdlib_module_names"):
        return set(sys.stdlib_module_names)
    stdlib = os.listdir(sysconfig.get_path("stdlib"))  # before Python 3.10
    return {name.split(".")[0] for name in stdlib} | set(sys.builtin_module_names)


def own_modules(source):
    """The names of all folders and Python files of the part."""
    mine = [path for path in source.all_paths if path.split("/")[0] == source.part]
    return {
        os.path.splitext(name)[0]
        for path in mine
        if path.endswith(".py")
        for name in path.split("/")
    }


def check_imports(source):
    allowed = standard_modules() | own_modules(source) | MAY_IMPORT[source.part]
    for line, module in tidy_source.python_imports(source.text):
        if module not in allowed:
            yield line, (
                f"{source.part}/ may not import {module}: only the standard library, its own "
                f"modules and {', '.join(sorted(MAY_IMPORT[source.part])) or 'nothing else'}"
            )


# --- words --------------------------------------------------------------------------------------


def banned_word(identifier):
    """(word, what to do) when the identifier is or contains a banned word, else None."""
    whole = identifier.strip("_").lower()
    if whole in BANNED_WHOLE:
        return whole, BANNED_WHOLE[whole]
    for part in tidy_source.name_parts(identifier):
        for word in (part, part[:-1] if part.endswith("s") else part):
            if word in BANNED_PARTS:
                return word, BANNED_PARTS[word]
    return None


def check_identifiers(source):
    for line, identifier in tidy_source.identifiers(source):
        banned = banned_word(identifier)
        if banned and (source.path, identifier) not in ALLOWED_NAMES:
            yield line, f"the name {identifier} says '{banned[0]}': {banned[1]}"


def check_file_name(source):
    for name in source.path.split("/"):
        banned = banned_word(name.lstrip(".").split(".")[0])
        if banned and (source.path, name) not in ALLOWED_NAMES:
            yield 1, f"the file name part {name} says '{banned[0]}': {banned[1]}"


UNFINISHED = re.compile(r"\b(TO[D]O|FIX[M]E|X[X]X|HAC[K])\b")


def check_unfinished(source):
    for number, line in enumerate(source.lines, 1):
        match = UNFINISHED.search(line)
        if match:
            yield number, f"{match[1]} in code: do it now, or open an issue"


# --- text ---------------------------------------------------------------------------------------


def check_whitespace(source):
    for number, line in enumerate(source.lines, 1):
        if "\t" in line:
            yield number, "a tab: indent with spaces; inside a string write it as an escape"
        if line != line.rstrip():
            yield number, "blanks at the end of the line: remove them"
    if source.text and not source.text.endswith("\n"):
        yield len(source.lines), "the last line does not end: add a newline"


def check_pragma_once(source):
    if not re.search(r"^#pragma once$", source.text, re.MULTILINE):
        yield 1, "a header without #pragma once: add it before the first include"


MACHINE_PATH = re.compile(r"(?<![\w.$}/-])/(?:work|root|home)/")


def check_machine_path(source):
    for number, line in enumerate(source.lines, 1):
        match = MACHINE_PATH.search(line)
        if match:
            yield number, (
                f"the path {match.group()}… exists on one machine only: "
                "make it relative, or take it from an argument"
            )


def check_python_parses(source):
    try:
        ast.parse(source.text)
    except SyntaxError as error:
        yield error.lineno or 1, f"not Python: {error.msg}"


# --- the list -----------------------------------------------------------------------------------


def kinds(*names):
    return lambda source: source.kind in names


def cpp_of(*parts):
    return lambda source: source.kind == "cpp" and source.part in parts


CODE = kinds("cpp", "python")
SCRIPTS_TOO = kinds("cpp", "python", "shell")
WRITTEN_BY_US = kinds("cpp", "python", "shell", "cmake", "text")

RULES = [
    #    which files                                what must hold
    Rule(SCRIPTS_TOO, check_file_length),
    Rule(CODE, check_function_length),
    Rule(CODE, check_columns),
    Rule(cpp_of(*MAY_INCLUDE), check_include_direction),
    Rule(cpp_of("core"), check_core_libraries),
    Rule(kinds("cpp"), check_parent_include),
    Rule(lambda s: s.kind == "python" and s.part in MAY_IMPORT, check_imports),
    Rule(CODE, check_identifiers),
    Rule(lambda s: True, check_file_name),
    Rule(kinds("cpp", "python", "shell", "cmake"), check_unfinished),
    Rule(lambda s: WRITTEN_BY_US(s) and "/golden/" not in s.path, check_whitespace),
    Rule(Source.is_header, check_pragma_once),
    Rule(lambda s: True, check_machine_path),
]


def check_source(source):
    """All findings in one file. A Python file that does not parse gets that one finding only."""
    if source.kind == "python":
        broken = [Finding(source.path, *found) for found in check_python_parses(source)]
        if broken:
            return broken
    return [
        Finding(source.path, *found)
        for rule in RULES
        if rule.applies(source)
        for found in rule.check(source)
    ]


def check_top_level(paths):
    names = {path.split("/")[0] for path in paths}
    for name in sorted(name for name in names - TOP_LEVEL if not name.startswith(".")):
        yield Finding(name, 1, "not a top-level name of the design: move it into one of the parts")
    for name in sorted(TOP_LEVEL - names):
        yield Finding(name, 1, "missing: the top level of the design has it, so add it")


# --- the tree -----------------------------------------------------------------------------------


def listed_paths(top):
    """Every file that git tracks or would track, without those deleted but not yet committed."""
    command = [
        "git", "-c", f"safe.directory={top}", "-C", top,
        "ls-files", "-z", "--cached", "--others", "--exclude-standard",
    ]  # fmt: skip
    listing = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout.decode()
    paths = sorted(set(filter(None, listing.split("\0"))))
    return [path for path in paths if os.path.isfile(os.path.join(top, path))]


def read_text(path):
    """The text of a file, or None for one that holds no text."""
    with open(path, "rb") as file:
        content = file.read()
    try:
        return None if b"\0" in content else content.decode("utf-8")
    except UnicodeDecodeError:
        return None


def check_tree(top):
    """(number of files read, all findings in order)."""
    paths = listed_paths(top)
    findings = list(check_top_level(paths))
    for path in paths:
        text = read_text(os.path.join(top, path))
        if text is not None:
            findings += check_source(Source(path, text, paths))
    return len(paths), sorted(findings)


def main():
    top = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    try:
        file_count, findings = check_tree(top)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"{top}: git cannot list the files ({error}); run it in a checkout", file=sys.stderr)
        return 2
    for finding in findings:
        print(f"{finding.path}:{finding.line}: {finding.message}")
    print(f"{len(findings)} findings in {file_count} files")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
