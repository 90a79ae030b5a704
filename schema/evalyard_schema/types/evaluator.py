"""Evaluators."""

from datetime import datetime
from typing import Self

import strawberry
from strawberry import UNSET
from strawberry.scalars import JSON

from evalyard_core.domain import evaluators as domain
from evalyard_schema.context import Info
from evalyard_schema.described import field, object_type
from evalyard_schema.enums import AgreementBasis, ScoreType
from evalyard_schema.given import given
from evalyard_schema.ids import decode_many, encode
from evalyard_schema.types import agreement, plugin, project
from evalyard_schema.types.edges import follow
from evalyard_schema.types.lazy import LazyEvaluatorAgreement, LazyEvaluatorPlugin, LazyProject
from evalyard_schema.types.mapping import Threshold, VariableMapping
from evalyard_schema.types.node import Node


@object_type
class Evaluator(Node):
    """A plugin made one's own: a name, a config, a variable mapping and a threshold."""

    evaluator: strawberry.Private[domain.Evaluator]
    name: str
    description: str
    config: JSON
    mapping: list[VariableMapping] = strawberry.field(
        description="Variables that are not listed come from their defaultPath."
    )
    threshold: Threshold | None
    score_type: ScoreType
    version: int = strawberry.field(
        description="Grows by one with each change of config, mapping or threshold; "
        "every score names the version that made it."
    )
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, evaluator: domain.Evaluator) -> Self:
        """Return an evaluator."""
        return cls(
            id=encode("Evaluator", evaluator.id),
            evaluator=evaluator,
            name=evaluator.name,
            description=evaluator.description,
            config=evaluator.config,
            mapping=[VariableMapping.of(entry) for entry in evaluator.mapping],
            threshold=Threshold.of(evaluator.threshold),
            score_type=evaluator.score_type,
            version=evaluator.version,
            created_at=evaluator.created_at,
            updated_at=evaluator.updated_at,
        )

    @field
    def project(self, info: Info) -> LazyProject:
        """The project that it belongs to."""
        loader = info.context.loaders.projects
        return follow(loader, self.evaluator.project_id, project.Project.of, what="project")

    @field
    async def agreement(
        self,
        info: Info,
        *,
        run_ids: list[strawberry.ID] | None = UNSET,
        version: int | None = UNSET,
        basis: AgreementBasis = AgreementBasis.VALUE,
    ) -> LazyEvaluatorAgreement:
        """How far it agrees with people: over all runs and with each record's newest score, unless told otherwise."""
        runs = given(run_ids)
        found = await info.context.services.agreement.of(
            actor=info.context.actor,
            evaluator=self.evaluator,
            basis=basis,
            run_ids=None if runs is None else decode_many(runs, "Run", field="runIds"),
            version=given(version),
        )
        return agreement.EvaluatorAgreement.of(found, self.evaluator.id)

    @field
    def plugin(self, info: Info) -> LazyEvaluatorPlugin:
        """The plugin as the live workers have it, or as it was when one last had it."""
        loader = info.context.loaders.plugins
        return follow(loader, self.evaluator.plugin, plugin.EvaluatorPlugin.of, what="plugin")
