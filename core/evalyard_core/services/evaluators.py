"""Evaluators."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from evalyard_core.domain.access import Actor, Role
from evalyard_core.domain.client_scores import CLIENT_PLUGINS
from evalyard_core.domain.datasets import AttachedEvaluator
from evalyard_core.domain.errors import BadInput, Conflict, NotFound
from evalyard_core.domain.evaluators import (
    Evaluator,
    EvaluatorSnapshot,
    ScoreType,
    Threshold,
    VariableMapping,
    check_threshold,
)
from evalyard_core.domain.ids import config_hash, new_id
from evalyard_core.domain.limits import check_name, check_text
from evalyard_core.domain.mapping import Context, check_mapping, context_of
from evalyard_core.domain.payload import check_together, dump_json, now, payload_size
from evalyard_core.domain.plugins import EvaluatorPlugin
from evalyard_core.domain.records import Record, Score
from evalyard_core.domain.traces.spans import trace_key
from evalyard_core.storage import Store
from evalyard_core.storage.scores import decode_score, encode_snapshot

from .library import Library
from .requests import ask_worker, check_with_worker
from .schemas import check_config
from .traces.reading import TraceReader

_TRY_SECONDS = 40.0
_MOST_CONFIG_BYTES = 1_000_000
#: Of the trace of a record: a question to a worker is one document.
_MOST_SPANS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What `try_out` scores: an evaluator or an unsaved one, on a record or on made-up values."""

    evaluator_id: str | None = None
    project_id: str | None = None
    plugin: str | None = None
    config: Any = None
    mapping: Sequence[VariableMapping] | None = None
    threshold: Threshold | None = None
    record_id: str | None = None
    input: Any = None
    expected_output: Any = None
    output: Any = None
    metadata: Any = None


