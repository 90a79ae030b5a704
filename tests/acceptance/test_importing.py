"""`evalyard datasets import` against a real server: what comes in, again and changed, and what does not."""

import json
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from evalyard.cli._commands import GROUP, build_app
from evalyard.client import Client
from tests.fixtures.stack import PROJECT, stack_url

__all__ = ["stack_url"]

COMMANDS = [
    EntryPoint("datasets", "evalyard.cli.datasets:app", GROUP),
    EntryPoint("datasets.import", "evalyard.cli.importing:import_file", GROUP),
    EntryPoint("import", "evalyard.cli.imports:app", GROUP),
]
ITEMS = """query($project: ID!, $search: String) { project(id: $project) { datasets(search: $search) { edges { node {
  version itemCount
  items(first: 100) { edges { node { input expectedOutput metadata tags source key } } }
} } } } }"""


@pytest.fixture(autouse=True)
def connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("EVALYARD_PROJECT", PROJECT)
    monkeypatch.setenv("EVALYARD_URL", "http://127.0.0.1:9")
    monkeypatch.delenv("EVALYARD_API_KEY", raising=False)


@pytest.fixture
def client(stack_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    monkeypatch.setenv("EVALYARD_URL", stack_url)
    with Client() as client:
        yield client


def run(*arguments: str | Path) -> Result:
    return evalyard("datasets", "import", *arguments)


def evalyard(*arguments: str | Path) -> Result:
    given = [*map(str, arguments)]
    return CliRunner().invoke(build_app(COMMANDS, given), given, env={"COLUMNS": "200"})


def stored(client: Client, name: str) -> tuple[int, list[dict[str, object]]]:
    """Return the version of a dataset, 0 without one, and its items."""
    edges = client.execute(ITEMS, project=client.project_id(), search=name)["project"]["datasets"]["edges"]
    if not edges:
        return 0, []
    node = edges[0]["node"]
    return node["version"], [edge["node"] for edge in node["items"]["edges"]]


def test_a_file_is_imported_again_and_changed(client: Client, tmp_path: Path):
    file = tmp_path / "questions.csv"
    file.write_text("id,question,answer,source\n1,one?,1,web\n2,two?,2,\n")
    done = run(file, "--dataset", "imported", "--yes", "--tag", "first")
    assert (done.exit_code, done.stderr) == (0, "Into a new dataset 'imported'.\n")
    assert done.stdout.endswith("2 added, 0 updated, 0 unchanged, 0 rejected; the dataset is at version 1.\n")
    same = {"tags": ["first"], "source": "IMPORT"}
    one = {"key": "1", "input": "one?", "expectedOutput": "1", "metadata": {"source": "web"}, **same}
    two = {"key": "2", "input": "two?", "expectedOutput": "2", "metadata": None, **same}
    assert stored(client, "imported") == (1, [one, two])

    again = run(file, "--dataset", "imported", "--yes", "--tag", "first")
    assert again.stdout.endswith("0 added, 0 updated, 2 unchanged, 0 rejected; the dataset is at version 1.\n")

    file.write_text("id,question,answer,source\n2,two?,II,\n3,three?,3,\n")
    changed = run(file, "--dataset", "imported", "--yes", "--tag", "first")
    assert changed.stdout.endswith("1 added, 1 updated, 0 unchanged, 0 rejected; the dataset is at version 2.\n")
    assert [entry["expectedOutput"] for entry in stored(client, "imported")[1]] == ["1", "II", "3"]


def test_bad_rows_are_told_with_their_lines_and_the_others_come_in(client: Client, tmp_path: Path):
    file, rejects = tmp_path / "a.jsonl", tmp_path / "rejected.jsonl"
    nested = "[" * 101 + "]" * 101
    rows = ['{"q": 1}', '{"q": null}', "no", f'{{"q": {nested}}}', '{"q": 5}', '{"q": "\\ud800"}']
    file.write_text("\n".join(rows))
    arguments = (file, "-d", "rejecting", "--map", "input=q")
    done = run(*arguments)
    assert done.exit_code == 2
    assert [entry["input"] for entry in stored(client, "rejecting")[1]] == [1, 5]
    said = [line for line in done.stderr.splitlines() if "rejected" in line]
    assert [line.partition(": ")[2].partition(":")[0] for line in said] == [
        "rejected line 2",
        "rejected line 3",
        "rejected line 6",
        "rejected line 4",
    ]
    assert "is refused by the server: A value may be nested 100 levels deep at most; flatten it." in said[3]
    assert done.stderr.endswith("evalyard: 4 rows were not imported; the reasons are above.\n")

    again = run(*arguments, "--rejects", rejects)
    assert (again.exit_code, again.stderr.count("rejected line")) == (2, 0)
    entries = [json.loads(line) for line in rejects.read_text().splitlines()]
    assert [(entry["line"], entry["row"]) for entry in entries][:2] == [(2, {"q": None}), (3, "no")]
    assert sorted(entry["line"] for entry in entries) == [2, 3, 4, 6]


def test_strict_imports_nothing_where_a_row_is_bad(client: Client, tmp_path: Path):
    file = tmp_path / "a.csv"
    file.write_text("question\none\n\ntwo,three\n")
    done = run(file, "-d", "strict", "--yes", "--strict")
    assert (done.exit_code, stored(client, "strict")) == (2, (0, []))
    assert "rejected line 4: has 2 fields, and the header has 1" in done.stderr
    assert done.stderr.endswith("1 rows are bad, so that nothing was imported.\n")


def test_a_guess_is_shown_and_nothing_is_done_before_somebody_agrees(tmp_path: Path):
    file = tmp_path / "a.csv"
    file.write_text("prompt,expected,note\n" + "".join(f"q{n},a{n},\x07{n}\n" for n in range(5)))
    shown = run(file, "-d", "guessed", "--dry-run")
    assert (shown.exit_code, shown.stderr) == (0, "")
    head, *items = shown.stdout.split("The first items:\n")
    assert head.splitlines() == [
        f"{file} is csv; guessed from the names of its columns:",
        "  input = prompt",
        "  expected_output = expected",
        "  metadata.* = every other column",
    ]
    assert [json.loads(line)["input"] for line in items[0].splitlines()] == ["q0", "q1", "q2"]
    refused = run(file, "-d", "guessed")
    assert (refused.exit_code, refused.stderr) == (
        2,
        "evalyard: Nobody is there to say whether the guess is right: pass --map, or --yes to go by it.\n",
    )
    mapped = run(file, "-d", "guessed", "--map", "input=prompt", "--dry-run")
    assert "Not imported: expected, note\n" in mapped.stdout


def test_what_can_not_be_done_says_why(tmp_path: Path):
    missing = run(tmp_path / "a.csv", "-d", "x", "--yes")
    assert (missing.exit_code, missing.stderr) == (
        2,
        f"evalyard: There is no file {tmp_path / 'a.csv'}; check the path.\n",
    )


def test_without_a_server_it_exits_with_3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("evalyard.client._transport._LONGEST_PAUSE", 0.01)
    file = tmp_path / "a.csv"
    file.write_text("question\none\n")
    done = run(file, "-d", "x", "--yes")
    assert (done.exit_code, "There is no answer from http://127.0.0.1:9" in done.stderr) == (3, True)


RUN = """query($id: ID!) { run(id: $id) { name tags metadata status trials dataset { name } records(first: 100) {
  edges { node { trial output error { message } item { key } scores { name value passed } } }
} } }"""


def test_results_of_a_tool_become_a_run_over_a_dataset(client: Client, tmp_path: Path):
    def sample(number: int, epoch: int, said: str, grade: str) -> dict[str, object]:
        output = {"choices": [{"message": {"role": "assistant", "content": said}}]}
        told = {"id": number, "epoch": epoch, "input": f"{number}?", "target": "4", "output": output, "total_time": 0.5}
        return {**told, "scores": {"match": {"value": grade}}}

    samples = [sample(1, 1, "4", "C"), sample(1, 2, "5", "I"), sample(2, 1, "", "I"), {"id": 3}]
    samples[2]["error"] = {"message": "Out of time"}
    file = tmp_path / "log.json"
    told = {"task": "sums", "model": "x/y", "run_id": "r"}
    file.write_text(json.dumps({"version": 2, "status": "success", "eval": told, "samples": samples}))
    shown = evalyard("import", "inspect", file, "--dataset", "inspected", "--dry-run")
    assert (shown.exit_code, stored(client, "inspected")) == (0, (0, []))
    assert shown.stdout.startswith("A run of inspect, sums x/y; the first results:\n")

    done = evalyard("import", "inspect", file, "--dataset", "inspected")
    assert done.exit_code == 2
    assert "rejected line 4: is no sample with an id and an input" in done.stderr
    head, _, report = done.stdout.partition("; items: ")
    assert report == "2 added, 0 updated, 0 unchanged, 1 rejected; the dataset is at version 1.\n"
    read = client.execute(RUN, id=head.rpartition(" ")[2])["run"]
    assert (read["name"], read["tags"], read["trials"]) == ("sums x/y", ["imported", "inspect"], 2)
    assert (read["metadata"]["run_id"], read["dataset"]) == ("r", {"name": "inspected"})
    records = [edge["node"] for edge in read["records"]["edges"]]
    assert [(one["item"]["key"], one["trial"], one["output"], one["error"]) for one in records] == [
        ("1", 1, "4", None),
        ("1", 2, "5", None),
        ("2", 1, None, {"message": "Out of time"}),
    ]
    assert [(score["name"], score["value"], score["passed"]) for one in records[:2] for score in one["scores"]] == [
        ("match (inspect)", 1.0, True),
        ("match (inspect)", 0.0, False),
    ]

    again = evalyard("import", "inspect", file, "--dataset", "inspected")
    assert again.stdout.endswith("0 added, 0 updated, 2 unchanged, 1 rejected; the dataset is at version 1.\n")


def test_cases_of_a_tool_become_items(client: Client, tmp_path: Path):
    file = tmp_path / "samples.jsonl"
    file.write_text('{"input": [{"role": "user", "content": "2 + 2?"}], "ideal": "4"}\n')
    done = evalyard("import", "openai-evals", file, "--dataset", "samples", "--tag", "moved")
    assert (done.exit_code, done.stderr) == (0, "Into a new dataset 'samples'.\n")
    [item] = stored(client, "samples")[1]
    assert (item["expectedOutput"], item["tags"]) == ("4", ["moved"])
    folder = tmp_path / "sums"
    folder.mkdir()
    (folder / "test.csv").write_text("question,answer\n2 + 2?,4\n")
    done = evalyard("import", "huggingface", folder, "--dataset", "sums", "--yes")
    assert done.exit_code == 0
    assert [entry["tags"] for entry in stored(client, "sums")[1]] == [["test"]]


READ = """
import resource, sys
from pathlib import Path
from evalyard.importing import Table
table = Table.open(Path(sys.argv[1]))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(sum(1 for item in table.items()), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "json"])
def test_a_hundred_thousand_rows_are_read_in_bounded_memory(tmp_path: Path, suffix: str):
    file, text = tmp_path / f"a.{suffix}", "x" * 500
    rows = (f'{{"id": {n}, "question": "{text}"}}' for n in range(100_000))
    with file.open("w") as to:
        if suffix == "csv":
            to.writelines(["id,question\n", *(f"{n},{text}\n" for n in range(100_000))])
        elif suffix == "jsonl":
            to.writelines(f"{row}\n" for row in rows)
        else:
            to.writelines(["[", next(rows), *(f",{row}" for row in rows), "]"])
    done = subprocess.run([sys.executable, "-c", READ, file], capture_output=True, text=True, check=True)
    count, grown = map(int, done.stdout.split())
    assert (file.stat().st_size > 50_000_000, count) == (True, 100_000)
    assert grown * (1 if sys.platform == "darwin" else 1024) < 40 * 1024 * 1024
