"""Evaluators written as functions."""

import functools
import inspect
from collections.abc import Awaitable, Callable
from typing import Any, Literal, TypeAlias, cast

from evalyard._config import Config
from evalyard._evaluator import Evaluator
from evalyard._score import Result, ScoreType

Function: TypeAlias = Callable[..., Result | Awaitable[Result]]


def evaluator(
    *,
    score_type: ScoreType,
    summary: str | None = None,
    config: type[Config] = Config,
    isolation: Literal["none", "process"] = "none",
) -> Callable[[Function], type[Evaluator]]:
    """Turn a function, sync or async, into an Evaluator class that an entry point can name.

    The function's parameters are the variables, as in `Evaluator.evaluate`; one called `config` gets the config.
    `isolation` is that of the class.
    """

    def decorate(function: Function) -> type[Evaluator]:
        parameters = inspect.signature(function).parameters
        if config is not Config and "config" not in parameters:
            raise TypeError(f"{function.__name__} has a config but no parameter `config` to receive it.")
        attributes: dict[str, Any] = {
            "__doc__": function.__doc__,
            "__module__": function.__module__,
            "__qualname__": function.__qualname__,
            "Config": config,
            "score_type": score_type,
            "isolation": isolation,
            "evaluate": _as_method(function, takes_config="config" in parameters),
        }
        if summary is not None:
            attributes["summary"] = summary
        return type(function.__name__, (Evaluator,), attributes)

    return decorate


def _as_method(function: Function, *, takes_config: bool) -> Function:
    @functools.wraps(function)
    def evaluate(self: Evaluator, **variables: Any) -> Any:
        return function(**variables, config=self.config) if takes_config else function(**variables)

    @functools.wraps(function)
    async def evaluate_async(self: Evaluator, **variables: Any) -> Any:
        return await evaluate(self, **variables)

    method: Any = evaluate_async if inspect.iscoroutinefunction(function) else evaluate
    method.__signature__ = _with_self(function)
    return cast("Function", method)


def _with_self(function: Function) -> inspect.Signature:
    """Give the signature that the function would have as a method whose parameters are the variables."""
    signature = inspect.signature(function)
    variables = [parameter for name, parameter in signature.parameters.items() if name != "config"]
    this = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    return signature.replace(parameters=[this, *variables])
