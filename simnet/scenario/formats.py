"""Reports of runs for other programs: TAP version 14 and JUnit XML, a point or a test case for each step.

Source: testanything.org, TAP 14 Specification (escapes of `#` and `\\`, YAML blocks indented by two); the JUnit schema of
Jenkins' xunit plug-in, junit-10.xsd.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape, quoteattr

from simnet.scenario.report import Report, StepReport

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def tap_of(reports: Sequence[Report]) -> str:
    """TAP 14; a file that could not be read is a point of its own that failed."""
    points = [point for report in reports for point in _points(report)]
    lines = ["TAP version 14", f"1..{len(points)}"]
    for number, (passed, name, details) in enumerate(points, 1):
        lines.append(f"{'ok' if passed else 'not ok'} {number} - {_tap_text(name)}")
        if details:
            lines += ["  ---", *(f"  {line}" for line in details), "  ..."]
    return "\n".join(lines) + "\n"


def _points(report: Report) -> Iterator[tuple[bool, str, list[str]]]:
    if report.error:
        yield False, report.file, ["message: " + json.dumps(report.error), "severity: fail"]
    for step in report.steps:
        yield step.passed, f"{report.file}: {step.name}", list(_block(step))


def _block(step: StepReport) -> Iterator[str]:
    """A YAML block: JSON texts are YAML texts too."""
    if step.failures:
        yield "severity: fail"
        yield "failures:"
    for failure in step.failures:
        yield f"- at: {json.dumps(str(failure.place))}"
        yield f"  message: {json.dumps(failure.what)}"
        yield "  details:" + ("" if failure.details else " []")
        yield from (f"  - {json.dumps(line)}" for line in failure.details)


def _tap_text(text: str) -> str:
    return " ".join(text.replace("\\", "\\\\").replace("#", "\\#").split())


def junit_of(reports: Sequence[Report]) -> str:
    """JUnit XML: a suite for each file, a case for each step. Times are zero: nothing here waits."""
    suites = [line for report in reports for line in _suite(report)]
    tests = sum(len(report.steps) + bool(report.error) for report in reports)
    failures = sum(not step.passed for report in reports for step in report.steps)
    errors = sum(bool(report.error) for report in reports)
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>',
                      f'<testsuites name="simnet" tests="{tests}" failures="{failures}" errors="{errors}" time="0">',
                      *suites, "</testsuites>", ""])


def _suite(report: Report) -> Iterator[str]:
    tests, failures = len(report.steps) + bool(report.error), sum(not step.passed for step in report.steps)
    yield (f'  <testsuite name={_attribute(report.file)} tests="{tests}" failures="{failures}" '
           f'errors="{int(bool(report.error))}" time="0">')
    if report.error:
        yield f"    <testcase classname={_attribute(report.file)} name={_attribute(report.title)} time=\"0\">"
        yield f"      <error message={_attribute(report.error.splitlines()[0])}>{_content(report.error)}</error>"
        yield "    </testcase>"
    for step in report.steps:
        head = f"    <testcase classname={_attribute(report.file)} name={_attribute(step.name)} time=\"0\""
        if step.passed:
            yield head + "/>"
            continue
        yield head + ">"
        text = "\n\n".join("\n".join(failure.lines()) for failure in step.failures)
        yield f"      <failure message={_attribute(step.failures[0].what)}>{_content(text)}</failure>"
        yield "    </testcase>"
    yield "  </testsuite>"


def _attribute(text: str) -> str:
    return quoteattr(_NO_XML.sub("?", text), {"\n": "&#10;"})


def _content(text: str) -> str:
    return escape(_NO_XML.sub("?", text))
