"""What clients may send: a message of another form ends the connection (protocol, "Invalid message")."""

from collections.abc import Callable, Mapping
from typing import Any, Final


def problem_of(message: object) -> str | None:
    """Return in a few words what is wrong with a client's message, or None."""
    if not isinstance(message, dict):
        return "A message is a JSON object"
    check = _CHECKS.get(message.get("type") if isinstance(message.get("type"), str) else None)
    return check(message) if check else "Unknown message type"


def _payload(message: Mapping[str, Any]) -> str | None:
    return None if _is_map(message.get("payload")) else "payload must be an object"


def _complete(message: Mapping[str, Any]) -> str | None:
    return None if _is_id(message.get("id")) else "id must be a string"


def _subscribe(message: Mapping[str, Any]) -> str | None:
    payload = message.get("payload")
    if not _is_id(message.get("id")):
        return "id must be a string"
    if not isinstance(payload, dict) or not isinstance(payload.get("query"), str):
        return "payload.query must be a string"
    if not isinstance(payload.get("operationName"), str | None):
        return "payload.operationName must be a string"
    for name in ("variables", "extensions"):
        if not _is_map(payload.get(name)):
            return f"payload.{name} must be an object"
    return None


def _is_id(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _is_map(value: object) -> bool:
    return value is None or isinstance(value, dict)


_CHECKS: Final[Mapping[str | None, Callable[[Mapping[str, Any]], str | None]]] = {
    "connection_init": _payload,
    "ping": _payload,
    "pong": _payload,
    "subscribe": _subscribe,
    "complete": _complete,
}
