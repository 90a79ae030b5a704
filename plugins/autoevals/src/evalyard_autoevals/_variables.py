"""What the evaluators read from a record."""

from typing import Annotated, Any, Final, TypeAlias

from evalyard import Variable

Input: TypeAlias = Annotated[Any, Variable("What was asked.")]
Output: TypeAlias = Annotated[Any, Variable("What the system answered.")]
Expected: TypeAlias = Annotated[Any, Variable("What it should have answered.")]
Context: TypeAlias = Annotated[
    Any, Variable("What was retrieved: a text, or a list of texts. It has no place in a record: map it.")
]

EXPECTED: Final = "expected output to compare with"
