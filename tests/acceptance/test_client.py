"""The Python client against real processes: a function of the user's becomes a run."""

import asyncio
import inspect
import os
import re
import signal
import subprocess
import sys
import textwrap
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import evalyard
from evalyard.client import AsyncClient, Client, ClientError, Context, LibraryEvaluator, Output, Refused
from tests.fixtures.stack import PROJECT, stack_url

__all__ = ["stack_url"]

CREATE_DATASET = """
mutation($project: ID!, $name: String!) { createDataset(input: {projectId: $project, name: $name}) { id } }
"""
ADD_ITEMS = """
mutation($dataset: ID!, $items: [DatasetItemInput!]!) { addDatasetItems(datasetId: $dataset, items: $items) {
  dataset { version }
} }
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep journals and credentials out of the home of whoever runs the tests."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in ("EVALYARD_URL", "EVALYARD_API_KEY", "EVALYARD_PROJECT"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def client(stack_url: str) -> Iterator[Client]:
    with Client(stack_url, project=PROJECT) as client:
        yield client


def doubled(input: dict[str, int]) -> str:
    if input["n"] % 10 == 3:
        raise ValueError(f"no double of {input['n']}")
    return str(input["n"] * 2)


def is_long(output: str) -> bool:
    return len(output) > 1


def length(output: str, expected: str) -> float:
    if not expected:
        raise evalyard.Skip("nothing was expected")
    return float(len(output))


@evalyard.evaluator(score_type=evalyard.ScoreType.CATEGORICAL)
async def parity(output: str) -> evalyard.Score:
    if output == "0":
        raise RuntimeError("zero")
    return evalyard.Score("even" if int(output) % 4 == 0 else "odd", passed=True, explanation="By its half.")


NUMBERS = [{"input": {"n": n}, "expected_output": str(n * 2)} for n in range(20)]


def test_a_function_is_called_and_scored_here_and_there(client: Client):
    exact = LibraryEvaluator("exact_match", name="exact")
    result = client.run_and_evaluate(
        system=doubled,
        items=NUMBERS,
        evaluators=[exact, is_long, length, parity],
        name="doubles",
        tags=["a tag"],
        metadata={"prompt": 3},
        progress=False,
    )
    assert (result.status, result.name, result.run["tags"]) == ("COMPLETED", "doubles", ["a tag"])
    assert result.run["metadata"]["prompt"] == 3
    summary = result.summary
    # 1, 2 and 4 have one digit when doubled, 0 has no parity, and 3 and 13 raise.
    assert (summary.passed, summary.failed, summary.errored) == (14, 3, 3)
    figures = {figure.name: figure for figure in summary.evaluators}
    assert (figures["exact"].passed, figures["exact"].skipped) == (18, 2)
    assert (figures["is_long"].passed, figures["is_long"].failed) == (14, 4)
    assert figures["length"].mean == pytest.approx((4 + 14 * 2) / 18)
    assert (figures["parity"].scored, figures["parity"].errored) == (17, 1)
    assert "RuntimeError: zero" in figures["parity"].explanation

    records = {record["input"]["n"]: record for record in result.records()}
    assert len(records) == 20
    assert records[13]["status"] == "ERRORED"
    assert records[13]["error"]["message"].endswith("ValueError: no double of 13")
    assert "in doubled" in records[13]["error"]["message"]
    assert "evalyard/client" not in records[13]["error"]["message"]
    [said] = [score for score in records[4]["scores"] if score["name"] == "parity"]
    assert (said["value"], said["explanation"], said["source"]) == ("even", "By its half.", "API")

    frame = result.frame()
    assert frame["score.is_long"].sum() == 14
    assert sorted(frame["error"].notna()) == [False] * 18 + [True] * 2


def test_the_items_of_a_dataset_are_called_once_a_trial(client: Client):
    items = [{"input": n, "expectedOutput": n, "metadata": {"half": n / 2}} for n in range(7)]
    made = client.execute(CREATE_DATASET, project=client.project_id(), name="seven")["createDataset"]
    client.execute(ADD_ITEMS, dataset=made["id"], items=items)
    seen: Counter[Any] = Counter()

    async def system(input: int, context: Context) -> Output:
        await asyncio.sleep(0)
        seen[input, context.trial, context.metadata["half"], context.item_id is None] += 1
        return Output(input, cost_usd=0.5, prompt_tokens=2, completion_tokens=1)

    result = client.run_and_evaluate(
        system=system, dataset="seven", trials=3, concurrency=4, evaluators=["exact"], progress=False
    )
    assert seen == {(n, trial, n / 2, False): 1 for n in range(7) for trial in (1, 2, 3)}
    assert result.run["dataset"]["name"] == "seven"
    summary = result.summary
    assert (summary.passed, summary.total_cost_usd, summary.total_tokens) == (21, 10.5, 63)
    again = client.run_and_evaluate(system=lambda n: n or 1, dataset="seven", evaluators=["exact"], progress=False)
    [candidate] = again.compare(result.id)["candidates"]
    assert (candidate["regressed"], candidate["unchanged"], candidate["verdict"]) == (1, 6, "TOO_FEW_CASES")


async def test_the_asynchronous_client_does_the_same(stack_url: str):
    async with AsyncClient(stack_url, project=PROJECT) as client:
        result = await client.run_and_evaluate(
            system=doubled, items=NUMBERS, evaluators=[is_long], wait=False, progress=False
        )
        assert result.run["progress"]["total"] == 20
        subscription = "subscription($id: ID!) { runProgress(runId: $id) { status progress { completed } } }"
        states = [state["runProgress"] async for state in client.subscribe(subscription, id=result.id)]
        assert states[-1] == {"status": "COMPLETED", "progress": {"completed": 20}}
        now = await result.refreshed()
        assert (now.summary.passed, now.summary.errored) == (14, 2)
        assert [record["status"] async for record in now.records({"verdict": ["ERRORED"]})] == ["ERRORED"] * 2


def test_both_clients_have_the_same_methods():
    def methods(kind: type) -> dict[str, list[str]]:
        return {
            name: list(inspect.signature(method).parameters)
            for name, method in inspect.getmembers(kind, inspect.isfunction)
            if not name.startswith("_")
        }

    assert methods(Client) == methods(AsyncClient)


def test_the_guide_prints_what_it_says(stack_url: str, monkeypatch: pytest.MonkeyPatch, capsys: Any):
    guide = (Path(__file__).parents[2] / "docs" / "python-client.md").read_text()
    shown = re.findall(r"```python\n(.*?)```\n\n```\n(.*?)```", guide, re.DOTALL)
    assert len(shown) == guide.count("```python")
    monkeypatch.setenv("EVALYARD_URL", stack_url)
    with Client(stack_url) as client:
        client.execute('mutation { createProject(input: {name: "shop"}) { id } }')
    names: dict[str, Any] = {"__name__": "guide"}
    for code, said in shown:
        exec(code, names)
        assert capsys.readouterr().out == said
    names["client"].close()


KILLED = textwrap.dedent(
    """
    import os, signal, sys
    from evalyard.client import Client

    url, log, resume = sys.argv[1], sys.argv[2], sys.argv[3] or None

    def system(input):
        with open(log, "a") as file:
            print(input, file=file, flush=True)
        if input == 150 and resume is None:
            os.kill(os.getpid(), signal.SIGKILL)
        return input * 2

    with Client(url, project="client") as client:
        result = client.run_and_evaluate(
            system=system, items=range(300), concurrency=1, name="killed", resume=resume, progress=False
        )
    print(result.id, result.summary.errored, result.run["progress"]["total"])
    """
)


def test_a_run_that_was_killed_goes_on_where_it_was(client: Client, tmp_path: Path):
    script, log = tmp_path / "killed.py", tmp_path / "log"
    script.write_text(KILLED)
    command = [sys.executable, str(script), client.url, str(log)]
    assert subprocess.run([*command, ""], env=os.environ, check=False).returncode == -signal.SIGKILL
    query = "query($id: ID!) { project(id: $id) { runs(first: 1) { edges { node { id name progress { total } } } } } }"
    [edge] = client.execute(query, id=client.project_id())["project"]["runs"]["edges"]
    run = edge["node"]
    assert run["name"] == "killed"
    assert run["progress"]["total"] < 151
    said = subprocess.run([*command, run["id"]], env=os.environ, check=True, capture_output=True, text=True).stdout
    assert said.split() == [run["id"], "0", "300"]
    calls = Counter(map(int, log.read_text().split()))
    # The call during which it was killed gave no output, and is the only one that was made twice.
    assert calls == {n: 2 if n == 150 else 1 for n in range(300)}
    assert list((tmp_path / "cache/evalyard/runs").iterdir()) == []


def test_resuming_what_has_ended_changes_nothing(client: Client):
    first = client.run_and_evaluate(system=lambda n: n, items=range(3), progress=False)
    again = client.run_and_evaluate(system=pytest.fail, items=range(3), resume=first.id, progress=False)
    assert again.id == first.id
    assert again.run["progress"] | {"revision": 0} == first.run["progress"] | {"revision": 0}


def test_an_output_that_is_no_json_is_that_records_error(client: Client):
    result = client.run_and_evaluate(
        system=lambda n: [object(), float("nan"), None, n][n], items=range(4), evaluators=[is_long], progress=False
    )
    messages = [record["error"] and record["error"]["message"] for record in result.records()]
    assert sum("is no JSON" in message for message in messages if message) == 2
    assert sum("returned None" in message for message in messages if message) == 1


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ({"system": 5, "items": [1]}, "is a function"),
        ({"system": doubled}, "Name a dataset, or give items"),
        ({"system": doubled, "items": [1], "dataset": "seven"}, "not both"),
        ({"system": doubled, "dataset": "none such"}, "no dataset 'none such'"),
        ({"system": doubled, "items": [1], "evaluators": ["none such"]}, "no evaluator 'none such'"),
        ({"system": doubled, "items": [1], "evaluators": [lambda output: True]}, "annotate it"),
        ({"system": doubled, "items": [1], "concurrency": 0}, "concurrency is 1 to 1,000"),
        ({"system": doubled, "items": [{"input": 1, "expected": 2}]}, "has the field 'expected'"),
        ({"system": lambda: 1, "items": [1]}, "takes no argument"),
    ],
)
def test_what_is_asked_wrongly_says_what_to_do(client: Client, wanted: dict[str, Any], sentence: str):
    with pytest.raises(ClientError, match=sentence):
        client.run_and_evaluate(**wanted, progress=False)


def test_the_server_refuses_with_code_and_field(client: Client):
    with pytest.raises(Refused, match="trials must be 1 to 100") as refused:
        client.run_and_evaluate(system=doubled, items=[1], trials=101, progress=False)
    assert (refused.value.code, refused.value.field) == ("BAD_USER_INPUT", "input.trials")
