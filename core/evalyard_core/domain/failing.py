"""What fails: what passed before, what never passes, and what passes now and then."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

from .comparing.outcomes import NOTHING, Case, Cases, Outcome
from .records import Verdict


def is_failure(outcome: Outcome) -> bool:
    """Tell whether a record failed or errored."""
    return outcome.verdict is not None and outcome.verdict is not Verdict.PASSED


def has_passed(case: Case) -> bool:
    """Tell whether every trial with a verdict passed, and there is one."""
    return 0 < case.judged == case.passed


def new_failures(cases: Cases, before: Cases) -> frozenset[str]:
    """Return the ids of the records that failed or errored, of cases that passed in the run before."""
    return frozenset(
        outcome.record_id
        for key, case in cases.items()
        if has_passed(before.get(key, NOTHING))
        for outcome in case.outcomes
        if is_failure(outcome)
    )


def consistent_failures(runs: Iterable[Cases]) -> frozenset[str]:
    """Return the ids of the items of which no trial passed in any of the runs, though there is a verdict of some."""
    judged: set[str] = set()
    passed: set[str] = set()
    for cases in runs:
        for case in cases.values():
            if case.judged and (item_id := case.outcomes[0].item_id) is not None:
                judged.add(item_id)
                if case.passed:
                    passed.add(item_id)
    return frozenset(judged - passed)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlakyCase:
    """An item whose verdict flips while the system stays the same; `record_ids` are those with a verdict, newest last.

    `flips` counts the neighbours, in order of runs and trials, of which one passed and the other did not.
    """

    item_id: str
    flips: int
    passed: int
    record_ids: tuple[str, ...]

    @property
    def pass_rate(self) -> float:
        """Share of the records that passed."""
        return self.passed / len(self.record_ids)


def flaky_cases(runs: Iterable[tuple[str, Cases]]) -> list[FlakyCase]:
    """Return the items that flip among the runs of one system version, most flips first.

    The runs are given with their versions, oldest first. One without a system version stands for a version of its own,
    since nobody knows what its system was.
    """
    judged: dict[str, dict[str, list[Outcome]]] = {}
    for version, cases in runs:
        for case in cases.values():
            if case.judged and (item_id := case.outcomes[0].item_id) is not None:
                by_version = judged.setdefault(item_id, {})
                by_version.setdefault(version, []).extend(o for o in case.outcomes if o.verdict is not None)
    flaky = [_flaky(item_id, list(by_version.values())) for item_id, by_version in judged.items()]
    return sorted((case for case in flaky if case.flips), key=lambda case: (case.flips, case.item_id), reverse=True)


def _flaky(item_id: str, versions: Sequence[Sequence[Outcome]]) -> FlakyCase:
    outcomes = list(chain.from_iterable(versions))
    return FlakyCase(
        item_id=item_id,
        flips=sum(is_failure(one) != is_failure(other) for version in versions for one, other in pairwise(version)),
        passed=sum(outcome.verdict is Verdict.PASSED for outcome in outcomes),
        record_ids=tuple(outcome.record_id for outcome in outcomes),
    )
