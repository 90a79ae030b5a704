"""What summaries read of records: a few figures, of millions."""

from typing import Final

from evalyard_core.domain.records import Problem, RecordStatus, ScoreStatus, Verdict, score_key
from evalyard_core.domain.summaries import RecordFigures, ScoreFigures

from .codec import Document, PartCodec

# A look into these is several times as fast as a call of the enumeration.
_RECORD_STATUSES: Final = {status.value: status for status in RecordStatus}
_SCORE_STATUSES: Final = {status.value: status for status in ScoreStatus}
#: Verdicts by what stands for them in documents.
VERDICTS: Final = {None: None} | {verdict.value: verdict for verdict in Verdict}

_PROBLEM = PartCodec(Problem)

_OF_SCORES: Final = (
    *("evaluator_id", "part_of", "name", "status", "passed", "number", "label"),
    *("cost_usd", "prompt_tokens", "completion_tokens", "error", "cached_from"),
)
#: The projection that `record_figures` needs.
FIGURES: Final = dict.fromkeys(
    (
        *("item_id", "status", "verdict", "latency_ms", "cost_usd", "prompt_tokens", "completion_tokens"),
        "cached_from.record_id",
        *(f"scores.{name}" for name in _OF_SCORES),
    ),
    1,
)


def record_figures(row: Document) -> RecordFigures:
    """Return the figures of a row that was read with `FIGURES`."""
    return RecordFigures(
        item_id=row["item_id"],
        status=_RECORD_STATUSES[row["status"]],
        verdict=VERDICTS[row["verdict"]],
        latency_ms=row["latency_ms"],
        cost_usd=row["cost_usd"],
        tokens=(row["prompt_tokens"] or 0) + (row["completion_tokens"] or 0),
        scores=[_score_figures(score) for score in row["scores"]],
        cached=row.get("cached_from") is not None,
    )


def _score_figures(part: Document) -> ScoreFigures:
    error = part.get("error")
    return ScoreFigures(
        key=score_key(part.get("evaluator_id"), part["name"], part.get("part_of")),
        status=_SCORE_STATUSES[part["status"]],
        passed=part.get("passed"),
        number=part.get("number"),
        label=part.get("label"),
        cost_usd=part.get("cost_usd"),
        tokens=part.get("prompt_tokens", 0) + part.get("completion_tokens", 0),
        error=None if error is None else _PROBLEM.decode(error),
        cached="cached_from" in part,
    )
