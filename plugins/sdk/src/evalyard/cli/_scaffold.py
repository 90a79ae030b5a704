"""Writing a new package of evaluators."""

import keyword
import re
import sys
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Final

from packaging.utils import canonicalize_name
from packaging.version import Version

#: The template of each file, by the file's place in the new package.
_FILES: Final = {
    "pyproject.toml": "pyproject.toml.txt",
    "README.md": "README.md.txt",
    ".gitignore": "gitignore.txt",
    "src/$module/__init__.py": "init.py.txt",
    "src/$module/_word_count.py": "word_count.py.txt",
    "tests/test_word_count.py": "test_word_count.py.txt",
    "tests/test_contract.py": "test_contract.py.txt",
}
#: Tells type checkers that the package is typed (PEP 561).
_MARKER: Final = "src/$module/py.typed"
_NAME: Final = re.compile(r"[A-Za-z]([A-Za-z0-9._-]*[A-Za-z0-9])?")
_LONGEST_NAME: Final = 60


class CannotWrite(Exception):
    """A package can't be written; the message says why and what to do."""


def write_package(name: str, parent: Path) -> Path:
    """Write a package into a new folder of `parent`, called as the distribution, and return the folder."""
    distribution = _distribution(name)
    folder = parent / distribution
    if folder.exists() and any(folder.iterdir()):
        raise CannotWrite(f"{folder} is there already and not empty: choose another name, or another folder with --in.")
    words = {"distribution": distribution, "module": distribution.replace("-", "_"), "support": _support()}
    templates = files("evalyard.cli") / "template"
    for place, template in _FILES.items():
        text = Template((templates / template).read_text("utf-8")).substitute(words)
        _write(folder / Template(place).substitute(words), text)
    _write(folder / Template(_MARKER).substitute(words), "")
    return folder


def _distribution(name: str) -> str:
    """Return the canonical name of a distribution, or refuse one that can't be had."""
    if not _NAME.fullmatch(name) or len(name) > _LONGEST_NAME:
        raise CannotWrite(
            f"{name!r} is no name for a package: use up to {_LONGEST_NAME} letters, digits and dashes, a letter first."
        )
    distribution = canonicalize_name(name)
    module = distribution.replace("-", "_")
    if module == "evalyard" or module in sys.stdlib_module_names or keyword.iskeyword(module):
        raise CannotWrite(f"A module called {module} is there already: choose another name.")
    return distribution


def _support() -> str:
    """Return the versions that keep what this SDK promises, as semantic versioning has it."""
    here = Version(version("evalyard"))
    above = f"0.{here.minor + 1}" if here.major == 0 else f"{here.major + 1}"
    return f">={here.major}.{here.minor},<{above}"


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")
