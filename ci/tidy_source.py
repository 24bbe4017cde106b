"""How ci/tidy.py sees a file: its kind, its code without comments and strings, its functions.

The C++ scanner is not a parser. It blanks what is not code, keeps the first branch of each #if,
and then follows braces. That is enough to find where a function begins and ends, in formatted code.
"""
import ast
import io
import os
import re
import tokenize
from collections import namedtuple

Function = namedtuple("Function", "name line length")  # line: the first, from 1; length in lines

KIND_BY_SUFFIX = {
    ".cpp": "cpp", ".hpp": "cpp", ".h": "cpp", ".cc": "cpp",
    ".py": "python", ".sh": "shell", ".cmake": "cmake",
    ".md": "text", ".toml": "text", ".yml": "text", ".yaml": "text", ".txt": "text",
}  # fmt: skip


class Source:
    """One file of the repository. `path` is relative to the top, with slashes."""

    def __init__(self, path, text, all_paths=()):
        self.path = path
        self.text = text
        self.lines = text.split("\n")
        self.all_paths = frozenset(all_paths) | {path}
        self.part = path.split("/")[0]
        self.kind = kind_of(path, self.lines[0])

    def is_header(self):
        return self.path.endswith((".hpp", ".h"))


def kind_of(path, first_line):
    """cpp, python, shell, cmake, text, or other (data that belongs to somebody else)."""
    name = os.path.basename(path)
    if name == "CMakeLists.txt":
        return "cmake"
    suffix = os.path.splitext(name)[1]
    if suffix:
        return KIND_BY_SUFFIX.get(suffix, "other")
    if not first_line.startswith("#!"):
        return "text" if name.startswith(".") else "other"
    return "python" if "python" in first_line else "shell"


# --- C++ ----------------------------------------------------------------------------------------

