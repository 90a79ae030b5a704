"""From what a plugin answered to scores: each failure becomes an ERROR score with a reason."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import evalyard
from evalyard.isolation import Raised
from evalyard.plugins import ResultError, VariableError, read_results
from evalyard_core.domain.errors import Refusal
from evalyard_core.domain.evaluators import EvaluatorSnapshot
from evalyard_core.domain.payload import now, payload_size
from evalyard_core.domain.records import Problem, Score
from evalyard_core.domain.scores import blank_score, failed, is_amount, label_of, number_of, passes, skipped

from .answers import RAISED, Answer, HungError
from .remote import Crashed
from .trouble import NotTried

_LONGEST_TEXT: Final = 2_000
_MOST_METADATA_BYTES: Final = 100_000
#: Of GraphQL's type Int.
_MOST_TOKENS: Final = 2**31


class Judge:
    """Makes the scores of one evaluator."""

    def __init__(self, snapshot: EvaluatorSnapshot, version: str, *, most_bytes: int = _MOST_METADATA_BYTES) -> None:
        self._snapshot = snapshot
        self._version = version
        self._most_bytes = most_bytes

    def blank(self) -> Score:
        """Return a score that says nothing yet."""
        return blank_score(self._snapshot, now(), plugin_version=self._version)

    def scores(self, blank: Score, answer: Answer) -> tuple[Score, ...]:
        """Return the evaluator's score, and behind it those that the plugin gave beside it."""
        if answer.version is not None and answer.version != blank.plugin_version:
            blank = replace(blank, plugin_version=answer.version)
        if answer.error is not None:
            return (self._excused(replace(blank, duration_ms=answer.seconds * 1000), answer.error),)
        try:
            results = read_results(answer.result, self._snapshot.score_type)
            for score in (results.main, *results.others.values()):
                _check(score, self._most_bytes)
            main = self._main(blank, results.main, answer.seconds)
            return (main, *(self._other(blank, name, score) for name, score in results.others.items()))
        except RAISED as error:
            # Objects of a stranger's class may raise anything when they are looked at.
            reason = text(error) if isinstance(error, ResultError) else f"The result raised {_describe(error)}"
            return (failed(replace(blank, duration_ms=answer.seconds * 1000), Problem("BAD_RESULT", reason)),)

    def _main(self, blank: Score, given: evalyard.Score, seconds: float) -> Score:
        # Made at once: dataclasses.replace costs as much as a quick evaluator.
        return Score(
            name=blank.name,
            status=blank.status,
            source=blank.source,
            created_at=blank.created_at,
            evaluator_id=blank.evaluator_id,
            evaluator_version=blank.evaluator_version,
            plugin=blank.plugin,
            plugin_version=blank.plugin_version,
            config_hash=blank.config_hash,
            value=given.value,
            number=number_of(given.value),
            label=label_of(given.value),
            passed=passes(given.value, said=given.passed, threshold=self._snapshot.threshold),
            explanation=None if given.explanation is None else text(given.explanation),
            metadata=None if given.metadata is None else dict(given.metadata),
            cost_usd=given.cost_usd,
            prompt_tokens=given.prompt_tokens,
            completion_tokens=given.completion_tokens,
            duration_ms=seconds * 1000,
        )

    def _other(self, blank: Score, name: str, given: evalyard.Score) -> Score:
        """Return a score that passes or fails nothing."""
        score = self._main(blank, given, 0.0)
        return replace(
            score,
            name=text(f"{blank.name}: {name}"),
            evaluator_id=None,
            part_of=blank.evaluator_id,
            passed=None,
            duration_ms=None,
        )

    def _excused(self, blank: Score, error: BaseException) -> Score:
        if isinstance(error, evalyard.Skip):
            return skipped(blank, text(error.reason))
        return failed(blank, _problem(error, self._snapshot.plugin))


def _problem(error: BaseException, name: str) -> Problem:
    """Return what is told of an exception."""
    match error:
        case VariableError():
            return Problem("BAD_VARIABLE", text(error))
        case ResultError():
            return Problem("BAD_RESULT", text(error))
        case evalyard.EvaluationError():
            return Problem(text(error.code), text(error), retryable=error.retryable is True)
    return _problem_of_process(error, name)


def _problem_of_process(error: BaseException, name: str) -> Problem:
    """Return what is told of what an evaluator did to its process."""
    match error:
        case HungError():
            reason = ": an async evaluator must not block its event loop" if error.blocked else ""
            return Problem("TIMEOUT", f"{name} gave no score within {error.limit_seconds:g} s{reason}.")
        case Crashed():
            return Problem("CRASHED", f"The process of {name} {text(error)}.")
        case NotTried():
            return Problem("NOT_TRIED", text(error), retryable=True)
        case SystemExit():
            return Problem("EXCEPTION", f"{name} tried to end the worker (sys.exit).")
        case MemoryError():
            return Problem("OUT_OF_MEMORY", f"{name} needed more memory than there is for it.")
    return Problem("EXCEPTION", f"{name} raised {text(error) if isinstance(error, Raised) else _describe(error)}")


def text(value: object) -> str:
    """Return what a plugin said as a text that can be stored."""
    try:
        said = str(value)[:_LONGEST_TEXT]
    except RAISED:
        said = type(value).__name__
    # A lone surrogate has no place in UTF-8.
    return said if said.isascii() else said.encode("utf-8", "replace").decode()


def _describe(error: BaseException) -> str:
    return f"{type(error).__name__}: {text(error)}".rstrip(": ")


def _check(score: evalyard.Score, most_bytes: int) -> None:
    """Refuse what beside a score's value could not be stored."""
    if score.cost_usd is not None and not is_amount(score.cost_usd):
        raise ResultError(f"cost_usd is {score.cost_usd!r:.100}; it must be a finite number, 0 or more.")
    if score.passed is not None and score.passed is not True and score.passed is not False:
        raise ResultError(f"passed is {score.passed!r:.100}; it must be true, false or None.")
    for name in ("prompt_tokens", "completion_tokens"):
        tokens = getattr(score, name)
        if tokens is not None and not (type(tokens) is int and 0 <= tokens < _MOST_TOKENS):
            raise ResultError(f"{name} is {tokens!r:.100}; it must be a whole number, 0 or more.")
    if score.metadata is None and isinstance(score.value, bool | float):
        return
    if not isinstance(score.metadata, Mapping | None):
        raise ResultError(f"metadata is {type(score.metadata).__name__}; it must be a mapping.")
    try:
        payload_size([score.value, dict(score.metadata or {})], field="metadata", most=most_bytes)
    except Refusal as error:
        raise ResultError(f"The score can't be stored: {error.message}") from error
