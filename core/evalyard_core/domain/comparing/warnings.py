"""What makes two runs differ beside the system: said in sentences, each with its remedy."""

from collections.abc import Iterator
from typing import Final

from evalyard_core.domain.evaluators import EvaluatorSnapshot, Threshold
from evalyard_core.domain.runs import DatasetPin, Run

#: What must be equal in two uses of an evaluator for its scores to mean the same, and what that is called.
_USES: Final = {
    "version": "version {}",
    "plugin_version": "plugin version {}",
    "config_hash": "the config and mapping {}",
    "threshold": "{}",
}


def warnings_of(baseline: Run, candidate: Run) -> tuple[str, ...]:
    """Return why figures of the two runs may differ although the system did not change."""
    return (
        *_unfinished(baseline, candidate),
        *_cached(baseline, candidate),
        *_cases(baseline, candidate),
        *_evaluators(baseline, candidate),
    )


def _unfinished(*runs: Run) -> Iterator[str]:
    for run in runs:
        if not run.is_terminal:
            yield f"Run {run.number} is {run.status}, so its figures are not final; compare again when it has ended."


def _cached(*runs: Run) -> Iterator[str]:
    for run in runs:
        used, completed = run.progress.cached_answers, run.progress.completed
        if used:
            yield (
                f"Run {run.number} used {used:,} of its {completed:,} outputs again, for which it paid nothing and has "
                f"no latency; to compare costs or latencies, rerun it with an empty cache."
            )


def _cases(baseline: Run, candidate: Run) -> Iterator[str]:
    before, after = baseline.dataset, candidate.dataset
    if before and after and before.id == after.id:
        if before.version != after.version:
            yield (
                f"Run {baseline.number} used version {before.version} of the dataset {before.name!r} and run "
                f"{candidate.number} version {after.version}: items that came or went are ADDED or REMOVED, and a "
                f"changed item is compared as it was. To compare equal cases, start a run with datasetVersion "
                f"{before.version}."
            )
    elif before or after:
        yield (
            f"Run {baseline.number} used {_dataset(before)} and run {candidate.number} {_dataset(after)}, so that they "
            f"share no cases; start a run over the same dataset."
        )


def _dataset(pin: DatasetPin | None) -> str:
    return f"the dataset {pin.name!r}" if pin else "no dataset"


def _evaluators(baseline: Run, candidate: Run) -> Iterator[str]:
    before = {entry.evaluator_id: entry for entry in baseline.evaluators}
    after = {entry.evaluator_id: entry for entry in candidate.evaluators}
    for key, entry in (before | after).items():
        if key in before and key in after:
            yield from _use(baseline, before[key], candidate, after[key])
        else:
            scored, other = (baseline, candidate) if key in before else (candidate, baseline)
            yield (
                f"The evaluator {entry.name!r} scored run {scored.number} only; score run {other.number} with it too "
                f"(rescoreRun, which does not call the system)."
            )


def _use(baseline: Run, before: EvaluatorSnapshot, candidate: Run, after: EvaluatorSnapshot) -> Iterator[str]:
    different = [name for name in _USES if getattr(before, name) != getattr(after, name)]
    if different:
        yield (
            f"The evaluator {after.name!r} scored run {baseline.number} with {_uses(before, different)} and run "
            f"{candidate.number} with {_uses(after, different)}; score both again (rescoreRun, which does not call the "
            f"system) to have them scored alike."
        )


def _uses(snapshot: EvaluatorSnapshot, names: list[str]) -> str:
    shown = {"threshold": _threshold(snapshot.threshold)}
    return ", ".join(_USES[name].format(shown.get(name, getattr(snapshot, name))) for name in names)


def _threshold(threshold: Threshold | None) -> str:
    return f"the threshold {threshold.operator} {threshold.value!r}" if threshold else "no threshold"
