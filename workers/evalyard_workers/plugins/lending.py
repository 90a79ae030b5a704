"""Lending the SDK to environments of isolated plugins.

Worker and plugin process have to speak the same protocol, so an environment gets the worker's own `evalyard`, and what
that needs, as links behind its own packages: whatever the plugin's package asks for itself goes before them.
"""

import os
from collections.abc import Iterator
from importlib.metadata import Distribution
from pathlib import Path
from typing import Final

import evalyard

from .environments import Environment
from .versions import Installed

_SDK: Final = "evalyard"
_PTH: Final = "evalyard-lent.pth"


class CannotLend(Exception):
    """The SDK of this environment can't be lent; the message says why."""


def lend(environment: Environment) -> None:
    """Put the SDK behind an environment's own packages, or renew the links after an upgrade of the worker."""
    wanted = dict(_lent())
    folder = environment.lent
    folder.mkdir(exist_ok=True)
    for entry in folder.iterdir():
        if entry.name not in wanted:
            entry.unlink(missing_ok=True)
    for name, target in wanted.items():
        _link(folder / name, target)
    # A path in such a file is read from the folder that holds it, so that an environment can be moved.
    path_file = environment.site / _PTH
    if not path_file.exists():
        path_file.write_text(f"{os.path.relpath(folder, environment.site)}\n")


def _link(link: Path, target: Path) -> None:
    if link.is_symlink() and link.readlink() == target:
        return
    # Several workers may do this at once.
    fresh = link.with_name(f".{link.name}.{os.getpid()}")
    fresh.symlink_to(target)
    fresh.replace(link)


def _lent() -> Iterator[tuple[str, Path]]:
    """Yield the files and folders of the SDK and of what it needs, by their names."""
    for lent in Installed().needed(_SDK).values():
        yield from _parts(lent)
    # Where it is installed for development, its folder is somewhere else.
    yield _SDK, Path(evalyard.__file__).resolve().parent


def _parts(lent: Distribution) -> Iterator[tuple[str, Path]]:
    if lent.files is None:
        raise CannotLend(f"{lent.name} does not say which files it has: install it with pip.")
    for name in {file.parts[0] for file in lent.files}:
        if name not in {"..", "__pycache__"} and not name.endswith(".pth"):
            yield name, Path(str(lent.locate_file(name)))
