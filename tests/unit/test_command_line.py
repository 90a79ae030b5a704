"""The commands of the server distribution, as the command line has them."""

import subprocess
import sys
from importlib.metadata import entry_points

import pytest

HEAVY = {
    "dramatiq",
    "httpx",
    "evalyard.client",
    "websockets",
    "yaml",
    "numpy",
    "pymongo",
    "redis",
    "scipy",
    "starlette",
    "strawberry",
    "uvicorn",
}

CLIENT = [("login",), ("datasets",), ("evaluators",), ("systems",), ("runs",), ("runs", "watch"), ("gate",), ("run",)]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    code = (
        f"import sys\nfrom evalyard.cli import main\nsys.argv = ['evalyard', *{arguments!r}]\n"
        f"try:\n    main()\nfinally:\n    print(sorted({HEAVY!r} & sys.modules.keys()), file=sys.stderr)"
    )
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_each_command_is_there_and_loads():
    found = entry_points(group="evalyard.commands")

    assert {"up", "serve", "worker", "keys", "plugins", "login", "runs", "run", "gate"} <= found.names
    assert [entry_point.load() for entry_point in found]


@pytest.mark.parametrize("command", [(), ("up",), ("serve",), ("worker",), ("keys",), ("plugins",), *CLIENT])
def test_help_is_fast_because_it_imports_nothing_heavy(command):
    done = run(*command, "--help")

    assert done.returncode == 0
    assert "not available" not in done.stdout
    assert done.stderr == "[]\n"
