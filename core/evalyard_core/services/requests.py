"""Questions that only a worker can answer, since only workers import plugins."""

import asyncio
import time
from typing import Any, Final

from evalyard_core.domain.errors import BadInput, Conflict
from evalyard_core.domain.ids import new_id
from evalyard_core.domain.payload import now
from evalyard_core.storage import Store
from evalyard_core.storage.requests import Request

_POLL_SECONDS: Final = 0.01
_LONGEST_POLL_SECONDS: Final = 0.2


async def ask_worker(store: Store, *, kind: str, plugin: str, body: Any, patience_seconds: float) -> Any:
    """Return a worker's answer to a question about a plugin, or refuse when none comes in time."""
    request = Request(id=new_id(), kind=kind, plugin=plugin, body=body, created_at=now())
    await store.requests.insert(request)
    deadline = time.monotonic() + patience_seconds
    pause = _POLL_SECONDS
    try:
        while time.monotonic() < deadline:
            await asyncio.sleep(pause)
            pause = min(_LONGEST_POLL_SECONDS, pause * 1.5)
            answered = await store.requests.get(request.id)
            if answered is not None and answered.answer is not None:
                return answered.answer
    finally:
        await store.requests.delete(request.id)
    raise Conflict(f"No live worker answered for {plugin} within {patience_seconds:.0f} s; start one, or try again.")


async def check_with_worker(store: Store, *, kind: str, plugin: str, config: Any, field: str) -> None:
    """Refuse a config that the plugin itself refuses; the field names the part at fault."""
    answer = await ask_worker(store, kind=kind, plugin=plugin, body={"config": config}, patience_seconds=10)
    if answer["problem"] is not None:
        raise BadInput(f"config{answer['path']}: {answer['problem'].rstrip('.')}.", field=f"{field}{answer['path']}")
