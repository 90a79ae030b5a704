"""Evaluators that run beside the system: whoever submits a record sends their scores along.

The library has one plugin for each type of score, which no worker needs to have installed. An evaluator made of one
says in its config what gives the scores, so that scores which another function gave have another config hash.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from evalyard import ScoreType

from .errors import BadInput, LimitExceeded
from .evaluators import EvaluatorSnapshot
from .limits import check_text
from .payload import payload_size
from .plugins import EvaluatorPlugin, PluginHealth
from .records import Problem, Score, ScoreSource
from .scores import blank_score, failed, is_amount, is_of_type, skipped, with_value

_DISTRIBUTION: Final = "evalyard"
_MOST_BYTES: Final = 100_000
_MOST_TOKENS: Final = 2**31
_AMOUNTS: Final = ("cost_usd", "prompt_tokens", "completion_tokens", "duration_ms")

_CONFIG_SCHEMA: Final = {
    "type": "object",
    "properties": {
        "function": {"type": "string", "description": "What gives the scores, as module:function."},
        "source_hash": {"type": "string", "description": "Another one says that the function has changed."},
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmittedScore:
    """What an evaluator elsewhere said of a record: a value, or why there is none; costs in USD, times in ms."""

    evaluator_id: str
    value: Any = None
    passed: bool | None = None
    explanation: str | None = None
    metadata: Any = None
    error: str | None = None
    skipped: str | None = None
    cost_usd: float | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    duration_ms: float | None = None


def _plugin(score_type: ScoreType) -> EvaluatorPlugin:
    name = f"client_{score_type.lower()}"
    return EvaluatorPlugin(
        key=f"{_DISTRIBUTION}/{name}",
        name=name,
        summary=f"{score_type.capitalize()} scores that whoever submits the records sends along",
        distribution=_DISTRIBUTION,
        version="1",
        score_type=score_type,
        config_schema=_CONFIG_SCHEMA,
        variables=(),
        health=PluginHealth.AVAILABLE,
    )


#: By key.
CLIENT_PLUGINS: Final[Mapping[str, EvaluatorPlugin]] = {plugin.key: plugin for plugin in map(_plugin, ScoreType)}


def is_given_by_client(evaluator: EvaluatorSnapshot) -> bool:
    """Tell whether an evaluator's scores are sent along with the records."""
    return evaluator.plugin in CLIENT_PLUGINS


def client_scores(
    submitted: Sequence[SubmittedScore], evaluators: Sequence[EvaluatorSnapshot], at: datetime, *, field: str
) -> tuple[Score, ...]:
    """Return the scores of a record, or refuse one that is not the run's, comes twice, or does not fit."""
    used = {entry.evaluator_id: entry for entry in evaluators}
    scores: dict[str, Score] = {}
    for place, given in enumerate(submitted):
        here = f"{field}[{place}]"
        evaluator = used.get(given.evaluator_id)
        if evaluator is None:
            raise BadInput("The run does not use this evaluator; start one with it.", field=f"{here}.evaluatorId")
        if not is_given_by_client(evaluator):
            raise BadInput(f"The workers score with {evaluator.plugin}; leave its score out.", field=here)
        if given.evaluator_id in scores:
            raise BadInput("An evaluator has one score of a record; send one.", field=f"{here}.evaluatorId")
        scores[given.evaluator_id] = _score(given, evaluator, at, field=here)
    return tuple(scores.values())


def _score(given: SubmittedScore, evaluator: EvaluatorSnapshot, at: datetime, *, field: str) -> Score:
    if sum(part is not None for part in (given.value, given.error, given.skipped)) != 1:
        raise BadInput("A score has a value, or an error, or the reason why it was skipped.", field=field)
    amounts = {name: getattr(given, name) for name in _AMOUNTS}
    _check_amounts(amounts, field=field)
    score = replace(blank_score(evaluator, at), source=ScoreSource.API, **amounts)
    if given.error is not None:
        return failed(score, Problem("EVALUATOR_ERROR", check_text(given.error, field=f"{field}.error")))
    if given.skipped is not None:
        return skipped(score, check_text(given.skipped, field=f"{field}.skipped"))
    _check_value(given, evaluator, field=field)
    explained = replace(score, explanation=given.explanation, metadata=given.metadata)
    return with_value(explained, given.value, passed=given.passed, threshold=evaluator.threshold)


def _check_value(given: SubmittedScore, evaluator: EvaluatorSnapshot, *, field: str) -> None:
    if not is_of_type(given.value, evaluator.score_type):
        wanted = evaluator.score_type.lower()
        raise BadInput(f"The scores of {evaluator.name!r} are {wanted}, and this is none.", field=f"{field}.value")
    payload_size(given.value, field=f"{field}.value", most=_MOST_BYTES)
    payload_size(given.metadata, field=f"{field}.metadata", most=_MOST_BYTES)
    if given.explanation is not None:
        check_text(given.explanation, field=f"{field}.explanation")


def _check_amounts(amounts: Mapping[str, Any], *, field: str) -> None:
    for name, amount in amounts.items():
        head, *tail = name.split("_")
        here = f"{field}.{head}{''.join(map(str.capitalize, tail))}"
        if amount is not None and not is_amount(amount):
            raise BadInput("It must be 0 or more, and less than 1e12.", field=here)
        if name.endswith("tokens") and amount is not None and amount >= _MOST_TOKENS:
            raise LimitExceeded("A score may use 2,147,483,647 tokens at most.", field=here)
