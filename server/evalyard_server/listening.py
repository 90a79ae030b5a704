"""The address that the API listens on."""

import errno
import ipaddress
import socket
from typing import Final

from evalyard_core.settings import Settings
from evalyard_server.start_error import StartError

# A thousand subscribers may connect again at the same moment.
_BACKLOG: Final = 2048


def refuse_open_access(settings: Settings) -> None:
    """Raise StartError when everyone who reaches the machine would be let in."""
    if settings.auth == "none" and not is_loopback(settings.host):
        raise StartError(
            f"Without keys (--auth none) Evalyard listens on a loopback address only, and {settings.host} is none: "
            "say --auth keys, or --host 127.0.0.1."
        )


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches `host`, a name or an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def open_listener(host: str, port: int) -> socket.socket:
    """Listen on `host` and `port`, 0 for any free port. Raise StartError when that can't be."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server(address[:2], family=family, backlog=_BACKLOG)
    except socket.gaierror as error:
        raise StartError(f"{host} is no address of this machine: correct --host.") from error
    except PermissionError as error:
        raise StartError(f"Port {port} may not be used by this user: choose one above 1023 with --port.") from error
    except OSError as error:
        raise StartError(_refusal(host, port, error)) from error


def base_url(host: str, port: int) -> str:
    """Return the URL of the API for people and programs on this machine."""
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - the address that nobody can dial
    return f"http://[{reached}]:{port}" if ":" in reached else f"http://{reached}:{port}"


def _refusal(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} of {host} is in use: stop the program that has it, or choose another with --port."
    return f"Evalyard can't listen on {host} port {port}: {error.strerror}. Correct --host and --port."
