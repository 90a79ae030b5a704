"""Calling the user's system, and saying what came of it."""

import asyncio
import contextvars
import inspect
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

from ._cases import Case, Context
from ._errors import ClientError
from ._journal import Journal
from ._local import LocalEvaluator
from ._tracebacks import last_lines
from ._tracing import in_new_trace

System: TypeAlias = Callable[..., Any | Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Output:
    """What a system may return instead of a bare output, to tell what it used."""

    value: Any
    cost_usd: float | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class Calling:
    """One system and the evaluators that run beside it, for the cases of one run."""

    def __init__(
        self,
        run_id: str,
        system: System,
        evaluators: Mapping[str, LocalEvaluator],
        *,
        threads: Executor,
        journal: Journal,
    ) -> None:
        """Take the evaluators by their ids on the server; a system that is not async runs on `threads`."""
        self._run_id = run_id
        self._system = system
        self._evaluators = evaluators
        self._threads = threads
        self._journal = journal
        self._is_async = _is_async(system)
        self._takes_context = takes_context(system)

    async def record(self, case: Case, made: Mapping[str, Any] | None) -> dict[str, Any]:
        """Return the record of a case as it is submitted; `made` is what the system gave, where it was called."""
        if made is None:
            with in_new_trace() as trace_id:
                made = await self._made(case, trace_id)
        scores = await self._scores(case, made["output"]) if "output" in made else []
        return {**_case(case), **made, "scores": scores}

    async def _made(self, case: Case, trace_id: str | None) -> dict[str, Any]:
        """Return what the system gave; whatever it raises is the record's error."""
        arguments = [case.input]
        if self._takes_context:
            arguments.append(Context(self._run_id, case.trial, case.item_id, case.metadata, trace_id))
        begun = time.perf_counter()
        keep = partial(self._kept, case, begun, trace_id)
        try:
            if self._is_async:
                return keep(await self._system(*arguments))
            inside = partial(contextvars.copy_context().run, self._returned, keep, arguments)
            returned = await asyncio.get_running_loop().run_in_executor(self._threads, inside)
            return keep(await returned) if inspect.isawaitable(returned) else returned
        except Exception as error:  # noqa: BLE001 - a system may raise anything
            return keep(None, error=last_lines(error))

    def _returned(self, keep: Callable[[Any], dict[str, Any]], arguments: list[Any]) -> Any:
        """Call a system that is not async. What it gives is kept before anything else is done."""
        given = self._system(*arguments)
        return given if inspect.isawaitable(given) else keep(given)

    def _kept(
        self, case: Case, begun: float, trace_id: str | None, given: Any, *, error: str | None = None
    ) -> dict[str, Any]:
        """Return what is submitted of an output or an error, once it is on disk."""
        shared = {"latencyMs": (time.perf_counter() - begun) * 1000, "traceId": trace_id}
        made = {"error": error} if error is not None else _output(given)
        try:
            self._journal.add(case.key, made | shared)
        except (TypeError, ValueError) as unfit:
            made = {"error": f"What the system returned is no JSON: {unfit}."}
            self._journal.add(case.key, made | shared)
        return made | shared

    async def _scores(self, case: Case, output: Any) -> list[dict[str, Any]]:
        said = await asyncio.gather(*(evaluator.score(case, output) for evaluator in self._evaluators.values()))
        return [{"evaluatorId": key, **score} for key, score in zip(self._evaluators, said, strict=True)]


def _is_async(system: System) -> bool:
    called = system if inspect.isroutine(system) else getattr(system, "__call__", system)  # noqa: B004 - it may be async
    return inspect.iscoroutinefunction(inspect.unwrap(called))


def takes_context(system: System) -> bool:
    """Tell whether a system takes a context; raises ClientError for one that takes no input."""
    try:
        parameters = inspect.signature(system).parameters.values()
    except (TypeError, ValueError):
        return False
    placed = [entry for entry in parameters if entry.kind in {entry.POSITIONAL_ONLY, entry.POSITIONAL_OR_KEYWORD}]
    if not placed and not any(entry.kind is entry.VAR_POSITIONAL for entry in parameters):
        raise ClientError("The system takes no argument: write it as system(input) or system(input, context).")
    return len(placed) > 1 and placed[1].name == "context"


def _case(case: Case) -> dict[str, Any]:
    if case.item_id is not None:
        return {"itemId": case.item_id, "trial": case.trial}
    return {
        "trial": case.trial,
        "input": case.input,
        "expectedOutput": case.expected_output,
        "metadata": case.metadata,
    }


def _output(given: Any) -> dict[str, Any]:
    output = given if isinstance(given, Output) else Output(given)
    if output.value is None:
        return {"error": "The system returned None, which is no output."}
    return {
        "output": output.value,
        "costUsd": output.cost_usd,
        "promptTokens": output.prompt_tokens,
        "completionTokens": output.completion_tokens,
    }
