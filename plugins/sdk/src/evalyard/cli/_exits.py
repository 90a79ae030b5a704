"""The exit codes, which stay as they are: scripts and CI servers go by them."""

from enum import IntEnum

from typer import Exit, echo

__all__ = ["ExitCode", "leave"]


class ExitCode(IntEnum):
    """What a command ends with."""

    OK = 0
    GATE_FAILED = 1
    USAGE = 2
    NOT_JUDGED = 3


def leave(code: ExitCode, sentence: str) -> Exit:
    """Say why on stderr, and return what to raise."""
    echo(f"evalyard: {sentence}", err=True)
    return Exit(int(code))
