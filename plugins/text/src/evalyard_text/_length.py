"""How long an output may be."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from evalyard import Config, Evaluator, Score, ScoreType, Variable
from evalyard.values import NO_OUTPUT, as_text

Unit = Literal["characters", "words", "lines"]

_COUNTS: Final[Mapping[Unit, Callable[[str], int]]] = MappingProxyType(
    {
        "characters": len,
        "words": lambda text: len(text.split()),
        "lines": lambda text: len(text.splitlines()),
    }
)


class LengthConfig(Config):
    """The limits, both of them allowed lengths; at least one has to be given."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"unit": "words", "minimum": 1, "maximum": 100}]})

    unit: Unit = Field(
        "characters",
        description="What is counted: characters (Unicode code points), words (between white space) or lines.",
    )
    minimum: int | None = Field(None, ge=0, description="The least that there has to be.")
    maximum: int | None = Field(None, ge=0, description="The most that there may be.")

    @model_validator(mode="after")
    def _check_limits(self) -> Self:
        if self.minimum is None and self.maximum is None:
            raise ValueError("give a minimum, a maximum or both")
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise ValueError(f"the minimum, {self.minimum}, is greater than the maximum, {self.maximum}")
        return self


class Length(Evaluator[LengthConfig]):
    """Check that the output is neither too short nor too long."""

    score_type = ScoreType.BOOLEAN

    def evaluate(self, *, output: Annotated[Any, Variable("What the system answered.")]) -> Score:
        """Count, and hold it against the limits."""
        if output is None:
            return Score(False, explanation=NO_OUTPUT)
        least, most = self.config.minimum, self.config.maximum
        count = _COUNTS[self.config.unit](as_text(output))
        long_enough, short_enough = least is None or count >= least, most is None or count <= most
        found = f"It has {count:,} {self.config.unit if count != 1 else self.config.unit[:-1]}"
        if not long_enough:
            return Score(False, explanation=f"{found}; it has to have {least:,} at least.")
        if not short_enough:
            return Score(False, explanation=f"{found}; it may have {most:,} at most.")
        return Score(True, explanation=f"{found}, as it should.")
