"""Which cases did worse than in a baseline, and of which nobody can tell."""

from collections.abc import Collection
from dataclasses import dataclass

from evalyard_core.domain.comparing.outcomes import NOTHING, Case, Cases
from evalyard_core.domain.records import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Regressions:
    """How the `cases` that passed in a baseline, at least once, did since.

    `regressed` holds for each case that passes less often the ids of its records that failed; `not_judged` counts the
    cases whose records errored, were never carried out, or are not there.
    """

    cases: int = 0
    regressed: tuple[tuple[str, ...], ...] = ()
    not_judged: int = 0


def regressions_of(baseline: Cases, candidate: Cases, *, missing: Collection[str] = ()) -> Regressions:
    """Return how the cases of a baseline did; `missing` are those of which the candidate should have records.

    An error is no regression: a share of passed trials is one of the trials that passed or failed.
    """
    cases, regressed, not_judged = 0, [], 0
    for key, before in baseline.items():
        share_before = _share(before)
        if not share_before:
            continue
        cases += 1
        after = candidate.get(key, NOTHING)
        share_after = _share(after)
        if share_after is not None and share_after < share_before:
            regressed.append(tuple(o.record_id for o in after.outcomes if o.verdict is Verdict.FAILED))
        elif share_after is None and (after.outcomes or key in missing):
            not_judged += 1
    return Regressions(cases=cases, regressed=tuple(regressed), not_judged=not_judged)


def _share(case: Case) -> float | None:
    verdicts = [outcome.verdict for outcome in case.outcomes]
    passed, failed = verdicts.count(Verdict.PASSED), verdicts.count(Verdict.FAILED)
    return passed / (passed + failed) if passed + failed else None
