"""What a run's figures tell while it is at work, and how it stands with each evaluator, in words."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from .evaluators import EvaluatorSnapshot
from .records import ScoreStatus
from .runs import ACTIVE, Distribution, Run, RunStatus, RunSummary, ScoringStatus, Tally

_NOTHING: Final = Tally()
_LONGEST_MESSAGE: Final = 300


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast records are done with, and how long the others take at that rate; None where it can't be told."""

    records_per_second: float | None = None
    eta_seconds: float | None = None


def pace_of(run: Run, at: datetime) -> Pace:
    """Return the mean pace since the start of a run that is at work.

    A run that was brought back to work has a summary and its first start, from which no pace can be told.
    """
    if run.status not in ACTIVE or run.started_at is None or run.summary is not None:
        return Pace()
    seconds = (at - run.started_at).total_seconds()
    if seconds <= 0 or not run.progress.completed:
        return Pace()
    rate = run.progress.completed / seconds
    return Pace(rate, (run.progress.pending + run.progress.running) / rate)


def shown_summary(run: Run) -> RunSummary:
    """Return the exact summary of a run that has ended, else what its counters tell so far."""
    if run.is_terminal and run.summary is not None:
        return run.summary
    progress = run.progress
    judged = progress.passed + progress.failed + progress.errored
    return RunSummary(
        total_cost_usd=progress.cost_usd,
        total_tokens=progress.tokens,
        pass_rate=progress.passed / judged if judged else None,
        passed=progress.passed,
        failed=progress.failed,
        errored=progress.errored,
    )


def shown_distribution(run: Run, score_key: str) -> Distribution:
    """Return an evaluator's exact figures in a run that has ended, else what its counters tell so far."""
    if run.is_terminal and score_key in run.distributions:
        return run.distributions[score_key]
    tally = run.tallies.get(score_key, _NOTHING)
    judged = tally.passed + tally.failed
    return Distribution(pass_rate=tally.passed / judged if judged else None)


def scoring_status(run: Run, score_key: str) -> ScoringStatus:
    """Return how far an evaluator has come; FAILED when it has ended and gave no score although there are records."""
    evaluator = _evaluator(run, score_key)
    if evaluator is None or not evaluator.scores_runs:
        return _status_of_records(run, score_key)
    whole = _status_of_the_whole(run, score_key)
    if not evaluator.scores_records:
        return whole
    records = _status_of_records(run, score_key)
    lacking = whole is ScoringStatus.FAILED and records is ScoringStatus.COMPLETED
    return ScoringStatus.COMPLETED_WITH_ERRORS if lacking else records


def _status_of_the_whole(run: Run, score_key: str) -> ScoringStatus:
    run_score = run.run_scores.get(score_key)
    if run_score is None:
        at_it = (
            run.status is RunStatus.SCORING and run.progress.completed + run.progress.cancelled >= run.progress.total
        )
        unfinished = ScoringStatus.RUNNING if at_it else ScoringStatus.PENDING
        return ScoringStatus.FAILED if run.is_terminal else unfinished
    return ScoringStatus.FAILED if run_score.score.status is ScoreStatus.ERROR else ScoringStatus.COMPLETED


def _status_of_records(run: Run, score_key: str) -> ScoringStatus:
    tally = run.tallies.get(score_key, _NOTHING)
    if not run.is_terminal:
        return ScoringStatus.RUNNING if tally.done or score_key in run.rescoring else ScoringStatus.PENDING
    if tally.errored:
        return ScoringStatus.COMPLETED_WITH_ERRORS if tally.scored else ScoringStatus.FAILED
    return ScoringStatus.COMPLETED if tally.done or not run.progress.total else ScoringStatus.FAILED


def explain_scoring(run: Run, score_key: str) -> str:
    """Say what an evaluator has done, what is left, and what went wrong."""
    evaluator = _evaluator(run, score_key)
    if evaluator is None or not evaluator.scores_runs:
        return _explain_records(run, score_key)
    whole = _explain_whole(run, score_key)
    return f"{_explain_records(run, score_key)} {whole}" if evaluator.scores_records else whole


def _explain_whole(run: Run, score_key: str) -> str:
    run_score = run.run_scores.get(score_key)
    if run_score is None:
        stopped = "The run was stopped before it was scored as a whole."
        return stopped if run.is_terminal else "The run is scored as a whole when its records are done."
    said = run_score.score
    if said.status is ScoreStatus.ERROR and said.error is not None:
        return f"The run could not be scored as a whole: {_cut(said.error.message)}."
    if said.status is ScoreStatus.SKIPPED:
        return f"The run was not scored as a whole: {_cut(said.explanation or '')}."
    parts = [f"The run was scored as a whole, over {_counted(run_score.cases, 'record')}"]
    if run_score.left_out:
        reason = f": {_cut(run_score.left_out_reason)}" if run_score.left_out_reason else ""
        parts.append(f"{run_score.left_out:,} left out{reason}")
    return ", ".join(parts) + "."


def _evaluator(run: Run, score_key: str) -> EvaluatorSnapshot | None:
    return next((entry for entry in run.evaluators if entry.evaluator_id == score_key), None)


def _explain_records(run: Run, score_key: str) -> str:
    tally, total = run.tallies.get(score_key, _NOTHING), run.progress.total
    if not total:
        return "The run has no records." if run.is_terminal else "The run has no records yet."
    if score_key in run.rescoring and not run.is_terminal:
        return f"Scoring again: {run.progress.completed:,} of {_counted(total, 'record')} done."
    parts = [f"{tally.scored:,} of {_counted(total, 'record')} scored"]
    if tally.errored:
        parts.append(_errors(run, score_key, tally))
    if tally.skipped:
        parts.append(f"{tally.skipped:,} skipped")
    if left := max(0, total - tally.done):
        parts.append(f"{left:,} not reached before the run was stopped" if run.is_terminal else f"{left:,} left")
    return ", ".join(parts) + "."


def _errors(run: Run, score_key: str, tally: Tally) -> str:
    """Return the number of errors, and the first of them where the run's end has told it."""
    first = shown_distribution(run, score_key).first_error
    return _counted(tally.errored, "error") + (f": {_cut(first)}" if first else "")


def _cut(message: str) -> str:
    return message[:_LONGEST_MESSAGE].rstrip(". ")


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def warnings_of(run: Run) -> list[str]:
    """Return what went wrong with a run as a whole though it went on, in sentences with the remedy."""
    names = {entry.evaluator_id: f"The evaluator {entry.name!r}" for entry in run.evaluators}
    return [circuit.warning(names.get(circuit.key, "The system")) for circuit in run.circuits]
