"""What the page says about the plan, from the text of scenario.toml.

Reads a few keys for display; the harness alone decides what the file means. A file that is absent
or cannot be parsed gives empty answers, never an error: the page shows the text itself anyway.
"""

import re

try:
    import tomllib
except ModuleNotFoundError:  # Python before 3.11
    tomllib = None

_TABLE = re.compile(r"^\s*(\[{1,2})\s*([\w.-]+)\s*\]{1,2}")
_STRING = re.compile(r'^\s*([\w-]+)\s*=\s*"((?:[^"\\]|\\.)*)"')
_NUMBER = re.compile(r"^\s*([\w-]+)\s*=\s*([+-]?[\d_]+(?:\.[\d_]+)?)\s*(?:#.*)?$")
SHOWN_KEYS = ("workload", "repetitions", "warmup_ms", "duration_ms")


def parse(text):
    """The document as nested dicts; {} when there is no TOML in it."""
    if tomllib is None:
        return parse_roughly(text)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return {}


def parse_roughly(text):
    """Tables with their one-line strings and numbers, enough for suite, defaults and scenario."""
    document = {}
    table = document
    for line in text.splitlines():
        if opening := _TABLE.match(line):
            table = _open_table(document, opening.group(2), opening.group(1) == "[[")
        elif found := _STRING.match(line):
            table[found.group(1)] = re.sub(r"\\(.)", r"\1", found.group(2))
        elif found := _NUMBER.match(line):
            digits = found.group(2).replace("_", "")
            table[found.group(1)] = float(digits) if "." in digits else int(digits)
    return document


def suite_text(document, key):
    """A string of [suite], or None."""
    suite = document.get("suite")
    value = suite.get(key) if isinstance(suite, dict) else None
    return value if isinstance(value, str) and value.strip() else None


def subjects(document):
    """The queues that a suite compares with all others; empty where it compares none."""
    suite = document.get("suite")
    names = suite.get("subjects") if isinstance(suite, dict) else None
    return tuple(name for name in names if isinstance(name, str)) if isinstance(names, list) else ()


def scenario_rows(document):
    """One dict per scenario: its name and SHOWN_KEYS, with [defaults] where it is silent."""
    defaults = document.get("defaults")
    defaults = defaults if isinstance(defaults, dict) else {}
    scenarios = document.get("scenario")
    scenarios = scenarios if isinstance(scenarios, list) else []
    rows = []
    for scenario in scenarios:
        if isinstance(scenario, dict):
            row = {key: scenario.get(key, defaults.get(key)) for key in SHOWN_KEYS}
            rows.append({"scenario": scenario.get("name"), **row})
    return rows


def _open_table(document, name, is_array):
    """The dict that the lines after this header fill; a dotted name is kept out of the way."""
    if "." in name:
        return {}
    if is_array:
        array = document.setdefault(name, [])
        if isinstance(array, list):
            array.append({})
            return array[-1]
        return {}
    table = document.setdefault(name, {})
    return table if isinstance(table, dict) else {}
