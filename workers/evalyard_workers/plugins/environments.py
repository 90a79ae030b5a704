"""Environments of isolated plugins: a folder each, with a Python and the packages that only its plugins see."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from evalyard.plugins import FoundPlugin, discover

from .child import Home


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment; it is called as the distribution that it was made for."""

    folder: Path

    @property
    def name(self) -> str:
        """The distribution's canonical name."""
        return self.folder.name

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    @property
    def site(self) -> Path:
        """The folder of its packages."""
        return next(iter(sorted((self.folder / "lib").glob("python*/site-packages"))), self.folder / "lib")

    @property
    def home(self) -> Home:
        """How its plugins are run."""
        return Home(self.name, str(self.python))

    @property
    def folders(self) -> list[str]:
        """The folders of its packages and of those that the worker lends it."""
        return [str(self.site), str(self.lent)]

    @property
    def lent(self) -> Path:
        """The folder of what the worker lends it."""
        return self.folder / "lent"

    def plugins(self, group: str) -> list[FoundPlugin]:
        """Return the plugins of its distribution, without importing any; not those of what that needs."""
        return [found for found in discover(group, [str(self.site)]) if found.distribution == self.name]


def environments(folder: Path | None) -> Iterator[Environment]:
    """Yield the environments of a folder; one that is being made is none."""
    if folder is not None and folder.is_dir():
        for entry in sorted(folder.iterdir()):
            if not entry.name.startswith(".") and (entry / "pyvenv.cfg").exists():
                yield Environment(entry)
