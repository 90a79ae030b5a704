"""What Dramatiq's command line loads: a broker whose one actor takes a turn at a task."""

import asyncio
from typing import Any, Final

import dramatiq
from dramatiq.asyncio import get_event_loop_thread
from dramatiq.middleware import AgeLimit, AsyncIO, Middleware, Retries, ShutdownNotifications, TimeLimit

from evalyard_core.logging import configure_logging
from evalyard_core.memory import collect_seldom
from evalyard_core.queue import ACTOR, QUEUE, BrokerQueue, connect_broker
from evalyard_core.settings import Settings

from .metrics import serve_metrics
from .process import WorkerProcess

_MINUTE_MS: Final = 60_000


class Lifecycle(Middleware):
    """Starts the worker process on Dramatiq's event loop, and stops it before the loop ends."""

    def __init__(self, process: WorkerProcess) -> None:
        self._process = process

    def before_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:  # noqa: ARG002
        """Start, once the loop runs."""
        _on_loop(self._process.start())
        collect_seldom()

    def before_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:  # noqa: ARG002
        """Claim no more."""
        _on_loop(self._process.begin_to_stop())

    def after_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:  # noqa: ARG002
        """Release everything."""
        _on_loop(self._process.stop())


def create_broker() -> dramatiq.Broker:
    """Return the broker of a worker process, with its actor declared."""
    settings = Settings()
    configure_logging(settings)
    _use_fast_loop()
    if settings.worker_metrics_port:
        serve_metrics(settings.worker_metrics_port)
    broker = connect_broker(settings.broker_url)
    process = WorkerProcess(settings, BrokerQueue(broker))
    # A turn ends by itself after ten minutes; a message that was lost or refused is sent again by the sweeper.
    middleware = (
        AgeLimit(max_age=60 * _MINUTE_MS),
        TimeLimit(time_limit=30 * _MINUTE_MS),
        ShutdownNotifications(),
        Retries(max_retries=0),
        AsyncIO(),
        Lifecycle(process),
    )
    for entry in middleware:
        broker.add_middleware(entry)
    dramatiq.actor(actor_name=ACTOR, queue_name=QUEUE, broker=broker)(process.work)
    dramatiq.set_broker(broker)
    return broker


def _use_fast_loop() -> None:
    """Let Dramatiq's event loop be uvloop's, where that runs."""
    try:
        import uvloop  # noqa: PLC0415 - not on Windows
    except ImportError:
        return
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())


def _on_loop(work: Any) -> None:
    loop = get_event_loop_thread()
    if loop is None:
        raise RuntimeError("the AsyncIO middleware has not started its event loop")
    loop.run_coroutine(work)
