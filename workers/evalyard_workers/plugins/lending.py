"""Lending the SDK to environments of isolated plugins.

Worker and plugin process have to speak the same protocol, so an environment gets the worker's own `evalyard`, and what
that needs, as links behind its own packages: whatever the plugin's package asks for itself goes before them.
"""

import os
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import evalyard

from .environments import Environment

_SDK: Final = "evalyard"
_PTH: Final = "evalyard-lent.pth"


class CannotLend(Exception):
    """The SDK of this environment can't be lent; the message says why."""


def lend(environment: Environment) -> None:
    """Put the SDK behind an environment's own packages, or renew the links after an upgrade of the worker."""
    wanted = dict(_lent())
    folder = environment.folder / "lent"
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
    for name in _needed(_SDK, set()):
        yield from _parts(distribution(name))
    # Where it is installed for development, its folder is somewhere else.
    yield _SDK, Path(evalyard.__file__).resolve().parent


def _needed(name: str, seen: set[str]) -> set[str]:
    """Return the names of a distribution and of all that it needs, without extras."""
    if name not in seen:
        seen.add(name)
        for text in distribution(name).requires or ():
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                _needed(canonicalize_name(requirement.name), seen)
    return seen


def _parts(lent: Distribution) -> Iterator[tuple[str, Path]]:
    if lent.files is None:
        raise CannotLend(f"{lent.name} does not say which files it has: install it with pip.")
    for name in {file.parts[0] for file in lent.files}:
        if name not in {"..", "__pycache__"} and not name.endswith(".pth"):
            yield name, Path(str(lent.locate_file(name)))
