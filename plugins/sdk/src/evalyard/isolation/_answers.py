"""What an evaluator returned or raised, as a message, and back."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

from evalyard._errors import EvaluationError, ResultError, Skip, VariableError
from evalyard._results import read_results
from evalyard._score import Score, ScoreType

_LONGEST_TEXT: Final = 2_000
_FIELDS: Final = tuple(field.name for field in fields(Score))


class Raised(Exception):
    """An evaluator raised an exception in its process; the message is `type: text`."""


@dataclass(frozen=True, slots=True)
class CaseAnswer:
    """What an evaluator said of the case at `place`: a result as `evaluate` returns it, or why there is none."""

    place: int
    result: Any
    error: BaseException | None
    seconds: float


def result_message(place: int, result: object, score_type: ScoreType, seconds: float) -> dict[str, Any]:
    """Return the message that carries what an evaluator returned; one that is no score becomes its reason."""
    try:
        results = read_results(result, score_type)
        if not results.others:
            return {"case": place, "seconds": seconds, "score": _score_message(results.main)}
        others = {name: _score_message(score) for name, score in results.others.items()}
        return {"case": place, "seconds": seconds, "score": _score_message(results.main), "others": others}
    except BaseException as error:  # noqa: BLE001 - objects of a stranger's class may raise anything when looked at
        reason = error if isinstance(error, ResultError) else ResultError(f"The result raised {describe(error)}")
        return error_message(place, reason, seconds)


def _score_message(score: Score) -> dict[str, Any]:
    if score.metadata is None and score.explanation is None:
        return {name: value for name in _FIELDS if (value := getattr(score, name)) is not None}
    message = {name: getattr(score, name) for name in _FIELDS}
    message["explanation"] = None if score.explanation is None else text(score.explanation)
    message["metadata"] = None if score.metadata is None else dict(score.metadata)
    return message


def error_message(place: int, error: BaseException, seconds: float) -> dict[str, Any]:
    """Return the message that carries what an evaluator raised."""
    return {"case": place, "seconds": seconds, "error": _error(error)}


def _error(error: BaseException) -> dict[str, Any]:
    told = {"kind": "raised", "message": describe(error)}
    match error:
        case Skip():
            told = {"kind": "skip", "message": text(error.reason)}
        case EvaluationError():
            told = {"kind": "told", "message": text(error), "code": text(error.code)}
            return {**told, "retryable": error.retryable is True}
        case VariableError():
            told = {"kind": "variable", "message": text(error), "variable": error.variable}
        case ResultError():
            told = {"kind": "result", "message": text(error)}
        case SystemExit():
            told = {"kind": "exit"}
        case MemoryError():
            told = {"kind": "memory"}
    return told


_ERRORS: Final[Mapping[str, Callable[[Mapping[str, Any]], BaseException]]] = {
    "skip": lambda told: Skip(told["message"]),
    "told": lambda told: EvaluationError(told["message"], code=told["code"], retryable=told["retryable"]),
    "variable": lambda told: VariableError(told["message"], variable=told["variable"]),
    "result": lambda told: ResultError(told["message"]),
    "exit": lambda _: SystemExit(1),
    "memory": lambda _: MemoryError(),
    "raised": lambda told: Raised(told["message"]),
}


def read_answer(message: Mapping[str, Any]) -> CaseAnswer:
    """Return what a message carries; raises KeyError, TypeError or ValueError for one that is damaged."""
    place, seconds = int(message["case"]), float(message["seconds"])
    if told := message.get("error"):
        return CaseAnswer(place, None, _ERRORS[told["kind"]](told), seconds)
    main = Score(**message["score"])
    if "others" not in message:
        return CaseAnswer(place, main, None, seconds)
    others = {name: Score(**said) for name, said in message["others"].items()}
    return CaseAnswer(place, {_unused(others): main, **others}, None, seconds)


def _unused(names: Iterable[str]) -> str:
    """Return a name for the main score, which is told by its place and not by its name."""
    return f"not {max(names, key=len, default='')}"


def text(value: object) -> str:
    """Return what a plugin said as a text that UTF-8 can hold."""
    try:
        return str(value)[:_LONGEST_TEXT].encode("utf-8", "replace").decode()
    except BaseException:  # noqa: BLE001 - a stranger's __str__ may raise anything
        return type(value).__name__


def describe(error: BaseException) -> str:
    """Return an exception's type and text."""
    return f"{type(error).__name__}: {text(error)}".rstrip(": ")
