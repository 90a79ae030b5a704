"""Installing packages of plugins: beside the worker, or in an environment of their own."""

import os
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Sequence
from pathlib import Path

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from evalyard_server.start_error import StartError
from evalyard_workers.plugins.environments import Environment
from evalyard_workers.plugins.lending import CannotLend, lend


def install_here(package: str, options: Sequence[str]) -> None:
    """Install a package beside the worker; raises StartError."""
    _pip("install", package, *options)


def install_isolated(package: str, options: Sequence[str], folder: Path) -> Environment:
    """Make an environment for a package in `folder`, in the place of one that it had; raises StartError.

    A half-made environment is never seen, and one that can't be made leaves the older one as it was.
    """
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".new-", dir=folder) as scratch:
        wheel = _built(package, options, Path(scratch))
        name = canonicalize_name(parse_wheel_filename(wheel.name)[0])
        fresh = Environment(Path(scratch) / name)
        venv.EnvBuilder(symlinks=os.name != "nt", with_pip=False).create(fresh.folder)
        try:
            lend(fresh)
        except CannotLend as error:
            raise StartError(str(error)) from error
        _pip("--python", str(fresh.python), "install", *options, str(wheel))
        return _put(fresh, folder / name, Path(scratch) / "old")


def uninstall(name: str, folder: Path) -> str:
    """Remove a package, from its own environment where it has one; return where from. Raises StartError."""
    isolated = folder / canonicalize_name(name)
    if (isolated / "pyvenv.cfg").exists():
        # Out of sight at once: a worker that looks for plugins must not find half of it.
        leaving = isolated.with_name(f".{isolated.name}.{os.getpid()}")
        isolated.replace(leaving)
        shutil.rmtree(leaving, ignore_errors=True)
        return "its own environment"
    _pip("uninstall", "--yes", name)
    return "this environment"


def _built(package: str, options: Sequence[str], folder: Path) -> Path:
    """Return a package's wheel: its name is the distribution's, whatever was asked for."""
    _pip("wheel", "--no-deps", "--wheel-dir", str(folder / "wheel"), *options, package)
    wheels = sorted((folder / "wheel").glob("*.whl"))
    try:
        parse_wheel_filename(wheels[0].name)
    except (IndexError, InvalidWheelFilename) as error:
        raise StartError(f"{package} is no package that pip makes a wheel of.") from error
    return wheels[0]


def _put(fresh: Environment, place: Path, old: Path) -> Environment:
    """Move an environment to its place."""
    if place.exists():
        place.replace(old)
    fresh.folder.replace(place)
    return Environment(place)


def _pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False)  # noqa: S603
    if done.returncode:
        verb = next(word for word in arguments if word in {"install", "uninstall", "wheel"})
        raise StartError(f"pip {verb} failed with exit code {done.returncode}: its own words are above.")
