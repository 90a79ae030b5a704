"""Systems under test."""

from dataclasses import dataclass
from datetime import datetime

from .payload import Json
from .rates import RateLimit


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """An AI application or agent."""

    id: str
    project_id: str
    name: str
    description: str
    created_at: datetime
    production_version_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemVersion:
    """An immutable configuration of a system; `target` is the key of the target plugin that calls it.

    Its rate limit is no part of the configuration: it may change, also while runs call the system.
    """

    id: str
    system_id: str
    project_id: str
    name: str
    target: str
    config: Json
    created_at: datetime
    rate_limit: RateLimit | None = None
