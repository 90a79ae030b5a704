"""The plugins of this worker process: found, loaded once, described, and made into instances."""

import asyncio
import inspect
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

import structlog
from pydantic import ValidationError

import evalyard
from evalyard import plugins as sdk
from evalyard_core.domain.evaluators import EvaluatorSnapshot
from evalyard_core.domain.mapping import Reader, compile_readers
from evalyard_core.domain.payload import dump_json
from evalyard_core.domain.plugins import EvaluatorPlugin, TargetPlugin, Variable

from .live import EvaluatorPool, LiveEvaluator

_log = structlog.get_logger(__name__)

Component = TypeVar("Component", type[evalyard.Evaluator[Any]], type[evalyard.Target[Any]])

EVALUATORS = "evalyard.evaluators"
TARGETS = "evalyard.targets"


class PluginUnavailable(Exception):
    """A plugin can't be used by this worker; the message says why and what to do."""


class ConfigRefused(Exception):
    """A plugin refuses a config; `path` is the part at fault, as `.name` or `[0]`."""

    def __init__(self, message: str, path: str) -> None:
        super().__init__(message)
        self.message = message
        self.path = path


@dataclass(frozen=True, slots=True)
class Loaded(Generic[Component]):
    """A plugin and the class that it loaded, or why it could not."""

    found: sdk.FoundPlugin
    component: Component | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class ReadyEvaluator:
    """An evaluator of a run, ready to score."""

    snapshot: EvaluatorSnapshot
    live: LiveEvaluator
    version: str
    readers: tuple[Reader, ...]
    typed: sdk.TypedVariables
    is_async: bool
    in_batches: bool
    scores_runs: bool = False
    is_async_run: bool = False


class PluginHost:
    """Finds and loads plugins; `refresh` looks again for those installed since."""

    def __init__(self) -> None:
        self._evaluators: dict[str, Loaded[type[evalyard.Evaluator[Any]]]] = {}
        self._targets: dict[str, Loaded[type[evalyard.Target[Any]]]] = {}
        self.pool = EvaluatorPool()

    async def refresh(self) -> None:
        """Find and load what is installed; imports run in a thread, since some take seconds."""
        self._evaluators, self._targets = await asyncio.to_thread(_load_all, self._evaluators, self._targets)

    @property
    def keys(self) -> list[str]:
        """The keys of every plugin here, broken ones too."""
        return [*self._evaluators, *self._targets]

    def evaluator_plugins(self) -> tuple[EvaluatorPlugin, ...]:
        """Return what the library shows of the evaluators."""
        return tuple(_describe_evaluator(loaded) for loaded in self._evaluators.values())

    def target_plugins(self) -> tuple[TargetPlugin, ...]:
        """Return what the library shows of the targets."""
        return tuple(_describe_target(loaded) for loaded in self._targets.values())

    def evaluator(self, snapshot: EvaluatorSnapshot) -> ReadyEvaluator:
        """Make an evaluator of a run; raises `PluginUnavailable` or `ConfigRefused`."""
        component, found = _usable(self._evaluators, snapshot.plugin)
        live = LiveEvaluator(component(_config(component, snapshot.config)), found.key)
        variables = sdk.read_variables(component)
        in_batches = sdk.scores_batches(component)
        return ReadyEvaluator(
            snapshot=snapshot,
            live=self.pool.shared((found.key, found.version, dump_json(snapshot.config) or ""), live),
            version=found.version,
            readers=compile_readers([_variable(spec) for spec in variables], snapshot.mapping),
            typed=sdk.TypedVariables(variables),
            is_async=inspect.iscoroutinefunction(component.evaluate_batch if in_batches else component.evaluate),
            in_batches=in_batches,
            scores_runs=sdk.scores_runs(component),
            is_async_run=inspect.iscoroutinefunction(component.evaluate_run),
        )

    def target(self, key: str, config: Any) -> evalyard.Target[Any]:
        """Make a target; raises `PluginUnavailable`, `ConfigRefused` or what the target itself raises."""
        component, _ = _usable(self._targets, key)
        return component(_config(component, config))

    def check_evaluator(self, key: str, config: Any) -> None:
        """Refuse a config that the evaluator refuses."""
        component, _ = _usable(self._evaluators, key)
        component(_config(component, config))

    def check_target(self, key: str, config: Any) -> None:
        """Refuse a config that the target refuses."""
        component, _ = _usable(self._targets, key)
        component(_config(component, config))


