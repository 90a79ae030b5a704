"""One process of the API."""

import asyncio
import signal
from socket import socket
from typing import Final

import uvicorn

from evalyard_core.memory import collect_seldom
from evalyard_core.settings import Settings
from evalyard_server.app import create_app
from evalyard_server.backends import check_backends
from evalyard_server.embedded.process import raise_open_files_limit
from evalyard_server.listening import open_listener, refuse_open_access

_GRACE_SECONDS: Final = 10


def serve_api(settings: Settings, *, inherited: int | None = None) -> None:
    """Serve until SIGINT or SIGTERM, then answer what was accepted and return.

    `inherited` is the number of a listening socket of the parent process. Raise StartError when the address, the
    database or the broker can't be used.
    """
    refuse_open_access(settings)
    raise_open_files_limit()
    asyncio.run(check_backends(settings))
    listener = open_listener(settings.host, settings.port) if inherited is None else socket(fileno=inherited)
    config = uvicorn.Config(
        create_app(settings),
        lifespan="on",
        # The application configures logging; its own middleware names request, run and record.
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    with listener:
        _end_in_peace()
        collect_seldom()
        uvicorn.Server(config).run(sockets=[listener])


def _end_in_peace() -> None:
    """Exit with 0 after a graceful end: uvicorn raises the signal again once it has stopped."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
