"""What goes wrong between a client and its server."""

from evalyard._errors import EvalyardError


class ClientError(EvalyardError):
    """Base class: something that was asked of a server did not come about."""


class Unreachable(ClientError):
    """The server gave no answer, or none that is one of Evalyard's; try again, or check the address."""


class NotLoggedIn(ClientError):
    """The server does not know the API key, or wants one."""


class Refused(ClientError):
    """The server refused what was asked: `code` and `field` are for machines, the text says what to do."""

    def __init__(self, message: str, *, code: str = "INTERNAL", field: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.field = field
