"""A row of the table: a request, and why it is refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

EDITOR, VIEWER, ADMIN, ROOT = "editor", "viewer", "admin", "root"


@dataclass(frozen=True, slots=True)
class Refused:
    """A request that is refused.

    A variable that reads `<name>` stands for what the world calls by that name. `who` names the key that is sent.
    """

    name: str
    query: str
    variables: Mapping[str, Any]
    code: str
    field: str | None
    says: str
    who: str = EDITOR
    status: int = 200


def bad_input(
    name: str, query: str, field: str, says: str, /, *, who: str = EDITOR, status: int = 200, **variables: Any
) -> Refused:
    """An argument breaks its rule."""
    return Refused(name, query, variables, "BAD_USER_INPUT", field, says, who, status)


def ill_typed(name: str, query: str, field: str, says: str, /, **variables: Any) -> Refused:
    """A variable is not of its type, so that nothing is executed."""
    return Refused(name, query, variables, "BAD_USER_INPUT", field, says, status=400)


def not_found(name: str, query: str, field: str, says: str, /, *, who: str = EDITOR, **variables: Any) -> Refused:
    """There is no such thing for whoever asks."""
    return Refused(name, query, variables, "NOT_FOUND", field, says, who)


def conflict(name: str, query: str, field: str, says: str, /, *, who: str = EDITOR, **variables: Any) -> Refused:
    """The state of things does not allow it."""
    return Refused(name, query, variables, "CONFLICT", field, says, who)


def limit(
    name: str, query: str, field: str | None, says: str, /, *, who: str = EDITOR, status: int = 200, **variables: Any
) -> Refused:
    """It is more than the server takes."""
    return Refused(name, query, variables, "LIMIT_EXCEEDED", field, says, who, status)


def forbidden(name: str, query: str, says: str, /, *, who: str, **variables: Any) -> Refused:
    """The role of the key does not allow it."""
    return Refused(name, query, variables, "FORBIDDEN", None, says, who)


def unauthenticated(name: str, says: str, /, *, query: str, who: str, **variables: Any) -> Refused:
    """Nobody known asks."""
    return Refused(name, query, variables, "UNAUTHENTICATED", None, says, who, 401)


def nested(levels: int) -> Any:
    """Return a value inside so many lists."""
    value: Any = "here"
    for _ in range(levels):
        value = [value]
    return value
