import inspect
from collections.abc import AsyncIterable, Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, NotRequired, TypedDict, TypeVar

import pytest
from pydantic import Field, ValidationError

import evalyard
from evalyard import Config, EvaluationError, Evaluator, Score, ScoreType, Skip, Variable, evaluator
from evalyard.plugins import VariableSpec, read_variables, scores_batches, scores_records, scores_runs

if TYPE_CHECKING:
    from nowhere import Unknown


class LengthConfig(Config):
    longest: int = Field(10, description="Characters that are allowed.")


class Length(Evaluator[LengthConfig]):
    """Check the length of an answer.

    Counts characters, not words.
    """

    score_type = ScoreType.BOOLEAN

    def evaluate(
        self,
        *,
        output: Annotated[str, Variable("The answer.")],
        question: Annotated[str, Variable("What was asked.", path="input.question")],
        language: str = "en",
    ) -> Score:
        return Score(len(output) <= self.config.longest, explanation=f"{len(output)} characters ({language})")


def test_the_type_argument_is_the_config_class():
    assert Length.Config is LengthConfig
    assert Length(LengthConfig(longest=3)).evaluate(output="four", question="?") == Score(
        False, explanation="4 characters (en)"
    )


def test_config_refuses_unknown_keys_and_changes():
    with pytest.raises(ValidationError, match="shortest"):
        LengthConfig.model_validate({"shortest": 1})
    with pytest.raises(ValidationError, match="frozen"):
        LengthConfig().longest = 3


def test_an_evaluator_without_a_type_argument_has_the_empty_config():
    class Plain(Evaluator):
        score_type = ScoreType.TEXT

    assert Plain.Config is Config
    assert Plain.summary == ""


def test_a_nested_config_class_counts():
    class Nested(Evaluator):
        class Config(evalyard.Config):
            limit: int = 1

    assert Nested.Config.model_json_schema()["properties"]["limit"] == {
        "default": 1,
        "title": "Limit",
        "type": "integer",
    }


def test_a_subclass_inherits_config_summary_and_variables():
    class Shorter(Length):
        pass

    assert Shorter.Config is LengthConfig
    assert Shorter.summary == "Check the length of an answer."
    assert read_variables(Shorter) == read_variables(Length)


def test_a_generic_base_leaves_the_config_to_its_subclasses():
    anything = TypeVar("anything", bound=Config)

    class Base(Evaluator[anything]):
        pass

    class Leaf(Base[LengthConfig]):
        pass

    assert Base.Config is Config
    assert Leaf.Config is LengthConfig


def test_the_summary_is_the_first_line_of_the_docstring_unless_it_is_set():
    class Named(Evaluator):
        """A docstring."""

        summary = "Another summary."

    assert Length.summary == "Check the length of an answer."
    assert Named.summary == "Another summary."


def test_variables_come_from_the_parameters_of_evaluate():
    assert read_variables(Length) == (
        VariableSpec("output", "The answer.", required=True, default_path="output"),
        VariableSpec("question", "What was asked.", required=True, default_path="input.question"),
        VariableSpec("language", "", required=False, default_path=None),
    )


def test_each_part_of_a_record_is_its_own_default_path():
    class Everything(Evaluator):
        def evaluate(self, input: Any, expected: Any, output: Any, metadata: Any, trace: Any) -> bool:
            return True

    assert [spec.default_path for spec in read_variables(Everything)] == [
        "input", "expected", "output", "metadata", "trace",
    ]  # fmt: skip


def test_names_for_type_checkers_only_do_no_harm():
    class Careful(Evaluator):
        def evaluate(self, output: "Unknown", expected: "Annotated[str, Variable('Right.')]") -> "Unknown":
            return True

    assert read_variables(Careful) == (
        VariableSpec("output", "", required=True, default_path="output"),
        VariableSpec("expected", "Right.", required=True, default_path="expected"),
    )


class Case(TypedDict):
    output: Annotated[str, Variable("The answer.")]
    expected: "Annotated[NotRequired[str], Variable('The right answer.')]"
    weight: NotRequired[Annotated[float, Variable(path="metadata.weight")]]


class Batch(Evaluator):
    score_type = ScoreType.NUMERIC

    def evaluate_batch(self, cases: Sequence[Case]) -> list[float]:
        return [case.get("weight", 1.0) for case in cases]


def test_variables_of_a_batch_evaluator_are_the_keys_of_its_cases():
    assert scores_batches(Batch)
    assert not scores_batches(Length)
    assert read_variables(Batch) == (
        VariableSpec("output", "The answer.", required=True, default_path="output"),
        VariableSpec("expected", "The right answer.", required=False, default_path="expected"),
        VariableSpec("weight", "", required=False, default_path="metadata.weight"),
    )


def test_evaluate_tells_the_variables_of_a_class_that_has_both_forms():
    class Both(Length):
        def evaluate_batch(self, cases: Sequence[Any]) -> list[bool]:
            return [True for _ in cases]

    assert scores_batches(Both)
    assert read_variables(Both) == read_variables(Length)


