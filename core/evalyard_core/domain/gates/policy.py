"""What a run must meet."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from evalyard_core.domain.errors import BadInput
from evalyard_core.domain.limits import check_count

_MOST_EVALUATORS: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluatorGate:
    """What one evaluator's scores must meet."""

    evaluator_id: str
    min_pass_rate: float | None = None
    min_mean: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GatePolicy:
    """What a run must meet; None where nothing is asked. Rates are 0 to 1, latencies milliseconds, costs US dollars.

    Regressions are counted against the run `baseline_run_id`, or without one against a run that the server chooses.
    """

    min_pass_rate: float | None = None
    max_regressions: int | None = None
    max_errored: int | None = None
    max_average_latency_ms: float | None = None
    max_total_cost_usd: float | None = None
    evaluators: tuple[EvaluatorGate, ...] = ()
    baseline_run_id: str | None = None


def check_policy(policy: GatePolicy, *, field: str) -> None:
    """Refuse a policy that asks for nothing, or for what no run could be measured by."""
    asked = (
        *(policy.min_pass_rate, policy.max_regressions, policy.max_errored),
        *(policy.max_average_latency_ms, policy.max_total_cost_usd),
    )
    if all(bound is None for bound in asked) and not policy.evaluators:
        raise BadInput("A policy needs at least one check, such as minPassRate: 0.9.", field=field)
    _check_rate(policy.min_pass_rate, field=f"{field}.minPassRate")
    _check_bound(policy.max_regressions, field=f"{field}.maxRegressions")
    _check_bound(policy.max_errored, field=f"{field}.maxErrored")
    _check_bound(policy.max_average_latency_ms, field=f"{field}.maxAverageLatencyMs")
    _check_bound(policy.max_total_cost_usd, field=f"{field}.maxTotalCostUsd")
    _check_evaluators(policy.evaluators, field=f"{field}.evaluators")


def _check_evaluators(gates: Sequence[EvaluatorGate], *, field: str) -> None:
    check_count(gates, _MOST_EVALUATORS, field=field)
    seen: set[str] = set()
    for place, gate in enumerate(gates):
        here = f"{field}[{place}]"
        if gate.evaluator_id in seen:
            raise BadInput("This evaluator is there twice; say all of it in one place.", field=f"{here}.evaluatorId")
        seen.add(gate.evaluator_id)
        if gate.min_pass_rate is None and gate.min_mean is None:
            raise BadInput("Say minPassRate, minMean, or both.", field=here)
        _check_rate(gate.min_pass_rate, field=f"{here}.minPassRate")
        if gate.min_mean is not None and not math.isfinite(gate.min_mean):
            raise BadInput("minMean must be a number.", field=f"{here}.minMean")


def _check_rate(rate: float | None, *, field: str) -> None:
    if rate is not None and not 0 <= rate <= 1:
        raise BadInput(f"A pass rate is 0 to 1, not {rate:g}; 0.9 is 90 %.", field=field)


def _check_bound(bound: float | None, *, field: str) -> None:
    if bound is not None and not 0 <= bound < math.inf:
        raise BadInput(f"{field.rpartition('.')[2]} must be 0 or more, not {bound:g}.", field=field)
