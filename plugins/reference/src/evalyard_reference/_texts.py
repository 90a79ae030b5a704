"""What reference metrics compare: a hypothesis, which is the output, with references, which are expected outputs."""

from collections.abc import Iterable
from typing import Annotated, Any, TypedDict

from evalyard import EvaluationError, Skip, Variable
from evalyard.values import NO_REFERENCE, as_text, reference_texts

Output = Annotated[Any, Variable("What the system answered.")]
References = Annotated[Any, Variable("What it should have answered: a text, or a list of texts that are equally good.")]
Reference = Annotated[Any, Variable("What it should have answered.")]


class Case(TypedDict):
    """A record of a run whose reference may be one of several."""

    output: Output
    expected: References


class LoneCase(TypedDict):
    """A record of a run with one reference."""

    output: Output
    expected: Reference


def read_hypothesis(output: Any) -> str:
    """Read an output as text; none at all is an empty text, which every metric gives its worst score."""
    return "" if output is None else as_text(output)


def read_references(expected: Any) -> tuple[str, ...]:
    """Read one or more references; raises Skip where there is none."""
    texts = tuple(text for text in reference_texts(expected) if text.strip())
    if not texts:
        raise Skip(NO_REFERENCE)
    return texts


def read_reference(expected: Any) -> str:
    """Read the only reference of a metric that takes one."""
    first, *others = read_references(expected)
    if others:
        raise EvaluationError(
            f"There are {1 + len(others)} references, and this metric takes one: map one of them, for instance "
            "expected[0]."
        )
    return first


def read_pairs(given: Iterable[tuple[Any, Any]]) -> list[tuple[str, tuple[str, ...]]]:
    """Read outputs and what was expected, of the records that have a reference; raises Skip where none has."""
    pairs = [
        (read_hypothesis(output), read_references(expected))
        for output, expected in given
        if any(text.strip() for text in reference_texts(expected))
    ]
    if not pairs:
        raise Skip("No record of the run has an expected output to compare with.")
    return pairs