def _load_all(
    evaluators: Mapping[str, Loaded[type[evalyard.Evaluator[Any]]]],
    targets: Mapping[str, Loaded[type[evalyard.Target[Any]]]],
) -> tuple[dict[str, Loaded[type[evalyard.Evaluator[Any]]]], dict[str, Loaded[type[evalyard.Target[Any]]]]]:
    return (
        {found.key: _load(found, evaluators, sdk.load_evaluator) for found in sdk.discover(EVALUATORS)},
        {found.key: _load(found, targets, sdk.load_target) for found in sdk.discover(TARGETS)},
    )


def _load(found: sdk.FoundPlugin, known: Mapping[str, Loaded[Any]], load: Any) -> Loaded[Any]:
    """Load a plugin, unless this version of it is loaded already."""
    before = known.get(found.key)
    if before is not None and before.component is not None and before.found.version == found.version:
        return before
    try:
        return Loaded(found, load(found), None)
    except evalyard.PluginLoadError as error:
        _log.warning("plugin is broken", plugin=found.key, problem=str(error))
        return Loaded(found, None, str(error))


def _usable(known: Mapping[str, Loaded[Component]], key: str) -> tuple[Component, sdk.FoundPlugin]:
    loaded = known.get(key)
    if loaded is None:
        raise PluginUnavailable(f"This worker has no {key}; install {key.partition('/')[0]} beside it.")
    if loaded.component is None:
        raise PluginUnavailable(f"{key} is broken: {loaded.problem}")
    return loaded.component, loaded.found


def _config(component: Any, config: Any) -> Any:
    try:
        return component.Config.model_validate(config)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        # A sentence of the plugin's own, which pydantic puts this before.
        raise ConfigRefused(first["msg"].removeprefix("Value error, "), _path(first["loc"])) from error


def _path(location: tuple[int | str, ...]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)


def _variable(spec: sdk.VariableSpec) -> Variable:
    return Variable(
        name=spec.name, description=spec.description, required=spec.required, default_path=spec.default_path
    )


def _describe_evaluator(loaded: Loaded[type[evalyard.Evaluator[Any]]]) -> EvaluatorPlugin:
    found = loaded.found
    if loaded.component is None:
        return EvaluatorPlugin(
            key=found.key,
            name=found.name,
            summary="",
            distribution=found.distribution,
            version=found.version,
            homepage=found.homepage,
            score_type=evalyard.ScoreType.TEXT,
            config_schema={},
            variables=(),
            problem=loaded.problem,
        )
    described = sdk.describe_evaluator(found, loaded.component)
    return EvaluatorPlugin(
        key=described.key,
        name=described.name,
        summary=described.summary,
        distribution=described.distribution,
        version=described.version,
        homepage=described.homepage,
        score_type=described.score_type,
        config_schema=described.config_schema,
        variables=tuple(replace(_variable(spec), value_schema=sdk.value_schema(spec)) for spec in described.variables),
        scores_records=described.scores_records,
        scores_runs=described.scores_runs,
    )


def _describe_target(loaded: Loaded[type[evalyard.Target[Any]]]) -> TargetPlugin:
    found = loaded.found
    described = None if loaded.component is None else sdk.describe_target(found, loaded.component)
    return TargetPlugin(
        key=found.key,
        name=found.name,
        summary=described.summary if described else "",
        distribution=found.distribution,
        version=found.version,
        config_schema=described.config_schema if described else {},
        mode=described.mode if described else evalyard.TargetMode.CALL,
        problem=loaded.problem,
    )
