"""Runs: started, controlled and changed."""

import strawberry
from strawberry import UNSET

from evalyard_schema.context import Info
from evalyard_schema.described import mutation
from evalyard_schema.given import given
from evalyard_schema.ids import decode, decode_many
from evalyard_schema.inputs.run import RerunInput, StartRunInput, UpdateRunInput
from evalyard_schema.types.run import Run


@strawberry.type
class RunMutation:
    """What starts and changes runs."""

    @mutation
    async def start_run(self, info: Info, input: StartRunInput) -> Run:
        """The same idempotencyKey in the same project answers with the run that it first started."""
        return Run.of(await info.context.services.runs.start(actor=info.context.actor, new=input.to_domain()))

    @mutation
    async def rerun(self, info: Info, run_id: strawberry.ID, input: RerunInput | None = UNSET) -> Run:
        """Start a run like an ended one, over the same dataset version, with what the input names changed."""
        chosen = given(input)
        started = await info.context.services.runs.rerun(
            actor=info.context.actor,
            run_id=decode(run_id, "Run", field="runId"),
            changes={} if chosen is None else chosen.changes(),
        )
        return Run.of(started)

    @mutation
    async def rescore_run(
        self, info: Info, run_id: strawberry.ID, evaluator_ids: list[strawberry.ID] | None = UNSET
    ) -> Run:
        """Scores what is stored again, without calling the system.

        Without evaluatorIds, with all of the run's evaluators; new evaluators may be named.
        """
        chosen = given(evaluator_ids)
        reopened = await info.context.services.runs.rescore(
            actor=info.context.actor,
            run_id=decode(run_id, "Run", field="runId"),
            evaluator_ids=None if chosen is None else decode_many(chosen, "Evaluator", field="evaluatorIds"),
        )
        return Run.of(reopened)

    @mutation
    async def retry_errored_records(self, info: Info, run_id: strawberry.ID) -> Run:
        """Carry out again the errored records of an ended run, in the same run; the others stay."""
        reopened = await info.context.services.runs.retry_errored(
            actor=info.context.actor, run_id=decode(run_id, "Run", field="runId")
        )
        return Run.of(reopened)

    @mutation
    async def cancel_run(self, info: Info, run_id: strawberry.ID) -> Run:
        """Stop a run; what was stored stays."""
        stopped = await info.context.services.runs.cancel(
            actor=info.context.actor, run_id=decode(run_id, "Run", field="runId")
        )
        return Run.of(stopped)

    @mutation
    async def update_run(self, info: Info, id: strawberry.ID, input: UpdateRunInput) -> Run:
        """Change a run's name, notes or tags."""
        changed = await info.context.services.runs.update(
            actor=info.context.actor, run_id=decode(id, "Run", field="id"), changes=input.changes()
        )
        return Run.of(changed)

    @mutation
    async def delete_run(self, info: Info, id: strawberry.ID) -> strawberry.ID:
        """Remove an ended run with its records and scores."""
        await info.context.services.runs.delete(actor=info.context.actor, run_id=decode(id, "Run", field="id"))
        return id
