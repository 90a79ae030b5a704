"""The library: what live workers have installed."""

from typing import Self

import strawberry
from strawberry.scalars import JSON

from evalyard_core.domain import plugins as domain
from evalyard_schema.described import object_type
from evalyard_schema.enums import PluginHealth, ScoreType, TargetMode
from evalyard_schema.ids import encode
from evalyard_schema.types.node import Node


@object_type
class EvaluatorVariable:
    """An input of an evaluator."""

    name: str
    description: str
    required: bool
    default_path: str | None = strawberry.field(
        description="The JMESPath that is used where an evaluator maps none; without it, a required one must be mapped."
    )
    value_schema: JSON = strawberry.field(description="JSON Schema of its values; {} where it takes any.")


@object_type
class EvaluatorPlugin(Node):
    """Code that scores, installed as a package."""

    key: str = strawberry.field(description="distribution/name, for instance evalyard-text/exact_match.")
    name: str
    summary: str
    distribution: str
    version: str
    homepage: str | None
    health: PluginHealth
    problem: str | None = strawberry.field(description="Why it can't be used, with the remedy, when it is broken.")
    score_type: ScoreType
    scores_records: bool
    scores_runs: bool = strawberry.field(description="Whether it scores runs as a whole, as corpus metrics do.")
    config_schema: JSON = strawberry.field(description="JSON Schema of config.")
    variables: list[EvaluatorVariable]
    worker_count: int = strawberry.field(description="Live workers that offer it.")

    @classmethod
    def of(cls, plugin: domain.EvaluatorPlugin) -> Self:
        """Return a plugin."""
        return cls(
            id=encode("EvaluatorPlugin", plugin.key),
            key=plugin.key,
            name=plugin.name,
            summary=plugin.summary,
            distribution=plugin.distribution,
            version=plugin.version,
            homepage=plugin.homepage,
            health=plugin.health,
            problem=plugin.problem,
            score_type=plugin.score_type,
            scores_records=plugin.scores_records,
            scores_runs=plugin.scores_runs,
            config_schema=plugin.config_schema,
            variables=[
                EvaluatorVariable(
                    name=variable.name,
                    description=variable.description,
                    required=variable.required,
                    default_path=variable.default_path,
                    value_schema=variable.value_schema,
                )
                for variable in plugin.variables
            ],
            worker_count=plugin.worker_count,
        )


@object_type
class TargetPlugin:
    """A way in which a system under test can be called, installed as a package."""

    key: str = strawberry.field(description="distribution/name, for instance evalyard-targets/http.")
    name: str
    summary: str
    distribution: str
    version: str
    mode: TargetMode
    problem: str | None = strawberry.field(description="Why it can't be used, with the remedy, when it is broken.")
    config_schema: JSON = strawberry.field(description="JSON Schema of config.")

    @classmethod
    def of(cls, target: domain.TargetPlugin) -> Self:
        """Return a target."""
        return cls(
            key=target.key,
            name=target.name,
            summary=target.summary,
            distribution=target.distribution,
            version=target.version,
            mode=target.mode,
            problem=target.problem,
            config_schema=target.config_schema,
        )
