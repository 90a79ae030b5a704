"""Calling the command line in this process, and as one of its own."""

import shlex
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

from typer.testing import CliRunner, Result

from evalyard.cli._commands import GROUP, build_app


def called(line: str) -> Result:
    """Run a line of a shell in this process: `evalyard …`, with globs and one `< FILE`."""
    command, _, source = line.partition(" < ")
    program, *words = shlex.split(command)
    assert program == "evalyard"
    arguments = [found for word in words for found in (sorted(map(str, Path().glob(word))) if "*" in word else [word])]
    app = build_app(entry_points(group=GROUP), arguments)
    return CliRunner().invoke(app, arguments, input=Path(source).read_text() if source else None)


def evalyard(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line as a process."""
    return subprocess.run(
        [sys.executable, "-m", "evalyard.cli", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=environment or None,
    )
