"""Outputs of systems that run elsewhere."""

import strawberry

from evalyard_schema.context import Info
from evalyard_schema.described import mutation, object_type
from evalyard_schema.ids import decode
from evalyard_schema.inputs.submission import SubmittedRecordInput
from evalyard_schema.types.record import Record
from evalyard_schema.types.run import Run


@object_type
class SubmittedRecords:
    """A run with records that were submitted to it."""

    run: Run
    records: list[Record] = strawberry.field(description="In the order in which they were sent.")


@strawberry.type
class SubmissionMutation:
    """What feeds runs whose system runs elsewhere."""

    @mutation
    async def submit_records(
        self, info: Info, run_id: strawberry.ID, records: list[SubmittedRecordInput]
    ) -> SubmittedRecords:
        """For a run whose system runs elsewhere: outputs come in, in any number of calls, until finishRun.

        All or nothing, at most 1,000 records a call. Sending a record again changes nothing, unless it had errored.
        """
        run, stored = await info.context.services.submissions.submit(
            actor=info.context.actor,
            run_id=decode(run_id, "Run", field="runId"),
            submitted=[record.to_domain(field=f"records[{place}]") for place, record in enumerate(records)],
        )
        return SubmittedRecords(run=Run.of(run), records=[Record.of(record) for record in stored])

    @mutation
    async def finish_run(self, info: Info, run_id: strawberry.ID) -> Run:
        """Say that no more records will be submitted; finishing twice is the same as once."""
        finished = await info.context.services.runs.finish(
            actor=info.context.actor, run_id=decode(run_id, "Run", field="runId")
        )
        return Run.of(finished)
