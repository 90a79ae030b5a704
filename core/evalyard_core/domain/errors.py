"""Why a request is refused.

    Refusal
    ├── Unauthenticated   no key, or one that is unknown, expired or revoked
    ├── Forbidden         the key's role does not allow it
    ├── NotFound          no such object, or one of another project
    ├── BadInput          an argument is wrong; `field` is its path
    ├── Conflict          the state of an object does not allow it
    └── LimitExceeded     more than the server takes; `field` is the path where known

Each message is one sentence with the remedy and safe to show to whoever asked.
"""

from typing import ClassVar


class Refusal(Exception):
    """A request that was refused and changed nothing."""

    code: ClassVar[str]

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class Unauthenticated(Refusal):
    """Nobody known asks."""

    code = "UNAUTHENTICATED"


class Forbidden(Refusal):
    """The asker's role does not allow it."""

    code = "FORBIDDEN"


class NotFound(Refusal):
    """The object does not exist for the asker."""

    code = "NOT_FOUND"


class BadInput(Refusal):
    """An argument breaks its rule; `field` is the path of the argument."""

    code = "BAD_USER_INPUT"

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message, field=field)


class Conflict(Refusal):
    """The object's state does not allow it."""

    code = "CONFLICT"


class LimitExceeded(Refusal):
    """More than the server takes at once."""

    code = "LIMIT_EXCEEDED"
