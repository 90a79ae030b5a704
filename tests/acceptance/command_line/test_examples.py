"""Each command's help, and the examples in it, against a live server."""

import json
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import pytest
import typer

from evalyard.cli._commands import GROUP
from evalyard.cli._examples import examples_of
from tests.fixtures.live import Live

from .calling import called

#: Commands of the server and of plugin packages have tests of their own.
OTHERS = {"up", "serve", "worker", "keys", "plugins"}
#: Where the examples of one command need what those of another do: they run in this order.
FIRST = ["login", "whoami", "projects", "datasets", "evaluators", "systems", "runs", "gate", "run", "logout"]

EVALUATION = """\
name: desk
dataset: support
system: {name: desk, version: v1}
policy: {min_pass_rate: 0.7}
"""


def commands() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield each command and its examples."""
    for entry in entry_points(group=GROUP):
        found = entry.load()
        if entry.name.partition(".")[0] in OTHERS:
            continue
        if not isinstance(found, typer.Typer):
            yield entry.name, examples_of(found)
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
