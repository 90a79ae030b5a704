"""Hints to the workers that there is work. A lost hint delays work and never loses it: tasks are in the database."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Protocol

import dramatiq
import structlog
from dramatiq.brokers.redis import RedisBroker
from redis import RedisError

from .domain.tasks import Task

_log = structlog.get_logger(__name__)

QUEUE: Final = "evalyard"
ACTOR: Final = "work"
_PATIENCE_SECONDS: Final = 2.0
_MOST_SENDERS: Final = 4


class Queue(Protocol):
    """Where hints go."""

    async def hint(self, tasks: Sequence[Task]) -> None:
        """Tell some worker of these tasks; never raises, never takes longer than two seconds."""


class BrokerQueue:
    """Hints as Dramatiq messages that carry a task's id and ticket."""

    def __init__(self, broker: dramatiq.Broker) -> None:
        self._broker = broker
        # Threads of its own: a broker that hangs would keep those of the event loop, which look up names too.
        self._threads = ThreadPoolExecutor(_MOST_SENDERS, thread_name_prefix="hint")

    async def hint(self, tasks: Sequence[Task]) -> None:
        """Send a message for each task from a thread, since the broker's client blocks."""
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await asyncio.get_running_loop().run_in_executor(self._threads, self._send, tasks)
        except (TimeoutError, dramatiq.errors.BrokerError, RedisError, OSError) as error:
            _log.warning("the broker took no hint; the sweeper will find the work", error=str(error))

    def _send(self, tasks: Sequence[Task]) -> None:
        for task in tasks:
            message: dramatiq.Message[None] = dramatiq.Message(
                queue_name=QUEUE, actor_name=ACTOR, args=(task.id, task.ticket), kwargs={}, options={}
            )
            self._broker.enqueue(message)


def connect_broker(url: str, middleware: list[dramatiq.Middleware] | None = None) -> dramatiq.Broker:
    """Return a broker for a Redis, Valkey or RabbitMQ address; connects when first used."""
    if url.startswith(("amqp://", "amqps://")):
        from dramatiq.brokers.rabbitmq import RabbitmqBroker  # noqa: PLC0415 - an extra that few install

        return RabbitmqBroker(url=url, middleware=middleware or [])
    return RedisBroker(  # type: ignore[no-untyped-call]
        url=url, middleware=middleware or [], socket_connect_timeout=2, socket_timeout=10
    )
