"""Examples of a command, shown below its help; a test runs each against a server."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

_ATTRIBUTE: Final = "__evalyard_examples__"


def examples(*lines: str) -> Callable[[F], F]:
    """Keep lines of a shell with the function of a command."""

    def keep(function: F) -> F:
        setattr(function, _ATTRIBUTE, lines)
        return function

    return keep


def examples_of(function: Callable[..., Any] | None) -> tuple[str, ...]:
    """Return the examples of a command's function."""
    lines: tuple[str, ...] = getattr(function, _ATTRIBUTE, ())
    return lines


def epilog(function: Callable[..., Any] | None) -> str | None:
    """Return what stands below a command's help."""
    lines = examples_of(function)
    # An empty line is a line break in the help.
    return "\n\n".join(["Examples:", *(f"  $ {line}" for line in lines)]) if lines else None
