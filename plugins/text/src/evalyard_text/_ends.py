"""Texts that an output has to begin or to end with, or must not."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from evalyard import Config, Evaluator, Score, ScoreType, Skip, Variable
from evalyard.values import NO_OUTPUT, NO_REFERENCE, as_text, reference_texts, show


class EndsConfig(Config):
    """What one end of the output is held against."""

    texts: tuple[Annotated[str, Field(min_length=1)], ...] = Field(
        (), description="Texts, one of which is enough. When empty, the expected output is: a text, or a list of them."
    )
    negate: bool = Field(False, description="Whether the output passes when none of the texts is there.")
    ignore_case: bool = Field(False, description="Whether upper and lower case are the same.")
    strip_whitespace: bool = Field(True, description="Whether white space at both ends of the output is left out.")


class _Ends(Evaluator[EndsConfig]):
    score_type = ScoreType.BOOLEAN
    verb: ClassVar[Literal["start", "end"]]

    def evaluate(
        self,
        *,
        output: Annotated[Any, Variable("What the system answered.")],
        expected: Annotated[Any, Variable("A text or a list of texts, used when the config names none.")] = None,
    ) -> Score:
        """Look for the first of the texts that is there."""
        texts = self.config.texts or reference_texts(expected)
        if not texts:
            raise Skip(NO_REFERENCE)
        if output is None:
            return Score(False, explanation=NO_OUTPUT)
        hay = self._fold(as_text(output).strip() if self.config.strip_whitespace else as_text(output))
        is_there = hay.startswith if self.verb == "start" else hay.endswith
        found = next((text for text in texts if is_there(self._fold(text))), None)
        there = f"with {' or '.join(map(show, texts))}" if found is None else f"with {show(found)}"
        return Score((found is None) is self.config.negate, explanation=self._explain(there, found=found is not None))

    def _fold(self, text: str) -> str:
        return text.casefold() if self.config.ignore_case else text

    def _explain(self, there: str, *, found: bool) -> str:
        return f"It {self.verb}s {there}." if found else f"It does not {self.verb} {there}."


class StartsWith(_Ends):
    """Check that the output starts with one of the texts."""

    verb = "start"


class EndsWith(_Ends):
    """Check that the output ends with one of the texts."""

    verb = "end"
