"""Taking out of what is about to be stored what a project wants never to be."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from evalyard_core.domain.redaction import RedactionRules, Redactor
from evalyard_core.storage import Store

T = TypeVar("T")


async def rules_of(store: Store, project_id: str) -> RedactionRules:
    """Return the rules of a project as they now are; none for one that is gone."""
    project = await store.projects.get(project_id)
    return RedactionRules() if project is None else project.redaction


async def redacted(value: T, rules: RedactionRules, work: Callable[[T, Redactor], T]) -> T:
    """Return what `work` makes of a value, in a thread: others are served while long texts are searched."""
    redactor = Redactor(rules)
    return value if redactor.is_idle else await asyncio.to_thread(work, value, redactor)
