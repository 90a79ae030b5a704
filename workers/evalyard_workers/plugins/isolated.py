"""A distribution whose evaluators run in processes of its own: what they are, as such a process tells."""

import asyncio
from dataclasses import dataclass
from typing import Final

import structlog

from evalyard.plugins import FoundPlugin
from evalyard_core.domain.plugins import EvaluatorPlugin

from .child import Home
from .children import Children
from .describing import broken_evaluator, evaluator_told
from .refusals import UNUSABLE, TooSlow
from .remote import describe
from .versions import Versions

_log = structlog.get_logger(__name__)

_DESCRIBE_SECONDS: Final = 60.0
#: Where one import of a distribution hung the others are likely to hang, too.
_DESCRIBE_NEXT_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Offer:
    """What a distribution offers, where it runs, and the versions of all that it needs."""

    home: Home
    plugins: tuple[FoundPlugin, ...]
    versions: Versions


class Isolated:
    """Describes the evaluators of one distribution, each when it is new, was upgraded, or was broken the last time."""

    def __init__(self, children: Children, asking: Children) -> None:
        """`children` score; `asking` describe and check."""
        self.asking = asking
        self._children = children
        self._offer = Offer(children.home, (), frozenset())
        self._known: dict[str, EvaluatorPlugin] = {}
        self._looking: asyncio.Task[None] | None = None
        self._limit_seconds = 0.0

    @property
    def home(self) -> Home:
        """Where it runs."""
        return self._children.home

    @property
    def plugins(self) -> list[EvaluatorPlugin]:
        """Its evaluators, as far as they are known."""
        return [self._known.get(found.key) or _unknown(found) for found in self._offer.plugins]

    async def look(self, offer: Offer) -> "asyncio.Task[None]":
        """Begin to describe what is offered, unless that is under way; what was imported before is used no more."""
        if self._looking is not None and not self._looking.done() and offer == self._offer:
            return self._looking
        await self._stop()
        if offer.versions != self._offer.versions:
            self._known.clear()
            await asyncio.gather(self._children.renew(), self.asking.renew())
        self._offer = offer
        self._looking = asyncio.create_task(self._describe())
        return self._looking

    async def close(self) -> None:
        """End its processes; one that is in use ends when it comes back."""
        await self._stop()
        await asyncio.gather(self._children.renew(), self.asking.renew())

    async def _stop(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait({self._looking})

    async def _describe(self) -> None:
        """Describe one after the other, in one process as long as that lives, and let it end then."""
        self._limit_seconds = _DESCRIBE_SECONDS
        for found in self._offer.plugins:
            known = self._known.get(found.key)
            if known is None or known.problem is not None or found.problem is not None:
                self._known[found.key] = await self._described(found)
        await self.asking.renew()

    async def _described(self, found: FoundPlugin) -> EvaluatorPlugin:
        if found.problem is not None:
            return broken_evaluator(found, found.problem)
        try:
            return evaluator_told(found, await describe(self.asking, found.key, self._limit_seconds))
        except UNUSABLE as error:
            problem = str(error)
            if isinstance(error, TooSlow):
                self._limit_seconds = _DESCRIBE_NEXT_SECONDS
        except (AttributeError, KeyError, TypeError, ValueError):
            problem = f"The process of {found.key} describes it in another form: install its evalyard again."
        _log.warning("plugin is broken", plugin=found.key, problem=problem)
        return broken_evaluator(found, problem)


def _unknown(found: FoundPlugin) -> EvaluatorPlugin:
    return broken_evaluator(found, found.problem or f"{found.key} is still being loaded: look again in a minute.")
