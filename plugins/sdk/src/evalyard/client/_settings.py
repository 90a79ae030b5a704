"""Where the server is and who asks: given, from the environment, or as `evalyard login` left it."""

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

LOCAL_URL: Final = "http://127.0.0.1:8000"
_VARIABLES: Final = {"url": "EVALYARD_URL", "api_key": "EVALYARD_API_KEY", "project": "EVALYARD_PROJECT"}


@dataclass(frozen=True, slots=True)
class Connection:
    """The address of a server without `/graphql`, the secret of an API key, and a project's name or id."""

    url: str = LOCAL_URL
    api_key: str | None = None
    project: str | None = None


def connection(url: str | None = None, api_key: str | None = None, project: str | None = None) -> Connection:
    """Return what is given, else what the environment says, else what is stored, else a server on this machine.

    A key that is stored goes to the server that it was stored for, and to no other.
    """
    said = {name: os.environ[variable] for name, variable in _VARIABLES.items() if os.environ.get(variable)}
    given = {"url": url, "api_key": api_key, "project": project}
    said |= {name: value for name, value in given.items() if value}
    stored = read_stored()
    if "url" in said and _trimmed(said["url"]) != stored.url:
        stored = Connection()
    found = replace(stored, **said)
    return replace(found, url=_trimmed(found.url))


def stored_at() -> Path:
    """Return the file in which `evalyard login` keeps the key."""
    home = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(home) / "evalyard" / "credentials.json"


def read_stored() -> Connection:
    """Return what `evalyard login` stored; the defaults where it stored nothing, or nothing that can be read."""
    try:
        content = json.loads(stored_at().read_text())
        return Connection(**{name: content[name] for name in _VARIABLES if isinstance(content.get(name), str)})
    except (OSError, ValueError, AttributeError):
        return Connection()


def store(connection: Connection) -> Path:
    """Store a connection in a file that only its owner reads, and return where."""
    path = stored_at()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    content = {name: value for name in _VARIABLES if (value := getattr(connection, name))}
    replacement = path.with_suffix(f".{os.getpid()}")
    descriptor = os.open(replacement, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(content, file, indent=2)
    replacement.replace(path)
    return path


def forget() -> bool:
    """Remove what is stored; tell whether there was anything."""
    try:
        stored_at().unlink()
    except FileNotFoundError:
        return False
    return True


def _trimmed(url: str) -> str:
    return url.rstrip("/").removesuffix("/graphql")
