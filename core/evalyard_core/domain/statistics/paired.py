"""Whether a candidate is better than a baseline, item by item, or the difference could be chance."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from evalyard_core.domain.runs import Interval

from .corrections import holm
from .levels import LEVEL
from .mcnemar import mcnemar_p, tango_interval
from .power import mean_cases, more_cases, pass_rate_cases
from .sign_flip import sign_flip_interval, sign_flip_p
from .verdicts import ComparisonVerdict, ScoreKind, is_notable, judge

Floats = NDArray[np.float64]
Key = TypeVar("Key")


class PairedTest(StrEnum):
    """The tests of paired scores, by the names that a person is shown."""

    MCNEMAR = "McNemar exact"
    SIGN_FLIP = "paired permutation"


class _Tested(NamedTuple):
    test: PairedTest
    p_value: float
    interval: Interval | None
    cases_needed: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedResult:
    """The candidate against the baseline over the items that both have.

    `delta` is the candidate's mean over items less the baseline's. `interval` reaches to 0 or beyond it if `p_value` is
    above 1 - level, and never beyond it otherwise; a correction for many tests leaves it alone. `changed` counts the
    pairs whose sides differ. `cases_needed` is the number of pairs at which a difference like this one is found with a
    chance of 80 %, None where there was no difference. `notable` says whether the difference would matter if it were
    real.
    """

    delta: float | None = None
    interval: Interval | None = None
    p_value: float | None = None
    test: PairedTest | None = None
    pairs: int = 0
    changed: int = 0
    cases_needed: int | None = None
    verdict: ComparisonVerdict = ComparisonVerdict.TOO_FEW_CASES
    notable: bool = False
    lower_is_better: bool = False


def compare_paired(
    baseline: Sequence[float],
    candidate: Sequence[float],
    *,
    kind: ScoreKind,
    lower_is_better: bool = False,
    level: float = LEVEL,
) -> PairedResult:
    """Compare two sides item by item; both hold one finite value an item, in the same order.

    An item with trials gives their mean, or the share that passed, so that it counts once however many there were.

    Where each value is pass (1) or fail (0) the test is McNemar's, exact, with Tango's interval. Otherwise it is the
    sign flip test of the mean difference, with the interval of shifts that it does not reject. Wilcoxon's signed ranks
    were not chosen, since they test another quantity than the delta that is shown: where four items in five gain a
    little and one loses as much as these gain together, they find a difference in about 45 of 100 samples of 60 items,
    the sign flip test in about 6; and on marks from 1 to 5 neither finds more than the other.

    The verdict is
    - BETTER or WORSE, if the p value is at most 1 - level;
    - TOO_FEW_CASES, if there are no pairs; if some changed, but so few that the p value would be above 1 - level even
      with all of them on one side (fewer than 6 for 0.95); or if the difference that was seen is notable: 5 points of a
      pass rate, or a fifth of the standard deviation of the differences of numbers;
    - NO_DIFFERENCE otherwise, and always if no pair changed.

    Raises ValueError if the two sides differ in length.
    """
    if len(baseline) != len(candidate):
        raise ValueError(f"{len(baseline)} values cannot be paired with {len(candidate)}")
    before, after = np.asarray(baseline, dtype=np.float64), np.asarray(candidate, dtype=np.float64)
    if not before.size:
        return PairedResult(lower_is_better=lower_is_better)
    differences = after - before
    # Means of the same trials in another order may differ in their last digits.
    differences[np.abs(differences) <= 1e-12 * np.maximum(np.abs(before), np.abs(after))] = 0.0
    delta = math.fsum(differences) / differences.size
    is_one_trial = kind is ScoreKind.PASS_FAIL and bool(np.isin([before, after], (0, 1)).all())
    tested = _by_mcnemar(differences, level) if is_one_trial else _by_sign_flip(differences, level)
    result = PairedResult(
        delta=delta,
        interval=_agreeing(tested.interval, delta, rejected=tested.p_value <= 1 - level),
        p_value=tested.p_value,
        test=tested.test,
        pairs=differences.size,
        changed=int(np.count_nonzero(differences)),
        cases_needed=tested.cases_needed,
        notable=is_notable(delta, differences, kind),
        lower_is_better=lower_is_better,
    )
    return _with_verdict(result, level)


def correct_for_many(results: Mapping[Key, PairedResult], level: float = LEVEL) -> dict[Key, PairedResult]:
    """Return the comparisons by several evaluators with Holm's p values and the verdicts that follow from them.

    The intervals stay those of each evaluator by itself. The cases needed are those at an equal share of the level.
    """
    tested = {key: result.p_value for key, result in results.items() if result.p_value is not None}
    corrected = dict(results)
    for key, p_value in zip(tested, holm(list(tested.values())), strict=True):
        needed = results[key].cases_needed
        more = None if needed is None else more_cases(needed, len(tested), level)
        corrected[key] = _with_verdict(replace(results[key], p_value=p_value, cases_needed=more), level)
    return corrected


def _by_mcnemar(differences: Floats, level: float) -> _Tested:
    gained, lost, pairs = int(np.sum(differences > 0)), int(np.sum(differences < 0)), differences.size
    needed = pass_rate_cases((gained - lost) / pairs, (gained + lost) / pairs, level) if gained != lost else None
    return _Tested(PairedTest.MCNEMAR, mcnemar_p(gained, lost), tango_interval(gained, lost, pairs, level), needed)


def _by_sign_flip(differences: Floats, level: float) -> _Tested:
    mean = math.fsum(differences) / differences.size
    deviation = float(np.std(differences, ddof=1)) if differences.size > 1 else 0.0
    needed = mean_cases(mean, deviation, level) if mean else None
    return _Tested(PairedTest.SIGN_FLIP, sign_flip_p(differences), sign_flip_interval(differences, level), needed)


def _agreeing(interval: Interval | None, delta: float, *, rejected: bool) -> Interval | None:
    """Return the interval with its test: up to 0 where that, by being exact, is the more cautious of the two.

    Where it is the less cautious one, by the last digits of an approximation, the interval ends at 0.
    """
    if interval is None:
        return None
    if not rejected:
        return replace(interval, low=min(0.0, interval.low), high=max(0.0, interval.high))
    if delta > 0:
        return replace(interval, low=max(0.0, interval.low))
    return replace(interval, high=min(0.0, interval.high))


def _with_verdict(result: PairedResult, level: float) -> PairedResult:
    if result.delta is None or result.p_value is None:
        return result
    verdict = judge(
        gain=-result.delta if result.lower_is_better else result.delta,
        p_value=result.p_value,
        changed=result.changed,
        notable=result.notable,
        level=level,
    )
    return replace(result, verdict=verdict)
