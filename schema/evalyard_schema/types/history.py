"""How the figures of evaluators went from run to run."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, Self

import strawberry

from evalyard_core.domain import history as domain
from evalyard_core.domain import statistics
from evalyard_core.domain.errors import NotFound
from evalyard_core.domain.filters import RunFilter
from evalyard_core.domain.limits import check_range
from evalyard_core.domain.lists import RunList
from evalyard_core.domain.runs import RunStatus
from evalyard_schema.context import Info
from evalyard_schema.described import field, object_type
from evalyard_schema.enums import HistoryUnit, TrendDirection
from evalyard_schema.types import evaluator, run
from evalyard_schema.types.edges import follow
from evalyard_schema.types.lazy import LazyEvaluator, LazyRun

_MOST_RUNS: Final = 200


@object_type
class HistoryPoint:
    """An evaluator's figure in one run."""

    point: strawberry.Private[domain.HistoryPoint]
    value: float
    low: float | None = strawberry.field(description="The low end of its interval, at a level of 95 %.")
    high: float | None = strawberry.field(description="The high end of its interval.")
    count: int = strawberry.field(description="How many scores there are behind it.")
    at: datetime = strawberry.field(description="When the run started.")

    @classmethod
    def of(cls, point: domain.HistoryPoint) -> Self:
        """Return a point."""
        interval = point.interval
        return cls(
            point=point,
            value=point.value,
            low=interval.low if interval else None,
            high=interval.high if interval else None,
            count=point.count,
            at=point.run.started_at or point.run.created_at,
        )

    @field
    def run(self) -> LazyRun:
        """The run."""
        return run.Run.of(self.point.run)


@object_type
class Trend:
    """Where a series goes: by a robust slope, so that one bad run is no trend."""

    direction: TrendDirection
    slope_per_run: float = strawberry.field(description="The median of the slopes between any two runs (Theil–Sen).")
    p_value: float | None = strawberry.field(
        description="How likely chance alone orders the runs as much as this (Mann–Kendall)."
    )

    @classmethod
    def of(cls, trend: statistics.Trend) -> Self:
        """Return a trend."""
        return cls(direction=trend.direction, slope_per_run=trend.slope_per_run, p_value=trend.p_value)


@object_type
class HistorySeries:
    """An evaluator's figures in runs, a point a run, oldest first."""

    series: strawberry.Private[domain.HistorySeries]
    unit: HistoryUnit

    @classmethod
    def of(cls, series: domain.HistorySeries) -> Self:
        """Return a series."""
        return cls(series=series, unit=series.unit)

    @field
    def evaluator(self, info: Info) -> LazyEvaluator:
        """The evaluator as it is now."""
        loader = info.context.loaders.evaluators
        return follow(loader, self.series.evaluator_id, evaluator.Evaluator.of, what="evaluator")

    @field
    def points(self) -> list[HistoryPoint]:
        """One a run that has ended and has a figure of this evaluator."""
        return [HistoryPoint.of(point) for point in self.series.points]

    @field
    def trend(self) -> Trend:
        """Where it goes."""
        return Trend.of(self.series.trend)


async def project_history(
    info: Info, project_id: str, *, evaluator_ids: Sequence[str] | None, wanted: RunFilter, last: int
) -> list[HistorySeries]:
    """Return the series of a project's last runs, or refuse an evaluator or how many runs."""
    most = check_range(last, 1, _MOST_RUNS, field="last")
    await _check_evaluators(info, project_id, evaluator_ids or ())
    chosen = replace(wanted, status=wanted.status or (RunStatus.COMPLETED,), evaluator_ids=tuple(evaluator_ids or ()))
    runs = RunList(project_id=project_id, wanted=chosen)
    page = await info.context.loaders.lists.runs.page(runs, first=most, after=None)
    return [HistorySeries.of(series) for series in domain.history_of(page.items[::-1], evaluator_ids)]


async def _check_evaluators(info: Info, project_id: str, evaluator_ids: Sequence[str]) -> None:
    found = await info.context.loaders.visible.evaluators.load_many(evaluator_ids)
    for place, one in enumerate(found):
        if one is None or one.project_id != project_id:
            raise NotFound("There is no such evaluator.", field=f"evaluatorIds[{place}]")
