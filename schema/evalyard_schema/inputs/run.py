"""Runs as they are started, repeated and changed."""

from typing import Any

import strawberry
from strawberry import UNSET
from strawberry.scalars import JSON

from evalyard_core.domain.runs import RunSettings
from evalyard_core.services.starting import NewRun
from evalyard_schema.described import input_type
from evalyard_schema.enums import RunSource
from evalyard_schema.given import changes
from evalyard_schema.ids import decode, decode_given, decode_many
from evalyard_schema.inputs.caching import RunCacheInput, given_cache

_DEFAULTS = RunSettings()


@input_type
class RunParts:
    """What runs are started with, at once or by a schedule."""

    dataset_id: strawberry.ID | None
    dataset_version: int | None = strawberry.field(description="The newest unless given.")
    system_version_id: strawberry.ID | None
    evaluator_ids: list[strawberry.ID] | None = strawberry.field(
        description="Defaults to the evaluators attached to the dataset."
    )
    notes: str | None = ""
    tags: list[str] | None
    metadata: JSON | None
    trials: int | None = strawberry.field(
        default=_DEFAULTS.trials, description="How often each item is carried out, 1 to 100."
    )
    concurrency: int | None = strawberry.field(
        default=_DEFAULTS.concurrency, description="How many calls of the system are in flight at most, 1 to 1,000."
    )
    max_attempts: int | None = strawberry.field(
        default=_DEFAULTS.max_attempts, description="How often one record calls the system at most, 1 to 20."
    )
    max_consecutive_failures: int | None = strawberry.field(
        default=_DEFAULTS.max_consecutive_failures,
        description="How often in a row the system, or an evaluator, may fail with the same permanent error, such as "
        "HTTP_401 or UNKNOWN_HOST, until it is not asked any more; 1 to 1,000,000. Records that it is not asked for "
        "have the error CIRCUIT_OPEN.",
    )
    timeout_seconds: float | None = strawberry.field(
        default=_DEFAULTS.timeout_seconds, description="The longest that one call may take."
    )
    sample_size: int | None = strawberry.field(description="So many items, chosen at random; all unless given.")
    item_tags: list[str] | None = strawberry.field(description="Only items that have all of these tags.")
    max_cost_usd: float | None = strawberry.field(
        description="A run that passes its budget stops: its remaining records are cancelled, its status is FAILED, "
        "and statusReason says which budget."
    )
    max_duration_seconds: float | None = strawberry.field(description="A budget too.")
    trace_wait_seconds: float | None = strawberry.field(
        default=_DEFAULTS.trace_wait_seconds,
        description="How long after a call evaluators that read its trace wait for that; then they say it is missing.",
    )
    cache: RunCacheInput | None = strawberry.field(
        description="What may be used again instead of being paid for again; nothing unless given."
    )

    def parts(self, *, field: str) -> dict[str, Any]:
        """Return the parts by their names in the domain, with raw ids, or refuse an id; `field` is the input's path."""
        evaluator_ids = self.evaluator_ids
        return {
            "dataset_id": decode_given(self.dataset_id, "Dataset", field=f"{field}.datasetId"),
            "dataset_version": self.dataset_version,
            "system_version_id": decode_given(
                self.system_version_id, "SystemVersion", field=f"{field}.systemVersionId"
            ),
            "evaluator_ids": None
            if evaluator_ids is None
            else tuple(decode_many(evaluator_ids, "Evaluator", field=f"{field}.evaluatorIds")),
            "notes": self.notes or "",
            "tags": tuple(self.tags or ()),
            "metadata": self.metadata,
            "settings": self._settings(),
        }

    def _settings(self) -> RunSettings:
        """Return how the run is carried out; null is the default, as if it were left out."""
        chosen = {
            "trials": self.trials,
            "concurrency": self.concurrency,
            "max_attempts": self.max_attempts,
            "max_consecutive_failures": self.max_consecutive_failures,
            "timeout_seconds": self.timeout_seconds,
            "trace_wait_seconds": self.trace_wait_seconds,
        }
        return RunSettings(
            **{name: value for name, value in chosen.items() if value is not None},  # type: ignore[arg-type]
            sample_size=self.sample_size,
            item_tags=tuple(self.item_tags or ()),
            max_cost_usd=self.max_cost_usd,
            max_duration_seconds=self.max_duration_seconds,
            cache=given_cache(self.cache) or _DEFAULTS.cache,
        )


@input_type
class StartRunInput(RunParts):
    """A new run: over a dataset, calling a system version; or without either, for outputs that are submitted."""

    project_id: strawberry.ID
    name: str | None
    source: RunSource | None = RunSource.API
    idempotency_key: str | None = strawberry.field(
        description="The same key in the same project answers with the run that it first started."
    )

    def to_domain(self) -> NewRun:
        """Return what is started, with raw ids, or refuse an id."""
        return NewRun(
            project_id=decode(self.project_id, "Project", field="input.projectId"),
            name=self.name,
            source=self.source or RunSource.API,
            idempotency_key=self.idempotency_key,
            **self.parts(field="input"),
        )


@input_type
class RerunInput:
    """What is left out is as in the run that is repeated."""

    system_version_id: strawberry.ID | None
    evaluator_ids: list[strawberry.ID] | None
    name: str | None
    source: RunSource | None = RunSource.KICKOFF
    trials: int | None
    cache: RunCacheInput | None = strawberry.field(description="{} uses nothing again.")

    def changes(self) -> dict[str, Any]:
        """Return what differs from the run that is repeated, with raw ids, or refuse an id."""
        evaluator_ids = self.evaluator_ids
        wanted = {
            "system_version_id": decode_given(self.system_version_id, "SystemVersion", field="input.systemVersionId"),
            "evaluator_ids": None
            if evaluator_ids is None
            else decode_many(evaluator_ids, "Evaluator", field="input.evaluatorIds"),
            "name": self.name,
            "source": self.source or RunSource.KICKOFF,
            "trials": self.trials,
            "cache": given_cache(self.cache),
        }
        return {name: value for name, value in wanted.items() if value is not None}


@input_type
class UpdateRunInput:
    """What is left out stays."""

    name: str | None = UNSET
    notes: str | None = UNSET
    tags: list[str] | None = UNSET

    def changes(self) -> dict[str, Any]:
        """Return what is to be changed."""
        return changes(self, clearable={"tags"})
