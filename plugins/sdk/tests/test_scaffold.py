"""What `evalyard plugins new` writes: a package that passes its own tests, mypy's strict rules and ruff's own."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet
from typer.testing import CliRunner

from evalyard.cli.plugins import app

SDK = Path(__file__).parents[1]


def new(*arguments):
    return CliRunner().invoke(app, ["new", *arguments])


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    folder = tmp_path_factory.mktemp("new")
    done = new("Acme.Metrics", "--in", str(folder))
    assert done.exit_code == 0, done.output
    assert "pip install -e '.[dev]'" in done.output
    return folder / "acme-metrics"


def ran(package, *command, **environ):
    """Run a module of Python in the package's folder, and return what it printed."""
    # What this session's pytest was told is not meant for theirs.
    mine = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=package,
        env=mine | environ,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_passes_its_own_tests_when_it_is_installed(package, tmp_path):
    quiet = ("--quiet", "--disable-pip-version-check", "--no-deps", "--no-build-isolation")
    ran(package, "pip", "install", *quiet, "--target", str(tmp_path), ".")

    # In a package of its own nobody sets the options of pytest-asyncio, which are of no concern to it.
    printed = ran(package, "pytest", "-q", "-p", "no:asyncio", "-p", "no:cacheprovider", PYTHONPATH=str(tmp_path))

    assert "16 passed" in printed
    listed = ran(package, "evalyard.cli", "plugins", "test", "acme-metrics", PYTHONPATH=str(tmp_path))
    assert "It keeps the contract." in listed


def test_it_is_typed_strictly(package):
    printed = ran(package, "mypy", "--cache-dir", os.devnull, MYPYPATH=f"src:{SDK / 'src'}")

    assert "no issues found in 4 source files" in printed


def test_it_is_formatted_and_clean_by_the_rules_that_ruff_begins_with(package):
    assert "All checks passed" in ran(package, "ruff", "check", "--isolated", "--no-cache", ".")
    assert "already formatted" in ran(package, "ruff", "format", "--isolated", "--no-cache", "--check", ".")


def test_it_supports_this_sdk_and_no_other_contract(package):
    project = tomllib.loads((package / "pyproject.toml").read_text())["project"]
    here = tomllib.loads((SDK / "pyproject.toml").read_text())["project"]["version"]

    ranges = [SpecifierSet(text.removeprefix("evalyard")) for text in project["dependencies"]]

    assert [here in span for span in ranges] == [True]
    assert not any(other in ranges[0] for other in ("0.0.9", "0.2.0", "1.0.0"))
    assert project["entry-points"]["evalyard.evaluators"] == {"word_count": "acme_metrics:WordCount"}
    assert (package / "src" / "acme_metrics" / "py.typed").read_text() == ""
    assert "`acme-metrics/word_count`" in (package / "README.md").read_text()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "'' is no name for a package: use up to 60 letters, digits and dashes, a letter first."),
        ("1st", "'1st' is no name for a package"),
        ("../up", "'../up' is no name for a package"),
        ("acme-", "'acme-' is no name for a package"),
        ("x" * 61, "is no name for a package"),
        ("json", "A module called json is there already: choose another name."),
        ("evalyard", "A module called evalyard is there already"),
        ("class", "A module called class is there already"),
    ],
)
def test_a_name_that_can_not_be_had_is_refused(name, reason, tmp_path):
    done = new("--in", str(tmp_path), "--", name)

    assert done.exit_code == 1
    assert reason in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_nothing_that_is_there_is_overwritten(tmp_path):
    mine = tmp_path / "acme-metrics" / "mine.py"
    mine.parent.mkdir()
    mine.write_text("kept")

    done = new("acme-metrics", "--in", str(tmp_path))

    assert done.exit_code == 1
    assert "is there already and not empty: choose another name, or another folder with --in." in done.stderr
    assert [path.name for path in mine.parent.iterdir()] == ["mine.py"]
