"""What a client is told when something is refused or fails.

Each error has `extensions.code`, and `extensions.field`, the path of the input at fault, where there is one. What was
not foreseen is logged, and told by the id of its log line.
"""

import re
import secrets
from typing import Final

import structlog
from graphql import GraphQLError, GraphQLSyntaxError
from graphql.validation.validate import ValidationAbortedError
from strawberry.exceptions import MissingQueryError, StrawberryInputCoercionError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError

from evalyard_core.domain.errors import BadInput, LimitExceeded, Refusal

_log = structlog.get_logger(__name__)

#: How graphql-core names a variable, or an argument, and the place in it, whose value is of the wrong type.
_AT_VARIABLE: Final = re.compile(r"Variable '\$(?P<name>\w+)' has invalid (default )?value( at (?P<path>\S+))?: ")
_AT_ARGUMENT: Final = re.compile(r"Argument '(?P<name>\w+)' has invalid (default )?value( at (?P<path>\S+))?: ")

#: What Strawberry raises for a request that can't be executed.
_BAD_REQUESTS: Final = (
    CannotGetOperationTypeError,
    InvalidOperationTypeError,
    MissingQueryError,
    StrawberryInputCoercionError,
)


def present(error: GraphQLError) -> GraphQLError:
    """Return what the client is to be told of an error; may be called again on the result."""
    if error.extensions and "code" in error.extensions:
        return error
    refusal = _refusal(error)
    if refusal is None:
        return _masked(error)
    extensions = {"code": refusal.code} | ({"field": refusal.field} if refusal.field is not None else {})
    return _replaced(error, refusal.message, extensions)


def _refusal(error: GraphQLError) -> Refusal | None:
    """Return the refusal that an error stands for, None for one that nobody foresaw."""
    cause = _cause(error)
    if isinstance(cause, Refusal):
        return cause
    if isinstance(error, ValidationAbortedError) and "Too many" not in error.message:
        return LimitExceeded("This query repeats too many fields or fragments to be checked; simplify it.")
    if isinstance(error, GraphQLSyntaxError) and error.message.endswith("Parsing aborted."):
        return LimitExceeded(error.message.removeprefix("Syntax Error: ").replace("Parsing aborted.", "Send less."))
    if at := _AT_VARIABLE.match(error.message) or _AT_ARGUMENT.match(error.message):
        return BadInput(error.message, field=f"{at['name']}{at['path'] or ''}")
    if error.path is None and (cause is None or isinstance(cause, _BAD_REQUESTS)):
        return BadInput(error.message, field="query")
    return None


def _cause(error: GraphQLError) -> Exception | None:
    """Return the exception, not GraphQL's own, that an error was made of."""
    cause: Exception | None = error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    return cause


def _masked(error: GraphQLError) -> GraphQLError:
    """Log an error and return one that tells nothing but where to find it."""
    log_id = secrets.token_hex(4)
    _log.error("a field failed", id=log_id, path=error.path, exc_info=_cause(error) or error)
    message = f"Something went wrong on our side; it was logged as {log_id}."
    return _replaced(error, message, {"code": "INTERNAL"})


def _replaced(error: GraphQLError, message: str, extensions: dict[str, str]) -> GraphQLError:
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions=extensions,
    )
