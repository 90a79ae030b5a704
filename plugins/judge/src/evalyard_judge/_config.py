"""What all judges have in common."""

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from evalyard_judge._template import Template
from evalyard_openai import EndpointConfig

LONGEST_PROMPT: Final = 20_000


def _check_template(text: str) -> str:
    Template.parse(text)
    return text


class AskingConfig(EndpointConfig):
    """How a judge is asked."""

    temperature: float | None = Field(
        0.0, ge=0, le=2, description="How freely the judge chooses its words; null for models that take none."
    )
    answer_format: Literal["json_schema", "json_object", "text"] = Field(
        "json_schema",
        description=(
            "How the form of the answer is enforced: by a schema, as JSON of any form, or by asking for it only, for "
            "endpoints that know neither."
        ),
    )
    max_answers: int = Field(
        3, ge=1, le=5, description="How often the judge is asked whose answer is not in the form that was asked for."
    )


class JudgeConfig(AskingConfig):
    """What a judge is to look at."""

    guideline: str = Field(
        "The output answers the input, correctly and as a whole. Where there is an expected output, it says the same.",
        min_length=1,
        max_length=LONGEST_PROMPT,
        description="What to look at. The judge sees the input, the expected output, the context and the output.",
    )
    template: Annotated[str, AfterValidator(_check_template)] | None = Field(
        None,
        min_length=1,
        max_length=LONGEST_PROMPT,
        description=(
            "The whole request, instead of the guideline: with {{input}}, {{output}}, {{expected}}, {{context}} and "
            "{{metadata}}, or paths into them such as {{input.question}}, where the judge is to see them."
        ),
    )
