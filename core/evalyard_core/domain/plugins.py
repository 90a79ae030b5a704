"""What the live workers have installed."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from evalyard import ScoreType, TargetMode

from .payload import Json


class PluginHealth(StrEnum):
    """AVAILABLE on a live worker, BROKEN on all that have it, or OFFLINE: no live worker has it."""

    AVAILABLE = "AVAILABLE"
    BROKEN = "BROKEN"
    OFFLINE = "OFFLINE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """An input of an evaluator plugin; `default_path` is used where an evaluator maps none.

    `value_schema` is the JSON Schema of the values that it takes, empty where it takes any.
    """

    name: str
    description: str
    required: bool
    default_path: str | None = None
    value_schema: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluatorPlugin:
    """An evaluator plugin as the library shows it; `key` is `distribution/name`. It scores records, runs or both."""

    key: str
    name: str
    summary: str
    distribution: str
    version: str
    score_type: ScoreType
    config_schema: Json
    variables: tuple[Variable, ...]
    homepage: str | None = None
    problem: str | None = None
    health: PluginHealth = PluginHealth.OFFLINE
    worker_count: int = 0
    scores_records: bool = True
    scores_runs: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetPlugin:
    """A way to call a system under test."""

    key: str
    name: str
    summary: str
    distribution: str
    version: str
    config_schema: Json
    mode: TargetMode = TargetMode.CALL
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """A live worker process and the catalogue that it published."""

    id: str
    host: str
    process: int
    started_at: datetime
    evaluators: tuple[EvaluatorPlugin, ...]
    targets: tuple[TargetPlugin, ...]
