"""How long a project keeps things, and what it never stores."""

from typing import Self

import strawberry

from evalyard_core.domain import keeping, redaction
from evalyard_schema.described import object_type


@object_type
class Retention:
    """How long a project keeps things; null is for ever."""

    trace_days: int | None = strawberry.field(description="From when a trace's last span came in.")
    run_days: int | None = strawberry.field(description="From a run's end.")

    @classmethod
    def of(cls, retention: keeping.Retention) -> Self:
        """Return a project's."""
        return cls(trace_days=retention.trace_days, run_days=retention.run_days)


@object_type
class Redaction:
    """What a project replaces by [REDACTED] before anything is stored."""

    names: list[str]
    patterns: list[str]

    @classmethod
    def of(cls, rules: redaction.RedactionRules) -> Self:
        """Return a project's."""
        return cls(names=list(rules.names), patterns=list(rules.patterns))
