"""Packages of plugins that need different versions of one library, each in an environment of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from evalyard_core.domain.plugins import EvaluatorPlugin, PluginHealth
from evalyard_core.domain.runs import RunStatus
from evalyard_server.plugin_packages import install_isolated
from evalyard_server.start_error import StartError
from evalyard_workers.plugins.rules import PluginRules
from tests.fixtures.third_party import PACKAGES
from tests.support.room import Room


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with both versions of the library: there is no internet."""
    folder = tmp_path_factory.mktemp("wheels")
    for version in ("1", "2"):
        build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
        subprocess.run(build, cwd=PACKAGES / f"acme-words-{version}", check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture
def plugin_rules(data: Path) -> PluginRules:
    return PluginRules(folder=data / "plugins")


def evalyard(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command of `evalyard plugins`."""
    command = [sys.executable, "-m", "evalyard.cli", "plugins", *arguments]
    environment = {**os.environ, "EVALYARD_DATA": str(data)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def offline(wheels: Path) -> list[str]:
    return ["--no-index", "--find-links", str(wheels), "--no-build-isolation"]


async def shown(room: Room) -> dict[str, EvaluatorPlugin]:
    """Return the library's evaluators once the worker has looked again."""
    await room.publish()
    catalogue = await room.services.library.catalogue(fresh=True)
    return catalogue.evaluators


async def test_two_versions_of_one_library_serve_in_one_run(room: Room, data: Path, wheels: Path) -> None:
    for name in ("acme-classic", "acme-modern"):
        done = evalyard(data, "install", str(PACKAGES / name), "--isolated", "--", *offline(wheels))
        assert done.returncode == 0, done.stderr
        assert f"{name}/word_count 1.0.0 is AVAILABLE\n" in done.stdout
    listed = {plugin["key"]: plugin for plugin in json.loads(evalyard(data, "list", "--json").stdout)}
    library = await shown(room)
    for key in ("acme-classic/word_count", "acme-modern/word_count"):
        assert (listed[key]["runs"], listed[key]["problem"]) == ("in its own environment", None)
        assert (library[key].health, library[key].version) == (PluginHealth.AVAILABLE, "1.0.0")
        assert [(variable.name, variable.default_path) for variable in library[key].variables] == [("output", "output")]

    evaluators = [await room.evaluator(f"{name}/word_count") for name in ("acme-classic", "acme-modern")]
    answers = ["a-b c", "a", "a-b-c"]
    dataset = await room.dataset([{"answer": answer} for answer in answers])
    run = await room.finished(await room.start(dataset, await room.system("moody"), evaluators))

    assert run.status is RunStatus.COMPLETED
    records = await room.records(run)
    assert [[score.value for score in record.scores] for record in records] == [[3, 2], [1, 1], [3, 1]]
    assert "acme_words" not in sys.modules

    gone = evalyard(data, "uninstall", "acme-modern")
    assert gone.returncode == 0, gone.stderr
    library = await shown(room)
    assert library["acme-modern/word_count"].health is PluginHealth.OFFLINE
    assert library["acme-classic/word_count"].health is PluginHealth.AVAILABLE
    assert await room.records(run) == records


def test_an_environment_that_can_not_be_made_leaves_nothing_behind(tmp_path: Path) -> None:
    folder = tmp_path / "plugins"

    with pytest.raises(StartError, match=r"^pip install failed with exit code 1: its own words are above\.$"):
        install_isolated(str(PACKAGES / "acme-modern"), ["--no-index", "--no-build-isolation", "--quiet"], folder)

    assert list(folder.iterdir()) == []
