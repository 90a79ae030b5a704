"""What a candidate's figures are beside the baseline's, and whether the difference could be chance."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from evalyard_core.domain.evaluators import EvaluatorSnapshot, ScoreType
from evalyard_core.domain.runs import Run
from evalyard_core.domain.statistics import PairedResult, ScoreKind, compare_paired, correct_for_many

from .comparison import Comparison
from .outcomes import Case


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A mean over the cases that both runs have it of, in each of them; `paired` is the test by itself.

    `corrected` is the test as one of all evaluators of the comparison. Of an evaluator that scores runs as a whole it
    is that score, and nothing is tested.
    """

    baseline: float | None
    candidate: float | None
    paired: PairedResult
    corrected: PairedResult


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateFigures:
    """The pass rate of a candidate and the scores of each evaluator, by its id; beside the baseline's."""

    pass_rate: Figure
    evaluators: dict[str, Figure]


def figures_of(comparison: Comparison, place: int) -> CandidateFigures:
    """Return the figures of the candidate at a place."""
    pairs = [(row.baseline, row.cells[place].case) for row in comparison.rows]
    rates = _sides(pairs, lambda case: case.pass_share)
    result = compare_paired(*rates, kind=ScoreKind.PASS_FAIL)
    snapshots = evaluators_of(comparison.baseline, comparison.candidates[place])
    evaluators = {snapshot.evaluator_id: _by_case(snapshot, pairs) for snapshot in snapshots}
    corrected = correct_for_many({key: figure.paired for key, figure in evaluators.items()})
    runs = (comparison.baseline, comparison.candidates[place])
    whole = {entry.evaluator_id: _of_runs(entry, *runs) for entry in snapshots if not entry.scores_records}
    return CandidateFigures(
        pass_rate=_figure(rates, result),
        evaluators={key: replace(evaluators[key], corrected=corrected[key]) for key in evaluators} | whole,
    )


def evaluators_of(baseline: Run, candidate: Run) -> list[EvaluatorSnapshot]:
    """Return the evaluators of both runs, as the candidate uses them where it does."""
    return list({entry.evaluator_id: entry for entry in (*baseline.evaluators, *candidate.evaluators)}.values())


def _sides(
    pairs: Iterable[tuple[Case, Case]], value_of: Callable[[Case], float | None]
) -> tuple[list[float], list[float]]:
    """Return the values of both sides for the cases that have one on each."""
    before, after = [], []
    for baseline, candidate in pairs:
        one, other = value_of(baseline), value_of(candidate)
        if one is not None and other is not None:
            before.append(one)
            after.append(other)
    return before, after


def _by_case(snapshot: EvaluatorSnapshot, pairs: Sequence[tuple[Case, Case]]) -> Figure:
    sides = _sides(pairs, lambda case: case.mean(snapshot.evaluator_id))
    kind = ScoreKind.NUMBER if snapshot.score_type is ScoreType.NUMERIC else ScoreKind.PASS_FAIL
    return _figure(sides, compare_paired(*sides, kind=kind, lower_is_better=snapshot.lower_is_better))


def _figure(sides: tuple[list[float], list[float]], paired: PairedResult) -> Figure:
    baseline, candidate = (fmean(side) if side else None for side in sides)
    return Figure(baseline=baseline, candidate=candidate, paired=paired, corrected=paired)


def _of_runs(snapshot: EvaluatorSnapshot, baseline: Run, candidate: Run) -> Figure:
    """Return the scores of an evaluator that scores runs as a whole: one each, of which no test can tell anything."""
    before, after = baseline.run_number(snapshot.evaluator_id), candidate.run_number(snapshot.evaluator_id)
    delta = None if before is None or after is None else after - before
    untested = PairedResult(delta=delta, lower_is_better=snapshot.lower_is_better)
    return Figure(baseline=before, candidate=after, paired=untested, corrected=untested)
