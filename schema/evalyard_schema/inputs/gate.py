"""Gate policies as they come in."""

import strawberry

from evalyard_core.domain.gates import policy as domain
from evalyard_schema.described import input_type
from evalyard_schema.ids import decode, decode_given


@input_type
class EvaluatorGateInput:
    """What one evaluator's scores must meet: at least one of the two."""

    evaluator_id: strawberry.ID
    min_pass_rate: float | None = strawberry.field(description="0 to 1; what was not scored did not pass.")
    min_mean: float | None

    def to_domain(self, *, field: str) -> domain.EvaluatorGate:
        """Return the gate with a raw id, or refuse the id."""
        return domain.EvaluatorGate(
            evaluator_id=decode(self.evaluator_id, "Evaluator", field=f"{field}.evaluatorId"),
            min_pass_rate=self.min_pass_rate,
            min_mean=self.min_mean,
        )


@input_type
class GatePolicyInput:
    """What a run must meet: at least one check."""

    min_pass_rate: float | None = strawberry.field(
        description="0 to 1, of all planned records: what errored or is missing did not pass."
    )
    max_regressions: int | None = strawberry.field(
        description="Cases that passed in the baseline and pass less often now. Errors are none, but count as such "
        "unless maxErrored is given."
    )
    max_errored: int | None = strawberry.field(description="Records that errored or are missing.")
    max_average_latency_ms: float | None
    max_total_cost_usd: float | None
    evaluators: list[EvaluatorGateInput] | None
    baseline_run_id: strawberry.ID | None = strawberry.field(
        description="Else the newest completed run of the system's production version over the dataset, else the one "
        "before."
    )

    def to_domain(self) -> domain.GatePolicy:
        """Return the policy with raw ids, or refuse an id."""
        return domain.GatePolicy(
            min_pass_rate=self.min_pass_rate,
            max_regressions=self.max_regressions,
            max_errored=self.max_errored,
            max_average_latency_ms=self.max_average_latency_ms,
            max_total_cost_usd=self.max_total_cost_usd,
            evaluators=tuple(
                gate.to_domain(field=f"policy.evaluators[{place}]") for place, gate in enumerate(self.evaluators or ())
            ),
            baseline_run_id=decode_given(self.baseline_run_id, "Run", field="policy.baselineRunId"),
        )
