"""From a record to the variables of an evaluator: JMESPath over {input, expected, output, metadata, trace, record}."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import jmespath

from .errors import BadInput
from .evaluators import VariableMapping
from .paths import check_path, find, roots_of
from .plugins import Variable
from .records import Outcome, Record

ROOTS = ("input", "expected", "output", "metadata", "trace", "record")

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
    from_trace: bool
    read: Callable[[Context], Any]


def context_of(case: Record, given: Outcome | Record, trace: Any = None) -> Context:
    """Return what a mapping reads of a case and of what its call gave: the record itself once that is stored.

    An output that was used again is judged by what it took when it was made. `trace` is the JSON of `mapped_trace`,
    where there is one and something reads it.
    """
    took = given.cached_from or given
    return {
        "input": case.input,
        "expected": case.expected_output,
        "output": given.output,
        "metadata": case.metadata,
        "trace": trace,
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
        return Reader(
            variable.name, path, variable.required, path == "output", path == "trace", lambda context: context.get(path)
        )
    expression = jmespath.compile(path)

    roots = roots_of(expression, ROOTS)
    return Reader(
        variable.name, path, variable.required, "output" in roots, "trace" in roots, partial(find, expression)
    )


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
        check_path(entry.path, ROOTS, field=f"{here}.path")
    for variable in known.values():
        if variable.required and variable.default_path is None and variable.name not in seen:
            raise BadInput(f"{variable.name!r} is required and has no default; map it to a path.", field=field)
