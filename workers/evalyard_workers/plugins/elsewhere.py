"""The plugins that run in other processes: what they are, and the processes of each distribution."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

from evalyard_core.domain.plugins import EvaluatorPlugin

from .child import Home
from .children import Children
from .isolated import Isolated, Offer
from .refusals import PluginUnavailable
from .remote import check
from .room import Room

#: Describing and checking have places of their own: nobody waits for a run to be told what a plugin is.
_ASKING: Final = 4
_IDLE_SECONDS: Final = 600.0
_IDLE_ASKING_SECONDS: Final = 60.0


class Elsewhere:
    """Knows the plugins that run elsewhere, and keeps their processes."""

    def __init__(self, processes: int, memory_bytes: int, on_news: Callable[[], None]) -> None:
        """`on_news` is called when more is known than when `refresh` returned."""
        self._memory_bytes = memory_bytes
        self._on_news = on_news
        self._scoring = Room(processes, _IDLE_SECONDS)
        self._asking = Room(_ASKING, _IDLE_ASKING_SECONDS, shares=True)
        self._children: dict[tuple[str, str], Children] = {}
        self._distributions: dict[tuple[str, str], Isolated] = {}

    @property
    def plugins(self) -> Mapping[str, tuple[EvaluatorPlugin, Home]]:
        """Every plugin, broken ones too, with its home."""
        everyone = self._distributions.values()
        return {plugin.key: (plugin, one.home) for one in everyone for plugin in one.plugins}

    async def refresh(self, offers: list[Offer], patience_seconds: float | None = None) -> None:
        """Describe what is new, for as long as there is patience; renew the processes of what has changed."""
        known, self._distributions = self._distributions, {}
        for offer in offers:
            name = _name(offer.home)
            if name in known and known[name].home == offer.home:
                self._distributions[name] = known.pop(name)
            else:
                self._children.pop(name, None)
                asking = Children(offer.home, self._asking, self._memory_bytes)
                self._distributions[name] = Isolated(self.children(offer.home), asking)
        await asyncio.gather(*(gone.close() for gone in known.values()))
        looks = [await self._distributions[_name(offer.home)].look(offer) for offer in offers]
        if not looks:
            return
        _, late = await asyncio.wait(looks, timeout=patience_seconds)
        for look in late:
            look.add_done_callback(lambda _: self._on_news())

    def children(self, home: Home) -> Children:
        """Return the processes of a distribution."""
        if _name(home) not in self._children:
            self._children[_name(home)] = Children(home, self._scoring, self._memory_bytes)
        return self._children[_name(home)]

    async def check(self, key: str, config: Any) -> None:
        """Refuse a config that the evaluator refuses; raises one of `refusals.UNUSABLE`."""
        plugin, home = self.plugins[key]
        if plugin.problem is not None:
            raise PluginUnavailable(f"{key} is broken: {plugin.problem}")
        await check(self._distributions[_name(home)].asking, key, config)

    async def run(self) -> None:
        """End processes that nobody has used for ten minutes, or for one where they only told something, for ever."""
        await asyncio.gather(self._scoring.run(), self._asking.run())

    async def close(self) -> None:
        """End every process."""
        await asyncio.gather(*(one.close() for one in self._distributions.values()))
        await asyncio.gather(self._scoring.close(), self._asking.close())


def _name(home: Home) -> tuple[str, str]:
    return (home.python, home.distribution)