class EvaluatorService:
    """Creates, changes, tries and removes evaluators."""

    def __init__(self, store: Store, library: Library) -> None:
        self._store = store
        self._library = library
        self._traces = TraceReader(store)

    async def create(
        self,
        *,
        actor: Actor,
        project_id: str,
        name: str,
        plugin: str,
        description: str = "",
        config: Any = None,
        mapping: Sequence[VariableMapping] | None = None,
        threshold: Threshold | None = None,
    ) -> Evaluator:
        """Create an evaluator, once the plugin itself has accepted the config."""
        actor.require(project_id, Role.EDITOR, field="input.projectId")
        if await self._store.projects.get(project_id) is None:
            raise NotFound("There is no such project.", field="input.projectId")
        found = await self._library.usable_evaluator(plugin, field="input.plugin")
        moment = now()
        evaluator = Evaluator(
            id=new_id(),
            project_id=project_id,
            name=check_name(name, field="input.name"),
            description=check_text(description, field="input.description"),
            plugin=found.key,
            config={} if config is None else config,
            mapping=tuple(mapping or ()),
            threshold=threshold,
            score_type=found.score_type,
            version=1,
            created_at=moment,
            updated_at=moment,
        )
        await self._check(evaluator, found)
        await self._store.evaluators.add(evaluator)
        return evaluator

    async def get(self, *, actor: Actor, evaluator_id: str) -> Evaluator | None:
        """Return an evaluator that the actor sees and nobody has deleted, or None."""
        return (await self.get_many(actor=actor, ids=[evaluator_id])).get(evaluator_id)

    async def get_many(self, *, actor: Actor, ids: Sequence[str]) -> dict[str, Evaluator]:
        """Return those of these evaluators that the actor sees and nobody has deleted, by id."""
        found = actor.visible(await self._store.evaluators.get_many(ids))
        return {identifier: evaluator for identifier, evaluator in found.items() if evaluator.deleted_at is None}

    async def require(self, *, actor: Actor, evaluator_id: str, role: Role, field: str) -> Evaluator:
        """Return an evaluator in whose project the actor has `role`, or refuse."""
        evaluator = await self.get(actor=actor, evaluator_id=evaluator_id)
        if evaluator is None:
            raise NotFound("There is no such evaluator.", field=field)
        actor.require_role(role)
        return evaluator

    async def update(self, *, actor: Actor, evaluator_id: str, changes: Mapping[str, Any]) -> Evaluator:
        """Change an evaluator; its version grows when config, mapping or threshold do change."""
        old = await self.require(actor=actor, evaluator_id=evaluator_id, role=Role.EDITOR, field="id")
        changed = replace(old, **_checked(changes), updated_at=now())
        if _essence(changed) != _essence(old):
            changed = replace(changed, version=old.version + 1)
            await self._check(changed, await self._library.usable_evaluator(old.plugin, field="id"))
        stored = await self._store.evaluators.change(changed, from_version=old.version)
        if stored is None:
            raise Conflict("Somebody else has just changed this evaluator; read it again.", field="id")
        return stored

    async def delete(self, *, actor: Actor, evaluator_id: str) -> None:
        """Remove an evaluator from the lists; the scores that it made still name it."""
        evaluator = await self.require(actor=actor, evaluator_id=evaluator_id, role=Role.ADMIN, field="id")
        user = await self._store.datasets.uses_evaluator(evaluator.id, evaluator.project_id)
        if user is not None:
            raise Conflict(f"The dataset {user!r} uses this evaluator; detach it first.", field="id")
        await self._store.evaluators.retire(evaluator.id, now())

    async def check_attachment(
        self, evaluator: Evaluator, mapping: Sequence[VariableMapping], threshold: Threshold | None
    ) -> None:
        """Refuse what a dataset wants to use instead of the evaluator's own mapping and threshold."""
        if mapping:
            plugin = (await self._library.catalogue()).evaluators.get(evaluator.plugin)
            check_mapping(plugin.variables if plugin else (), mapping)
        check_threshold(threshold, evaluator.score_type, field="threshold")

    async def snapshots(
        self, entries: Sequence[AttachedEvaluator], *, project_id: str, field: str
    ) -> tuple[EvaluatorSnapshot, ...]:
        """Return evaluators as a run uses them from now on, or refuse one that is not there or can't be used."""
        found = await self._store.evaluators.get_many([entry.evaluator_id for entry in entries])
        snapshots = []
        for index, entry in enumerate(entries):
            evaluator = found.get(entry.evaluator_id)
            here = f"{field}[{index}]"
            if evaluator is None or evaluator.project_id != project_id or evaluator.deleted_at is not None:
                raise NotFound("There is no such evaluator.", field=here)
            plugin = await self._library.usable_evaluator(evaluator.plugin, field=here)
            snapshots.append(_snapshot(evaluator, entry, plugin))
        return tuple(snapshots)

    async def try_out(self, *, actor: Actor, trial: Trial) -> tuple[Score, ...]:
        """Return the score of one record or of made-up values, and those that the plugin gives beside it.

        Nothing is stored. An evaluator that scores runs only scores a run of this one record.
        """
        evaluator, plugin = await self._tried(actor, trial)
        context = await self._context(actor, trial, evaluator.project_id)
        body = {
            "evaluator": encode_snapshot(_snapshot(evaluator, AttachedEvaluator(evaluator_id=evaluator.id), plugin)),
            "context": context,
        }
        answer = await ask_worker(
            self._store, kind="score", plugin=plugin.key, body=body, patience_seconds=_TRY_SECONDS
        )
        return tuple(decode_score(part) for part in answer)

    async def _tried(self, actor: Actor, trial: Trial) -> tuple[Evaluator, EvaluatorPlugin]:
        if trial.evaluator_id is not None:
            saved = await self.require(
                actor=actor, evaluator_id=trial.evaluator_id, role=Role.EDITOR, field="input.evaluatorId"
            )
            given = {"config": trial.config, "mapping": trial.mapping, "threshold": trial.threshold}
            evaluator = replace(saved, **_checked({name: value for name, value in given.items() if value is not None}))
        else:
            evaluator = self._unsaved(actor, trial)
        plugin = await self._library.usable_evaluator(evaluator.plugin, field="input.plugin")
        if plugin.key in CLIENT_PLUGINS:
            raise BadInput("Its scores are sent along with the records; there is nothing to try.", field="input.plugin")
        evaluator = replace(evaluator, plugin=plugin.key, score_type=plugin.score_type)
        await self._check(evaluator, plugin)
        return evaluator, plugin

    def _unsaved(self, actor: Actor, trial: Trial) -> Evaluator:
        if trial.plugin is None or trial.project_id is None:
            raise BadInput("Name an evaluatorId, or a projectId and a plugin.", field="input.plugin")
        actor.require(trial.project_id, Role.EDITOR, field="input.projectId")
        moment = now()
        return Evaluator(
            id=new_id(),
            project_id=trial.project_id,
            name=trial.plugin.rpartition("/")[2],
            description="",
            plugin=trial.plugin,
            config={} if trial.config is None else trial.config,
            mapping=tuple(trial.mapping or ()),
            threshold=trial.threshold,
            score_type=ScoreType.TEXT,
            version=1,
            created_at=moment,
            updated_at=moment,
        )

    async def _context(self, actor: Actor, trial: Trial, project_id: str) -> Context:
        if trial.record_id is None:
            check_together(
                {
                    "input.input": trial.input,
                    "input.expectedOutput": trial.expected_output,
                    "input.output": trial.output,
                    "input.metadata": trial.metadata,
                }
            )
            return {
                "input": trial.input,
                "expected": trial.expected_output,
                "output": trial.output,
                "metadata": trial.metadata,
            }
        record = await self._store.records.get(trial.record_id)
        if record is None or not actor.sees(record.project_id) or record.project_id != project_id:
            raise NotFound("There is no such record.", field="input.recordId")
        return context_of(record, record, await self._trace(record))

    async def _trace(self, record: Record) -> Any:
        """Return the trace of a record, None for one that is too large to be tried out on."""
        if record.trace_id is None:
            return None
        key = trace_key(record.project_id, record.trace_id)
        return (await self._traces.mapped([key], most_spans=_MOST_SPANS)).get(key)

    async def _check(self, evaluator: Evaluator, plugin: EvaluatorPlugin) -> None:
        payload_size(evaluator.config, field="input.config", most=_MOST_CONFIG_BYTES)
        check_config(plugin.config_schema, evaluator.config, field="input.config")
        check_mapping(plugin.variables, evaluator.mapping, field="input.mapping")
        check_threshold(evaluator.threshold, plugin.score_type, field="input.threshold")
        if plugin.key not in CLIENT_PLUGINS:
            await check_with_worker(
                self._store, kind="check_evaluator", plugin=plugin.key, config=evaluator.config, field="input.config"
            )


