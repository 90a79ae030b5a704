"""The declarative file of `evalyard run`, from which its JSON Schema is made."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Discriminator, Field, JsonValue, Tag, model_validator

from .policy import Declared, Policy

Function = Annotated[str, Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_][\w.]*$", examples=["my_package.answers:answer"])]


class SystemVersion(Declared):
    """A version of a system that the server's workers call."""

    name: str = Field(description="The system's name or id.")
    version: str | None = Field(
        None, description="The version's name or id; without it the one in production, else the newest."
    )


class Threshold(Declared):
    """What counts as passed."""

    operator: Literal["GT", "GTE", "LT", "LTE", "EQ", "IN"]
    value: JsonValue


class LibraryEvaluator(Declared):
    """An evaluator made of a plugin of the server's library, created or changed where it is not as it says here."""

    plugin: str = Field(description="The plugin's key.", examples=["evalyard-text/exact_match"])
    name: str | None = Field(None, description="Its name in the project; without it the plugin's.")
    config: dict[str, JsonValue] = Field(default_factory=dict, description="The plugin's config.")
    mapping: dict[str, str] = Field(
        default_factory=dict,
        description="Where variables come from: a JMESPath each.",
        examples=[{"output": "output.text"}],
    )
    threshold: Threshold | None = Field(None, description="What passes.")


class FunctionEvaluator(Declared):
    """A Python function that scores beside the system."""

    function: Function = Field(description="The function, as module:name.")


def _form(entry: Any) -> str | None:
    """Return which form of an entry is meant, so that what is wrong with it is told of that form only."""
    if isinstance(entry, str | FunctionEvaluator):
        return "a name" if isinstance(entry, str) else "a function"
    if isinstance(entry, Mapping):
        return "a function" if "function" in entry else "an object"
    return "an object" if isinstance(entry, Declared) else None


EvaluatorEntry: TypeAlias = Annotated[
    Annotated[str, Tag("a name")]
    | Annotated[LibraryEvaluator, Tag("an object")]
    | Annotated[FunctionEvaluator, Tag("a function")],
    Discriminator(
        _form,
        custom_error_type="form",
        custom_error_message="An evaluator is a name, {plugin: ...} or {function: module:name}",
    ),
]
SystemEntry: TypeAlias = Annotated[
    Annotated[Function, Tag("a name")] | Annotated[SystemVersion, Tag("an object")],
    Discriminator(
        _form, custom_error_type="form", custom_error_message="A system is module:name, or {name: ..., version: ...}"
    ),
]


class Evaluation(Declared):
    """One run and what it must meet. Give a dataset or items, and a system."""

    name: str | None = Field(None, description="The run's name; without it the file's.")
    dataset: str | None = Field(None, description="The dataset's name or id.")
    items: str | None = Field(
        None, description="Instead of a dataset, a file of items beside this one: .json, .jsonl or .csv."
    )
    system: SystemEntry = Field(
        description="A Python function as module:name, called here; or the version of a system, called by the server."
    )
    evaluators: list[EvaluatorEntry] | None = Field(
        None, description="Names of the project's, library plugins, Python functions; without it those of the dataset."
    )
    trials: int = Field(1, ge=1, description="How often each item is carried out.")
    concurrency: int = Field(16, ge=1, le=1000, description="How many records at once.")
    policy: Policy | None = Field(None, description="What the run must meet; without it the policy of the dataset.")
    baseline: str | int | None = Field(
        None, description="The run to hold it against, by number, name or id; without it as the server chooses."
    )
    tags: list[str] = Field(default_factory=list, description="The run's tags.")
    metadata: dict[str, JsonValue] = Field(default_factory=dict, description="The run's metadata.")

    @model_validator(mode="after")
    def _check(self) -> "Evaluation":
        if (self.dataset is None) == (self.items is None):
            raise ValueError("say either dataset or items")
        if isinstance(self.system, SystemVersion):
            self._check_on_server()
        if self.baseline is not None and self.policy is None:
            raise ValueError("a baseline is said together with a policy")
        if self.items is not None and self.policy is None:
            raise ValueError("say a policy: items from a file have no dataset whose policy would count")
        if self.items is not None and self.evaluators is None:
            raise ValueError("say evaluators: items from a file have no dataset whose evaluators would count")
        return self

    def _check_on_server(self) -> None:
        if self.items is not None:
            raise ValueError("a system that the server calls needs a dataset; items go with a Python function")
        if any(isinstance(entry, FunctionEvaluator) for entry in self.evaluators or []):
            raise ValueError("functions that score go with a system that is a Python function, and this one is not")


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of the file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Evaluation.model_json_schema(),
        "title": "A file of evalyard run",
    }
