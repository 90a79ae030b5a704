"""Which checks pass, and what they say."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalyard_core.domain.errors import BadInput
from evalyard_core.domain.gates.figures import EvaluatorFigures, GateFigures
from evalyard_core.domain.gates.judging import GateCheck, judge
from evalyard_core.domain.gates.policy import EvaluatorGate, GatePolicy, check_policy
from evalyard_core.domain.gates.regressions import Regressions
from tests.fixtures.core import QUICK, refusal_of


def figures(**changes: Any) -> GateFigures:
    """Return the figures of a run of 100 records of which 90 passed."""
    return GateFigures(**{"planned": 100, "passed": 90, "failed": 10, "errored": 0, **changes})


def exact(**changes: Any) -> dict[str, EvaluatorFigures]:
    plain = {"name": "exact", "owed": 100, "passed": 90, "failed": 10, "scored": 100, "mean": 0.9}
    return {"e": EvaluatorFigures(**{**plain, **changes})}


def only(policy: GatePolicy, found: GateFigures) -> GateCheck:
    [check] = judge(policy, found)
    return check


ERRORS = {"errored": 3, "error_codes": {"SYSTEM_ERROR": 1, "TIMEOUT": 2}}
REGRESSED = (("a",), ("b",))
RATE = GatePolicy(min_pass_rate=0.9)
EXACT_RATE = GatePolicy(evaluators=(EvaluatorGate(evaluator_id="e", min_pass_rate=0.9),))
EXACT_MEAN = GatePolicy(evaluators=(EvaluatorGate(evaluator_id="e", min_mean=0.9),))

#: What is asked, what came, and: whether it passes, the actual value, the explanation.
TABLE: dict[str, tuple[GatePolicy, GateFigures, bool, str, str]] = {
    "just enough passed": (RATE, figures(), True, "90 % (90 of 100)", "90 of 100 records passed, 10 failed."),
    "one too few passed": (
        RATE,
        figures(passed=89, failed=11),
        False,
        "89 % (89 of 100)",
        "89 of 100 records passed, 11 failed.",
    ),
    "what errored did not pass": (
        RATE,
        figures(passed=89, failed=8, **ERRORS),
        False,
        "89 % (89 of 100)",
        "89 of 100 records passed, 8 failed; could not judge 3 (3 errored: TIMEOUT 2, SYSTEM_ERROR 1).",
    ),
    "what is missing did not pass": (
        RATE,
        figures(passed=89, failed=9, errored=1, error_codes={"TIMEOUT": 1}),
        False,
        "89 % (89 of 100)",
        "89 of 100 records passed, 9 failed; could not judge 2 (1 errored: TIMEOUT 1; 1 is missing).",
    ),
    "all that was carried out passed, and half is missing": (
        RATE,
        figures(passed=50, failed=0),
        False,
        "50 % (50 of 100)",
        "50 of 100 records passed, 0 failed; could not judge 50 (50 are missing).",
    ),
    "what has no verdict is left out": (
        RATE,
        figures(passed=45, failed=5, without_verdict=50),
        True,
        "90 % (45 of 50)",
        "45 of 50 records passed, 5 failed; 50 without a verdict are left out.",
    ),
    "nothing has a verdict": (
        GatePolicy(min_pass_rate=0.0),
        figures(passed=0, failed=0, without_verdict=100),
        False,
        "unknown",
        "No record has a verdict: give an evaluator of the run a threshold, and score the run again.",
    ),
    "no records at all": (GatePolicy(min_pass_rate=0.0), figures(planned=0, passed=0, failed=0), False, "unknown", ""),
    "no regressions": (
        GatePolicy(max_regressions=0),
        figures(regressions=Regressions(cases=80)),
        True,
        "0",
        "0 of 80 cases that passed in the baseline pass less often now.",
    ),
    "as many regressions as allowed": (
        GatePolicy(max_regressions=2),
        figures(regressions=Regressions(cases=80, regressed=REGRESSED)),
        True,
        "2",
        "2 of 80 cases that passed in the baseline pass less often now.",
    ),
    "one regression too many": (
        GatePolicy(max_regressions=1),
        figures(regressions=Regressions(cases=80, regressed=REGRESSED)),
        False,
        "2",
        "2 of 80 cases that passed in the baseline pass less often now.",
    ),
    "nothing to regress from": (
        GatePolicy(max_regressions=0),
        figures(),
        True,
        "no baseline",
        "There is no earlier run to compare with, so nothing can have regressed.",
    ),
    "errors that may be regressions": (
        GatePolicy(max_regressions=2),
        figures(regressions=Regressions(cases=80, regressed=REGRESSED, not_judged=1)),
        False,
        "2",
        (
            "2 of 80 cases that passed in the baseline pass less often now; could not judge 1, which may have "
            "regressed (maxErrored says how many are tolerated)."
        ),
    ),
    "errors that could not exceed the bound": (
        GatePolicy(max_regressions=3),
        figures(regressions=Regressions(cases=80, regressed=REGRESSED, not_judged=1)),
        True,
        "2",
        "could not judge 1",
    ),
    "no error": (GatePolicy(max_errored=0), figures(), True, "0", "Every record was carried out and scored."),
    "an error too many": (
        GatePolicy(max_errored=2),
        figures(passed=87, **ERRORS),
        False,
        "3",
        "Could not judge 3 (3 errored: TIMEOUT 2, SYSTEM_ERROR 1).",
    ),
    "missing records are errors": (
        GatePolicy(max_errored=9),
        figures(passed=80),
        False,
        "10",
        "Could not judge 10 (10 are missing).",
    ),
    "quick enough": (
        GatePolicy(max_average_latency_ms=250),
        figures(average_latency_ms=250.0),
        True,
        "250 ms",
        "The mean over",
    ),
    "too slow": (GatePolicy(max_average_latency_ms=250), figures(average_latency_ms=250.5), False, "250.5 ms", ""),
    "nobody knows how slow": (GatePolicy(max_average_latency_ms=250), figures(), False, "unknown", "No record says"),
    "cheap enough": (GatePolicy(max_total_cost_usd=1.5), figures(total_cost_usd=1.5), True, "$1.5", "known"),
    "too dear": (GatePolicy(max_total_cost_usd=1.5), figures(total_cost_usd=1.51), False, "$1.51", "known"),
    "an evaluator's pass rate": (
        EXACT_RATE,
        figures(evaluators=exact()),
        True,
        "90 % (90 of 100)",
        "90 of 100 records passed, 10 failed.",
    ),
    "what an evaluator could not score did not pass": (
        EXACT_RATE,
        figures(evaluators=exact(passed=89, failed=0)),
        False,
        "89 % (89 of 100)",
        "89 of 100 records passed, 0 failed; could not judge 11, which did not pass.",
    ),
    "what an evaluator asks nothing of is left out": (
        EXACT_RATE,
        figures(evaluators=exact(passed=9, failed=1, scored=60, unasked=50, skipped=40)),
        True,
        "90 % (9 of 10)",
        "9 of 10 records passed, 1 failed.",
    ),
    "an evaluator that never passes or fails": (
        EXACT_RATE,
        figures(evaluators=exact(passed=0, failed=0, unasked=100)),
        False,
        "unknown",
        "give it a threshold",
    ),
    "an evaluator that did not score": (EXACT_RATE, figures(), False, "no scores", "rescoreRun"),
    "an evaluator's mean": (EXACT_MEAN, figures(evaluators=exact()), True, "0.9", "The mean of 100 scores."),
    "too low a mean": (EXACT_MEAN, figures(evaluators=exact(mean=0.89)), False, "0.89", "The mean of 100 scores."),
    "a mean of what was scored only": (
        EXACT_MEAN,
        figures(evaluators=exact(scored=99)),
        False,
        "0.9",
        (
            "The mean of 99 scores; could not judge 1 record, without which the mean says too little "
            "(maxErrored says how many are tolerated)."
        ),
    ),
    "a mean of values that neither pass nor fail, and not of all": (
        EXACT_MEAN,
        figures(evaluators=exact(passed=0, failed=0, scored=90, unasked=90)),
        False,
        "0.9",
        "The mean of 90 scores; could not judge 10 records",
    ),
    "a mean without what there was nothing to score in": (
        EXACT_MEAN,
        figures(evaluators=exact(scored=60, skipped=40)),
        True,
        "0.9",
        "The mean of 60 scores.",
    ),
    "a score of the run as a whole": (
        EXACT_RATE,
        figures(evaluators=exact(owed=1, passed=1, failed=0, scored=1, noun="run")),
        True,
        "100 % (1 of 1)",
        "1 of 1 run passed, 0 failed.",
    ),
    "a mean of no numbers": (
        EXACT_MEAN,
        figures(evaluators=exact(mean=None)),
        False,
        "unknown",
        "This evaluator gave no number.",
    ),
}


@pytest.mark.parametrize("case", TABLE)
def test_a_check_passes_or_not_and_says_why(case: str):
    policy, found, passed, actual, explanation = TABLE[case]
    check = only(policy, found)
    assert (check.passed, check.actual) == (passed, actual)
    assert explanation in check.explanation
    assert check.explanation.endswith(".")


def test_errors_within_what_is_tolerated_leave_regressions_and_means_alone():
    policy = GatePolicy(max_regressions=2, max_errored=1, evaluators=(EvaluatorGate(evaluator_id="e", min_mean=0.9),))
    found = figures(
        passed=89,
        errored=1,
        regressions=Regressions(cases=80, regressed=REGRESSED, not_judged=1),
        evaluators=exact(scored=99),
    )
    assert [(check.name, check.passed) for check in judge(policy, found)] == [
        ("maxRegressions", True),
        ("maxErrored", True),
        ("exact.minMean", True),
    ]


def test_each_thing_that_is_asked_is_a_check_in_the_order_of_the_policy():
    policy = GatePolicy(
        min_pass_rate=0.5,
        max_regressions=0,
        max_errored=0,
        max_average_latency_ms=1_500,
        max_total_cost_usd=0.25,
        evaluators=(EvaluatorGate(evaluator_id="e", min_pass_rate=0.955, min_mean=0.5),),
    )
    assert [(check.name, check.expected) for check in judge(policy, figures(evaluators=exact()))] == [
        ("minPassRate", "at least 50 %"),
        ("maxRegressions", "at most 0"),
        ("maxErrored", "at most 0"),
        ("maxAverageLatencyMs", "at most 1,500 ms"),
        ("maxTotalCostUsd", "at most $0.25"),
        ("exact.minPassRate", "at least 95.5 %"),
        ("exact.minMean", "at least 0.5"),
    ]


@QUICK
@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50), st.integers(0, 50), st.floats(0, 1))
def test_a_record_more_that_did_not_pass_never_helps(
    passed: int, failed: int, errored: int, missing: int, least: float
):
    def passes(failed: int, errored: int, missing: int) -> bool:
        total = passed + failed + errored + missing
        found = figures(planned=total, passed=passed, failed=failed, errored=errored)
        return only(GatePolicy(min_pass_rate=least), found).passed

    if not passes(failed, errored, missing) and passed + failed + errored + missing:
        assert not passes(failed + 1, errored, missing)
        assert not passes(failed, errored + 1, missing)
        assert not passes(failed, errored, missing + 1)


POLICIES = {
    "nothing": (GatePolicy(), "policy"),
    "a baseline and nothing else": (GatePolicy(baseline_run_id="r"), "policy"),
    "90 for 90 %": (GatePolicy(min_pass_rate=90), "policy.minPassRate"),
    "NaN": (GatePolicy(min_pass_rate=float("nan")), "policy.minPassRate"),
    "less than none": (GatePolicy(max_regressions=-1), "policy.maxRegressions"),
    "fewer errors than none": (GatePolicy(max_errored=-1), "policy.maxErrored"),
    "before it begins": (GatePolicy(max_average_latency_ms=-1.0), "policy.maxAverageLatencyMs"),
    "endless": (GatePolicy(max_total_cost_usd=float("inf")), "policy.maxTotalCostUsd"),
    "nothing of an evaluator": (
        GatePolicy(evaluators=(EvaluatorGate(evaluator_id="e"),)),
        "policy.evaluators[0]",
    ),
    "too much of an evaluator": (
        GatePolicy(evaluators=(EvaluatorGate(evaluator_id="e", min_pass_rate=1.5),)),
        "policy.evaluators[0].minPassRate",
    ),
    "no number of an evaluator": (
        GatePolicy(evaluators=(EvaluatorGate(evaluator_id="e", min_mean=float("nan")),)),
        "policy.evaluators[0].minMean",
    ),
    "an evaluator twice": (
        GatePolicy(
            evaluators=(
                EvaluatorGate(evaluator_id="e", min_mean=1.0),
                EvaluatorGate(evaluator_id="e", min_pass_rate=1.0),
            )
        ),
        "policy.evaluators[1].evaluatorId",
    ),
}


@pytest.mark.parametrize("case", POLICIES)
def test_a_policy_that_no_run_can_be_measured_by_is_refused(case: str):
    policy, field = POLICIES[case]
    refusal = refusal_of(lambda: check_policy(policy, field="policy"))
    assert isinstance(refusal, BadInput)
    assert refusal.field == field


def test_every_bound_may_be_zero():
    for policy in (RATE, GatePolicy(max_regressions=0), GatePolicy(max_errored=0), GatePolicy(max_total_cost_usd=0.0)):
        assert refusal_of(lambda policy=policy: check_policy(policy, field="policy")) is None