NOT_CODE = re.compile(
    r"""
    //(?:\\\n|[^\n])*                                      # comment to the end of the line
  | /\*.*?\*/                                              # comment between markers
  | \b(?:u8|[uUL])?R"(?P<mark>[^()\\\s]*)\(.*?\)(?P=mark)" # raw string
  | "(?:\\.|[^"\\\n])*"                                    # string
  | (?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'                    # character, but not 1'000
    """,
    re.VERBOSE | re.DOTALL,
)
DIRECTIVE = re.compile(r"^[ \t]*#[ \t]*(?P<name>\w+)(?:\\\n|[^\n])*", re.MULTILINE)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*["<]([^">]+)[">]', re.MULTILINE)


def blank(text):
    """Spaces of the same length, so that lines and columns stay where they were."""
    return re.sub(r"[^\n]", " ", text)


def blank_match(match):
    return blank(match.group())


def blank_unless_quoted(match):
    return match.group() if match.group()[0] == '"' else blank(match.group())


def line_at(text, offset):
    return text.count("\n", 0, offset) + 1


def cpp_includes(text):
    """(line, path) of each include."""
    text = NOT_CODE.sub(blank_unless_quoted, text)
    return [(line_at(text, m.start()), m[1]) for m in INCLUDE.finditer(text)]


def cpp_code(text):
    """The text with comments, strings, characters and includes blanked."""
    return NOT_CODE.sub(blank_match, INCLUDE.sub(blank_match, text))


def first_branches(code):
    """The code without directives, and of each #if only the first branch, so that braces match."""
    kept, position, dead = [], 0, []
    for match in DIRECTIVE.finditer(code):
        between = code[position : match.start()]
        kept.append(blank(between) if any(dead) else between)
        kept.append(blank(match.group()))
        position = match.end()
        name = match["name"]
        if name in ("if", "ifdef", "ifndef"):
            dead.append(False)
        elif name in ("else", "elif") and dead:
            dead[-1] = True
        elif name == "endif" and dead:
            dead.pop()
    return "".join(kept) + code[position:]


TEMPLATE = re.compile(r"\btemplate\s*<(?:[^<>;{}]|<(?:[^<>;{}]|<[^<>;{}]*>)*>)*>")
ACCESS = re.compile(r"\b(?:public|private|protected)\s*:(?!:)")
TYPE_START = re.compile(r"\s*(?:typedef\s+)?(?:class|struct|union|enum|namespace|concept)\b")
# What may stand between the closing parenthesis of the parameters and the body.
AFTER_PARAMETERS = re.compile(
    r"\)\s*(?:(?:const|volatile|mutable|override|final|try|&&?|noexcept|constexpr)\s*)*"
    r"(?:->[^;{}]*|requires\b[^;{}]*)?$"
)
MEMBER_INITIALIZER = re.compile(r"\)\s*(?:noexcept\s*(?:\([^{}]*\))?\s*)?:(?!:)[^?]*[\w>]\s*$")
BODY_AFTER_INITIALIZERS = re.compile(r"\)\s*(?:noexcept\s*)?:(?!:).*\}\s*$", re.DOTALL)
NAME = re.compile(r"(~?\w+|operator\s*\S+)\s*\(")


def signature(intro):
    return ACCESS.sub(blank_match, TEMPLATE.sub(blank_match, intro))


def opens_function(intro):
    """Whether a brace after this text, outside of every function, opens a function's body."""
    text = signature(intro)
    if TYPE_START.match(text) and "(" not in text.replace("::", "  ").split(":")[0]:
        return False
    return bool(AFTER_PARAMETERS.search(text) or BODY_AFTER_INITIALIZERS.search(text))


def in_parentheses(intro):
    """Whether the brace after this text is an argument: a lambda or a braced list."""
    return intro.count("(") > intro.count(")")


def cpp_functions(code):
    """Each outermost function, lambdas inside it included. `code` is the result of cpp_code."""
    code = first_branches(code)
    found, intro_start, position = [], 0, 0
    for match in re.finditer(r"[{};]", code):
        if match.start() < position:
            continue  # inside a body already stepped over
        if match.group() == "{":
            intro = code[intro_start : match.start()]
            goes_on = MEMBER_INITIALIZER.search(signature(intro)) or in_parentheses(intro)
            if goes_on or opens_function(intro):
                position = end_of_braces(code, match.start())
                if goes_on:
                    continue  # up to the body, or to a semicolon
                found.append(function_at(code, intro_start, match.start(), position))
        intro_start = max(match.end(), position)
    return found


def end_of_braces(code, opening):
    depth = 0
    for match in re.finditer(r"[{}]", code[opening:]):
        depth += 1 if match.group() == "{" else -1
        if depth == 0:
            return opening + match.end()
    return len(code)


def function_at(code, start, opening, end):
    intro = signature(code[start:opening])
    start += len(intro) - len(intro.lstrip())
    name = NAME.search(intro)
    first, last = line_at(code, start), line_at(code, end - 1)
    return Function(name[1] if name else "a lambda", first, last - first + 1)


# --- Python -------------------------------------------------------------------------------------


def python_functions(text):
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, kinds)]
    return [Function(n.name, n.lineno, n.end_lineno - n.lineno + 1) for n in nodes]


def python_imports(text):
    """(line, top-level module) of each import that is not relative."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name.split(".")[0]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.lineno, node.module.split(".")[0]


def python_identifiers(text):
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.NAME:
            yield token.start[0], token.string


# --- both ---------------------------------------------------------------------------------------


def functions(source):
    if source.kind == "python":
        return python_functions(source.text)
    return cpp_functions(cpp_code(source.text))


def identifiers(source):
    """(line, word) of each identifier in code: not in comments, strings or includes."""
    if source.kind == "python":
        return list(python_identifiers(source.text))
    code = cpp_code(source.text)
    return [
        (number, match.group())
        for number, line in enumerate(code.split("\n"), 1)
        for match in re.finditer(r"[A-Za-z_]\w*", line)
    ]


def name_parts(identifier):
    """The lower-case words of a snake_case or camelCase identifier: kMaxIdx is k, max, idx."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", identifier)
    return [part for part in re.split(r"[^a-z0-9]+", spaced.lower()) if part]
