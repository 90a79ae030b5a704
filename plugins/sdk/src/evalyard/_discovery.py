"""Finding installed plugins from their distributions' metadata, without importing any of them."""

import functools
import importlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import Distribution, EntryPoint, PackageMetadata, distributions, version
from typing import Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

_SDK: Final = "evalyard"
_REQUIREMENT_NAME: Final = re.compile(r"\s*([A-Za-z0-9._-]+)")


@dataclass(frozen=True, slots=True)
class FoundPlugin:
    """A plugin that some installed distribution offers.

    `key` is `distribution/name` with the distribution's canonical name, and unique in what `discover` returns.
    `problem` is the sentence, with the remedy, that says why it must not be imported; None if it may be.
    """

    key: str
    name: str
    distribution: str
    version: str
    homepage: str | None
    entry_point: EntryPoint
    problem: str | None = None


def discover(group: str, path: Sequence[str] | None = None) -> list[FoundPlugin]:
    """List the plugins of an entry-point group, by key, as the environment is at this moment.

    Imports nothing of a plugin. One that can't be used is listed with its problem and does not hinder the others.
    `path` names the folders of another environment; by default it is this process's.
    """
    # What was installed since the process started is invisible to the import system's directory caches.
    importlib.invalidate_caches()
    found: dict[str, FoundPlugin] = {}
    installed = distributions() if path is None else distributions(path=list(path))
    for plugin in _offered(installed, group):
        known = found.get(plugin.key)
        found[plugin.key] = plugin if known is None else _reconcile(known, plugin)
    return [found[key] for key in sorted(found)]


def _offered(installed: Iterable[Distribution], group: str) -> Iterator[FoundPlugin]:
    for distribution in installed:
        # Parsing every distribution's entry points takes many times as long as this test.
        if f"[{group}]" in (distribution.read_text("entry_points.txt") or ""):
            yield from _plugins_of(distribution, group)


def _plugins_of(distribution: Distribution, group: str) -> Iterator[FoundPlugin]:
    metadata = distribution.metadata
    name = canonicalize_name(_first(metadata, "Name") or "unknown")
    release = _first(metadata, "Version") or "unknown"
    problem = _sdk_problem(distribution, name, release)
    try:
        entry_points = [entry_point for entry_point in distribution.entry_points if entry_point.group == group]
    except (TypeError, ValueError):
        entry_points = [EntryPoint(name="?", value="", group=group)]
        problem = f"The file entry_points.txt of {name} {release} is damaged: reinstall {name}."
    for entry_point in entry_points:
        yield FoundPlugin(
            key=f"{name}/{entry_point.name}",
            name=entry_point.name,
            distribution=name,
            version=release,
            homepage=_homepage(metadata),
            entry_point=entry_point,
            problem=problem,
        )


def _reconcile(known: FoundPlugin, other: FoundPlugin) -> FoundPlugin:
    """Merge two claims to one key: the same claim seen twice is one, as with an editable install's own metadata."""
    if (known.version, known.entry_point.value) == (other.version, other.entry_point.value):
        return known
    name = known.distribution
    if known.version == other.version:
        claims = f"{known.entry_point.value} and {other.entry_point.value} both claim to be {known.key} {known.version}"
    else:
        claims = f"{name} is installed twice, in the versions {known.version} and {other.version}"
    remedy = f"run `pip uninstall {name}` until none is left, then install one version again"
    return replace(known, problem=f"{claims}: {remedy}.")


@functools.cache
def _sdk_version() -> str:
    """Say which SDK this process runs, whatever has been installed over it since."""
    return version(_SDK)


def _sdk_problem(distribution: Distribution, name: str, release: str) -> str | None:
    present = _sdk_version()
    for text in distribution.requires or ():
        written = _REQUIREMENT_NAME.match(text)
        if written is None or canonicalize_name(written[1]) != _SDK:
            continue
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            return f"{name} {release} asks for {text!r}, which is not a valid requirement: upgrade or reinstall {name}."
        applies = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        if applies and not requirement.specifier.contains(present, prereleases=True):
            return (
                f"{name} {release} supports {_SDK} {requirement.specifier} and this environment has {_SDK} {present}: "
                f"install a version of {name} that supports {present}, or another version of {_SDK}."
            )
    return None


def _homepage(metadata: PackageMetadata) -> str | None:
    """Pick the project's homepage; labels are compared as the "Well-known Project URLs" specification says."""
    candidates = [_first(metadata, "Home-page")]
    for line in metadata.get_all("Project-URL", ()):
        label, _, url = line.partition(",")
        if re.sub(r"[\W_]", "", label).lower() == "homepage":
            candidates.insert(0, url.strip())
    # It becomes a link on a page: a javascript: address must not.
    return next((url for url in candidates if url.startswith(("https://", "http://"))), None)


def _first(metadata: PackageMetadata, field: str) -> str:
    """Read a metadata field; damaged metadata may lack any, and indexing then differs between versions of Python."""
    return next(iter(metadata.get_all(field, ())), "")
