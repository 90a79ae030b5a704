"""`evalyard run` in a scratch repository, against a live server: what it prints, writes, and exits with."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from junitparser import JUnitXml
from markdown_it import MarkdownIt

from tests.fixtures.live import Live

from .calling import evalyard

SYSTEM = """\
CITIES = {"France": "Paris", "Italy": "Rome", "Spain": "Madrid", "Peru": "Lima"}


def answer(country: str) -> str:
    return CITIES[country]


def short(output: str) -> bool:
    return len(output) < 8
"""
REGRESSION = SYSTEM.replace('"Madrid"', '"Barcelona"')
EVALUATION = """\
name: capitals
dataset: support
system: desk:answer
evaluators:
  - exact
  - function: desk:short
policy:
  min_pass_rate: 1.0
  max_errored: 0
"""
ITEMS = '{"input": "France", "expected": "Paris"}\n{"input": "Peru", "expected": "Lima"}\n'


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a git repository with a system and an evaluation of it."""
    (tmp_path / "evals").mkdir()
    (tmp_path / "desk.py").write_text(SYSTEM)
    (tmp_path / "evals" / "capitals.yaml").write_text(EVALUATION)
    (tmp_path / "evals" / "items.jsonl").write_text(ITEMS)
    git = ("git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    for arguments in (("init", "-q", "-b", "main"), ("add", "."), ("commit", "-q", "-m", "Answer")):
        subprocess.run([*git, *arguments], cwd=tmp_path, check=True)
    return tmp_path


@pytest.fixture
def environment(live: Live, repository: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Work in the repository, and return the environment of GitHub's job in it."""
    monkeypatch.chdir(repository)
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    github = {
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "GITHUB_SHA": "a" * 40,
        "GITHUB_STEP_SUMMARY": str(repository / "summary.md"),
    }
    # A folder of its own: the code is changed within a second, and bytecode is known by the second.
    return {**kept, **live.environment, **github, "XDG_CONFIG_HOME": str(repository), "PYTHONDONTWRITEBYTECODE": "1"}


def test_red_on_a_regression_and_green_once_it_is_taken_back(repository, environment):
    (repository / "desk.py").write_text(REGRESSION)
    red = evalyard("run", "evals/capitals.yaml", "--junit", "out/red.xml", "--markdown", "red.md", **environment)
    (repository / "desk.py").write_text(SYSTEM)
    green = evalyard("run", "evals/capitals.yaml", "--junit", "out/green.xml", "--json", **environment)

    assert (red.returncode, green.returncode) == (1, 0), (red.stderr, green.stderr)
    assert "capitals) did not pass" in red.stdout
    [annotation] = [line for line in red.stdout.splitlines() if line.startswith("::error ")]
    assert annotation.startswith("::error title=Evalyard,file=evals/capitals.yaml,line=7::Run ")
    assert "0.75" in annotation or "75" in annotation
    assert failures(repository / "out" / "red.xml") > 0
    assert failures(repository / "out" / "green.xml") == 0
    assert "<table>" in MarkdownIt("commonmark").enable("table").render((repository / "red.md").read_text())
    assert "capitals" in (repository / "summary.md").read_text()
    [judged] = json.loads(green.stdout)
    assert [check["passed"] for check in judged["gate"]["checks"]] == [True, True]


def failures(file: Path) -> int:
    """Return how many failures a JUnit file tells, as an independent parser reads it."""
    return sum(suite.failures for suite in JUnitXml.fromfile(str(file)))


def test_items_of_a_file_and_a_plugin_of_the_library(repository, environment):
    plugin = "{plugin: evalyard-text/exact_match, name: same, threshold: {operator: EQ, value: true}}"
    lines = EVALUATION.replace("dataset: support", "items: items.jsonl").replace("- exact", f"- {plugin}")
    (repository / "evals" / "items.yaml").write_text(lines)

    done = evalyard("run", "evals/items.yaml", "--json", **environment)

    assert done.returncode == 0, done.stderr
    [judged] = json.loads(done.stdout)
    assert [check["actual"] for check in judged["gate"]["checks"]][1] == "0"


def test_the_worst_of_several_files_counts(repository, environment):
    (repository / "evals" / "strict.yaml").write_text(
        "name: strict\ndataset: support\nsystem: {name: desk, version: v1}\npolicy: {min_pass_rate: 1.0}\n"
    )
    files = sorted(str(file) for file in (repository / "evals").glob("*.yaml"))

    done = evalyard("run", *files, "--junit", "both.xml", **environment)

    assert done.returncode == 1
    assert {"capitals", "strict"} <= set(done.stdout.replace(")", "(").split("("))
    assert len(list(JUnitXml.fromfile("both.xml"))) == 4


def test_a_run_that_takes_too_long_is_cancelled(repository, environment):
    slow = SYSTEM.replace("return CITIES", "import threading\n    threading.Event().wait()\n    return CITIES")
    (repository / "desk.py").write_text(slow)

    done = evalyard("run", "evals/capitals.yaml", "--timeout", "6", **environment)

    assert done.returncode == 3
    assert "evalyard: Not done within 6 s." in done.stderr
    # On a machine that is busy, six seconds may not be enough to start one.
    assert ("(capitals): http" in done.stderr) is ("of evals/capitals.yaml is cancelled." in done.stderr)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"EVALYARD_URL": "http://127.0.0.1:9"}, "There is no answer from http://127.0.0.1:9"),
        ({"EVALYARD_API_KEY": "evy_wrong"}, "key"),
    ],
)
@pytest.mark.parametrize("command", ["run evals/capitals.yaml", "gate 1", "runs list"])
def test_without_a_server_or_with_a_wrong_key_nothing_is_judged(changed, sentence, command, environment):
    done = evalyard(*command.split(), **{**environment, **changed})

    assert done.returncode == 3
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("old", "new", "line", "sentence"),
    [
        ("desk:answer", "desk:reply", 3, "system: desk has no reply."),
        ("desk:answer", "desks:answer", 3, "system: There is no module desks"),
        ("  - exact", "  - exactly", 1, "The project has no evaluator 'exactly'"),
        ("  min_pass_rate: 1.0", "  min_pass_rate: 7", 8, "policy.min_pass_rate: "),
        ("dataset: support", "dataset: sport", 1, "no dataset 'sport'"),
    ],
)
def test_a_file_that_is_wrong_is_told_by_line(old, new, line, sentence, repository, environment):
    (repository / "evals" / "capitals.yaml").write_text(EVALUATION.replace(old, new))

    done = evalyard("run", "evals/capitals.yaml", **environment)

    assert done.returncode == 2
    assert "evalyard: evals/capitals.yaml:" in done.stderr
    assert sentence in done.stderr
    assert f"file=evals/capitals.yaml,line={line}::" in done.stdout


def test_following_a_run_that_is_cancelled_fails(environment):
    start = ("runs", "start", "--dataset", "support", "--system", "desk@v1", "--name", "stopped", "--json")
    number = str(json.loads(evalyard(*start, **environment).stdout)["number"])
    evalyard("runs", "cancel", number, **environment)

    done = evalyard("runs", "watch", number, **environment)
    state = json.loads(evalyard("runs", "show", number, "--json", **environment).stdout)["status"]

    # It may have been done before it was cancelled.
    assert (state, done.returncode) in {("CANCELLED", 3), ("COMPLETED", 0)}
