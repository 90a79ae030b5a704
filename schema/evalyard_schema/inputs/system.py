"""Systems under test as they come in."""

import strawberry
from strawberry.scalars import JSON

from evalyard_core.domain.rates import RateLimit
from evalyard_core.services.trials import TargetTrial
from evalyard_schema.described import input_type
from evalyard_schema.ids import decode_given


@input_type
class CreateSystemInput:
    """A new system under test."""

    project_id: strawberry.ID
    name: str = strawberry.field(description="Unique in the project.")
    description: str | None = ""


@input_type
class RateLimitInput:
    """How often a system version may be called by all its runs and workers together: at least one of the two."""

    requests_per_minute: int | None = strawberry.field(description="1 to 1,000,000.")
    tokens_per_minute: int | None = strawberry.field(
        description="1 to 1,000,000,000, prompts and completions together, as the target reports them; else estimated."
    )

    def to_domain(self) -> RateLimit:
        """Return the limit."""
        return RateLimit(requests_per_minute=self.requests_per_minute, tokens_per_minute=self.tokens_per_minute)


@input_type
class CreateSystemVersionInput:
    """A new version of a system: the target plugin must accept the config."""

    system_id: strawberry.ID
    name: str = strawberry.field(description="Unique in the system.")
    target: str = strawberry.field(
        description="The target plugin's key, or its name where only one distribution has it."
    )
    config: JSON | None
    rate_limit: RateLimitInput | None = strawberry.field(
        description="How often it may be called by all its runs and workers together; setRateLimit changes it."
    )


@input_type
class TryTargetInput:
    """A system version, whose config may be replaced for this once; or a projectId, a target and its config."""

    system_version_id: strawberry.ID | None
    project_id: strawberry.ID | None
    target: str | None = strawberry.field(
        description="The target plugin's key, or its name where only one distribution has it."
    )
    config: JSON | None
    input: JSON
    metadata: JSON | None
    timeout_seconds: float | None = 60.0

    def to_domain(self) -> TargetTrial:
        """Return what is tried, with raw ids, or refuse an id."""
        return TargetTrial(
            system_version_id=decode_given(self.system_version_id, "SystemVersion", field="input.systemVersionId"),
            project_id=decode_given(self.project_id, "Project", field="input.projectId"),
            target=self.target,
            config=self.config,
            input=self.input,
            metadata=self.metadata,
            timeout_seconds=60.0 if self.timeout_seconds is None else self.timeout_seconds,
        )
