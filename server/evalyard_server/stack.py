"""What `evalyard up` runs: database, broker, API and workers on one machine, from start to stop."""

import asyncio
import contextlib
import signal
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from pathlib import Path
from socket import socket
from typing import Any, Final

from evalyard_core.settings import Settings
from evalyard_server.backends import check_broker, check_database
from evalyard_server.children import api_spec, worker_spec
from evalyard_server.embedded.folder import DataFolder, cut_log
from evalyard_server.embedded.process import raise_open_files_limit
from evalyard_server.embedded.servers import EMBEDDED
from evalyard_server.listening import base_url, is_loopback, open_listener, refuse_open_access
from evalyard_server.supervisor import Supervisor

_STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_CUT_LOGS_SECONDS: Final = 60.0
_LOOPBACK: Final = ("127.0.0.0/8", "::1/128")


def settings_of_one_machine(settings: Settings) -> Settings:
    """Return what `evalyard up` makes of settings: everyone may ask, and then targets may call this very machine.

    Whoever asks without a key sits at this machine and reaches it anyway; holders of keys may sit elsewhere.
    """
    changes: dict[str, Any] = {}
    if "auth" not in settings.model_fields_set:
        changes["auth"] = "none"
    everyone = changes.get("auth", settings.auth) == "none" and is_loopback(settings.host)
    if everyone and "target_allowed_networks" not in settings.model_fields_set:
        changes["target_allowed_networks"] = _LOOPBACK
    return settings.model_copy(update=changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """What to run, and whom to tell: `say` what a user waits for, `warn` of what went wrong."""

    settings: Settings
    workers: int
    first_key: Callable[[Settings], str | None]
    say: Callable[[str], None]
    warn: Callable[[str], None]


async def run(stack: Stack) -> None:
    """Run the stack until SIGINT, SIGTERM or SIGHUP; a second signal hurries its end.

    Raise StartError when a part can't start; whatever had started has ended by then.
    """
    refuse_open_access(stack.settings)
    raise_open_files_limit()
    supervisor, stopping = Supervisor(stack.warn), asyncio.Event()
    with open_listener(stack.settings.host, stack.settings.port) as listener, contextlib.ExitStack() as owned:
        _heed_signals(supervisor, stopping)
        try:
            await _unless(stopping, _start(stack, supervisor, listener, owned))
            await stopping.wait()
        finally:
            # The API's own copy still serves what it has accepted; nobody new waits in a queue without an end.
            listener.close()
            await supervisor.stop()


async def _start(stack: Stack, supervisor: Supervisor, listener: socket, owned: contextlib.ExitStack) -> None:
    settings = stack.settings.model_copy(update={"port": listener.getsockname()[1]})
    settings = await _start_backends(settings, supervisor, owned)
    workers = [worker_spec(settings, number) for number in range(1, stack.workers + 1)]
    await supervisor.start([api_spec(settings, listener), *workers])
    if settings.auth == "keys" and (key := await asyncio.to_thread(stack.first_key, settings)):
        stack.say(f"The first instance key, shown once: {key}")
    stack.say(f"Evalyard is ready at {base_url(settings.host, settings.port)}/graphql")


async def _start_backends(settings: Settings, supervisor: Supervisor, owned: contextlib.ExitStack) -> Settings:
    """Start the database and the broker, or check the ones that were named; return settings that lead to them."""
    named = settings.model_fields_set
    if "mongodb_url" in named:
        await check_database(settings.mongodb_url)
    if "broker_url" in named:
        await check_broker(settings.broker_url)
    wanted = EMBEDDED.keys() - named
    if not wanted:
        return settings
    folder = owned.enter_context(contextlib.closing(DataFolder.lock(settings.data)))
    servers = {field: EMBEDDED[field](folder, settings) for field in wanted}
    await supervisor.start(server.spec for server in servers.values())
    cutting = asyncio.create_task(_cut_logs([server.spec.log for server in servers.values()]))
    owned.callback(cutting.cancel)
    return settings.model_copy(update={field: server.url for field, server in servers.items()})


async def _cut_logs(logs: Iterable[Path | None]) -> None:
    while True:
        await asyncio.sleep(_CUT_LOGS_SECONDS)
        for log in filter(None, logs):
            cut_log(log)


def _heed_signals(supervisor: Supervisor, stopping: asyncio.Event) -> None:
    def heed() -> None:
        if stopping.is_set():
            supervisor.hurry()
        stopping.set()

    for number in _STOP_SIGNALS:
        # nohup has SIGHUP ignored, and means it.
        if signal.getsignal(number) != signal.SIG_IGN or number != signal.SIGHUP:
            asyncio.get_running_loop().add_signal_handler(number, heed)


async def _unless(stopping: asyncio.Event, work: Coroutine[Any, Any, None]) -> None:
    """Do `work`, but give it up as soon as `stopping` is set."""
    working, stopped = asyncio.create_task(work), asyncio.create_task(stopping.wait())
    either: set[asyncio.Task[Any]] = {working, stopped}
    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if working.done():
        working.result()
        return
    working.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await working
