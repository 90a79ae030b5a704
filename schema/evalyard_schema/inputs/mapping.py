"""Variable mappings and thresholds as they come in."""

from collections.abc import Sequence

import strawberry
from strawberry.scalars import JSON

from evalyard_core.domain import evaluators as domain
from evalyard_schema.described import input_type
from evalyard_schema.enums import ThresholdOperator


@input_type
class VariableMappingInput:
    """Where an evaluator's variable comes from."""

    variable: str
    path: str = strawberry.field(
        description="path is a JMESPath expression over {input, expected, output, metadata, trace, record}, where "
        "record holds latency_ms, cost_usd, prompt_tokens, completion_tokens, total_tokens and attempts."
    )


@input_type
class ThresholdInput:
    """What a score must meet to pass."""

    operator: ThresholdOperator
    value: JSON


def mapping_of(entries: Sequence[VariableMappingInput] | None) -> tuple[domain.VariableMapping, ...] | None:
    """Return a mapping, None for none."""
    if entries is None:
        return None
    return tuple(domain.VariableMapping(variable=entry.variable, path=entry.path) for entry in entries)


def threshold_of(threshold: ThresholdInput | None) -> domain.Threshold | None:
    """Return a threshold, None for none."""
    if threshold is None:
        return None
    return domain.Threshold(operator=threshold.operator, value=threshold.value)
