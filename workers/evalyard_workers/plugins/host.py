"""The plugins of this worker process: found, loaded once, described, and made into instances."""

import asyncio
import inspect
import sys
from dataclasses import dataclass, field
from typing import Any

import evalyard
from evalyard import plugins as sdk
from evalyard_core.domain.evaluators import EvaluatorSnapshot
from evalyard_core.domain.mapping import Reader, compile_readers
from evalyard_core.domain.payload import dump_json
from evalyard_core.domain.plugins import EvaluatorPlugin, TargetPlugin

from .child import Home, here
from .configs import read_config
from .describing import broken_evaluator, evaluator_of, target_of, variable_of
from .elsewhere import Elsewhere
from .finding import Found, find
from .live import EvaluatorPool, LiveEvaluator
from .loading import Imports, Loaded
from .refusals import PluginUnavailable
from .remote import RemoteEvaluator
from .rules import PluginRules
from .trouble import Trouble, Troubles

EvaluatorClass = type[evalyard.Evaluator[Any]]
TargetClass = type[evalyard.Target[Any]]


@dataclass(frozen=True, slots=True)
class ReadyEvaluator:
    """An evaluator of a run, ready to score."""

    snapshot: EvaluatorSnapshot
    live: LiveEvaluator | RemoteEvaluator
    version: str
    readers: tuple[Reader, ...]
    typed: sdk.TypedVariables
    is_async: bool
    in_batches: bool
    scores_runs: bool = False
    is_async_run: bool = False
    trouble: Trouble = field(default_factory=lambda: Trouble("The evaluator"))

    @property
    def reads_trace(self) -> bool:
        """Whether a variable is read from the trace of a record."""
        return any(reader.from_trace for reader in self.readers)


