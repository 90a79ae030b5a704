"""The evaluator that the judges of one output are."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from typing_extensions import TypeVar

from evalyard import Evaluator, Score, Skip, Variable
from evalyard.values import NO_OUTPUT
from evalyard_judge._asking import Asking, Judgement
from evalyard_judge._config import JudgeConfig
from evalyard_judge._form import Form
from evalyard_judge._prompt import Prompt
from evalyard_judge._template import MissingValue
from evalyard_openai import Scored, score_each

JudgeConfigT = TypeVar("JudgeConfigT", bound=JudgeConfig)


class Judging(Evaluator[JudgeConfigT]):
    """Judge one output; a subclass says which verdicts there are and what score they make."""

    def __init__(self, config: JudgeConfigT) -> None:
        super().__init__(config)
        form = self._form()
        self._prompt = Prompt(config, form)
        self._asking = Asking(config, form)

    async def teardown(self) -> None:
        """Close the connections."""
        await self._asking.close()

    async def evaluate(
        self,
        *,
        output: Annotated[Any, Variable("What the system answered.")],
        input: Annotated[Any, Variable("What it was asked.")] = None,
        expected: Annotated[Any, Variable("What it should have answered.")] = None,
        context: Annotated[Any, Variable("What it had to go by, such as retrieved documents.")] = None,
        metadata: Annotated[Any, Variable("The record's metadata, for templates.")] = None,
    ) -> Score:
        """Ask the judge."""
        without = self._without_output() if output is None else None
        if without is not None:
            return without
        values = {
            "input": input,
            "expected": expected,
            "context": context,
            "metadata": metadata,
            "output": NO_OUTPUT if output is None else output,
        }
        try:
            system, user = self._prompt.messages(values)
        except MissingValue as missing:
            raise Skip(f"The record has no {missing}, which the template asks for.") from missing
        return self._score(await self._asking.ask(system, user))

    async def evaluate_batch(self, cases: Sequence[Mapping[str, Any]]) -> list[Scored]:
        """Ask for all cases at once, as many as `max_concurrent` allows."""
        return await score_each(self.evaluate, cases)

    def _form(self) -> Form:
        raise NotImplementedError

    def _score(self, judgement: Judgement) -> Score:
        raise NotImplementedError

    def _without_output(self) -> Score | None:
        """Return the score of no output at all; None to let the judge say."""
        raise NotImplementedError
