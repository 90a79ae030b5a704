"""The guide to exports: its columns are there in its order, and what it types answers as it says."""

import doctest
import re
from pathlib import Path

import pytest

from evalyard_core.domain.exports import ScoreColumn, ValueKind
from evalyard_server.exports import comparisons
from evalyard_server.exports.csv_text import CsvEncoder
from evalyard_server.exports.records import RecordRows
from tests.fixtures.core import a_score
from tests.fixtures.objects import a_record, a_run

GUIDE = (Path(__file__).parents[2] / "docs" / "exports.md").read_text()
EXACT = ScoreColumn(key="e1", name="exact", kind=ValueKind.BOOLEAN)


def table(heading: str) -> list[tuple[str, str]]:
    """Return the names and kinds in the tables under a heading."""
    section = GUIDE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| `([^`]+)` \|.*\| ([^|]+) \|$", section, re.MULTILINE)


def test_the_columns_of_records_are_those_of_the_guide():
    columns = [(column.name, str(column.kind)) for column in RecordRows([EXACT]).columns]
    found = [(name, kind if kind == "JSON" else kind.upper()) for name, kind in table("Columns of records")]
    assert found[:22] == columns[:22]
    assert found[22:] == [
        ("exact", "THAT OF THE VALUES; JSON WHERE THEY ARE OF SEVERAL"),
        *columns[23:],
    ]


def test_the_columns_of_comparisons_are_those_of_the_guide():
    columns = [(column.name, str(column.kind)) for column in comparisons._RUN]
    found = [(name, kind if kind == "JSON" else kind.upper()) for name, kind in table("Columns of comparisons")]
    assert found == [
        (f"candidate_1.{name}", kind) for name, kind in [("change", "TEXT"), *columns, ("exact", "NUMBER")]
    ]


def test_what_the_guide_types_answers_as_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    rows, run = RecordRows([EXACT]), a_run()
    encoder = CsvEncoder(rows.columns)
    for number, (passed, explanation) in enumerate([(True, "Equal."), (False, "=5 is not =4")]):
        score = a_score(evaluator_id="e1", value=passed, passed=passed, explanation=explanation)
        encoder.add(rows.row(a_record(run, number, input={"question": "How many apples are left?"}, scores=(score,))))
    (tmp_path / "run-12.csv").write_bytes(encoder.finish())
    monkeypatch.chdir(tmp_path)
    [typed] = re.findall(r"^```pycon\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)

    test = doctest.DocTestParser().get_doctest(typed, {}, "exports.md", "docs/exports.md", 0)
    result = doctest.DocTestRunner().run(test)

    assert (result.attempted, result.failed) == (7, 0)