def _checked(changes: Mapping[str, Any]) -> dict[str, Any]:
    checked = dict(changes)
    if "name" in checked:
        checked["name"] = check_name(checked["name"], field="input.name")
    if "description" in checked:
        checked["description"] = check_text(checked["description"], field="input.description")
    if "config" in checked:
        payload_size(checked["config"], field="input.config", most=_MOST_CONFIG_BYTES)
    if "mapping" in checked:
        checked["mapping"] = tuple(checked["mapping"] or ())
    if checked.get("config", {}) is None:
        checked["config"] = {}
    return checked


def _essence(evaluator: Evaluator) -> tuple[Any, ...]:
    """Return what a new version comes from; as JSON, since Python holds true and 1 for equal."""
    threshold = evaluator.threshold
    value = None if threshold is None else (threshold.operator, dump_json(threshold.value))
    return dump_json(evaluator.config), evaluator.mapping, value


def _snapshot(evaluator: Evaluator, entry: AttachedEvaluator, plugin: EvaluatorPlugin) -> EvaluatorSnapshot:
    mapping = entry.mapping or evaluator.mapping
    return EvaluatorSnapshot(
        evaluator_id=evaluator.id,
        name=evaluator.name,
        version=evaluator.version,
        plugin=evaluator.plugin,
        plugin_version=plugin.version,
        config=evaluator.config,
        config_hash=config_hash(evaluator.plugin, evaluator.config, [[m.variable, m.path] for m in mapping]),
        mapping=mapping,
        threshold=entry.threshold or evaluator.threshold,
        score_type=evaluator.score_type,
        scores_records=plugin.scores_records,
        scores_runs=plugin.scores_runs,
    )
