"""How far evaluators and people agree."""

import asyncio
from collections.abc import Sequence
from typing import Final

from evalyard_core.domain.access import Actor, Role
from evalyard_core.domain.agreement import Agreement, AgreementBasis, agreement_of
from evalyard_core.domain.evaluators import Evaluator
from evalyard_core.domain.limits import check_count
from evalyard_core.storage import Store

#: The records that are looked at: those that people have scored last.
MOST_JUDGED: Final = 10_000
_MOST_RUNS: Final = 100


class AgreementService:
    """Holds evaluators' scores against people's; one evaluator at a time, for each takes some memory."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._turn = asyncio.Semaphore(1)

    async def of(
        self,
        *,
        actor: Actor,
        evaluator: Evaluator,
        basis: AgreementBasis,
        run_ids: Sequence[str] | None = None,
        version: int | None = None,
    ) -> Agreement:
        """Return how far an evaluator and people agree over the 10,000 records that people have scored last.

        `run_ids` keeps to records of those runs, `version` to what that version of the evaluator said.
        """
        actor.require(evaluator.project_id, Role.VIEWER)
        check_count(run_ids or (), _MOST_RUNS, field="runIds")
        async with self._turn:
            judged = await self._store.judgements.of_evaluator(
                evaluator.id, run_ids=run_ids, version=version, most=MOST_JUDGED + 1
            )
            # In a thread, for it takes as long as there are records: nobody else is to wait for it.
            return await asyncio.to_thread(
                agreement_of,
                judged[:MOST_JUDGED],
                basis=basis,
                score_type=evaluator.score_type,
                complete=len(judged) <= MOST_JUDGED,
            )
