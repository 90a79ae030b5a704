"""Lists and objects that were flattened into attributes: `llm.input_messages.0.message.role`."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

#: The most levels that a name is split into, so that no name makes an object too deep to walk; OpenInference has 8.
_LEVELS: Final = 10


def flat_list(attributes: Mapping[str, Any], prefix: str) -> list[Any]:
    """Return the list whose parts are the attributes below `prefix`, which ends in a point.

    Parts come in the order of their numbers, whichever are missing. An object within, all of whose keys are numbers, is
    a list too. Where one name is both a value and the beginning of others, what comes first stays.
    """
    root: dict[str, Any] = {}
    for name in [name for name in attributes if name.startswith(prefix)]:
        _put(root, name[len(prefix) :].split(".", _LEVELS), attributes[name])
    return [_with_lists(root[key]) for key in sorted(filter(_is_index, root), key=_place)]


def _put(root: dict[str, Any], path: list[str], value: Any) -> None:
    for step in path[:-1]:
        root = root.setdefault(step, {})
        if not isinstance(root, dict):
            return
    root.setdefault(path[-1], value)


def _with_lists(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    if all(map(_is_index, node)):
        return [_with_lists(node[key]) for key in sorted(node, key=_place)]
    return {key: _with_lists(part) for key, part in node.items()}


def _is_index(key: str) -> bool:
    return key.isascii() and key.isdigit()


def _place(key: str) -> tuple[int, str]:
    """Order numbers by their digits: a name may have more of them than `int` takes."""
    return len(key), key


def entries(value: Any, wrapped_in: str) -> Iterator[dict[str, Any]]:
    """Yield the objects of a list, each out of the object of one key that OpenInference wraps it in."""
    for entry in value if isinstance(value, list) else ():
        inner = entry.get(wrapped_in, entry) if isinstance(entry, dict) else None
        if isinstance(inner, dict):
            yield inner
