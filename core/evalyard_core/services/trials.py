"""The playground: one input through a system, its answer watched as it comes in; nothing of it is stored."""

import asyncio
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any, Final

from evalyard import TargetMode
from evalyard_core.domain.access import Actor, Role
from evalyard_core.domain.errors import BadInput, Conflict, NotFound
from evalyard_core.domain.ids import new_id
from evalyard_core.domain.limits import check_range
from evalyard_core.domain.payload import check_together, now, payload_size
from evalyard_core.domain.plugins import TargetPlugin
from evalyard_core.domain.records import Outcome
from evalyard_core.storage import Store
from evalyard_core.storage.records import decode_outcome
from evalyard_core.storage.requests import Request

from .library import Library
from .requests import check_with_worker
from .schemas import check_config

_POLL_SECONDS: Final = 0.05
#: How long a question may wait for a worker, and its answer for its way back.
_PATIENCE_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetTrial:
    """What is tried: a system version, whose config may be replaced, or a target of a project; and its input."""

    system_version_id: str | None = None
    project_id: str | None = None
    target: str | None = None
    config: Any = None
    input: Any = None
    metadata: Any = None
    timeout_seconds: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedTarget:
    """What there is of an answer: its text so far and, at the end, what came of the call."""

    text: str
    outcome: Outcome | None = None


class TrialService:
    """Tries systems out."""

    def __init__(self, store: Store, library: Library) -> None:
        self._store = store
        self._library = library

    async def prepare(self, *, actor: Actor, trial: TargetTrial) -> Request:
        """Check a trial and return the question that `watch` asks."""
        target, config = await self._tried(actor, trial)
        check_range(trial.timeout_seconds, 0.01, 300.0, field="input.timeoutSeconds")
        check_together({"input.input": trial.input, "input.metadata": trial.metadata})
        if target.mode is not TargetMode.CALL:
            raise BadInput(f"{target.key} answers no single input; start a run.", field="input.target")
        if trial.config is not None or trial.system_version_id is None:
            payload_size(config, field="input.config", most=1_000_000)
            check_config(target.config_schema, config, field="input.config")
            await check_with_worker(
                self._store, kind="check_target", plugin=target.key, config=config, field="input.config"
            )
        body = {
            "config": config,
            "input": trial.input,
            "metadata": trial.metadata if isinstance(trial.metadata, dict) else None,
            "timeout_seconds": trial.timeout_seconds,
        }
        return Request(id=new_id(), kind="try_target", plugin=target.key, body=body, created_at=now())

    async def watch(self, question: Request) -> AsyncGenerator[TriedTarget, None]:
        """Ask, and yield the answer whenever there is more of it, its end last; who stops listening ends the call."""
        limit = question.body["timeout_seconds"]
        await self._store.requests.insert(question)
        asked_at = time.monotonic()
        shown = ""
        try:
            while True:
                await asyncio.sleep(_POLL_SECONDS)
                current = await self._store.requests.get(question.id)
                waited = time.monotonic() - asked_at
                if current is None or waited > (_PATIENCE_SECONDS if current.owner is None else limit + 15.0):
                    raise Conflict(
                        f"No live worker answered for {question.plugin} within {waited:.0f} s; start one, or try again."
                    )
                if current.answer is not None:
                    yield TriedTarget(text=current.shown, outcome=decode_outcome(current.answer))
                    return
                if current.shown != shown:
                    shown = current.shown
                    yield TriedTarget(text=shown)
        finally:
            await self._store.requests.delete(question.id)

    async def _tried(self, actor: Actor, trial: TargetTrial) -> tuple[TargetPlugin, Any]:
        """Return the target and the config that are tried, or refuse."""
        if trial.system_version_id is not None:
            found = actor.visible(await self._store.system_versions.get_many([trial.system_version_id]))
            version = found.get(trial.system_version_id)
            if version is None:
                raise NotFound("There is no such system version.", field="input.systemVersionId")
            actor.require_role(Role.EDITOR)
            target = await self._library.usable_target(version.target, field="input.systemVersionId")
            return target, version.config if trial.config is None else trial.config
        if trial.project_id is None or trial.target is None:
            raise BadInput("Name a systemVersionId, or a projectId and a target.", field="input.target")
        actor.require(trial.project_id, Role.EDITOR, field="input.projectId")
        if await self._store.projects.get(trial.project_id) is None:
            raise NotFound("There is no such project.", field="input.projectId")
        target = await self._library.usable_target(trial.target, field="input.target")
        return target, {} if trial.config is None else trial.config
