"""What an API process works with between its start and its end."""

import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial
from typing import TypedDict

from starlette.requests import HTTPConnection
from strawberry.schema import BaseSchema

from evalyard_core.domain.access import Actor
from evalyard_core.domain.traces.conventions import understand
from evalyard_core.domain.traces.prices import PriceTable
from evalyard_core.queue import BrokerQueue, Queue, connect_broker
from evalyard_core.services import Services
from evalyard_core.services.live import LiveUpdates
from evalyard_core.settings import Settings
from evalyard_core.storage import Store, StoreUnavailable
from evalyard_server.authentication import Gatekeeper
from evalyard_server.graphql_ws.sessions import Sessions
from evalyard_server.metrics import Metrics
from evalyard_server.operations import Operations
from evalyard_server.start_error import StartError

#: Makes what resolvers see, for one operation of one actor.
NewContext = Callable[[Actor, Services, LiveUpdates], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """The GraphQL schema, and how a context for it is made."""

    schema: BaseSchema
    new_context: NewContext


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """The parts of a process that has started."""

    settings: Settings
    store: Store
    services: Services
    gatekeeper: Gatekeeper
    operations: Operations
    sessions: Sessions
    metrics: Metrics


class State(TypedDict):
    """What Starlette hands to each request."""

    running: Running


def running(connection: HTTPConnection) -> Running:
    """Return the parts of the process that serves this connection."""
    parts: Running = connection.state.running
    return parts


@contextlib.asynccontextmanager
async def start(settings: Settings, interface: Interface, metrics: Metrics) -> AsyncIterator[Running]:
    """Open what a process needs, on the event loop that will use it, and close it; raises StartError."""
    async with contextlib.AsyncExitStack() as stack:
        store = await _open_store(settings)
        stack.push_async_callback(store.close)
        broker = connect_broker(settings.broker_url)
        stack.callback(broker.close)
        services = _services(settings, store, BrokerQueue(broker))
        live = LiveUpdates(store)
        await live.start()
        stack.push_async_callback(live.stop)
        sessions = Sessions(services.access)
        await stack.enter_async_context(sessions.watched())
        metrics.watch(subscriptions=lambda: live.watchers, connections=lambda: sessions.count)
        yield Running(
            settings=settings,
            store=store,
            services=services,
            gatekeeper=Gatekeeper(settings, services.access),
            operations=Operations(
                interface.schema, lambda actor: interface.new_context(actor, services, live), metrics
            ),
            sessions=sessions,
            metrics=metrics,
        )


def _services(settings: Settings, store: Store, queue: Queue) -> Services:
    secret = settings.link_secret
    return Services(
        store,
        queue,
        public_url=(settings.public_url or "").rstrip("/"),
        link_secret=None if secret is None else secret.get_secret_value().encode(),
        understand=partial(understand, prices=_prices(settings)),
    )


def _prices(settings: Settings) -> PriceTable:
    try:
        return PriceTable.read(settings.model_prices)
    except ValueError as error:
        raise StartError(
            f"The prices of models can't be read ({error}): correct the file that EVALYARD_MODEL_PRICES names."
        ) from error


async def _open_store(settings: Settings) -> Store:
    try:
        return await Store.open(settings.mongodb_url, settings.database, lease_seconds=settings.lease_seconds)
    except StoreUnavailable as error:
        raise StartError(str(error)) from error
