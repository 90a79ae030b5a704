"""What came of a gate, for people, for CI servers, and for pull requests."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import typer

from ._exits import ExitCode, leave
from ._rendering import Column, field, plain, show_list

_CHECKS: Final = [
    Column("", lambda check: "passed" if check["passed"] else "failed"),
    field("name", "check"),
    field("expected"),
    field("actual"),
    field("explanation"),
]


def show_gate(run: Mapping[str, Any]) -> None:
    """Print the verdict and a table of the checks."""
    result = run["gate"]
    verdict = "passed" if result["passed"] else "did not pass"
    baseline = f", held against run {result['baseline']['number']}" if result["baseline"] else ""
    typer.echo(f"Run {run['number']} ({plain(run['name'])}) {verdict}{baseline}.")
    show_list(result["checks"], _CHECKS, as_json=False)


def write_junit(file: Path, gates: Sequence[Mapping[str, Any]]) -> None:
    """Write the JUnit files of gates into one."""
    from xml.etree import ElementTree as ET  # noqa: PLC0415 - it is the server's own XML, and not always wanted

    suites = ET.Element("testsuites")
    for result in gates:
        root = ET.fromstring(result["junitXml"])  # noqa: S314 - see above
        suites.extend([root] if root.tag == "testsuite" else list(root))
    _write(file, ET.tostring(suites, encoding="unicode", xml_declaration=True) + "\n")


def write_markdown(file: Path | None, gates: Sequence[Mapping[str, Any]]) -> None:
    """Write the Markdown of gates to a file, and add it to the job's summary where GitHub wants one."""
    text = "\n\n".join(result["markdown"] for result in gates) + "\n"
    if file is not None:
        _write(file, text)
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        _write(Path(summary), text, mode="a")


def annotate(sentence: str, *, file: str | None = None, line: int | None = None, title: str = "Evalyard") -> None:
    """Say a sentence where GitHub shows it beside the code; nothing where it does not run this.

    The form is that of GitHub's "Workflow commands".
    """
    if os.environ.get("GITHUB_ACTIONS") != "true":
        return
    properties = {"title": title, "file": file, "line": line}
    told = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items() if value is not None)
    typer.echo(f"::error {told}::{_data(sentence)}")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _write(file: Path, text: str, mode: str = "w") -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open(mode, encoding="utf-8") as to:
            to.write(text)
    except OSError as error:
        raise leave(ExitCode.USAGE, f"{file} can't be written: {error.strerror}.") from error
