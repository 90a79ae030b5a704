"""Projects and keys as they come in."""

from datetime import datetime
from typing import Any

import strawberry
from strawberry import UNSET

from evalyard_schema.described import input_type
from evalyard_schema.enums import Role
from evalyard_schema.given import changes


@input_type
class CreateProjectInput:
    """A new project."""

    name: str = strawberry.field(description="Unique in the instance.")
    description: str | None = ""


@input_type
class RetentionInput:
    """How long things are kept. What is left out stays; null keeps for ever."""

    trace_days: int | None = strawberry.field(
        default=UNSET, description="Days from when a trace's last span came in to the trace's removal."
    )
    run_days: int | None = strawberry.field(
        default=UNSET, description="Days from a run's end to its removal, with its records and scores."
    )

    def changes(self) -> dict[str, Any]:
        """Return what is to be changed."""
        return changes(self, clearable={"trace_days", "run_days"})


@input_type
class RedactionInput:
    """What is replaced by [REDACTED] before anything is stored. What is left out stays; null means none."""

    names: list[str] | None = strawberry.field(
        default=UNSET,
        description="Keys of objects and attributes of spans whose values go, whole paths (user.email) or their ends "
        "(email), without regard to case; * stands for any characters.",
    )
    patterns: list[str] | None = strawberry.field(
        default=UNSET, description="Regular expressions (Python's syntax) for what goes out of texts."
    )

    def changes(self) -> dict[str, Any]:
        """Return what is to be changed."""
        given = changes(self, clearable={"names", "patterns"})
        return {name: value or [] for name, value in given.items()}


@input_type
class CreateApiKeyInput:
    """A new key of a project."""

    project_id: strawberry.ID
    name: str
    role: Role
    expires_at: datetime | None
