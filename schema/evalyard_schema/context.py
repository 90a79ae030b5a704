"""What every resolver can reach."""

from dataclasses import dataclass, replace
from typing import TypeAlias

import strawberry

from evalyard_core.domain.access import Actor
from evalyard_core.services import Services
from evalyard_core.services.live import LiveUpdates

from .loaders import Loaders


@dataclass(frozen=True, slots=True)
class Context:
    """Who asks, the use cases, and the loaders of one operation or, in a subscription, of one event."""

    actor: Actor
    services: Services
    live: LiveUpdates
    loaders: Loaders

    @classmethod
    def of(cls, actor: Actor, services: Services, live: LiveUpdates) -> "Context":
        """Return the context of a request or a connection; each operation in it gets loaders of its own."""
        return cls(actor, services, live, Loaders(actor, services))

    def renewed(self, *, cache: bool = True) -> "Context":
        """Return the same context with loaders that have loaded nothing yet; without `cache` they keep nothing."""
        return replace(self, loaders=Loaders(self.actor, self.services, cache=cache))


Info: TypeAlias = strawberry.Info[Context, None]
