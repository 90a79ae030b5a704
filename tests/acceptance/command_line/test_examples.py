"""Each command's help, and the examples in it, against a live server."""

import json
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from zipfile import ZipFile

import pytest
import typer

from evalyard.cli._commands import GROUP
from evalyard.cli._examples import examples_of
from tests.fixtures.live import Live

from .calling import called

#: Commands of the server and of plugin packages have tests of their own.
OTHERS = {"up", "serve", "worker", "keys", "plugins", "schema"}
#: Where the examples of one command need what those of another do: they run in this order.
FIRST = ["login", "whoami", "projects", "datasets", "import", "evaluators", "systems", "runs", "gate", "run", "logout"]

EVALUATION = """\
name: desk
dataset: support
system: {name: desk, version: v1}
policy: {min_pass_rate: 0.7}
"""


def write_imported(folder: Path) -> None:
    """Write what the examples of commands that import name."""
    task = {"eval": {"task": "sums"}}
    hosted = {"object": "eval.run.output_item", "datasource_item": {"question": "2 + 2?"}, "results": []}
    contents = {
        "questions.csv": "question,answer\n2 + 2?,4\n",
        "cases.jsonl": '{"id": 1, "input": "2 + 2?"}\n',
        "samples.jsonl": '{"input": "2 + 2?", "ideal": "4"}\n',
        "output_items.json": json.dumps({"object": "list", "data": [hosted]}),
        "results.json": json.dumps({"results": {"version": 3, "results": [{"vars": {"q": "2 + 2?"}}]}}),
        "examples.csv": "example_id,input_question,output_answer\n1,2 + 2?,4\n",
        "items.csv": "id,input,expectedOutput\n1,2 + 2?,4\n",
    }
    for name, text in contents.items():
        (folder / name).write_text(text)
    (folder / "gsm8k").mkdir()
    (folder / "gsm8k" / "test.csv").write_text("question,answer\n2 + 2?,4\n")
    with ZipFile(folder / "log.eval", "w") as archive:
        archive.writestr("header.json", json.dumps(task))


def commands() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield each command and its examples."""
    for entry in entry_points(group=GROUP):
        found = entry.load()
        if entry.name.partition(".")[0] in OTHERS:
            continue
        if not isinstance(found, typer.Typer):
            yield entry.name.replace(".", " "), examples_of(found)
            continue
        for command in found.registered_commands:
            assert command.callback is not None
            yield f"{entry.name} {command.name or command.callback.__name__}", examples_of(command.callback)


COMMANDS = sorted(commands(), key=lambda command: FIRST.index(command[0].split()[0]))
EXAMPLES = [line for _, lines in COMMANDS for line in lines]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the files that the examples name."""
    made = tmp_path_factory.mktemp("examples")
    (made / "evals").mkdir()
    (made / "evals" / "desk.yaml").write_text(EVALUATION)
    write_imported(made)
    return made


@pytest.fixture
def here(live: Live, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Live:
    """Work in the folder, logged in by the examples of `evalyard login`."""
    (folder / "key.txt").write_text(live.key + "\n")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
    monkeypatch.setenv("NO_COLOR", "1")
    for variable in ("CI", "GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(variable, raising=False)
    return live


def test_every_command_has_an_example():
    assert [command for command, lines in COMMANDS if not lines] == []


@pytest.mark.parametrize(("command", "lines"), COMMANDS, ids=[command for command, _ in COMMANDS])
def test_the_help_shows_the_examples(command, lines, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")

    shown = called(f"evalyard {command} --help")

    assert shown.exit_code == 0
    for line in lines:
        assert f"$ {line}" in shown.stdout


@pytest.mark.parametrize("line", EXAMPLES)
def test_the_examples_do_what_they_say(line, here):
    if line.startswith("evalyard login") and "--key" not in line:
        line += " --project demo --key - < key.txt"
    line = line.replace("http://127.0.0.1:8000", here.url)

    done = called(line)

    assert done.exit_code == 0, (done.output, done.exception)
    if "--json" in line and " watch" not in line:
        assert json.loads(done.stdout)
