import subprocess
import sys
from importlib.metadata import EntryPoint, version
from types import SimpleNamespace

import pytest
import typer
from typer.testing import CliRunner

from evalyard.cli._commands import GROUP, build_app

greetings = typer.Typer(help="Greetings.")


@greetings.command()
def hello(name: str) -> None:
    """Greet somebody."""
    typer.echo(f"Hello, {name}.")


@greetings.command()
def bye() -> None:
    """Say good-bye."""
    typer.echo("Good-bye.")


def count(*, to: int = 3) -> None:
    """Count up."""
    typer.echo(" ".join(str(number) for number in range(1, to + 1)))


@pytest.fixture
def run(monkeypatch):
    monkeypatch.setitem(sys.modules, "greeter", SimpleNamespace(app=greetings, count=count))
    runner = CliRunner()

    def run(*arguments: str, **commands: str):
        found = [EntryPoint(name, value, GROUP) for name, value in commands.items()]
        return runner.invoke(build_app(found, arguments), list(arguments), env={"COLUMNS": "200"})

    return run


def test_a_function_is_a_command(run):
    done = run("count", "--to", "4", count="greeter:count")

    assert (done.exit_code, done.stdout) == (0, "1 2 3 4\n")


def test_a_typer_is_a_group_of_commands(run):
    done = run("greet", "hello", "Ada", greet="greeter:app")

    assert (done.exit_code, done.stdout) == (0, "Hello, Ada.\n")


def test_another_package_adds_a_command_to_a_group(run):
    offered = {"greet": "greeter:app", "greet.count": "greeter:count", "greet.lost": "no_such_module:app"}

    done, lost, old = run("greet", "count", **offered), run("greet", "lost", **offered), run("greet", "bye", **offered)
    alone = run("greet", "count", greet="greeter:app")

    assert (done.exit_code, done.stdout) == (0, "1 2 3\n")
    assert (old.exit_code, old.stdout) == (0, "Good-bye.\n")
    assert lost.exit_code == 1
    assert "the command lost is not available" in lost.stderr
    assert alone.exit_code == 2


def test_the_help_names_every_command(run):
    done = run("--help", count="greeter:count", greet="greeter:app", broken="no_such_module:app")

    assert done.exit_code == 0
    assert "Count up." in done.stdout
    assert "Greetings." in done.stdout
    assert "No module named 'no_such_module'" in done.stdout


def test_no_arguments_show_the_help(run):
    assert "Count up." in run(count="greeter:count").stdout


def test_a_broken_command_says_so_whatever_its_options(run):
    done = run("broken", "--port", "1", "more", broken="no_such_module:app")

    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == (
        "evalyard: the command broken is not available: an unknown package could not be loaded "
        "(ModuleNotFoundError: No module named 'no_such_module'): reinstall or remove it.\n"
    )


@pytest.mark.parametrize("arguments", [("broken",), ("broken", "--help")])
def test_a_broken_command_costs_no_other_one(run, arguments):
    commands = {"count": "greeter:count", "broken": "greeter:gone"}

    assert run("count", **commands).stdout == "1 2 3\n"
    assert run(*arguments, **commands).exit_code == 1


def test_a_command_imports_no_other_one(run):
    assert run("count", count="greeter:count", heavy="this.module.would:fail").exit_code == 0
    assert "this.module" not in sys.modules


def test_an_unknown_command(run):
    done = run("cuont", count="greeter:count")

    assert done.exit_code == 2
    assert "No such command 'cuont'" in done.stderr


def test_a_command_of_two_packages_is_neither():
    offers = [EntryPoint("count", value, GROUP) for value in ("greeter:count", "other:count")]

    done = CliRunner().invoke(build_app(offers, ["count"]), ["count"])

    assert done.exit_code == 1
    assert "is offered by an unknown package and an unknown package: uninstall one of them" in done.stderr


def test_the_version(run):
    assert run("--version").stdout == f"evalyard {version('evalyard')}\n"


def test_without_the_extra_it_says_what_to_install():
    code = "import sys; sys.modules['typer'] = None; from evalyard.cli import main; main()"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == 'evalyard: the command line needs some more packages: pip install "evalyard[client]"\n'
