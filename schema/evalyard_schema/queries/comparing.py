"""Runs compared."""

import strawberry

from evalyard_schema.context import Info
from evalyard_schema.described import field
from evalyard_schema.ids import decode, decode_many
from evalyard_schema.types.comparison import RunComparison


@strawberry.type
class ComparisonQuery:
    """Runs compared."""

    @field
    async def compare_runs(
        self, info: Info, baseline_id: strawberry.ID, candidate_ids: list[strawberry.ID]
    ) -> RunComparison:
        """One to ten candidates beside a baseline of the same project: case by case, and whether it could be chance."""
        comparison = await info.context.services.comparisons.compare(
            actor=info.context.actor,
            baseline_id=decode(baseline_id, "Run", field="baselineId"),
            candidate_ids=decode_many(candidate_ids, "Run", field="candidateIds"),
        )
        return RunComparison.of(comparison)
