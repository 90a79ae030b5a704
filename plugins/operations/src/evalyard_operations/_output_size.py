"""How large an output is."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from evalyard import Config, Evaluator, Score, ScoreType, Skip, Variable
from evalyard.values import NO_OUTPUT, as_text

Unit = Literal["characters", "words", "lines", "bytes"]

_SIZES: Final[Mapping[Unit, Callable[[str], int]]] = MappingProxyType(
    {
        "characters": len,
        "words": lambda text: len(text.split()),
        "lines": lambda text: len(text.splitlines()),
        # A lone surrogate, which JSON can hold and UTF-8 can't, counts like any other of its range.
        "bytes": lambda text: len(text.encode(errors="surrogatepass")),
    }
)


class OutputSizeConfig(Config):
    """What is counted."""

    unit: Unit = Field(
        "characters",
        description="Characters (Unicode code points), words (between white space), lines, or bytes in UTF-8.",
    )


class OutputSize(Evaluator[OutputSizeConfig]):
    """Give the size of the output.

    An output that is no text is measured as its JSON text.
    """

    score_type = ScoreType.NUMERIC

    def evaluate(self, *, output: Annotated[Any, Variable("What the system answered.")]) -> Score:
        """Count."""
        if output is None:
            raise Skip(NO_OUTPUT)
        unit = self.config.unit
        size = _SIZES[unit](as_text(output))
        return Score(size, explanation=f"{size:,} {unit if size != 1 else unit[:-1]}.")
