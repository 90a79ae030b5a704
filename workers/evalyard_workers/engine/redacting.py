"""What a run's project wants never to be stored, taken out of outcomes before anything is done with them."""

from collections.abc import AsyncIterator

from evalyard_core.domain.redacting import redacted_outcome
from evalyard_core.domain.redaction import Redactor
from evalyard_core.domain.runs import Run
from evalyard_core.services.redacting import redacted, rules_of
from evalyard_core.storage import Store

from .called import Called


async def redacted_batches(batches: AsyncIterator[list[Called]], store: Store, run: Run) -> AsyncIterator[list[Called]]:
    """Yield batches of outcomes without what must not be stored, so that evaluators can't repeat it either."""
    rules = await rules_of(store, run.project_id)
    async for batch in batches:
        yield await redacted(batch, rules, _redacted_batch)


def _redacted_batch(batch: list[Called], redactor: Redactor) -> list[Called]:
    return [Called(record, redacted_outcome(outcome, redactor)) for record, outcome in batch]
