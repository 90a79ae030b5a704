"""The variables of an evaluator, read from the signature that its author wrote."""

import inspect
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, NotRequired, Required, get_args, get_origin, get_type_hints

from evalyard._evaluator import Evaluator

_RECORD_FIELDS: Final = frozenset({"input", "expected", "output", "metadata", "trace", "record"})


@dataclass(frozen=True, slots=True)
class Variable:
    """Describe a variable, within `Annotated[type, Variable(...)]` on a parameter of `evaluate`.

    `path` is the JMESPath over {input, expected, output, metadata, trace, record} that the variable is taken from
    unless the user maps it. Without one, a variable called like one of these six is that part of the record; another
    has to be mapped by the user. `record` holds the figures latency_ms, cost_usd, prompt_tokens, completion_tokens,
    total_tokens and attempts, each null where it is not known.
    """

    description: str = ""
    path: str | None = None


@dataclass(frozen=True, slots=True)
class VariableSpec:
    """One variable of an evaluator, as the library shows it; `hint` is the annotation of its values."""

    name: str
    description: str
    required: bool
    default_path: str | None
    hint: Any = field(default=Any, compare=False, repr=False)


def scores_batches(evaluator: type[Evaluator[Any]]) -> bool:
    """Tell whether the class defines `evaluate_batch`, which is then called instead of `evaluate`."""
    return evaluator.evaluate_batch is not Evaluator.evaluate_batch


def scores_records(evaluator: type[Evaluator[Any]]) -> bool:
    """Tell whether the class scores single records."""
    return evaluator.evaluate is not Evaluator.evaluate or scores_batches(evaluator)


def scores_runs(evaluator: type[Evaluator[Any]]) -> bool:
    """Tell whether the class defines `evaluate_run`."""
    return evaluator.evaluate_run is not Evaluator.evaluate_run


def read_variables(evaluator: type[Evaluator[Any]]) -> tuple[VariableSpec, ...]:
    """List the variables in the order in which they are written.

    Raises TypeError, with the remedy, or NameError for a signature that does not tell them.
    """
    if evaluator.evaluate is not Evaluator.evaluate:
        return tuple(_from_parameters(evaluator.evaluate))
    if scores_batches(evaluator):
        return tuple(_from_cases(evaluator.evaluate_batch))
    if scores_runs(evaluator):
        return tuple(_from_cases(evaluator.evaluate_run))
    raise TypeError(f"{evaluator.__name__} defines none of evaluate, evaluate_batch and evaluate_run")


def _from_parameters(method: Callable[..., Any]) -> Iterator[VariableSpec]:
    for parameter in _parameters(method):
        if parameter.kind not in {parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY}:
            raise TypeError(f"{method.__qualname__} has the parameter {parameter}: name each variable as a keyword")
        hint = _resolve(parameter, method)
        yield _specify(parameter.name, hint, required=parameter.default is inspect.Parameter.empty)


def _from_cases(method: Callable[..., Any]) -> Iterator[VariableSpec]:
    hints = [_resolve(parameter, method) for parameter in _parameters(method)]
    case = next(iter(get_args(hints[0])), None) if len(hints) == 1 else None
    required_keys = getattr(case, "__required_keys__", None)
    if case is None or required_keys is None:
        raise TypeError(
            f"the variables of {method.__qualname__} are not known: write its parameter as "
            "`cases: Iterable[MyCase]` with MyCase a TypedDict, or define evaluate too"
        )
    for name, hint in get_type_hints(case, include_extras=True).items():
        yield _specify(name, hint, required=name in required_keys)


def _parameters(method: Callable[..., Any]) -> list[inspect.Parameter]:
    this, *parameters = inspect.signature(method).parameters.values()
    if this.name != "self":
        raise TypeError(f"{method.__qualname__} is no ordinary method: its first parameter has to be self")
    return parameters


def _resolve(parameter: inspect.Parameter, method: Callable[..., Any]) -> Any:
    """Evaluate one annotation by itself, so that names imported for type checkers only do no harm elsewhere."""
    holder = types.SimpleNamespace(__annotations__={"hint": parameter.annotation})
    namespace = getattr(inspect.unwrap(method), "__globals__", {})
    try:
        return get_type_hints(holder, namespace, include_extras=True)["hint"]
    except NameError as exc:
        if Variable.__name__ not in str(parameter.annotation):
            return Any
        raise TypeError(
            f"the annotation of {parameter.name} in {method.__qualname__} can't be read ({exc}): "
            "import that name outside of `if TYPE_CHECKING`"
        ) from exc


def _specify(name: str, hint: Any, *, required: bool) -> VariableSpec:
    """Unwrap Annotated, Required and NotRequired in whatever order they were written."""
    declared, extras = Variable(), []
    while (origin := get_origin(hint)) in {Annotated, Required, NotRequired}:
        if origin is Annotated:
            declared = next((extra for extra in hint.__metadata__ if isinstance(extra, Variable)), declared)
            extras += [extra for extra in hint.__metadata__ if not isinstance(extra, Variable)]
            hint = hint.__origin__
        else:
            required = origin is Required
            hint = get_args(hint)[0]
    path = declared.path or (name if name in _RECORD_FIELDS else None)
    if extras:
        hint = Annotated[(hint, *extras)]
    return VariableSpec(name=name, description=declared.description, required=required, default_path=path, hint=hint)
