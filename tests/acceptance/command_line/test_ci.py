"""The action and the examples for CI servers: the files are what those servers read, and their steps work."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from junitparser import JUnitXml

from evalyard.cli.evals.model import json_schema
from tests.fixtures.live import Live

from .test_run import failures

ROOT = Path(__file__).parents[3]
CI = ROOT / "examples" / "ci"
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
[INSTALL, EVALUATE] = ACTION["runs"]["steps"]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a copy of the example."""
    return shutil.copytree(CI, tmp_path / "repository")


def step(live: Live, repository: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    """Run the step that evaluates as a runner does: its inputs are put into its environment."""
    values = {name: told.get("default", "") for name, told in ACTION["inputs"].items()}
    values |= {"url": live.url, "api-key": live.key, "project": live.project, **inputs}
    environment = {
        name: values[expression.removeprefix("${{ inputs.").removesuffix(" }}")]
        for name, expression in EVALUATE["env"].items()
    }
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    runner = {"GITHUB_OUTPUT": str(repository / "output"), "GITHUB_ACTIONS": "true", "CI": "true", "PATH": path}
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", EVALUATE["run"]],
        env={**runner, **environment},
        cwd=repository,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_action_passes_and_fails(live: Live, repository: Path):
    green = step(live, repository)
    told = (repository / "output").read_text()
    (repository / "bot.py").write_text((repository / "bot.py").read_text().replace("Rome", "Milan"))
    red = step(live, repository, junit="red.xml")

    assert (green.returncode, red.returncode) == (0, 1), (green.stderr, red.stderr)
    assert told == "exit-code=0\n"
    assert (repository / "output").read_text() == "exit-code=0\nexit-code=1\n"
    assert failures(repository / "red.xml") > 0
    assert list(JUnitXml.fromfile(str(repository / "evalyard.xml")))
    assert "# " in (repository / "evalyard.md").read_text()


def test_inputs_are_never_commands(live: Live, repository: Path):
    done = step(live, repository, files="evals/$(touch${IFS}stolen).yaml;touch stolen", junit="$(touch stolen)")

    assert done.returncode == 2
    assert not (repository / "stolen").exists()


def test_the_action_reads_all_its_inputs_and_says_what_they_are():
    used = "\n".join([*EVALUATE["env"].values(), *INSTALL["env"].values(), EVALUATE["working-directory"]])

    assert [name for name in ACTION["inputs"] if f"inputs.{name} " not in used] == []
    assert all(told["description"] for told in [*ACTION["inputs"].values(), *ACTION["outputs"].values()])


def test_the_workflow_gives_the_action_what_it_wants():
    workflow = yaml.safe_load((CI / "github-workflow.yml").read_text())
    # YAML 1.1 reads the key as a boolean.
    triggers = workflow[True]
    [evaluate] = [used for used in workflow["jobs"]["evaluate"]["steps"] if used.get("id") == "evalyard"]

    assert set(triggers) == {"push", "pull_request", "schedule", "workflow_dispatch"}
    assert evaluate["with"]["run-id"] == "${{ inputs.run_id }}"
    assert set(triggers["workflow_dispatch"]["inputs"]) == {"run_id"}
    assert {name for name, told in ACTION["inputs"].items() if told.get("required")} <= set(evaluate["with"])
    assert set(evaluate["with"]) <= set(ACTION["inputs"])


def test_the_job_for_gitlab_writes_what_it_reports():
    job = yaml.safe_load((CI / "gitlab-ci.yml").read_text())["evaluate"]

    assert f"--junit {job['artifacts']['reports']['junit']}" in job["script"][-1]
    assert f"--markdown {job['artifacts']['paths'][0]}" in job["script"][-1]


def test_the_example_fits_the_schema():
    evaluation = yaml.safe_load((CI / "evals" / "capitals.yaml").read_text())

    Draft202012Validator(json_schema()).validate(evaluation)
    assert json.loads((ROOT / "schema" / "evalyard-run.schema.json").read_text()) == json_schema()
