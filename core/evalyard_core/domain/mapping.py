"""From a record to the variables of an evaluator: JMESPath over {input, expected, output, metadata, trace, record}."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.functions import Functions

from .errors import BadInput
from .evaluators import VariableMapping
from .limits import check_unicode
from .plugins import Variable
from .records import Outcome, Record

ROOTS = ("input", "expected", "output", "metadata", "trace", "record")
_LONGEST_PATH = 1_000
#: Expressions whose first part reads the whole record, and the others what that part found.
_NARROWING = frozenset(
    {"subexpression", "index_expression", "projection", "filter_projection", "value_projection", "flatten", "pipe"}
)

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


def context_of(case: Record, given: Outcome | Record) -> Context:
    """Return what a mapping reads of a case and of what its call gave: the record itself once that is stored.

    An output that was used again is judged by what it took when it was made.
    """
    took = given.cached_from or given
    return {
        "input": case.input,
        "expected": case.expected_output,
        "output": given.output,
        "metadata": case.metadata,
        "record": figures_of(took.latency_ms, took.cost_usd, took.prompt_tokens, took.completion_tokens, took.attempts),
    }


def figures_of(
    latency_ms: float | None,
    cost_usd: float | None,
    prompt_tokens: int | None,
    completion_tokens: int | None,
    attempts: int,
) -> dict[str, float | int | None]:
    """Return what `record` holds: what answering took, each None where it is not known."""
    # Half of a sum would pass limits that all of it exceeds.
    total = None if prompt_tokens is None or completion_tokens is None else prompt_tokens + completion_tokens
    return {
        "latency_ms": latency_ms,
        "cost_usd": cost_usd,
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": total,
        "attempts": attempts,
    }


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
            readers.append(_reader(variable, path))
    return tuple(readers)


def _reader(variable: Variable, path: str) -> Reader:
    if path in ROOTS:
        return Reader(variable.name, path, variable.required, path == "output", lambda context: context.get(path))
    expression = jmespath.compile(path)

    def read(context: Context) -> Any:
        # A function in an expression refuses values of a type that it does not take: what is wanted is not there.
        try:
            return expression.search(context)
        except (JMESPathError, RecursionError):
            return None

    return Reader(variable.name, path, variable.required, "output" in _roots(expression.parsed), read)


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
    for root in sorted(_roots(parsed) - set(ROOTS)):
        raise BadInput(f"{path!r} starts at {root!r}; start at one of {', '.join(ROOTS)}.", field=field)


def _roots(node: Mapping[str, Any]) -> set[str]:
    """Return the fields of the whole record that an expression reads."""
    if node["type"] == "field":
        return {str(node["value"])}
    children = [child for child in _children(node) if child["type"] != "expref"]
    if node["type"] in _NARROWING:
        children = children[:1]
    return set().union(*map(_roots, children))


def _functions(node: Mapping[str, Any]) -> set[str]:
    """Return the functions that an expression calls."""
    called = {str(node["value"])} if node["type"] == "function_expression" else set()
    return called.union(*map(_functions, _children(node)))


def _children(node: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [child for child in node["children"] if isinstance(child, dict)]


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0].rstrip(":. ")
