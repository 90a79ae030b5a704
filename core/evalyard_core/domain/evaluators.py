"""Evaluators: a plugin with a config, a variable mapping and a threshold."""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from evalyard import ScoreType

from .errors import BadInput
from .payload import Json, payload_size

__all__ = [
    "Evaluator",
    "EvaluatorSnapshot",
    "ScoreType",
    "Threshold",
    "ThresholdOperator",
    "VariableMapping",
    "check_threshold",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class VariableMapping:
    """Where a variable's value comes from: a JMESPath over {input, expected, output, metadata, trace, record}."""

    variable: str
    path: str


_MOST_THRESHOLD_BYTES: Final = 100_000


class ThresholdOperator(StrEnum):
    """How a score is compared with the threshold's value."""

    GT = "GT"
    GTE = "GTE"
    LT = "LT"
    LTE = "LTE"
    EQ = "EQ"
    IN = "IN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """What a score must meet to pass."""

    operator: ThresholdOperator
    value: Json

    def met_by(self, value: Any) -> bool:
        """Tell whether a score's value passes; a value that can't be compared does not."""
        if self.operator is ThresholdOperator.IN:
            return any(_equal(value, bound) for bound in self.value)
        if self.operator is ThresholdOperator.EQ:
            return _equal(value, self.value)
        return _is_number(value) and bool(_COMPARE[self.operator](value, self.value))


def _equal(value: Any, bound: Any) -> bool:
    return bool(value == bound) and isinstance(value, bool) == isinstance(bound, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_COMPARE: Final[Mapping[ThresholdOperator, Callable[[Any, Any], Any]]] = {
    ThresholdOperator.GT: operator.gt,
    ThresholdOperator.GTE: operator.ge,
    ThresholdOperator.LT: operator.lt,
    ThresholdOperator.LTE: operator.le,
}


def check_threshold(threshold: Threshold | None, score_type: ScoreType, *, field: str) -> None:
    """Refuse a threshold that no score of the type could be compared with."""
    if threshold is None:
        return
    payload_size(threshold.value, field=f"{field}.value", most=_MOST_THRESHOLD_BYTES)
    if score_type is ScoreType.NUMERIC:
        _check_numeric(threshold, field=field)
    elif score_type is ScoreType.BOOLEAN:
        if threshold.operator is not ThresholdOperator.EQ or not isinstance(threshold.value, bool):
            raise BadInput("A boolean score takes EQ with true or false.", field=field)
    elif threshold.operator is ThresholdOperator.IN:
        _check_list(threshold.value, _is_text, "texts", field=field)
    elif threshold.operator is not ThresholdOperator.EQ or not _is_text(threshold.value):
        raise BadInput(f"A {score_type.lower()} score takes EQ with a text, or IN with a list.", field=field)


def _check_numeric(threshold: Threshold, *, field: str) -> None:
    if threshold.operator is ThresholdOperator.IN:
        _check_list(threshold.value, _is_number, "numbers", field=field)
    elif not _is_number(threshold.value):
        raise BadInput(f"A numeric score is compared with a number, not {threshold.value!r}.", field=f"{field}.value")


def _check_list(value: Any, fits: Callable[[Any], bool], what: str, *, field: str) -> None:
    if not isinstance(value, list) or not value or not all(map(fits, value)):
        raise BadInput(f"IN takes a list of {what} here, at least one.", field=f"{field}.value")


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluator:
    """A plugin made one's own; `version` grows with each change of config, mapping or threshold."""

    id: str
    project_id: str
    name: str
    description: str
    plugin: str
    config: Json
    mapping: tuple[VariableMapping, ...]
    threshold: Threshold | None
    score_type: ScoreType
    version: int
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluatorSnapshot:
    """An evaluator as a run uses it, whatever becomes of the evaluator later."""

    evaluator_id: str
    name: str
    version: int
    plugin: str
    plugin_version: str
    config: Json
    config_hash: str
    mapping: tuple[VariableMapping, ...]
    score_type: ScoreType
    threshold: Threshold | None = None
    scores_records: bool = True
    scores_runs: bool = False

    @property
    def lower_is_better(self) -> bool:
        """Whether small numbers are what is asked for: those below a threshold pass, or those of false."""
        threshold = self.threshold
        if threshold is None:
            return False
        return threshold.operator in {ThresholdOperator.LT, ThresholdOperator.LTE} or threshold.value is False
