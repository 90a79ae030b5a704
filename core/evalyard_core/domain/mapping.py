"""From a record to the variables of an evaluator: JMESPath over {input, expected, output, metadata, trace}."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

from .errors import BadInput
from .evaluators import VariableMapping
from .plugins import Variable

ROOTS = ("input", "expected", "output", "metadata", "trace")

#: What a mapping reads: one value for each of `ROOTS`.
Context = Mapping[str, Any]


class Missing(Exception):
    """A required variable has no value in a record; the message says which path found nothing."""


@dataclass(frozen=True, slots=True)
class Reader:
    """How one variable is read from a record."""

    variable: str
    path: str
    required: bool
    from_output: bool
    read: Callable[[Context], Any]


def read_variables(readers: Iterable[Reader], context: Context) -> dict[str, Any]:
    """Return the keyword arguments of an evaluator for one record.

    A path that finds nothing leaves an optional variable to its default, and raises `Missing` for a required one;
    but an output without the wanted part is the system's answer, so the evaluator gets None and may fail it.
    """
    variables = {}
    for reader in readers:
        value = reader.read(context)
        if value is not None or (reader.required and reader.from_output):
            variables[reader.variable] = value
        elif reader.required:
            raise Missing(f"{reader.variable!r} has no value: nothing is at {reader.path!r} in this record.")
    return variables


def compile_readers(variables: Iterable[Variable], mapping: Iterable[VariableMapping]) -> tuple[Reader, ...]:
    """Return a reader for each variable that the mapping, or else the plugin's default path, gives a place."""
    paths = {entry.variable: entry.path for entry in mapping}
    readers = []
    for variable in variables:
        path = paths.get(variable.name, variable.default_path)
        if path is not None:
            readers.append(Reader(variable.name, path, variable.required, path.startswith("output"), _compiled(path)))
    return tuple(readers)


def _compiled(path: str) -> Callable[[Context], Any]:
    if path in ROOTS:
        return lambda context: context.get(path)
    search: Callable[[Context], Any] = jmespath.compile(path).search
    return search


def check_mapping(variables: Iterable[Variable], mapping: Iterable[VariableMapping], *, field: str = "mapping") -> None:
    """Refuse a mapping with an unknown or repeated variable, a path that is no JMESPath, or a required one left out."""
    known = {variable.name: variable for variable in variables}
    seen: set[str] = set()
    for index, entry in enumerate(mapping):
        here = f"{field}[{index}]"
        if entry.variable not in known:
            raise BadInput(
                f"The plugin has no variable {entry.variable!r}; it has {', '.join(known) or 'none'}.",
                field=f"{here}.variable",
            )
        if entry.variable in seen:
            raise BadInput(f"{entry.variable!r} is mapped twice; keep one.", field=f"{here}.variable")
        seen.add(entry.variable)
        _check_path(entry.path, field=f"{here}.path")
    for variable in known.values():
        if variable.required and variable.default_path is None and variable.name not in seen:
            raise BadInput(f"{variable.name!r} is required and has no default; map it to a path.", field=field)


def _check_path(path: str, *, field: str) -> None:
    try:
        parsed = jmespath.compile(path).parsed
    except JMESPathError as error:
        raise BadInput(f"{path!r} is no JMESPath: {_first_line(error)}", field=field) from error
    root = _root(parsed)
    if root is not None and root not in ROOTS:
        raise BadInput(f"{path!r} starts at {root!r}; start at one of {', '.join(ROOTS)}.", field=field)


def _root(node: Mapping[str, Any]) -> str | None:
    """Return the field that an expression starts at, or None where it does not start at a plain one."""
    while node["type"] != "field":
        if node["type"] not in {
            "subexpression",
            "index_expression",
            "projection",
            "filter_projection",
            "value_projection",
            "flatten",
            "pipe",
        }:
            return None
        node = node["children"][0]
    return str(node["value"])


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
