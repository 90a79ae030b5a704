"""Evaluators of a plugin process: made for a config, set up before they are first used."""

import asyncio
import inspect
import json
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Final

from pydantic import ValidationError

from evalyard._discovery import FoundPlugin, discover
from evalyard._errors import EvaluationError, PluginLoadError
from evalyard._evaluator import Evaluator
from evalyard._loading import load_evaluator
from evalyard._typing import TypedVariables
from evalyard._variables import read_variables, scores_batches
from evalyard.isolation._answers import describe, text

_RETRY_SECONDS: Final = 30.0
#: Evaluators that a process keeps set up; that which was used longest ago makes room.
_MOST_KEPT: Final = 8


class Unusable(Exception):
    """An evaluator can't be used; `message` carries why."""

    def __init__(self, message: Mapping[str, Any]) -> None:
        super().__init__(message)
        self.message = message


class Instance:
    """An evaluator with its config; what is async in it runs on `loop`."""

    def __init__(self, evaluator: Evaluator[Any], version: str, loop: asyncio.AbstractEventLoop) -> None:
        kind = type(evaluator)
        self.evaluator = evaluator
        self.version = version
        self.typed = TypedVariables(read_variables(kind))
        self.in_batches = scores_batches(kind)
        self.is_async = inspect.iscoroutinefunction(kind.evaluate_batch if self.in_batches else kind.evaluate)
        self.loop = loop
        self._is_set_up = False
        self._problem = ""
        self._retry_at = 0.0

    @property
    def mode(self) -> str:
        """How it takes the cases of a batch."""
        if self.in_batches:
            return "together"
        return "at once" if self.is_async else "in order"

    def set_up(self) -> None:
        """Call `setup`, unless it was called; raises Unusable, again and again for half a minute."""
        if self._is_set_up:
            return
        if not self._problem or time.monotonic() >= self._retry_at:
            self._try()
        if self._problem:
            raise Unusable({"kind": "setup", "message": self._problem})

    def tear_down(self) -> None:
        """Call `teardown`; whatever it raises, the process ends anyway."""
        if self._is_set_up:
            self._is_set_up = False
            self._said(self.evaluator.teardown)

    def call(self, method: Callable[..., Any], *arguments: Any, **variables: Any) -> Any:
        """Call a method of the evaluator to its end."""
        result = method(*arguments, **variables)
        return self.loop.run_until_complete(result) if inspect.isawaitable(result) else result

    def _try(self) -> None:
        self._problem = self._said(self.evaluator.setup)
        self._is_set_up = not self._problem
        if self._problem:
            self._said(self.evaluator.teardown)
            self._retry_at = time.monotonic() + _RETRY_SECONDS

    def _said(self, method: Callable[[], Any]) -> str:
        """Call a method, and return why it failed."""
        try:
            self.call(method)
        except EvaluationError as error:
            return text(error)
        except BaseException as error:  # noqa: BLE001 - a plugin may raise anything, SystemExit too
            return f"It could not be set up: {describe(error)}"
        return ""


class Instances:
    """The plugins of this environment, and the evaluators made of them."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._found: dict[str, FoundPlugin] = {plugin.key: plugin for plugin in discover("evalyard.evaluators")}
        self._made: OrderedDict[tuple[str, str], Instance] = OrderedDict()

    def load(self, key: str) -> tuple[FoundPlugin, type[Evaluator[Any]]]:
        """Import a plugin; raises Unusable."""
        found = self._found.get(key)
        if found is None:
            raise Unusable({"kind": "broken", "message": f"{key} is not installed where it should run: install it."})
        try:
            return found, load_evaluator(found)
        except PluginLoadError as error:
            raise Unusable({"kind": "broken", "message": text(error)}) from error

    def make(self, key: str, config: Any) -> Instance:
        """Return the evaluator of a plugin and a config; raises Unusable."""
        name = (key, json.dumps(config, sort_keys=True))
        if name not in self._made:
            found, component = self.load(key)
            self._made[name] = Instance(_evaluator(component, config), found.version, self.loop)
            if len(self._made) > _MOST_KEPT:
                self._made.popitem(last=False)[1].tear_down()
        self._made.move_to_end(name)
        return self._made[name]

    def close(self) -> None:
        """Tear everything down."""
        for instance in self._made.values():
            instance.tear_down()
        self.loop.close()


def _evaluator(component: type[Evaluator[Any]], config: Any) -> Evaluator[Any]:
    try:
        return component(component.Config.model_validate(config))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"])
        # A sentence of the plugin's own, which pydantic puts this before.
        message = text(first["msg"].removeprefix("Value error, "))
        raise Unusable({"kind": "config", "message": message, "path": path}) from error
    except BaseException as error:
        raise Unusable({"kind": "made", "message": describe(error)}) from error
