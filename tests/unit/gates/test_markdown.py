"""Markdown that users' texts can't break."""

import re
from html import unescape
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalyard_core.domain.gates.figures import GateFigures
from evalyard_core.domain.gates.judging import GateCheck
from evalyard_core.domain.gates.markdown import escape, render_markdown
from evalyard_core.domain.gates.policy import GatePolicy
from evalyard_core.domain.gates.result import Baseline, BaselineChoice, CaseKind, GateResult, WorstCase
from evalyard_core.domain.records import Problem, Verdict
from tests.fixtures.core import QUICK, a_score
from tests.fixtures.objects import a_record, a_run

FAILED = GateCheck(
    name="minPassRate",
    passed=False,
    expected="at least 90 %",
    actual="50 % (1 of 2)",
    explanation="1 of 2 records passed, 1 failed.",
)
PASSED = GateCheck(name="exact.minMean", passed=True, expected="at least 0", actual="1", explanation="The mean.")


def a_result(*checks: GateCheck, **changes: Any) -> GateResult:
    run = a_run(number=12, name="nightly")
    figures = GateFigures(planned=2, passed=1, failed=1, errored=0)
    return GateResult(**{"run": run, "policy": GatePolicy(), "figures": figures, "checks": checks, **changes})


def no_link(_: object) -> None:
    return None


def cells(line: str) -> list[str]:
    """Return the cells of a table's row, as GFM divides it: at every pipe, for there are no others."""
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_a_result_is_a_verdict_a_table_and_the_worst_cases():
    run = a_run()
    score = a_score(name="exact", passed=False, explanation="It says 5.")
    worst = [
        WorstCase(
            CaseKind.REGRESSED,
            a_record(run, 0, input="2 + 2", output="5", verdict=Verdict.FAILED, scores=(score,)),
        ),
        WorstCase(
            CaseKind.ERRORED,
            a_record(run, 1, input={"q": 1}, verdict=Verdict.ERRORED, error=Problem("TIMEOUT", "Too slow.")),
        ),
    ]
    baseline = Baseline(a_run(number=11, name="v1"), BaselineChoice.PRODUCTION)

    text = render_markdown(a_result(FAILED, PASSED, baseline=baseline), worst, lambda r: f"https://e.example/{r.seq}")

    assert unescape(text) == (
        "## ❌ Gate failed: nightly (run 12)\n"
        "\n"
        "1 of 2 checks passed. Baseline: v1 (run 11, the newest completed run of the production version).\n"
        "\n"
        "| | check | expected | actual | |\n"
        "|---|---|---|---|---|\n"
        "| ❌ | minPassRate | at least 90 % | 50 % (1 of 2) | 1 of 2 records passed, 1 failed. |\n"
        "| ✅ | exact.minMean | at least 0 | 1 | The mean. |\n"
        "\n"
        "### Worst cases\n"
        "\n"
        "| | case | output | why |\n"
        "|---|---|---|---|\n"
        "| regressed | [2 + 2](https://e.example/0) | 5 | exact: It says 5. |\n"
        '| could not judge | [{"q":1}](https://e.example/1) |  | TIMEOUT: Too slow. |\n'
    )


def test_a_result_that_passed_says_so_and_without_an_address_there_are_no_links():
    worst = [WorstCase(CaseKind.FAILED, a_record(a_run(), 0, input="x", verdict=Verdict.FAILED))]
    text = render_markdown(a_result(PASSED), worst, no_link)
    assert text.startswith("## ✅ Gate passed: nightly (run 12)\n\n1 of 1 check passed.\n")
    assert "](" not in text
    assert text.endswith("| failed | x |  |  |\n")


HOSTILE = [
    "a | b",
    "ends with a backslash \\",
    "\\| both",
    "line\nbreak\r\n| x | y |",
    "<img src=x onerror=alert(1)>",
    "[text](javascript:alert(1))",
    "![pixel](http://x/y.png)",
    "`code` ``` fence",
    "@everyone and #1 and :tada: and $x$",
    "&#124; &lt;b&gt;",
    "**bold** __under__ ~~gone~~",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_stays_text_in_its_cell(text: str):
    record = a_record(a_run(), 0, input=text, output=text, verdict=Verdict.FAILED, error=Problem("X", text))
    check = GateCheck(name=text, passed=False, expected="", actual="", explanation=text)
    rendered = render_markdown(a_result(check, run=a_run(name=text)), [WorstCase(CaseKind.FAILED, record)], no_link)

    rows = [cells(line) for line in rendered.splitlines() if line.startswith("|")]
    assert [len(row) for row in rows] == [5, 5, 5, 4, 4, 4]
    shown = " ".join(text.split())
    for row in (rows[2], rows[5]):
        assert shown in [unescape(cell).replace("\u200b", "") for cell in row]
    written = "".join(escape(text))
    assert not re.search(r"[\\`*_{}\[\]()<>!|~@:$^\n]|#(?!\d+;)|&(?!#\d+;)", written)


def test_mentions_and_references_are_broken_up():
    assert escape("@team #12") == "&#64;&#8203;team &#35;&#8203;12"


@QUICK
@given(st.text())
def test_any_text_keeps_to_its_cell(text: str):
    check = GateCheck(name=text, passed=True, expected="e", actual="a", explanation="x")
    row = render_markdown(a_result(check), [], no_link).split("\n")[6]
    assert len(cells(row)) == 5


def test_an_address_ends_where_it_should():
    record = a_record(a_run(), 0, input="x")
    text = render_markdown(a_result(PASSED), [WorstCase(CaseKind.FAILED, record)], lambda _: "https://e/a b)c|d<é>")
    assert "[x](https://e/a%20b%29c%7Cd%3Cé%3E)" in text


def test_a_long_value_is_cut():
    record = a_record(a_run(), 0, input="x" * 1_000, output={"a": ["y" * 1_000]})
    [*_, row] = render_markdown(a_result(PASSED), [WorstCase(CaseKind.FAILED, record)], no_link).splitlines()
    assert len(row) < 400
    assert row.count("…") == 2
