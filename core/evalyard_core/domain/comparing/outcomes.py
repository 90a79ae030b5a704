"""What came of the cases of a run, as far as comparing runs needs it."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import NamedTuple, Self, TypeAlias

from evalyard_core.domain.ids import case_of_record
from evalyard_core.domain.records import Verdict


class Outcome(NamedTuple):
    """What came of one record; `values` are its scores by score key, 1 or 0 where one just passes or not."""

    record_id: str
    item_id: str | None
    trial: int
    verdict: Verdict | None
    values: Mapping[str, float]


class Case(NamedTuple):
    """The outcomes of one case in one run, a trial each, by trial; a run that did not have the case has none.

    `judged` counts the trials with a verdict, `passed` those that passed; one that errored did not.
    """

    outcomes: tuple[Outcome, ...] = ()
    judged: int = 0
    passed: int = 0

    @classmethod
    def of(cls, outcomes: Sequence[Outcome]) -> Self:
        """Return the case that these are all the outcomes of."""
        ordered = outcomes if len(outcomes) == 1 else sorted(outcomes, key=lambda outcome: outcome.trial)
        verdicts = [outcome.verdict for outcome in ordered]
        return cls(tuple(ordered), len(verdicts) - verdicts.count(None), verdicts.count(Verdict.PASSED))

    @property
    def pass_share(self) -> float | None:
        """Share of the trials with a verdict that passed, None without any."""
        return self.passed / self.judged if self.judged else None

    def mean(self, score_key: str) -> float | None:
        """Return the mean of one score over the trials that have it, None where none has."""
        if len(self.outcomes) == 1:
            return self.outcomes[0].values.get(score_key)
        values = [outcome.values[score_key] for outcome in self.outcomes if score_key in outcome.values]
        return fmean(values) if values else None


#: Of a run that did not have the case.
NOTHING = Case()


#: The cases of a run in its order, by what stands for each.
Cases: TypeAlias = Mapping[str, Case]


def cases_of(outcomes: Iterable[Outcome]) -> Cases:
    """Return the cases of a run in its order, by what stands for each: its item, or without one its input."""
    grouped: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        grouped.setdefault(case_of_record(outcome.record_id), []).append(outcome)
    return {key: Case.of(trials) for key, trials in grouped.items()}