class PluginHost:
    """Finds and loads plugins; `refresh` looks again for those installed since.

    `news` is set when more is known of plugins than when `refresh` returned.
    """

    def __init__(self, rules: PluginRules | None = None) -> None:
        self.pool = EvaluatorPool()
        self.news = asyncio.Event()
        self._rules = rules or PluginRules()
        self._imports = Imports()
        self._elsewhere = Elsewhere(self._rules.processes, self._rules.memory_bytes, self.news.set)
        self._evaluators: dict[str, Loaded[EvaluatorClass]] = {}
        self._targets: dict[str, Loaded[TargetClass]] = {}
        self._troubles = Troubles()

    async def refresh(self, patience_seconds: float | None = None) -> None:
        """Find and load what is installed; imports run in a thread, since some take seconds.

        Processes are given so much time to import theirs, None for any; `news` tells when others are done.
        """
        found = await asyncio.to_thread(find, self._rules)
        self._evaluators, self._targets = await asyncio.to_thread(self._load, found)
        await self._elsewhere.refresh(found.elsewhere, patience_seconds)

    async def close(self) -> None:
        """Tear everything down, when nothing is scored any more."""
        await asyncio.gather(self.pool.close(), self._elsewhere.close())

    async def run(self) -> None:
        """Release for ever what was not used for ten minutes."""
        await asyncio.gather(self.pool.run(), self._elsewhere.run())

    @property
    def outdated(self) -> frozenset[str]:
        """The distributions whose installed version this process can't use, since it has imported another one."""
        return frozenset(self._imports.outdated)

    @property
    def keys(self) -> list[str]:
        """The keys of every plugin here, broken ones too."""
        return [*self._evaluators, *self._elsewhere.plugins, *self._targets]

    def where(self, key: str) -> str:
        """Say where an evaluator that is installed runs, in words."""
        elsewhere = self._elsewhere.plugins.get(key)
        if elsewhere is not None:
            return "in a process" if elsewhere[1].python == sys.executable else "in its own environment"
        component = self._evaluators[key].component
        if component is None:
            return "nowhere"
        return "in a process" if component.isolation == "process" else "in the worker"

    def evaluator_plugins(self) -> tuple[EvaluatorPlugin, ...]:
        """Return what the library shows of the evaluators."""
        shown = {key: _described(loaded) for key, loaded in self._evaluators.items()}
        shown |= {key: plugin for key, (plugin, _) in self._elsewhere.plugins.items()}
        return tuple(shown[key] for key in sorted(shown))

    def target_plugins(self) -> tuple[TargetPlugin, ...]:
        """Return what the library shows of the targets."""
        return tuple(target_of(one.found, one.component, one.problem) for one in self._targets.values())

    def evaluator(self, snapshot: EvaluatorSnapshot) -> ReadyEvaluator:
        """Make an evaluator of a run; raises `PluginUnavailable`, `ConfigRefused` or what its class raises."""
        elsewhere = self._elsewhere.plugins.get(snapshot.plugin)
        if elsewhere is not None:
            return self._remote(snapshot, *elsewhere)
        component, found = _usable(self._evaluators, snapshot.plugin)
        if component.isolation == "process" or self._troubles.has_hung_here(found.key):
            return self._remote(snapshot, evaluator_of(found, component), here(found.distribution))
        name = (found.key, found.version, dump_json(snapshot.config) or "")
        made = LiveEvaluator(component(read_config(component, snapshot.config)), found.key, self.pool.loop(found.key))
        variables = sdk.read_variables(component)
        in_batches = sdk.scores_batches(component)
        return ReadyEvaluator(
            snapshot=snapshot,
            live=self.pool.shared(name, made),
            version=found.version,
            readers=compile_readers([variable_of(spec) for spec in variables], snapshot.mapping),
            typed=sdk.TypedVariables(variables),
            is_async=inspect.iscoroutinefunction(component.evaluate_batch if in_batches else component.evaluate),
            in_batches=in_batches,
            scores_runs=sdk.scores_runs(component),
            is_async_run=inspect.iscoroutinefunction(component.evaluate_run),
            trouble=self._troubles.of(found.key, found.version, snapshot.config_hash),
        )

    def target(self, key: str, config: Any) -> evalyard.Target[Any]:
        """Make a target; raises `PluginUnavailable`, `ConfigRefused` or what the target itself raises."""
        component, _ = _usable(self._targets, key)
        target: evalyard.Target[Any] = component(read_config(component, config))
        return target

    def target_version(self, key: str) -> str:
        """Return the version of a target's distribution, "" where it is not here."""
        loaded = self._targets.get(key)
        return "" if loaded is None else loaded.found.version

    async def check_evaluator(self, key: str, config: Any) -> None:
        """Refuse a config that the evaluator refuses."""
        if key in self._elsewhere.plugins:
            await self._elsewhere.check(key, config)
            return
        component, _ = _usable(self._evaluators, key)
        await asyncio.to_thread(lambda: component(read_config(component, config)))

    async def check_target(self, key: str, config: Any) -> None:
        """Refuse a config that the target refuses."""
        component, _ = _usable(self._targets, key)
        await asyncio.to_thread(lambda: component(read_config(component, config)))

    def _load(self, found: Found) -> tuple[dict[str, Loaded[EvaluatorClass]], dict[str, Loaded[TargetClass]]]:
        load, evaluators, targets = self._imports.load, self._evaluators, self._targets
        self._imports.note(found.versions)
        return (
            {one.key: load(one, evaluators.get(one.key), sdk.load_evaluator) for one in found.evaluators},
            {one.key: load(one, targets.get(one.key), sdk.load_target) for one in found.targets},
        )

    def _remote(self, snapshot: EvaluatorSnapshot, plugin: EvaluatorPlugin, home: Home) -> ReadyEvaluator:
        if plugin.problem is not None:
            raise PluginUnavailable(f"{plugin.key} is broken: {plugin.problem}")
        trouble = self._troubles.of(plugin.key, plugin.version, snapshot.config_hash)
        return ReadyEvaluator(
            snapshot=snapshot,
            live=RemoteEvaluator(plugin.key, snapshot.config, self._elsewhere.children(home), trouble),
            version=plugin.version,
            readers=compile_readers(plugin.variables, snapshot.mapping),
            # Types are the author's classes, and known to the other process only.
            typed=sdk.TypedVariables(()),
            is_async=False,
            in_batches=False,
            scores_runs=plugin.scores_runs,
            trouble=trouble,
        )


def _described(loaded: Loaded[EvaluatorClass]) -> EvaluatorPlugin:
    if loaded.component is None:
        return broken_evaluator(loaded.found, loaded.problem or "It could not be loaded.")
    return evaluator_of(loaded.found, loaded.component)


def _usable(known: Any, key: str) -> Any:
    loaded = known.get(key)
    if loaded is None:
        raise PluginUnavailable(f"This worker has no {key}; install {key.partition('/')[0]} beside it.")
    if loaded.component is None:
        raise PluginUnavailable(f"{key} is broken: {loaded.problem}")
    return loaded.component, loaded.found
