"""Evaluators that run here, beside the system: plain functions, and classes that are no plugin yet."""

import asyncio
import hashlib
import inspect
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, get_type_hints

from evalyard._config import Config
from evalyard._decorator import evaluator as as_evaluator
from evalyard._errors import EvalyardError, Skip
from evalyard._evaluator import Evaluator
from evalyard._results import read_results
from evalyard._score import Score, ScoreType
from evalyard._variables import VariableSpec, read_variables

from ._cases import Case
from ._errors import ClientError

_BY_RETURN: Final[Mapping[Any, ScoreType]] = {
    bool: ScoreType.BOOLEAN,
    int: ScoreType.NUMERIC,
    float: ScoreType.NUMERIC,
    str: ScoreType.CATEGORICAL,
}
_LONGEST_TEXT: Final = 2_000


class LocalEvaluator:
    """Scores cases in this process; `source_hash` changes when its code does."""

    def __init__(self, evaluator: Evaluator[Any], name: str, source: Any) -> None:
        self._evaluator = evaluator
        self._variables = read_variables(type(evaluator))
        self.name = name
        self.score_type = evaluator.score_type
        self.function = f"{source.__module__}:{source.__qualname__}"
        self.source_hash = hashlib.sha256(_source(source).encode()).hexdigest()[:16]
        for variable in self._variables:
            self._check(variable)

    @classmethod
    def of(cls, given: Any) -> "LocalEvaluator":
        """Make one of a function, an Evaluator class or an Evaluator; raises ClientError with the remedy."""
        if isinstance(given, Evaluator):
            return cls(given, type(given).__name__, type(given))
        if isinstance(given, type) and issubclass(given, Evaluator):
            return cls(given(Config()), given.__name__, given)
        if not callable(given):
            raise ClientError(f"{given!r} is no evaluator: name one of the project, or pass a function.")
        decorated = as_evaluator(score_type=_score_type(given))(given)
        return cls(decorated(Config()), given.__name__, given)

    @property
    def plugin(self) -> str:
        """The plugin of evaluators whose scores are sent along."""
        return f"evalyard/client_{self.score_type.lower()}"

    @property
    def config(self) -> dict[str, str]:
        """What tells these scores from those of another function."""
        return {"function": self.function, "source_hash": self.source_hash}

    async def score(self, case: Case, output: Any) -> dict[str, Any]:
        """Return the score of an output, as it is sent; whatever the evaluator raises is in it."""
        begun = time.perf_counter()
        said = await self._said(case, output)
        return {**said, "durationMs": (time.perf_counter() - begun) * 1000}

    async def _said(self, case: Case, output: Any) -> dict[str, Any]:
        record = {
            "input": case.input,
            "expected": case.expected_output,
            "output": output,
            "metadata": case.metadata,
        }
        values = {entry.name: record[entry.default_path or ""] for entry in self._variables}
        missing = [entry for entry in self._variables if entry.required and values[entry.name] is None]
        if missing:
            return {"skipped": f"The record has no {missing[0].name}."}
        present = {entry.name: values[entry.name] for entry in self._variables if values[entry.name] is not None}
        try:
            result = await _called(self._evaluator.evaluate, present)
            return _sent(read_results(result, self.score_type).main)
        except Skip as reason:
            return {"skipped": str(reason)[:_LONGEST_TEXT] or "The evaluator skipped it."}
        except EvalyardError as error:
            return {"error": str(error)[:_LONGEST_TEXT]}
        except Exception as error:  # noqa: BLE001 - an evaluator may raise anything; it costs its own score
            return {"error": f"{type(error).__name__}: {error}"[:_LONGEST_TEXT]}

    def _check(self, variable: VariableSpec) -> None:
        if variable.default_path not in {"input", "expected", "output", "metadata"}:
            raise ClientError(
                f"{self.name} has the parameter {variable.name!r}: an evaluator beside the system gets input, "
                "expected, output and metadata."
            )


async def _called(function: Callable[..., Any], variables: Mapping[str, Any]) -> Any:
    if inspect.iscoroutinefunction(function):
        return await function(**variables)
    return await asyncio.to_thread(function, **variables)


def _score_type(function: Callable[..., Any]) -> ScoreType:
    try:
        said = get_type_hints(function).get("return")
    except NameError:
        said = None
    if said not in _BY_RETURN:
        name = getattr(function, "__name__", repr(function))
        raise ClientError(
            f"What {name} returns is not known: annotate it with -> bool, -> float or -> str, or decorate it with "
            "@evalyard.evaluator(score_type=...)."
        )
    return _BY_RETURN[said]


def _source(source: Any) -> str:
    try:
        return inspect.getsource(source)
    except (OSError, TypeError):
        code = getattr(source, "__code__", None)
        return str(source.__qualname__ if code is None else code.co_code.hex())


def _sent(score: Score) -> dict[str, Any]:
    return {
        "value": score.value,
        "passed": score.passed,
        "explanation": score.explanation,
        "metadata": None if score.metadata is None else dict(score.metadata),
        "costUsd": score.cost_usd,
        "promptTokens": score.prompt_tokens,
        "completionTokens": score.completion_tokens,
    }
