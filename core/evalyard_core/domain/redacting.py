"""Redaction of items and records: of what a case is, of what a system says of it, and of its errors."""

from collections.abc import Iterable
from dataclasses import replace

from .payload import dump_json, load_json
from .records import Outcome, Problem, Record, Score
from .redaction import Redactor


def redacted_text(text: str | None, redactor: Redactor, *, path: str) -> str | None:
    """Return a JSON text as the store has it without what must not be stored."""
    return dump_json(redactor.value(load_json(text), path=path))


def redacted_outcome(outcome: Outcome, redactor: Redactor) -> Outcome:
    """Return what a call gave without what must not be stored."""
    return replace(
        outcome,
        output=redactor.value(outcome.output, path="output"),
        response=redactor.value(outcome.response, path="response"),
        error=_redacted_problem(outcome.error, redactor),
    )


def redacted_record(record: Record, redactor: Redactor) -> Record:
    """Return a record, with the scores that it came with, without what must not be stored."""
    if redactor.is_idle:
        return record
    return replace(
        record,
        input=redactor.value(record.input, path="input"),
        expected_output=redactor.value(record.expected_output, path="expectedOutput"),
        metadata=redactor.value(record.metadata, path="metadata"),
        output=redactor.value(record.output, path="output"),
        response=redactor.value(record.response, path="response"),
        error=_redacted_problem(record.error, redactor),
        scores=tuple(_redacted_score(score, redactor) for score in record.scores),
    )


def redacted_records(records: Iterable[Record], redactor: Redactor) -> dict[str, Record]:
    """Return records without what must not be stored, by id."""
    return {record.id: redacted_record(record, redactor) for record in records}


def _redacted_score(score: Score, redactor: Redactor) -> Score:
    return replace(
        score,
        value=redactor.value(score.value, path="value"),
        label=None if score.label is None else redactor.text(score.label),
        explanation=None if score.explanation is None else redactor.text(score.explanation),
        metadata=redactor.value(score.metadata, path="metadata"),
        error=_redacted_problem(score.error, redactor),
    )


def _redacted_problem(problem: Problem | None, redactor: Redactor) -> Problem | None:
    return None if problem is None else replace(problem, message=redactor.text(problem.message))
