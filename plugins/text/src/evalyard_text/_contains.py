"""Texts that an output has to contain, or must not."""

from typing import Annotated, Any, Literal

from pydantic import Field

from evalyard import Config, Evaluator, Score, ScoreType, Skip, Variable
from evalyard.values import NO_OUTPUT, NO_REFERENCE, as_text, reference_texts, show


class ContainsConfig(Config):
    """What to look for."""

    texts: tuple[Annotated[str, Field(min_length=1)], ...] = Field(
        (), description="Texts to look for. When empty, the expected output is: a text, or a list of them."
    )
    match: Literal["all", "any", "none"] = Field(
        "all", description="Whether all of the texts, at least one or none of them has to be there."
    )
    ignore_case: bool = Field(False, description="Whether upper and lower case are the same.")


class Contains(Evaluator[ContainsConfig]):
    """Check which texts the output contains: all, any or none of them."""

    score_type = ScoreType.BOOLEAN

    def evaluate(
        self,
        *,
        output: Annotated[Any, Variable("What the system answered.")],
        expected: Annotated[Any, Variable("A text or a list of texts, used when the config names none.")] = None,
    ) -> Score:
        """Look for each of the texts."""
        texts = self.config.texts or reference_texts(expected)
        if not texts:
            raise Skip(NO_REFERENCE)
        if output is None:
            return Score(False, explanation=NO_OUTPUT)
        hay = as_text(output)
        if self.config.ignore_case:
            hay = hay.casefold()
            found = [text for text in texts if text.casefold() in hay]
        else:
            found = [text for text in texts if text in hay]
        return self._judge(texts, found)

    def _judge(self, texts: tuple[str, ...], found: list[str]) -> Score:
        match self.config.match:
            case "all":
                missing = [text for text in texts if text not in found]
                return Score(not missing, explanation=f"It lacks {_list(missing)}." if missing else _contains(found))
            case "any":
                return Score(bool(found), explanation=_contains(found) if found else f"It lacks {_list(texts)}.")
            case "none":
                return Score(not found, explanation=_contains(found) if found else f"It contains no {_list(texts)}.")


def _contains(found: list[str]) -> str:
    return f"It contains {_list(found)}."


def _list(texts: list[str] | tuple[str, ...]) -> str:
    return ", ".join(show(text) for text in texts)