class Corpus(Evaluator):
    score_type = ScoreType.NUMERIC

    def evaluate_run(self, cases: Iterable[Case]) -> float:
        return float(sum(1 for _ in cases))


class CorpusLater(Evaluator):
    async def evaluate_run(self, cases: AsyncIterable[Case]) -> dict[str, float]:
        return {"count": float(len([case async for case in cases]))}


def test_variables_of_a_corpus_metric_are_the_keys_of_its_cases():
    for kind in (Corpus, CorpusLater):
        assert read_variables(kind) == read_variables(Batch)
        assert (scores_records(kind), scores_runs(kind)) == (False, True)


def test_records_and_runs_may_both_be_scored():
    class Both(Length):
        def evaluate_run(self, cases: Iterable[Any]) -> bool:
            return True

    assert (scores_records(Both), scores_runs(Both)) == (True, True)
    assert (scores_records(Batch), scores_runs(Batch)) == (True, False)
    assert read_variables(Both) == read_variables(Length)


def test_setup_and_teardown_do_nothing_unless_they_are_defined():
    assert Length(LengthConfig()).setup() is None
    assert Length(LengthConfig()).teardown() is None


class NoMethod(Evaluator):
    pass


class Swallowing(Evaluator):
    def evaluate(self, **variables: Any) -> bool:
        return True


class Hidden(Evaluator):
    def evaluate(self, output: "Annotated[Unknown, Variable('Hidden.')]") -> bool:
        return True


class Untyped(Evaluator):
    def evaluate_batch(self, cases):
        return []


class Mappings(Evaluator):
    def evaluate_batch(self, cases: Sequence[dict[str, Any]]) -> list[bool]:
        return []


class Static(Evaluator):
    @staticmethod
    def evaluate(output: str) -> bool:
        return True


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (NoMethod, "NoMethod defines none of evaluate, evaluate_batch and evaluate_run"),
        (Swallowing, r"Swallowing.evaluate has the parameter \*\*variables: Any: name each variable as a keyword"),
        (Hidden, "annotation of output in Hidden.evaluate can't be read .*outside of `if TYPE_CHECKING`"),
        (Untyped, "variables of Untyped.evaluate_batch are not known: write its parameter as .* TypedDict"),
        (Mappings, "variables of Mappings.evaluate_batch are not known"),
        (Static, "Static.evaluate is no ordinary method: its first parameter has to be self"),
    ],
)
def test_signatures_that_do_not_tell_the_variables_are_refused(broken, message):
    with pytest.raises(TypeError, match=message):
        read_variables(broken)


def test_what_is_not_defined_says_so():
    with pytest.raises(NotImplementedError, match="NoMethod does not define evaluate"):
        NoMethod(Config()).evaluate(output="x")
    with pytest.raises(NotImplementedError, match="NoMethod does not define evaluate_batch"):
        NoMethod(Config()).evaluate_batch([])
    with pytest.raises(NotImplementedError, match="NoMethod does not define evaluate_run"):
        NoMethod(Config()).evaluate_run([])


def test_a_function_becomes_an_evaluator():
    @evaluator(score_type=ScoreType.NUMERIC, config=LengthConfig)
    def share(output: Annotated[str, Variable("The answer.")], *, config: LengthConfig) -> float:
        """Give the share of the allowed length.

        More than 1 is too long.
        """
        return len(output) / config.longest

    assert issubclass(share, Evaluator)
    assert (share.__name__, share.__module__) == ("share", __name__)
    assert (share.Config, share.score_type) == (LengthConfig, ScoreType.NUMERIC)
    assert share.summary == "Give the share of the allowed length."
    assert read_variables(share) == (VariableSpec("output", "The answer.", required=True, default_path="output"),)
    assert share(LengthConfig(longest=8)).evaluate(output="four") == 0.5


async def test_an_async_function_becomes_an_async_evaluator():
    @evaluator(score_type=ScoreType.BOOLEAN, summary="Say yes.")
    async def agree(output: str) -> bool:
        return output == "yes"

    instance = agree(Config())
    assert agree.summary == "Say yes."
    assert inspect.iscoroutinefunction(instance.evaluate)
    assert await instance.evaluate(output="yes") is True


def test_a_config_that_the_function_does_not_take_is_refused():
    with pytest.raises(TypeError, match="forgetful has a config but no parameter `config`"):

        @evaluator(score_type=ScoreType.BOOLEAN, config=LengthConfig)
        def forgetful(output: str) -> bool:
            return True


def test_an_evaluation_error_carries_its_code():
    plain, limited = EvaluationError("It can't."), EvaluationError("Later.", code="RATE_LIMIT", retryable=True)

    assert (str(plain), plain.code, plain.retryable) == ("It can't.", "EVALUATION", False)
    assert (limited.code, limited.retryable) == ("RATE_LIMIT", True)


def test_skip_carries_its_reason():
    with pytest.raises(Skip, match="no reference") as caught:
        raise Skip("no reference")
    assert caught.value.reason == "no reference"
