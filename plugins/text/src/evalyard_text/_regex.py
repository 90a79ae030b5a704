"""Regular expressions."""

from typing import Annotated, Any, Literal

import regex
from pydantic import AfterValidator, Field

from evalyard import Config, Evaluator, Score, ScoreType, Variable
from evalyard.values import NO_OUTPUT, as_text, show


def _check_pattern(pattern: str) -> str:
    try:
        regex.compile(pattern)
    except regex.error as exc:
        raise ValueError(f"this is no regular expression: {exc}") from exc
    return pattern


class RegexConfig(Config):
    """What to look for, in the syntax of the `regex` library, which includes that of Python's `re`."""

    pattern: Annotated[str, AfterValidator(_check_pattern)] = Field(
        min_length=1, description="The regular expression, in the syntax of Python's `regex` library."
    )
    mode: Literal["search", "full"] = Field(
        "search", description="Whether the pattern may match anywhere or has to match the whole output."
    )
    negate: bool = Field(False, description="Whether the output passes when the pattern does not match.")
    ignore_case: bool = Field(False, description="Whether upper and lower case are the same.")
    multiline: bool = Field(False, description="Whether ^ and $ match at each line.")
    dot_all: bool = Field(False, description="Whether the dot matches line ends.")
    timeout_seconds: float = Field(1.0, gt=0, le=30, description="The longest that matching one output may take.")


class Regex(Evaluator[RegexConfig]):
    """Check the output against a regular expression.

    A pattern that takes longer than its time limit, as nested repetitions can, raises TimeoutError.
    """

    score_type = ScoreType.BOOLEAN

    def __init__(self, config: RegexConfig) -> None:
        super().__init__(config)
        flags = (
            config.ignore_case * regex.IGNORECASE | config.multiline * regex.MULTILINE | config.dot_all * regex.DOTALL
        )
        pattern = regex.compile(config.pattern, flags)
        self._match = pattern.search if config.mode == "search" else pattern.fullmatch

    def evaluate(self, *, output: Annotated[Any, Variable("What the system answered.")]) -> Score:
        """Match the output."""
        if output is None:
            return Score(False, explanation=NO_OUTPUT)
        limit = self.config.timeout_seconds
        try:
            match = self._match(as_text(output), timeout=limit)
        except TimeoutError as exc:
            raise TimeoutError(
                f"The pattern took longer than {limit:g} s on this output: simplify it, or raise timeout_seconds."
            ) from exc
        passed = (match is None) is self.config.negate
        return Score(passed, explanation=f"The pattern matches {show(match[0])}." if match else "There is no match.")
