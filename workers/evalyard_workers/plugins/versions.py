"""Which versions a distribution and all that it needs are installed in: code that was imported is of these."""

import contextlib
import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import Distribution, distributions
from typing import TypeAlias

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

#: Names of distributions, each with its version.
Versions: TypeAlias = frozenset[tuple[str, str]]


class Installed:
    """The distributions of an environment, as they were when each was first asked for.

    `path` names the folders of another environment; by default it is this process's.
    """

    def __init__(self, path: Sequence[str] | None = None) -> None:
        self._path = path
        self._distributions: dict[str, Distribution | None] = {}
        self._requirements: dict[str, list[Requirement]] = {}
        self._versions: dict[str, str] = {}

    def versions(self, name: str) -> Versions:
        """Return the versions of a distribution and of all that it needs."""
        return frozenset((needed, self._versions[needed]) for needed in self.needed(name))

    def needed(self, name: str) -> dict[str, Distribution]:
        """Return a distribution and all that it needs, by canonical name; what is not installed is left out."""
        needed: dict[str, Distribution] = {}
        seen: set[tuple[str, str]] = set()
        left: list[tuple[str, str]] = [(canonicalize_name(name), "")]
        while left:
            if (wanted := left.pop()) in seen:
                continue
            seen.add(wanted)
            if (found := self._distribution(wanted[0])) is not None:
                needed[wanted[0]] = found
                left += self._needs(*wanted)
        return needed

    def _needs(self, name: str, extra: str) -> Iterator[tuple[str, str]]:
        for requirement in self._requirements[name]:
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                yield from ((canonicalize_name(requirement.name), wanted) for wanted in ("", *requirement.extras))

    def _distribution(self, name: str) -> Distribution | None:
        if name not in self._distributions:
            path = sys.path if self._path is None else self._path
            found = next(iter(distributions(name=name, path=list(path))), None)
            self._distributions[name] = found
            if found is not None:
                # Parsed once for both: it may be long.
                metadata = found.metadata
                self._versions[name] = next(iter(metadata.get_all("Version", ())), "")
                self._requirements[name] = list(_requirements(metadata.get_all("Requires-Dist", ())))
        return self._distributions[name]


def _requirements(texts: Iterable[str]) -> Iterator[Requirement]:
    for text in texts:
        # Whoever offers plugins with such metadata is told by `discover`.
        with contextlib.suppress(InvalidRequirement):
            yield Requirement(text)
