"""Systems under test."""

import strawberry
from strawberry import UNSET

from evalyard_schema.context import Info
from evalyard_schema.described import mutation
from evalyard_schema.given import given
from evalyard_schema.ids import decode
from evalyard_schema.inputs.system import CreateSystemInput, CreateSystemVersionInput, RateLimitInput, TryTargetInput
from evalyard_schema.types.system import System, SystemVersion
from evalyard_schema.types.tried import TriedTarget


@strawberry.type
class SystemMutation:
    """What changes systems."""

    @mutation
    async def create_system(self, info: Info, input: CreateSystemInput) -> System:
        """Create a system."""
        created = await info.context.services.systems.create(
            actor=info.context.actor,
            project_id=decode(input.project_id, "Project", field="input.projectId"),
            name=input.name,
            description=input.description or "",
        )
        return System.of(created)

    @mutation
    async def create_system_version(self, info: Info, input: CreateSystemVersionInput) -> SystemVersion:
        """Create a version of a system, once a worker's target plugin has accepted the config."""
        created = await info.context.services.systems.create_version(
            actor=info.context.actor,
            system_id=decode(input.system_id, "System", field="input.systemId"),
            name=input.name,
            target=input.target,
            config=input.config,
            rate_limit=None if input.rate_limit is None else input.rate_limit.to_domain(),
        )
        return SystemVersion.of(created)

    @mutation
    async def try_target(self, info: Info, input: TryTargetInput) -> TriedTarget:
        """Puts one input through a system version or an unsaved config, without storing anything.

        The subscription of the same name shows the answer as it comes in. To keep what was tried: startRun with the
        source PLAYGROUND, submitRecords and finishRun.
        """
        trials = info.context.services.trials
        question = await trials.prepare(actor=info.context.actor, trial=input.to_domain())
        return TriedTarget.of([tried async for tried in trials.watch(question)][-1])

    @mutation
    async def set_production_version(self, info: Info, system_version_id: strawberry.ID) -> System:
        """Note which version of its system is in production."""
        changed = await info.context.services.systems.set_production(
            actor=info.context.actor, version_id=decode(system_version_id, "SystemVersion", field="systemVersionId")
        )
        return System.of(changed)

    @mutation
    async def set_rate_limit(
        self, info: Info, system_version_id: strawberry.ID, rate_limit: RateLimitInput | None = UNSET
    ) -> SystemVersion:
        """Say how often a system version may be called by all its runs and workers together.

        Runs that are at work keep to it within seconds; null, or nothing, takes the limit away.
        """
        chosen = given(rate_limit)
        changed = await info.context.services.systems.set_rate_limit(
            actor=info.context.actor,
            version_id=decode(system_version_id, "SystemVersion", field="systemVersionId"),
            limit=None if chosen is None else chosen.to_domain(),
        )
        return SystemVersion.of(changed)
