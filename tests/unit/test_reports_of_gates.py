"""What the command line says of a gate, for terminals, for GitHub and for CI servers."""

from pathlib import Path

import pytest
from junitparser import JUnitXml

from evalyard.cli._rendering import field, figure, percent, plain, show_list
from evalyard.cli._reports import annotate, write_junit, write_markdown

SUITES = '<testsuites><testsuite name="{}" tests="1"><testcase name="a"/></testsuite></testsuites>'


def test_what_is_not_a_letter_does_not_steer_the_terminal():
    assert plain("a\x1b[31mb\nc\td\x07") == "a\N{REPLACEMENT CHARACTER}[31mb\nc\td\N{REPLACEMENT CHARACTER}"


def test_lists_are_tables_or_json(capsys: pytest.CaptureFixture[str]):
    entries = [{"name": "[red]a[/red]", "rate": 0.5}, {"name": "b", "rate": None}]
    columns = [field("name"), figure("rate", "passed", percent)]

    show_list(entries, columns, as_json=False)
    table = capsys.readouterr().out
    show_list(entries, columns, as_json=True)

    assert [line.split() for line in table.splitlines() if line.strip() and "─" not in line] == [
        ["name", "passed"],
        ["[red]a[/red]", "50.0%"],
        ["b", "–"],
    ]
    assert capsys.readouterr().out.startswith('[\n  {\n    "name": "[red]a[/red]"')


def test_annotations_are_escaped_as_github_reads_them(monkeypatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    annotate("nobody sees this")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    annotate("100 %\n::error::stolen", file="a:b,c.yaml", line=3)

    assert capsys.readouterr().out == ("::error title=Evalyard,file=a%3Ab%2Cc.yaml,line=3::100 %25%0A::error::stolen\n")


def test_the_reports_of_several_gates_are_one_file(tmp_path: Path, monkeypatch):
    gates = [{"junitXml": SUITES.format(name), "markdown": f"# {name}"} for name in ("one", "two")]
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))

    write_junit(tmp_path / "new" / "gate.xml", gates)
    write_markdown(tmp_path / "gate.md", gates)

    assert [suite.name for suite in JUnitXml.fromfile(str(tmp_path / "new" / "gate.xml"))] == ["one", "two"]
    assert (tmp_path / "gate.md").read_text() == "# one\n\n# two\n"
    assert summary.read_text() == "before\n# one\n\n# two\n"
