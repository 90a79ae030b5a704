"""From what a person types to what the server knows: names, ids, and the numbers of runs."""

from typing import TYPE_CHECKING, Any

from ._session import Session
from .operations import datasets, evaluators, runs, systems

if TYPE_CHECKING:
    from evalyard.client import ClientError


def find_dataset(session: Session, wanted: str) -> dict[str, Any]:
    """Return a dataset by its name or id."""
    return _find(session, "dataset", datasets.LIST, datasets.NODE, wanted)


def find_evaluator(session: Session, wanted: str) -> dict[str, Any]:
    """Return an evaluator of the project by its name or id."""
    return _find(session, "evaluator", evaluators.LIST, evaluators.NODE, wanted)


def find_system(session: Session, wanted: str) -> dict[str, Any]:
    """Return a system by its name or id."""
    return _find(session, "system", systems.LIST, systems.NODE, wanted)


def find_version(session: Session, wanted: str) -> dict[str, Any]:
    """Return a version of a system by SYSTEM@VERSION; of SYSTEM alone, the one in production, else the newest."""
    try:
        system, version = find_system(session, wanted), None
    except _client_error():
        name, sign, version = wanted.rpartition("@")
        if not sign:
            raise
        system = find_system(session, name)
    return version_of(session, system, version)


def version_of(session: Session, system: dict[str, Any], wanted: str | None) -> dict[str, Any]:
    """Return a version of a system by its name or id; without one, the one in production, else the newest."""
    if wanted is None and system["productionVersion"]:
        found: dict[str, Any] = system["productionVersion"]
        return found
    for version in session.nodes(systems.VERSIONS, "versions", id=system["id"]):
        if wanted is None or wanted in {version["name"], version["id"]}:
            return version
    if wanted is None:
        raise _client_error()(f"The system {system['name']!r} has no version: create one.")
    raise _client_error()(f"The system {system['name']!r} has no version {wanted!r}; check the name.")


def find_run(session: Session, wanted: str) -> dict[str, Any]:
    """Return a run by its number, id or name (the newest of that name), or the newest of all by "latest"."""
    number = wanted.removeprefix("#")
    if wanted == "latest" or number.isdecimal():
        for run in session.nodes(runs.KNOWN, "runs", project=session.project_id):
            if wanted == "latest" or run["number"] == int(number):
                return run
    for run in session.nodes(runs.KNOWN, "runs", project=session.project_id, filter={"search": wanted}):
        if run["name"] == wanted:
            return run
    return _by_id(session, "run", runs.NODE, wanted)


def _find(session: Session, noun: str, listing: str, node: str, wanted: str) -> dict[str, Any]:
    for entry in session.nodes(listing, f"{noun}s", project=session.project_id, search=wanted):
        if entry["name"] == wanted:
            return entry
    return _by_id(session, noun, node, wanted)


def _by_id(session: Session, noun: str, node: str, wanted: str) -> dict[str, Any]:
    from evalyard.client import Refused  # noqa: PLC0415 - see `_session`

    try:
        found: dict[str, Any] | None = session.ask(node, id=wanted)
    except Refused:
        found = None
    if not found:
        raise _client_error()(f"The project has no {noun} {wanted!r}; see `evalyard {noun}s list`.")
    return found


def _client_error() -> "type[ClientError]":
    from evalyard.client import ClientError  # noqa: PLC0415 - see `_session`

    return ClientError
