"""Evaluators and the library of plugins."""

import strawberry

from evalyard_schema.context import Info
from evalyard_schema.described import mutation
from evalyard_schema.ids import decode
from evalyard_schema.inputs.evaluator import CreateEvaluatorInput, TryEvaluatorInput, UpdateEvaluatorInput
from evalyard_schema.inputs.mapping import mapping_of, threshold_of
from evalyard_schema.types.evaluator import Evaluator
from evalyard_schema.types.score import Score


@strawberry.type
class EvaluatorMutation:
    """What changes evaluators, and what only a worker can do."""

    @mutation
    async def create_evaluator(self, info: Info, input: CreateEvaluatorInput) -> Evaluator:
        """Create an evaluator, once a worker's plugin has accepted the config."""
        created = await info.context.services.evaluators.create(
            actor=info.context.actor,
            project_id=decode(input.project_id, "Project", field="input.projectId"),
            name=input.name,
            description=input.description or "",
            plugin=input.plugin,
            config=input.config,
            mapping=mapping_of(input.mapping),
            threshold=threshold_of(input.threshold),
        )
        return Evaluator.of(created)

    @mutation
    async def update_evaluator(self, info: Info, id: strawberry.ID, input: UpdateEvaluatorInput) -> Evaluator:
        """Change an evaluator for future runs."""
        changed = await info.context.services.evaluators.update(
            actor=info.context.actor, evaluator_id=decode(id, "Evaluator", field="id"), changes=input.changes()
        )
        return Evaluator.of(changed)

    @mutation
    async def delete_evaluator(self, info: Info, id: strawberry.ID) -> strawberry.ID:
        """Remove an evaluator that no dataset uses; the scores that it made still name it."""
        await info.context.services.evaluators.delete(
            actor=info.context.actor, evaluator_id=decode(id, "Evaluator", field="id")
        )
        return id

    @mutation
    async def try_evaluator(self, info: Info, input: TryEvaluatorInput) -> Score:
        """Scores one made-up or existing record without storing anything."""
        services, actor, trial = info.context.services, info.context.actor, input.to_domain()
        score, *beside = await services.evaluators.try_out(actor=actor, trial=trial)
        tried = await services.records.get(actor=actor, record_id=trial.record_id) if trial.record_id else None
        return Score.tried(score, tried, tuple(beside))

    @mutation
    async def refresh_plugins(self, info: Info) -> bool:
        """Asks every live worker to look for newly installed plugins.

        True where there is a worker to ask; what it finds shows in evaluatorPlugins within seconds.
        """
        return await info.context.services.library.refresh(actor=info.context.actor)
