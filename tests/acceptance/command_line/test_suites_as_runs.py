"""The pytest plugin that records a suite as a run: suites of their own, in processes of their own."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fixtures.live import Live

SUITE = """\
import pytest

CITIES = {"France": "Paris", "Italy": "Rome"}


@pytest.mark.evalyard(name="capitals", tags=["suite"])
@pytest.mark.parametrize("country", ["France", "Italy", "Peru"])
def test_capital(country, evalyard_case):
    evalyard_case.output = CITIES.get(country, "Cusco")
    assert country != "Peru"


@pytest.mark.evalyard(name="capitals")
def test_by_outcome():
    assert True


@pytest.mark.evalyard(name="capitals")
def test_accident(evalyard_case):
    raise RuntimeError("out of order")


@pytest.mark.evalyard(dataset="support")
def test_items(evalyard_case):
    evalyard_case.output = CITIES.get(evalyard_case.input, "?")
    assert evalyard_case.output == evalyard_case.expected


def test_of_no_interest():
    assert True
"""


def suite(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_suite.py").write_text(SUITE)
    (folder / "pytest.ini").write_text("[pytest]\n")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "--strict-markers", "-q", *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize("arguments", [("-p", "no:xdist"), ("-n", "2")])
async def test_tests_are_records(arguments: tuple[str, ...], live: Live, tmp_path: Path):
    done = suite(tmp_path, *arguments, **live.environment)

    assert "4 failed, 6 passed" in done.stdout, done.stdout
    told = dict(re.findall(r"cases are run \d+ \((\w+)\): .*%22(\w+%3D%3D|\w+)%22", done.stdout))
    assert set(told) == {"capitals", "support"}, done.stdout
    async with live.client() as asked:
        query = """query ($id: ID!) { project(id: $id) { runs(first: 2, filter: {search: "capitals"}) {
          edges { node { id tags summary { passed failed errored } } } } } }"""
        [newest, *_] = (await asked.execute(query, id=await asked.project_id()))["project"]["runs"]["edges"]
        run = await asked.run(newest["node"]["id"])
        while not run.has_ended:
            run = await run.refreshed()
        records = [record async for record in run.records()]

    assert newest["node"]["tags"] == ["suite"]
    assert (run.summary.passed, run.summary.failed, run.summary.errored) == (3, 1, 1)
    by_input = {record["input"].get("country", record["input"]["test"]): record for record in records}
    assert by_input["France"]["output"] == "Paris"
    assert by_input["France"]["input"] == {"test": "test_suite.py::test_capital", "country": "France"}
    assert (by_input["Peru"]["verdict"], by_input["Peru"]["output"]) == ("FAILED", "Cusco")
    assert by_input["test_suite.py::test_by_outcome"]["output"] == "passed"
    assert by_input["test_suite.py::test_accident"]["error"]["message"] == "RuntimeError: out of order"


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({}, "evalyard: 5 cases were not recorded: EVALYARD_URL is not set."),
        (
            {"EVALYARD_URL": "http://127.0.0.1:9", "EVALYARD_PROJECT": "demo"},
            "There is no answer from http://127.0.0.1:9",
        ),
    ],
)
def test_without_a_server_tests_are_what_they_were(environment: dict[str, str], sentence: str, tmp_path: Path):
    done = suite(tmp_path, **environment)

    assert "2 failed, 4 passed, 1 skipped" in done.stdout
    assert done.stdout.count(sentence) == 1
    assert done.returncode == 1
