"""What the live workers have installed."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from evalyard import ScoreType

from .payload import Json


class PluginHealth(StrEnum):
    """AVAILABLE on a live worker, BROKEN on all that have it, or OFFLINE: no live worker has it."""

    AVAILABLE = "AVAILABLE"
    BROKEN = "BROKEN"
    OFFLINE = "OFFLINE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """An input of an evaluator plugin; `default_path` is used where an evaluator maps none."""

    name: str
    description: str
    required: bool
    default_path: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluatorPlugin:
    """An evaluator plugin as the library shows it; `key` is `distribution/name`."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetPlugin:
    """A way to call a system under test."""

    key: str
    name: str
    summary: str
    distribution: str
    version: str
    config_schema: Json
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
