"""The base of what a user sets for an evaluator or a target."""

from pydantic import BaseModel, ConfigDict


class Config(BaseModel):
    """Derive the configuration of an evaluator or a target from this.

    Unknown keys are refused and instances are frozen. Its JSON Schema is what forms are drawn from and what the
    server checks, so give each field a `Field(description=...)`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
