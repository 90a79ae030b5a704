"""The library: what the live workers have installed."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from packaging.version import InvalidVersion, Version

from evalyard_core.domain.access import Actor, Role
from evalyard_core.domain.client_scores import CLIENT_PLUGINS
from evalyard_core.domain.errors import BadInput, Conflict
from evalyard_core.domain.lists import Page
from evalyard_core.domain.plugins import EvaluatorPlugin, PluginHealth, TargetPlugin, Worker
from evalyard_core.storage import Order, Store
from evalyard_core.storage.pages import read_cursor, write_cursor

_FRESH_SECONDS: Final = 1.0
_BY_KEY: Final = Order("key")

Plugin = TypeVar("Plugin", EvaluatorPlugin, TargetPlugin)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Evaluator and target plugins by key."""

    evaluators: dict[str, EvaluatorPlugin]
    targets: dict[str, TargetPlugin]


class Library:
    """Reads the catalogue, at most once a second."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = asyncio.Lock()
        self._read_at = 0.0
        self._catalogue = Catalogue({}, {})

    async def catalogue(self, *, fresh: bool = False) -> Catalogue:
        """Return what there is; `fresh` looks again at once."""
        async with self._lock:
            if fresh or time.monotonic() - self._read_at > _FRESH_SECONDS:
                workers, remembered = await asyncio.gather(self._store.workers.live(), self._store.workers.remembered())
                self._catalogue = merge(workers, remembered)
                self._read_at = time.monotonic()
            return self._catalogue

    async def evaluator_plugins(self, search: str | None = None) -> list[EvaluatorPlugin]:
        """Return the evaluator plugins whose key or summary holds `search`, by key."""
        catalogue = await self.catalogue()
        wanted = (search or "").casefold()
        found = [p for p in catalogue.evaluators.values() if wanted in f"{p.key} {p.summary}".casefold()]
        return sorted(found, key=lambda plugin: plugin.key)

    async def page(self, *, search: str | None, first: int, after: str | None) -> Page[EvaluatorPlugin]:
        """Return some of `evaluator_plugins`."""
        _, last = ("", "") if after is None else read_cursor(after, _BY_KEY)
        behind = [plugin for plugin in await self.evaluator_plugins(search) if plugin.key > last]
        shown = behind[:first]
        cursors = [write_cursor(plugin.key, plugin.key, _BY_KEY) for plugin in shown]
        return Page(shown, cursors, len(behind) > first, after is not None)

    async def refresh(self, *, actor: Actor) -> bool:
        """Ask the live workers to look for newly installed plugins; tell whether there is any to ask."""
        actor.require_role(Role.EDITOR)
        await self._store.workers.ask_for_refresh()
        return await self._store.workers.live_count() > 0

    async def usable_evaluator(self, name: str, *, field: str) -> EvaluatorPlugin:
        """Return the plugin that a key, or a bare name that only one distribution has, stands for; or refuse."""
        catalogue = await self.catalogue(fresh=True)
        plugin = catalogue.evaluators[_resolve(name, catalogue.evaluators, "evaluator plugin", field=field)]
        if plugin.health is PluginHealth.BROKEN:
            raise Conflict(f"{plugin.key} is broken: {plugin.problem}", field=field)
        if plugin.health is PluginHealth.OFFLINE:
            raise Conflict(
                f"No live worker has {plugin.key}; start one with {plugin.distribution} installed.", field=field
            )
        return plugin

    async def usable_target(self, name: str, *, field: str) -> TargetPlugin:
        """Return the target that a key or an unambiguous bare name stands for; or refuse."""
        catalogue = await self.catalogue(fresh=True)
        target = catalogue.targets[_resolve(name, catalogue.targets, "target", field=field)]
        if target.problem is not None:
            raise Conflict(f"{target.key} is broken: {target.problem}", field=field)
        return target


def _resolve(name: str, known: Iterable[str], what: str, *, field: str) -> str:
    keys = sorted(known)
    if name in keys:
        return name
    fitting = [key for key in keys if key.partition("/")[2] == name]
    if len(fitting) > 1:
        raise BadInput(f"{name!r} is in several distributions; write {' or '.join(fitting)}.", field=field)
    if not fitting:
        there = ", ".join(keys) or "none; start a worker"
        raise BadInput(f"There is no {what} {name!r}; there are: {there}.", field=field)
    return fitting[0]


def merge(workers: Iterable[Worker], remembered: Iterable[EvaluatorPlugin]) -> Catalogue:
    """Return one entry a key: the newest version that works somewhere, else what is broken, else what is remembered.

    What no worker needs to have is always there.
    """
    evaluators: dict[str, list[EvaluatorPlugin]] = defaultdict(list)
    targets: dict[str, list[TargetPlugin]] = defaultdict(list)
    for worker in workers:
        for plugin in worker.evaluators:
            evaluators[plugin.key].append(plugin)
        for target in worker.targets:
            targets[target.key].append(target)
    known = {plugin.key: plugin for plugin in remembered}
    merged = {key: _evaluator(offers, known.get(key)) for key, offers in evaluators.items()}
    offline = {key: replace(plugin, health=PluginHealth.OFFLINE, worker_count=0) for key, plugin in known.items()}
    return Catalogue({**offline, **merged, **CLIENT_PLUGINS}, {key: _newest(offers) for key, offers in targets.items()})


def _evaluator(offers: list[EvaluatorPlugin], known: EvaluatorPlugin | None) -> EvaluatorPlugin:
    working = [plugin for plugin in offers if plugin.problem is None]
    if working:
        return replace(_newest(working), health=PluginHealth.AVAILABLE, worker_count=len(working))
    broken = offers[0]
    shown = replace(known or broken, version=broken.version, problem=broken.problem)
    return replace(shown, health=PluginHealth.BROKEN, worker_count=0)


def _newest(offers: Sequence[Plugin]) -> Plugin:
    working = [plugin for plugin in offers if plugin.problem is None]
    return max(working or offers, key=lambda plugin: _version(plugin.version))


def _version(text: str) -> Version:
    try:
        return Version(text)
    except InvalidVersion:
        return Version("0")
