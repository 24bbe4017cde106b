"""read_junit.py FILE: reads JUnit XML as its consumers do, and prints what stands in it as JSON.

Fails, with what is wrong, on what a strict reader refuses: XML that is not well-formed, an element
or attribute that the format does not have or that is missing, counts that are not those of the
cases, a timestamp with a zone.
"""
import json
import re
import sys
import xml.etree.ElementTree as ElementTree

COUNTS = ("tests", "failures", "errors", "skipped")
# tag: (attributes that must be there and no others, children in their order)
FORMAT = {
    "testsuites": ((*COUNTS, "time"), ["testsuite"]),
    "testsuite": (("name", *COUNTS, "time", "timestamp", "hostname"), ["properties", "testcase"]),
    "properties": ((), ["property"]),
    "property": (("name", "value"), []),
    "testcase": (
        ("classname", "name", "time"),
        ["failure", "error", "skipped", "system-out", "system-err"],
    ),
    "failure": (("message", "type"), []),
    "error": (("message", "type"), []),
    "skipped": (("message",), []),
    "system-out": ((), []),
    "system-err": ((), []),
}
OUTCOMES = ("failure", "error", "skipped")
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
DECIMAL = re.compile(r"\d+\.\d+")


def check_element(element):
    attributes, children = FORMAT[element.tag]
    assert set(element.attrib) == set(attributes), (element.tag, element.attrib)
    places = [children.index(child.tag) for child in element]
    assert places == sorted(places), [child.tag for child in element]
    if "time" in attributes:
        assert DECIMAL.fullmatch(element.get("time")), element.get("time")
    for child in element:
        check_element(child)


def check_counts(element):
    """Of a suite or of all: what its attributes say is what is in it."""
    cases = list(element.iter("testcase"))
    found = {"tests": len(cases)}
    for name, tag in zip(COUNTS[1:], OUTCOMES):
        found[name] = sum(case.find(tag) is not None for case in cases)
    assert found == {name: int(element.get(name)) for name in COUNTS}, (found, element.attrib)
    seconds = sum(float(case.get("time")) for case in cases)
    assert abs(seconds - float(element.get("time"))) < 1e-5 * (1 + len(cases)), element.attrib


def read_case(case):
    outcomes = [child for child in case if child.tag in OUTCOMES]
    assert len(outcomes) <= 1, outcomes
    outcome = outcomes[0] if outcomes else None
    return {
        **case.attrib,
        "outcome": outcome.tag if outcomes else "passed",
        **({**outcome.attrib, "text": outcome.text or ""} if outcomes else {}),
        "out": case.findtext("system-out"),
        "err": case.findtext("system-err"),
    }


def read_suite(suite):
    assert TIMESTAMP.fullmatch(suite.get("timestamp")), suite.get("timestamp")
    check_counts(suite)
    properties = [[p.get("name"), p.get("value")] for p in suite.iter("property")]
    return {
        **suite.attrib,
        "properties": properties,
        "cases": [read_case(case) for case in suite.iter("testcase")],
    }


def main():
    root = ElementTree.parse(sys.argv[1]).getroot()
    assert root.tag == "testsuites", root.tag
    check_element(root)
    check_counts(root)
    print(json.dumps([read_suite(suite) for suite in root]))


if __name__ == "__main__":
    main()
