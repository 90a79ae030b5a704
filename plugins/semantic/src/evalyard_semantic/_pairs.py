"""The texts of a batch, and which of them have to be embedded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypedDict

from evalyard import Score, Skip, Variable
from evalyard.values import NO_OUTPUT, NO_REFERENCE, as_text, show
from evalyard_semantic._cosine import cosine, unit


class Case(TypedDict):
    """What is compared."""

    output: Annotated[Any, Variable("What the system answered.")]
    expected: Annotated[Any, Variable("What it should have answered.")]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts that need vectors."""

    output: str
    expected: str

    @property
    def explanation(self) -> str:
        """Show both sides."""
        return f"The output is {show(self.output)}, expected was {show(self.expected)}."


def read_pair(output: Any, expected: Any) -> Pair | Score | Skip:
    """Return two values as texts, or what can be said of them without embedding any.

    A text is itself, another value its JSON text. Equal texts are 1 by definition; a text of white space has no meaning
    to compare, and is 0 to any other.
    """
    if expected is None:
        return Skip(NO_REFERENCE)
    if output is None:
        return Score(0.0, explanation=NO_OUTPUT)
    pair = Pair(as_text(output), as_text(expected))
    if pair.output.strip() == pair.expected.strip():
        return Score(1.0, explanation="The output equals the expected output.")
    return pair if pair.output.strip() and pair.expected.strip() else Score(0.0, explanation=pair.explanation)


def texts_of(pairs: Sequence[Pair]) -> list[str]:
    """List each text once, in the order of its first use."""
    return list(dict.fromkeys(text for pair in pairs for text in (pair.output, pair.expected)))


def similarities(pairs: Sequence[Pair], vectors: Mapping[str, Sequence[float]]) -> list[float]:
    """Return the cosine of each pair; the vectors are made unit vectors once."""
    units = {text: unit(vector) for text, vector in vectors.items()}
    return [cosine(units[pair.output], units[pair.expected]) for pair in pairs]


def apportion(total: int, weights: Sequence[int]) -> list[int]:
    """Share a count out by weights, so that the shares add up to it (largest remainders first).

    Weights are positive.
    """
    whole = sum(weights)
    shares = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda place: -(total * weights[place] % whole))
    for place in by_remainder[: total - sum(shares)]:
        shares[place] += 1
    return shares
