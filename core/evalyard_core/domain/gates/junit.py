"""A gate's result as JUnit XML, as Jenkins, GitLab and GitHub's reporters read it.

The schema is that of Jenkins' xUnit plugin (junit-10.xsd): testsuites of testsuite, each with its counts and its time
in seconds; a testcase has at most one of failure, error and skipped. The checks are one suite, the records another.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from xml.etree import ElementTree as ET

from evalyard_core.domain.records import Record, RecordStatus, Verdict

from .excerpts import excerpt
from .judging import GateCheck
from .result import GateResult, reason_of

#: What no XML document may hold, even escaped: XML 1.0, section 2.2.
_FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LONGEST: Final = 10_000


def render_junit(result: GateResult, records: Sequence[Record], *, left_out: int = 0) -> str:
    """Return the document; `left_out` counts the records that are not among `records`."""
    run = result.run
    root = ET.Element("testsuites", name=_clean(f"run {run.number}"))
    suites = [_suite_of_checks(result), _suite_of_records(result, records, left_out)]
    root.extend(suites)
    for name in ("tests", "failures", "errors"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in suites)))
    root.set("time", _seconds(sum(float(suite.get("time", "0")) for suite in suites) * 1000))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _suite_of_checks(result: GateResult) -> ET.Element:
    cases = [_check(check) for check in result.checks]
    return _suite(f"gate of run {result.run.number}", cases, result.run.finished_at)


def _suite_of_records(result: GateResult, records: Sequence[Record], left_out: int) -> ET.Element:
    run = result.run
    kind = run.dataset.name if run.dataset else run.name
    cases = [_record(record, kind) for record in records]
    if (absent := result.figures.planned - run.progress.total) > 0:
        case = ET.Element("testcase", name="missing records", classname=_clean(kind), time="0.000")
        _say(case, "error", "MISSING", f"{absent:,} planned records are not there")
        cases.append(case)
    suite = _suite(f"{run.name} (run {run.number})", cases, run.started_at)
    if left_out:
        properties = ET.Element("properties")
        said = f"{left_out:,} records, which an export of the run has"
        properties.append(ET.Element("property", name="left out", value=said))
        suite.insert(0, properties)
    return suite


def _suite(name: str, cases: Sequence[ET.Element], at: datetime | None) -> ET.Element:
    counts = {tag: sum(case.find(tag) is not None for case in cases) for tag in ("failure", "error", "skipped")}
    suite = ET.Element(
        "testsuite",
        name=_clean(name),
        tests=str(len(cases)),
        failures=str(counts["failure"]),
        errors=str(counts["error"]),
        skipped=str(counts["skipped"]),
        time=_seconds(sum(float(case.get("time", "0")) for case in cases) * 1000),
    )
    if at is not None:
        # The schema has a time without an offset; it is UTC.
        suite.set("timestamp", at.strftime("%Y-%m-%dT%H:%M:%S"))
    suite.extend(cases)
    return suite


def _check(check: GateCheck) -> ET.Element:
    case = ET.Element("testcase", name=_clean(check.name), classname="gate", time="0.000")
    if not check.passed:
        _say(
            case,
            "failure",
            "GATE",
            f"expected {check.expected}, is {check.actual}",
            f"Expected {check.expected}, is {check.actual}. {check.explanation}",
        )
    return case


def _record(record: Record, kind: str) -> ET.Element:
    """Return the test case of a record; its name is that of its item and trial, the same in every run."""
    name = f"{record.item_id or record.id.partition('.')[2]} trial {record.trial}: {excerpt(record.input, 80)}"
    case = ET.Element("testcase", name=_clean(name), classname=_clean(kind), time=_seconds(record.latency_ms or 0.0))
    reason = reason_of(record)
    if record.verdict is Verdict.FAILED:
        _say(case, "failure", "FAILED", reason or "did not pass", _details(record))
    elif record.verdict is Verdict.ERRORED:
        kind_of = record.error.code if record.error else "SCORING"
        _say(case, "error", kind_of, reason or "could not be judged", _details(record))
    elif record.status is not RecordStatus.COMPLETED:
        _say(case, "error", record.status.value, "never carried out")
    elif record.verdict is None:
        ET.SubElement(case, "skipped", message="no score of this record passes or fails")
    return case


def _details(record: Record) -> str:
    parts = {"input": record.input, "expected": record.expected_output, "output": record.output}
    lines = [f"{name}: {excerpt(value, 2_000)}" for name, value in parts.items() if value is not None]
    return "\n".join([*lines, *(f"why: {reason}" for reason in [reason_of(record)] if reason)])


def _say(case: ET.Element, tag: str, kind: str, message: str, text: str = "") -> None:
    element = ET.SubElement(case, tag, type=_clean(kind), message=_clean(excerpt(message, 500)))
    element.text = _clean(text) or None


def _clean(text: str) -> str:
    """Return a text without the characters that XML has no way to write."""
    return _FORBIDDEN.sub("", text)[:_LONGEST]


def _seconds(milliseconds: float) -> str:
    return f"{milliseconds / 1000:.3f}"
