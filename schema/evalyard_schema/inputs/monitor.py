"""Monitors as they are made and changed."""

from typing import Any

import strawberry
from strawberry import UNSET

from evalyard_core.domain import filters
from evalyard_core.domain.errors import Refusal
from evalyard_core.services.monitors import NewMonitor
from evalyard_schema.described import input_type
from evalyard_schema.given import changes
from evalyard_schema.ids import decode, decode_many

from .trace_filters import TraceFilter

_RATE = "Share of the traces that are scored, 0 to 100 %: by a digest of the trace id, so that monitors agree."
_INTERVAL = "Seconds between cycles, 60 to 604,800."
_QUIET = "A trace is taken once nothing of it has come in for so many seconds, 10 to 86,400."


@input_type
class CreateMonitorInput:
    """A new monitor, of the traces that come in from now on."""

    project_id: strawberry.ID
    name: str = strawberry.field(description="Unique in the project.")
    evaluator_ids: list[strawberry.ID]
    filter: TraceFilter | None = strawberry.field(description="All traces unless given.")
    rate: float | None = strawberry.field(default=100.0, description=_RATE)
    interval_seconds: int | None = strawberry.field(default=3_600, description=_INTERVAL)
    quiet_seconds: int | None = strawberry.field(default=60, description=_QUIET)
    tags: list[str] | None = strawberry.field(description="Of its runs.")
    paused: bool | None = strawberry.field(default=False, description="Whether it waits for resumeMonitor.")

    def to_domain(self) -> NewMonitor:
        """Return what is made, with raw ids, or refuse an id or the filter."""
        return NewMonitor(
            project_id=decode(self.project_id, "Project", field="input.projectId"),
            name=self.name,
            evaluator_ids=decode_many(self.evaluator_ids, "Evaluator", field="input.evaluatorIds"),
            wanted=_wanted(self.filter),
            rate=100.0 if self.rate is None else self.rate,
            interval_seconds=3_600 if self.interval_seconds is None else self.interval_seconds,
            quiet_seconds=60 if self.quiet_seconds is None else self.quiet_seconds,
            tags=self.tags or (),
            paused=bool(self.paused),
        )


@input_type
class UpdateMonitorInput:
    """What is left out stays."""

    name: str | None = UNSET
    evaluator_ids: list[strawberry.ID] | None = UNSET
    filter: TraceFilter | None = strawberry.field(default=UNSET, description="The whole filter; null is all traces.")
    rate: float | None = strawberry.field(default=UNSET, description=_RATE)
    interval_seconds: int | None = strawberry.field(default=UNSET, description=_INTERVAL)
    quiet_seconds: int | None = strawberry.field(default=UNSET, description=_QUIET)
    tags: list[str] | None = UNSET

    def changes(self) -> dict[str, Any]:
        """Return what is to be changed, with raw ids, or refuse an id or the filter."""
        wanted = changes(self, clearable={"filter", "tags"})
        if "evaluator_ids" in wanted:
            wanted["evaluator_ids"] = tuple(
                decode_many(wanted["evaluator_ids"], "Evaluator", field="input.evaluatorIds")
            )
        if "filter" in wanted:
            wanted["wanted"] = _wanted(wanted.pop("filter"))
        if "tags" in wanted:
            wanted["tags"] = tuple(wanted["tags"] or ())
        return wanted


def _wanted(filter: TraceFilter | None) -> filters.TraceFilter:
    try:
        return filters.TraceFilter() if filter is None else filter.to_domain()
    except Refusal as refusal:
        raise type(refusal)(refusal.message, field=f"input.{refusal.field}") from refusal
