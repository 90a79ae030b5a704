"""A connection to the server for the time of one command, and what its refusals mean for the exit code."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from ._exits import ExitCode, leave

if TYPE_CHECKING:
    from evalyard.client import Client, ClientError

_TRIES: Final = 3
#: What is refused for one of these reasons was asked wrongly; for any other, the server could not do it.
_ASKED_WRONGLY: Final = frozenset({"BAD_USER_INPUT", "NOT_FOUND", "CONFLICT", "LIMIT_EXCEEDED"})


class Session:
    """A client and its project, asked for when it is needed."""

    def __init__(self, client: "Client") -> None:
        self.client = client

    @property
    def project_id(self) -> str:
        """The id of the project."""
        return self.client.project_id()

    def ask(self, operation: str, **variables: Any) -> Any:
        """Return what the first field of an operation holds."""
        return next(iter(self.client.execute(operation, **variables).values()))

    def nodes(self, operation: str, field: str | None = None, **variables: Any) -> Iterator[dict[str, Any]]:
        """Yield the nodes of a connection, page by page: that of the operation's first field, or a `field` of it."""
        after = None
        while True:
            answer = self.ask(operation, **variables, after=after)
            page: Mapping[str, Any] = answer if field is None else answer[field]
            for edge in page["edges"]:
                yield edge["node"]
            if not page["pageInfo"]["hasNextPage"]:
                return
            after = page["pageInfo"]["endCursor"]


@contextmanager
def opened(*, tries: int = _TRIES) -> Iterator[Session]:
    """Give a session; whatever the client raises ends the command with a sentence and its exit code."""
    # The help must not wait for what only the commands need.
    from evalyard.client import Client  # noqa: PLC0415

    with refusals(), Client(tries=tries) as client:
        yield Session(client)


@contextmanager
def refusals() -> Iterator[None]:
    """Turn what the client raises into a sentence and an exit code."""
    from evalyard.client import ClientError  # noqa: PLC0415

    try:
        yield
    except ClientError as error:
        raise leave(code_of(error), str(error)) from error


def code_of(error: "ClientError") -> ExitCode:
    """Return the exit code of what the client raised."""
    from evalyard.client import NotLoggedIn, Refused, Unreachable  # noqa: PLC0415

    if isinstance(error, Refused):
        return ExitCode.USAGE if error.code in _ASKED_WRONGLY else ExitCode.NOT_JUDGED
    return ExitCode.NOT_JUDGED if isinstance(error, NotLoggedIn | Unreachable) else ExitCode.USAGE
