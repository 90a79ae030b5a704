"""What the library shows of a plugin."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import evalyard
from evalyard import plugins as sdk
from evalyard_core.domain.plugins import EvaluatorPlugin, TargetPlugin, Variable


def variable_of(spec: sdk.VariableSpec) -> Variable:
    """Return a variable."""
    return Variable(
        name=spec.name, description=spec.description, required=spec.required, default_path=spec.default_path
    )


def broken_evaluator(found: sdk.FoundPlugin, problem: str) -> EvaluatorPlugin:
    """Return an evaluator that can't be used."""
    return EvaluatorPlugin(
        key=found.key,
        name=found.name,
        summary="",
        distribution=found.distribution,
        version=found.version,
        homepage=found.homepage,
        score_type=evalyard.ScoreType.TEXT,
        config_schema={},
        variables=(),
        problem=problem,
    )


def evaluator_of(found: sdk.FoundPlugin, component: type[evalyard.Evaluator[Any]]) -> EvaluatorPlugin:
    """Return an evaluator that is loaded here."""
    described = sdk.describe_evaluator(found, component)
    return EvaluatorPlugin(
        key=described.key,
        name=described.name,
        summary=described.summary,
        distribution=described.distribution,
        version=described.version,
        homepage=described.homepage,
        score_type=described.score_type,
        config_schema=described.config_schema,
        variables=tuple(
            replace(variable_of(spec), value_schema=sdk.value_schema(spec)) for spec in described.variables
        ),
        scores_records=described.scores_records,
        scores_runs=described.scores_runs,
    )


def evaluator_told(found: sdk.FoundPlugin, described: Mapping[str, Any]) -> EvaluatorPlugin:
    """Return an evaluator that another process has described.

    Raises KeyError, TypeError or ValueError for a description that is damaged.
    """
    variables = [
        Variable(
            name=str(told["name"]),
            description=str(told["description"]),
            required=told["required"] is True,
            default_path=None if told["default_path"] is None else str(told["default_path"]),
            value_schema=dict(told["value_schema"]),
        )
        for told in described["variables"]
    ]
    return EvaluatorPlugin(
        key=found.key,
        name=found.name,
        summary=str(described["summary"]),
        distribution=found.distribution,
        version=found.version,
        homepage=found.homepage,
        score_type=evalyard.ScoreType(described["score_type"]),
        config_schema=dict(described["config_schema"]),
        variables=tuple(variables),
        scores_records=described["scores_records"] is True,
        scores_runs=described["scores_runs"] is True,
    )


def target_of(
    found: sdk.FoundPlugin, component: type[evalyard.Target[Any]] | None, problem: str | None
) -> TargetPlugin:
    """Return a target, which may be broken."""
    described = None if component is None else sdk.describe_target(found, component)
    return TargetPlugin(
        key=found.key,
        name=found.name,
        summary=described.summary if described else "",
        distribution=found.distribution,
        version=found.version,
        config_schema=described.config_schema if described else {},
        mode=described.mode if described else evalyard.TargetMode.CALL,
        problem=problem,
    )
