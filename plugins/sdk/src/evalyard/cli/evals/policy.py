"""What a run must meet, as files and options say it."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, model_validator

Rate = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]
Amount = Annotated[float, Field(ge=0)]

_NAMES: Final = {
    "min_pass_rate": "minPassRate",
    "max_regressions": "maxRegressions",
    "max_errored": "maxErrored",
    "max_average_latency_ms": "maxAverageLatencyMs",
    "max_total_cost_usd": "maxTotalCostUsd",
}


class Declared(BaseModel):
    """A part of a file: nothing is there that is not understood, and no text passes for a number."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class EvaluatorPolicy(Declared):
    """What the scores of one evaluator must meet."""

    min_pass_rate: Rate | None = Field(None, description="The least share of the records that passed with it.")
    min_mean: float | None = Field(None, description="The least mean of its numbers.")

    @model_validator(mode="after")
    def _check(self) -> "EvaluatorPolicy":
        if self.min_pass_rate is None and self.min_mean is None:
            raise ValueError("say min_pass_rate, min_mean, or both")
        return self


class Policy(Declared):
    """What a run must meet to pass; it counts instead of the policy of the dataset, not in addition."""

    min_pass_rate: Rate | None = Field(None, description="The least share of the planned records that passed.")
    max_regressions: Count | None = Field(
        None, description="The most cases that passed in the baseline and pass less often now."
    )
    max_errored: Count | None = Field(None, description="The most records that errored or are missing.")
    max_average_latency_ms: Amount | None = Field(None, description="The largest mean latency, in milliseconds.")
    max_total_cost_usd: Amount | None = Field(
        None, description="The most that the system and the scoring cost, in USD."
    )
    evaluators: dict[str, EvaluatorPolicy] = Field(
        default_factory=dict, description="What single evaluators must meet, by their names in the run."
    )

    @model_validator(mode="after")
    def _check(self) -> "Policy":
        if not self.evaluators and all(getattr(self, name) is None for name in _NAMES):
            raise ValueError(f"the policy has no check: say one of {', '.join(_NAMES)} and evaluators")
        return self

    def as_input(self, ids: Mapping[str, str], baseline_id: str | None) -> dict[str, Any]:
        """Return the schema's GatePolicyInput; `ids` are those of the run's evaluators, by name.

        Raises KeyError with the name of an evaluator that the run does not have.
        """
        given = {theirs: getattr(self, ours) for ours, theirs in _NAMES.items()}
        evaluators = [
            {"evaluatorId": ids[name], "minPassRate": check.min_pass_rate, "minMean": check.min_mean}
            for name, check in self.evaluators.items()
        ]
        return {**given, "evaluators": evaluators, "baselineRunId": baseline_id}
