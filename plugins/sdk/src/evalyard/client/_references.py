"""From what a user names to what the server knows: projects, datasets and evaluators."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ._errors import ClientError, Refused
from ._local import LocalEvaluator
from ._operations import CREATE_EVALUATOR, DATASET, DATASETS, EVALUATORS, PROJECT, PROJECTS, UPDATE_EVALUATOR
from ._transport import Transport


@dataclass(frozen=True, slots=True)
class LibraryEvaluator:
    """A plugin of the server's library with a config: used as it is, or created under `name` where it is not there.

    `mapping` is from variable to JMESPath; `threshold` is an operator (GT, GTE, LT, LTE, EQ, IN) with a value.
    """

    plugin: str
    config: Mapping[str, Any] = field(default_factory=dict)
    name: str | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    threshold: tuple[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Evaluators:
    """The evaluators of a run: the ids of all, None for the dataset's own; and those that run here, by id."""

    ids: list[str] | None
    local: Mapping[str, LocalEvaluator]

    @classmethod
    async def resolve(cls, transport: Transport, project_id: str, given: Sequence[Any] | None) -> "Evaluators":
        """Find or create what is given: names or ids, `LibraryEvaluator`s, and functions that run here."""
        if given is None:
            return cls(None, {})
        here = {place: LocalEvaluator.of(entry) for place, entry in enumerate(given) if _runs_here(entry)}
        known = {entry["name"]: entry async for entry in _evaluators(transport, project_id)}
        shelf = _Shelf(transport, project_id, known)
        ids = [await shelf.id_of(here.get(place, entry)) for place, entry in enumerate(given)]
        return cls(ids, {ids[place]: local for place, local in here.items()})


class _Shelf:
    """The evaluators that a project has, and the new ones that are put there."""

    def __init__(self, transport: Transport, project_id: str, known: Mapping[str, Mapping[str, Any]]) -> None:
        self._transport = transport
        self._project_id = project_id
        self._known = known

    async def id_of(self, wanted: "str | LibraryEvaluator | LocalEvaluator") -> str:
        """Return the id of an evaluator, which is changed or created where it is not there as it is wanted."""
        if isinstance(wanted, str):
            return self._named(wanted)
        if isinstance(wanted, LocalEvaluator):
            return await self._made(wanted.name, wanted.plugin, {"config": wanted.config})
        settings = {
            "config": dict(wanted.config),
            "mapping": [{"variable": variable, "path": path} for variable, path in wanted.mapping.items()],
            "threshold": wanted.threshold and dict(zip(("operator", "value"), wanted.threshold, strict=True)),
        }
        return await self._made(wanted.name or wanted.plugin.rpartition("/")[2], wanted.plugin, settings)

    def _named(self, wanted: str) -> str:
        by_id = {entry["id"]: entry for entry in self._known.values()}
        found = self._known.get(wanted) or by_id.get(wanted)
        if found is None:
            there = ", ".join(sorted(self._known)) or "none"
            raise ClientError(f"The project has no evaluator {wanted!r}; it has: {there}.")
        return str(found["id"])

    async def _made(self, name: str, plugin: str, settings: Mapping[str, Any]) -> str:
        there = self._known.get(name)
        if there is None:
            new = {"projectId": self._project_id, "name": name, "plugin": plugin, **settings}
            return str((await self._transport.ask(CREATE_EVALUATOR, {"input": new}))["createEvaluator"]["id"])
        key = there["plugin"]["key"]
        if plugin not in {key, key.rpartition("/")[2]}:
            raise ClientError(
                f"The project's evaluator {name!r} is made of {key}, not of {plugin}; give this one another name."
            )
        if any(there[setting] != value for setting, value in settings.items()):
            await self._transport.ask(UPDATE_EVALUATOR, {"id": there["id"], "input": dict(settings)})
        return str(there["id"])


def _runs_here(given: Any) -> bool:
    return not isinstance(given, str | LibraryEvaluator)


async def find_project(transport: Transport) -> str:
    """Return the id of the connection's project, or of the only one that the key sees."""
    wanted = transport.connection.project
    if wanted is None:
        edges = (await transport.ask(PROJECTS, {}))["projects"]["edges"]
        if len(edges) == 1:
            return str(edges[0]["node"]["id"])
        raise ClientError("Which project? Pass project=..., or set EVALYARD_PROJECT.")
    project = (await transport.ask(PROJECT, {"name": wanted}))["project"]
    if project is None:
        raise ClientError(f"There is no project {wanted!r}; check the name, and whose key it is.")
    return str(project["id"])


async def find_dataset(transport: Transport, project_id: str, wanted: str) -> dict[str, Any]:
    """Return a dataset of the project by its name or its id."""
    after = None
    while True:
        variables = {"project": project_id, "search": wanted, "after": after}
        page = (await transport.ask(DATASETS, variables))["project"]["datasets"]
        for edge in page["edges"]:
            if edge["node"]["name"] == wanted:
                found: dict[str, Any] = edge["node"]
                return found
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    by_id = await _dataset_by_id(transport, wanted)
    if by_id is None or by_id["project"]["id"] != project_id:
        raise ClientError(f"The project has no dataset {wanted!r}; check the name.")
    return by_id


async def _dataset_by_id(transport: Transport, wanted: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] | None = (await transport.ask(DATASET, {"id": wanted}))["node"]
    except Refused:
        return None
    return found or None


async def _evaluators(transport: Transport, project_id: str) -> AsyncIterator[dict[str, Any]]:
    after = None
    while True:
        page = (await transport.ask(EVALUATORS, {"project": project_id, "after": after}))["project"]["evaluators"]
        for edge in page["edges"]:
            yield edge["node"]
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]
