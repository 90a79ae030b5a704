"""Gates: policies, and what came of judging a run."""

from typing import Self

import strawberry

from evalyard_core.domain.gates import judging as checks
from evalyard_core.domain.gates import policy as policies
from evalyard_core.domain.gates import result as domain
from evalyard_core.domain.gates.junit import render_junit
from evalyard_core.domain.gates.markdown import render_markdown
from evalyard_core.domain.runs import Run as DomainRun
from evalyard_schema.context import Info
from evalyard_schema.described import field, object_type
from evalyard_schema.enums import BaselineChoice
from evalyard_schema.ids import encode
from evalyard_schema.inputs.gate import GatePolicyInput
from evalyard_schema.record_links import record_link
from evalyard_schema.types import run
from evalyard_schema.types.lazy import LazyRun


@object_type
class EvaluatorGate:
    """What one evaluator's scores must meet."""

    evaluator_id: strawberry.ID
    min_pass_rate: float | None
    min_mean: float | None

    @classmethod
    def of(cls, gate: policies.EvaluatorGate) -> Self:
        """Return the gate of an evaluator."""
        return cls(
            evaluator_id=encode("Evaluator", gate.evaluator_id),
            min_pass_rate=gate.min_pass_rate,
            min_mean=gate.min_mean,
        )


@object_type
class GatePolicy:
    """What a run must meet."""

    min_pass_rate: float | None
    max_regressions: int | None
    max_errored: int | None
    max_average_latency_ms: float | None
    max_total_cost_usd: float | None
    evaluators: list[EvaluatorGate]
    baseline_run_id: strawberry.ID | None

    @classmethod
    def of(cls, policy: policies.GatePolicy) -> Self:
        """Return a policy."""
        return cls(
            min_pass_rate=policy.min_pass_rate,
            max_regressions=policy.max_regressions,
            max_errored=policy.max_errored,
            max_average_latency_ms=policy.max_average_latency_ms,
            max_total_cost_usd=policy.max_total_cost_usd,
            evaluators=[EvaluatorGate.of(gate) for gate in policy.evaluators],
            baseline_run_id=None if policy.baseline_run_id is None else encode("Run", policy.baseline_run_id),
        )


@object_type
class GateCheck:
    """One thing that a policy asks for."""

    name: str = strawberry.field(description="As in the policy; with the evaluator's name before it where it is one's.")
    passed: bool
    expected: str
    actual: str
    explanation: str = strawberry.field(description="What counted, and what could not be judged and why.")

    @classmethod
    def of(cls, check: checks.GateCheck) -> Self:
        """Return a check."""
        return cls(
            name=check.name,
            passed=check.passed,
            expected=check.expected,
            actual=check.actual,
            explanation=check.explanation,
        )


@object_type
class GateResult:
    """Whether a run may be deployed."""

    result: strawberry.Private[domain.GateResult]
    passed: bool = strawberry.field(description="Whether every check passed.")
    checks: list[GateCheck]
    policy: GatePolicy = strawberry.field(description="By which it was judged.")
    baseline_choice: BaselineChoice | None = strawberry.field(description="Why `baseline` is the baseline.")

    @classmethod
    def of(cls, result: domain.GateResult) -> Self:
        """Return a result."""
        return cls(
            result=result,
            passed=result.passed,
            checks=[GateCheck.of(check) for check in result.checks],
            policy=GatePolicy.of(result.policy),
            baseline_choice=result.baseline.choice if result.baseline else None,
        )

    @field
    def baseline(self) -> LazyRun | None:
        """The run that regressions were counted against; null where none were, or there is no run before."""
        return run.Run.of(self.result.baseline.run) if self.result.baseline else None

    @field
    async def markdown(self, info: Info) -> str:
        """For a pull request: the verdict, a table of the checks, and the worst ten cases.

        The cases have links where EVALYARD_PUBLIC_URL is set.
        """
        services = info.context.services
        worst = await services.gates.worst_cases(self.result)
        return render_markdown(self.result, worst, lambda record: record_link(services.links.base_url, record.id))

    @field
    async def junit_xml(self, info: Info) -> str:
        """JUnit XML for CI servers: a suite of the checks, and one of the records.

        Of a run with more than 5,000 records, those that did not pass.
        """
        records = await info.context.services.gates.test_cases(self.result)
        return render_junit(self.result, records, left_out=self.result.run.progress.total - len(records))


async def judged(info: Info, judged_run: DomainRun, policy: GatePolicyInput | None) -> GateResult:
    """Return what came of judging a run by a policy, or by that of its dataset; or refuse."""
    wanted = None if policy is None else policy.to_domain()
    return GateResult.of(await info.context.services.gates.judge(run=judged_run, policy=wanted))
