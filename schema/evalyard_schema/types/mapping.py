"""Variable mappings and thresholds."""

from typing import Self

import strawberry
from strawberry.scalars import JSON

from evalyard_core.domain import evaluators as domain
from evalyard_schema.described import object_type
from evalyard_schema.enums import ThresholdOperator


@object_type
class VariableMapping:
    """Where an evaluator's variable comes from."""

    variable: str
    path: str = strawberry.field(
        description="path is a JMESPath expression over {input, expected, output, metadata, trace, record}, where "
        "record holds latency_ms, cost_usd, prompt_tokens, completion_tokens, total_tokens and attempts."
    )

    @classmethod
    def of(cls, mapping: domain.VariableMapping) -> Self:
        """Return an entry of a mapping."""
        return cls(variable=mapping.variable, path=mapping.path)


@object_type
class Threshold:
    """What a score must meet to pass."""

    operator: ThresholdOperator
    value: JSON

    @classmethod
    def of(cls, threshold: domain.Threshold | None) -> Self | None:
        """Return a threshold, None for none."""
        return None if threshold is None else cls(operator=threshold.operator, value=threshold.value)
