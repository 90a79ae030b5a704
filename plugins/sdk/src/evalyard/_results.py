"""Reading what an evaluator returned."""

import math
from collections.abc import Iterable, Mapping, Sized
from dataclasses import dataclass, replace
from decimal import Decimal
from numbers import Integral, Real
from typing import Any, Final

from evalyard._errors import EvaluationError, ResultError
from evalyard._score import Score, ScoreType

LONGEST_TEXT: Final = 2_000
_LONGEST_NAME: Final = 100
_MOST_OTHERS: Final = 20
_PLAIN: Final = frozenset({bool, int, float, str})
_TYPES: Final[Mapping[ScoreType | None, frozenset[type]]] = {
    ScoreType.BOOLEAN: frozenset({bool}),
    ScoreType.NUMERIC: frozenset({int, float}),
    ScoreType.CATEGORICAL: frozenset({str}),
    ScoreType.TEXT: frozenset({str}),
    None: _PLAIN,
}


@dataclass(frozen=True, slots=True)
class Results:
    """The main score of a result, and the others by name."""

    main: Score
    others: Mapping[str, Score]


_NO_OTHERS: Final[Mapping[str, Score]] = {}


def read_results(result: object, score_type: ScoreType) -> Results:
    """Return the scores of a result, or raise ResultError.

    Numbers of other libraries, such as NumPy's, become Python's own.
    """
    # Asked first of what is most often returned: the test for a mapping takes ten times as long.
    if not isinstance(result, (Score, int, float, str)) and isinstance(result, Mapping):
        return _several(result, score_type)
    return Results(_checked(_as_score(result), score_type, ""), _NO_OTHERS)


def read_batch(results: object, count: int) -> list[Any]:
    """Return what `evaluate_batch` gave as a list, or raise EvaluationError where it is none of `count` results."""
    if isinstance(results, str | Mapping) or not (isinstance(results, Sized) and isinstance(results, Iterable)):
        raise EvaluationError(
            f"evaluate_batch must not return {type(results).__name__}; it returns a list.", code="BAD_RESULT"
        )
    if len(results) != count:
        raise EvaluationError(f"evaluate_batch gave {len(results):,} results for {count:,} cases.", code="BAD_RESULT")
    return list(results)


def _several(result: Mapping[Any, Any], score_type: ScoreType) -> Results:
    if not 1 <= len(result) <= _MOST_OTHERS + 1:
        raise ResultError(f"The evaluator gave {len(result)} named scores; it may give 1 to {_MOST_OTHERS + 1}.")
    for name in result:
        if not (isinstance(name, str) and name.strip() and len(name) <= _LONGEST_NAME):
            raise ResultError(f"A score is called {name!r:.120}; a name has 1 to {_LONGEST_NAME} characters.")
    (first, main), *others = result.items()
    return Results(
        _checked(_as_score(main), score_type, f" {first!r}"),
        {name: _checked(_as_score(other), None, f" {name!r}") for name, other in others},
    )


def _as_score(result: object) -> Score:
    value: Any = result.value if isinstance(result, Score) else result
    plain = value if type(value) in _PLAIN else _plain(value)
    if isinstance(result, Score):
        return result if plain is value else replace(result, value=plain)
    return Score(plain)


def _plain(value: Any) -> Any:
    """Return a subclass or a stranger's number as Python's own; anything else as it is."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real | Decimal):
        return float(value)
    # Scalars of NumPy, PyTorch and their kin; an array of several values refuses.
    item = getattr(value, "item", None)
    try:
        return item() if callable(item) else value
    except (TypeError, ValueError, RuntimeError):
        return value


def _checked(score: Score, score_type: ScoreType | None, name: str) -> Score:
    problem = _problem(score.value, score_type, name)
    if problem is not None:
        raise ResultError(problem)
    return score


def _problem(value: object, score_type: ScoreType | None, name: str) -> str | None:
    if type(value) not in _TYPES[score_type]:
        kind = f"A {score_type} evaluator" if score_type is not None else "An evaluator"
        return f"{kind} must not return {type(value).__name__} ({value!r:.100}){' as' if name else ''}{name}."
    if isinstance(value, float) and not math.isfinite(value):
        return f"The score{name} is {value}; it must be a finite number."
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        return f"The score{name} has {len(value):,} characters; {LONGEST_TEXT:,} are allowed."
    return None
