"""JUnit XML that any CI server reads, whatever users wrote."""

import re
from datetime import UTC, datetime
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given
from hypothesis import strategies as st
from junitparser import Error, Failure, JUnitXml, Skipped

from evalyard_core.domain.gates.figures import GateFigures
from evalyard_core.domain.gates.judging import GateCheck
from evalyard_core.domain.gates.junit import render_junit
from evalyard_core.domain.gates.policy import GatePolicy
from evalyard_core.domain.gates.result import GateResult
from evalyard_core.domain.records import Problem, Record, RecordStatus, ScoreStatus, Verdict
from evalyard_core.domain.runs import DatasetPin, Progress, Run
from tests.fixtures.core import QUICK, a_score
from tests.fixtures.objects import a_record, a_run

FAILED = GateCheck(
    name="minPassRate", passed=False, expected="at least 90 %", actual="50 % (1 of 2)", explanation="1 failed."
)
PASSED = GateCheck(name="maxErrored", passed=True, expected="at most 0", actual="0", explanation="None.")
AT = datetime(2026, 1, 31, 12, 0, 0, 5000, tzinfo=UTC)


def the_run(total: int, name: str = "nightly") -> Run:
    pin = DatasetPin(id="d" * 24, name="sums", version=1)
    return a_run(number=12, name=name, dataset=pin, started_at=AT, finished_at=AT, progress=Progress(total=total))


def a_result(run: Run, *checks: GateCheck, planned: int | None = None) -> GateResult:
    planned = run.progress.total if planned is None else planned
    figures = GateFigures(planned=planned, passed=0, failed=0, errored=0)
    return GateResult(run=run, policy=GatePolicy(), figures=figures, checks=checks)


def some_records(run: Run) -> list[Record]:
    wrong = a_score(name="exact", passed=False, explanation="It says 5.")
    broken = a_score(name="exact", status=ScoreStatus.ERROR, passed=None, error=Problem("TIMEOUT", "Too slow."))
    return [
        a_record(run, 0, input="1 + 1", output="2", verdict=Verdict.PASSED, latency_ms=1_234.5),
        a_record(
            run,
            1,
            input="2 + 2",
            expected_output="4",
            output="5",
            verdict=Verdict.FAILED,
            scores=(wrong,),
            latency_ms=50,
        ),
        a_record(run, 2, verdict=Verdict.ERRORED, status=RecordStatus.ERRORED, error=Problem("HTTP_500", "Down.")),
        a_record(run, 3, verdict=Verdict.ERRORED, output="x", scores=(broken,)),
        a_record(run, 4, status=RecordStatus.CANCELLED),
        a_record(run, 5, output="x"),
    ]


def test_checks_and_records_are_read_by_an_independent_parser():
    run = the_run(6)
    document = JUnitXml.fromstring(render_junit(a_result(run, FAILED, PASSED), some_records(run)).encode())

    gate, records = list(document)
    assert [
        (suite.name, suite.tests, suite.failures, suite.errors, suite.skipped, suite.time) for suite in document
    ] == [
        ("gate of run 12", 2, 1, 0, 0, 0.0),
        ("nightly (run 12)", 6, 1, 3, 1, 1.284),
    ]
    assert [(case.name, case.classname, [type(entry) for entry in case.result]) for case in gate] == [
        ("minPassRate", "gate", [Failure]),
        ("maxErrored", "gate", []),
    ]
    assert [(case.classname, case.time, [(type(e), e.type, e.message) for e in case.result]) for case in records] == [
        ("sums", 1.234, []),
        ("sums", 0.05, [(Failure, "FAILED", "exact: It says 5.")]),
        ("sums", 0.0, [(Error, "HTTP_500", "HTTP_500: Down.")]),
        ("sums", 0.0, [(Error, "SCORING", "exact could not score: TIMEOUT: Too slow.")]),
        ("sums", 0.0, [(Error, "CANCELLED", "never carried out")]),
        ("sums", 0.0, [(Skipped, None, "no score of this record passes or fails")]),
    ]
    [failure] = list(records)[1].result
    assert failure.text == "input: 2 + 2\nexpected: 4\noutput: 5\nwhy: exact: It says 5."
    [failure] = next(iter(gate)).result
    assert failure.text == "Expected at least 90 %, is 50 % (1 of 2). 1 failed."


def test_a_record_is_called_the_same_in_every_run():
    names = []
    for number in range(2):
        run = the_run(1)
        record = a_record(run, 7, trial=2, id=f"{run.id}.{7:024x}.2", input={"q": 1}, latency_ms=float(number))
        [_, suite] = list(JUnitXml.fromstring(render_junit(a_result(run, PASSED), [record]).encode()))
        names += [case.name for case in suite]
    assert names == [f'{7:024x} trial 2: {{"q":1}}'] * 2


