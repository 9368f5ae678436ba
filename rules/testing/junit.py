"""Test results in the XML that continuous integration reads."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from xml.etree import ElementTree

from rules.testing.run import TestResult

__all__ = ["junit_xml"]

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_xml(results: Mapping[str, Sequence[TestResult]]) -> str:
    """A `testsuites` document with one `testsuite` per rule file.

    Args:
        results: the results of `run_tests`, by name of the file.
    """
    root = ElementTree.Element("testsuites")
    for file, tests in results.items():
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            name=_allowed(file),
            tests=str(len(tests)),
            failures=str(sum(not test.passed for test in tests)),
            errors="0",
            skipped="0",
            time=f"{sum(test.seconds for test in tests):.6f}",
        )
        for test in tests:
            _add_test(suite, file, test)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _add_test(suite: ElementTree.Element, file: str, test: TestResult) -> None:
    case = ElementTree.SubElement(
        suite,
        "testcase",
        classname=_allowed(file),
        name=_allowed(test.title),
        time=f"{test.seconds:.6f}",
    )
    failed = [check for check in test.checks if not check.passed]
    if not failed:
        return
    message = "; ".join(f"expected {check.expected}" for check in failed)
    failure = ElementTree.SubElement(case, "failure", message=_allowed(message), type="expectation")
    failure.text = _allowed(
        "\n".join(
            f"{file}:{check.span.line if check.span else 1}: expected {check.expected}\n"
            f"found {check.found}"
            for check in failed
        )
    )


def _allowed(text: str) -> str:
    """The text without characters that XML cannot hold."""
    return _FORBIDDEN.sub("\ufffd", text)
