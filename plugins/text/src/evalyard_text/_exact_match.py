"""Equality of JSON values."""

from bisect import bisect_left
from collections.abc import Callable
from typing import Annotated, Any, Final

from pydantic import Field

from evalyard import Config, Evaluator, Score, ScoreType, Skip, Variable
from evalyard.values import NO_OUTPUT, NO_REFERENCE, show

_EQUAL: Final = Score(True, explanation="The output equals the expected output.")
_CONTEXT: Final = 20


class ExactMatchConfig(Config):
    """What differences do not count."""

    ignore_case: bool = Field(False, description="Whether upper and lower case are the same.")
    strip_whitespace: bool = Field(False, description="Whether white space at both ends of a text is left out.")


class ExactMatch(Evaluator[ExactMatchConfig]):
    """Check that the output equals the expected output.

    Works on any JSON value. Numbers are equal by value (1 and 1.0), a boolean equals no number, the order of keys does
    not count. The options apply to every text within a list or an object, but not to keys.
    """

    score_type = ScoreType.BOOLEAN

    def __init__(self, config: ExactMatchConfig) -> None:
        super().__init__(config)
        self._rewrite = _rewriting(config)

    def evaluate(
        self,
        *,
        output: Annotated[Any, Variable("What the system answered.")],
        expected: Annotated[Any, Variable("What it should have answered.")],
    ) -> Score:
        """Compare the two."""
        if expected is None:
            raise Skip(NO_REFERENCE)
        if output is None:
            return Score(False, explanation=NO_OUTPUT)
        if self._rewrite is not None:
            output, expected = _map_texts(output, self._rewrite), _map_texts(expected, self._rewrite)
        return _EQUAL if _is_equal(output, expected) else Score(False, explanation=_explain(output, expected))


def _rewriting(config: ExactMatchConfig) -> Callable[[str], str] | None:
    if config.ignore_case and config.strip_whitespace:
        return lambda text: text.strip().casefold()
    if config.ignore_case:
        return str.casefold
    return str.strip if config.strip_whitespace else None


def _map_texts(value: Any, rewrite: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return rewrite(value)
    if isinstance(value, list):
        return [_map_texts(part, rewrite) for part in value]
    if isinstance(value, dict):
        return {key: _map_texts(part, rewrite) for key, part in value.items()}
    return value


def _is_equal(one: Any, other: Any) -> bool:
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_is_equal, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_is_equal(part, other[key]) for key, part in one.items())
    return bool(one == other)


def _explain(output: Any, expected: Any) -> str:
    if not (isinstance(output, str) and isinstance(expected, str)):
        return f"The output is {_name(output)}, expected was {_name(expected)}."
    if max(len(output), len(expected)) <= 2 * _CONTEXT:
        return f'The output is "{output}", expected was "{expected}".'
    at = _first_difference(output, expected)
    start = max(0, at - _CONTEXT)
    return (
        f"The texts differ from character {at + 1} on: the output has {_excerpt(output, start)}, "
        f"expected was {_excerpt(expected, start)}."
    )


def _first_difference(one: str, other: str) -> int:
    shorter = min(len(one), len(other))
    return bisect_left(range(shorter), True, key=lambda index: one[: index + 1] != other[: index + 1])


def _excerpt(text: str, start: int) -> str:
    end = start + 2 * _CONTEXT
    return f'"{"…" if start else ""}{text[start:end]}{"…" if end < len(text) else ""}"'


def _name(value: Any) -> str:
    kinds = {str: "the text ", bool: "the boolean ", int: "the number ", float: "the number "}
    return kinds.get(type(value), "") + show(value)
