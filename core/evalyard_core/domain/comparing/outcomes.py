"""What came of the cases of a run, as far as comparing runs needs it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from evalyard_core.domain.ids import case_of_record
from evalyard_core.domain.records import Verdict


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one record; `values` are its scores by score key, 1 or 0 where one just passes or not."""

    record_id: str
    item_id: str | None
    seq: int
    trial: int
    verdict: Verdict | None
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Case:
    """The outcomes of one case in one run, a trial each, by trial; a run that did not have the case has none."""

    outcomes: tuple[Outcome, ...] = ()

    @property
    def judged(self) -> int:
        """How many trials have a verdict."""
        return sum(outcome.verdict is not None for outcome in self.outcomes)

    @property
    def passed(self) -> int:
        """How many trials passed; one that errored did not."""
        return sum(outcome.verdict is Verdict.PASSED for outcome in self.outcomes)

    @property
    def pass_share(self) -> float | None:
        """Share of the trials with a verdict that passed, None without any."""
        judged = self.judged
        return self.passed / judged if judged else None

    def mean(self, score_key: str) -> float | None:
        """Return the mean of one score over the trials that have it, None where none has."""
        values = [outcome.values[score_key] for outcome in self.outcomes if score_key in outcome.values]
        return fmean(values) if values else None


#: Of a run that did not have the case.
NOTHING = Case()


def cases_of(outcomes: Iterable[Outcome]) -> dict[str, Case]:
    """Return the cases of a run in its order, by what stands for each: its item, or without one its input."""
    grouped: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        grouped.setdefault(case_of_record(outcome.record_id), []).append(outcome)
    return {key: Case(_by_trial(trials)) for key, trials in grouped.items()}


def _by_trial(outcomes: Sequence[Outcome]) -> tuple[Outcome, ...]:
    return tuple(outcomes) if len(outcomes) == 1 else tuple(sorted(outcomes, key=lambda outcome: outcome.trial))
