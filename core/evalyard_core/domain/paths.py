"""JMESPath expressions of users: what they may be, which fields they read, and what they find."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.functions import Functions
from jmespath.parser import ParsedResult

from .errors import BadInput
from .limits import check_unicode

_LONGEST_PATH: Final = 1_000
#: Expressions whose first part reads the whole value, and the others what that part found.
_NARROWING: Final = frozenset(
    {"subexpression", "index_expression", "projection", "filter_projection", "value_projection", "flatten", "pipe"}
)
#: Expressions that stand for the whole value, or for whatever a narrowing one found.
_WHOLE: Final = frozenset({"current", "identity"})


def check_path(path: str, roots: Sequence[str], *, field: str) -> None:
    """Refuse a path that is no JMESPath, or that reads another field than `roots` of what it is applied to."""
    if len(path) > _LONGEST_PATH:
        raise BadInput(f"A path may have {_LONGEST_PATH:,} characters at most, not {len(path):,}.", field=field)
    try:
        parsed = jmespath.compile(check_unicode(path, field=field)).parsed
    except JMESPathError as error:
        raise BadInput(f"{path!r} is no JMESPath: {_first_line(error)}.", field=field) from error
    except RecursionError as error:
        raise BadInput("The path is nested too deep; use a simpler one.", field=field) from error
    for name in sorted(_functions(parsed) - set(Functions.FUNCTION_TABLE)):
        raise BadInput(f"{path!r} calls {name!r}, which is no function of JMESPath.", field=field)
    for root in sorted(_roots(parsed, roots) - set(roots)):
        raise BadInput(f"{path!r} starts at {root!r}; start at one of {', '.join(roots)}.", field=field)


def find(expression: ParsedResult, value: Any) -> Any:
    """Return what a compiled path finds, or None.

    A function refuses values of a type that it does not take: then what is wanted is not there.
    """
    try:
        return expression.search(value)
    except (JMESPathError, RecursionError):
        return None


def roots_of(expression: ParsedResult, roots: Sequence[str]) -> set[str]:
    """Return the fields of the whole value that an expression reads; all of `roots` where it reads that itself."""
    return _roots(expression.parsed, roots)


def _roots(node: Mapping[str, Any], roots: Sequence[str]) -> set[str]:
    if node["type"] == "field":
        return {str(node["value"])}
    if node["type"] in _WHOLE:
        return set(roots)
    children = [child for child in _children(node) if child["type"] != "expref"]
    if node["type"] in _NARROWING:
        # Of "@.trace" and "@ | trace" the second part is what reads the value.
        children = children[1:2] if children[0]["type"] == "current" else children[:1]
    return set().union(*(_roots(child, roots) for child in children))


def _functions(node: Mapping[str, Any]) -> set[str]:
    """Return the functions that an expression calls."""
    called = {str(node["value"])} if node["type"] == "function_expression" else set()
    return called.union(*map(_functions, _children(node)))


def _children(node: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [child for child in node["children"] if isinstance(child, dict)]


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0].rstrip(":. ")