def test_planned_records_that_are_not_there_are_an_error():
    [_, suite] = list(JUnitXml.fromstring(render_junit(a_result(the_run(0), PASSED, planned=3), []).encode()))
    [case] = suite
    assert (suite.tests, suite.errors, case.name) == (1, 1, "missing records")
    assert [(type(entry), entry.message) for entry in case.result] == [(Error, "3 planned records are not there")]


def test_records_that_are_left_out_are_said():
    [_, suite] = list(JUnitXml.fromstring(render_junit(a_result(the_run(9), PASSED), [], left_out=9).encode()))
    assert [(entry.name, entry.value) for entry in suite.properties()] == [
        ("left out", "9 records, which an export of the run has")
    ]


def test_a_suite_has_its_time_in_utc_without_an_offset():
    [gate, records] = list(JUnitXml.fromstring(render_junit(a_result(the_run(0), PASSED), []).encode()))
    assert (gate.timestamp, records.timestamp) == ("2026-01-31T12:00:00", "2026-01-31T12:00:00")


#: Jenkins' junit-10.xsd: the attributes that each element may have, those that it must, and its children in order.
RULES: dict[str, tuple[set[str], set[str], list[str]]] = {
    "testsuites": ({"name", "time", "tests", "failures", "errors", "disabled"}, set(), ["testsuite"]),
    "testsuite": (
        {"name", "tests", "failures", "errors", "group", "time", "skipped", "timestamp", "hostname", "id", "package"},
        {"name", "tests"},
        ["properties", "testcase", "system-out", "system-err"],
    ),
    "properties": (set(), set(), ["property"]),
    "property": ({"name", "value"}, {"name", "value"}, []),
    "testcase": (
        {"name", "assertions", "time", "classname", "status", "class", "file", "line", "group"},
        {"name", "classname"},
        ["skipped", "error", "failure", "system-out", "system-err"],
    ),
    "failure": ({"type", "message"}, set(), []),
    "error": ({"type", "message"}, set(), []),
    "skipped": ({"type", "message"}, set(), []),
    "system-err": (set(), set(), []),
}


def breaches(element: Element) -> list[str]:
    """Return where a document breaks the rules."""
    allowed, needed, children = RULES[element.tag]
    tags = [child.tag for child in element]
    found = [f"{element.tag} has {name}" for name in element.attrib.keys() - allowed]
    found += [f"{element.tag} lacks {name}" for name in sorted(needed - element.attrib.keys(), reverse=True)]
    found += [f"{element.tag} holds {tag}" for tag in tags if tag not in children]
    if not found and tags != sorted(tags, key=children.index):
        found.append(f"{element.tag} has its parts in another order")
    for name in {"tests", "failures", "errors", "skipped"} & element.attrib.keys():
        if not re.fullmatch(r"\d+", element.get(name, "")):
            found.append(f"{name} is no count")
    if "time" in element.attrib and not re.fullmatch(r"\d+\.\d{3}", element.get("time", "")):
        found.append("time is not in seconds")
    return found + [breach for child in element for breach in breaches(child)]


def test_the_document_keeps_the_rules_of_the_schema():
    run = the_run(6)
    text = render_junit(a_result(run, FAILED, PASSED, planned=7), some_records(run), left_out=1)
    assert breaches(fromstring(text)) == []
    broken = "<testsuite tests='many' time='1,5'><system-err/><testcase/></testsuite>"
    assert breaches(fromstring(broken)) == [
        "testsuite lacks name",
        "tests is no count",
        "time is not in seconds",
        *("testcase lacks name", "testcase lacks classname"),
    ]


HOSTILE = ["]]>", "<a b='c'>&amp;", "\x00\x01\x1f\x7f", "\ud800 half", "￿￾", "a\nb\tc", '"quoted"', "🎉"]


def rendered(text: str, value: Any) -> str:
    run = the_run(1, name=text)
    check = GateCheck(name=text, passed=False, expected=text, actual=text, explanation=text)
    record = a_record(
        run, 0, input=value, output=value, verdict=Verdict.ERRORED, error=Problem(text, text), latency_ms=1e9
    )
    return render_junit(a_result(run, check), [record])


@pytest.mark.parametrize("text", HOSTILE)
def test_whatever_users_wrote_is_valid(text: str):
    value = text.encode(errors="replace").decode()
    document = fromstring(rendered(text, value))
    assert breaches(document) == []
    assert [suite.get("tests") for suite in document] == ["1", "1"]


@QUICK
@given(st.text(st.characters(codec=None)))
def test_any_text_is_valid(text: str):
    assert breaches(fromstring(rendered(text, text.encode(errors="replace").decode()))) == []
