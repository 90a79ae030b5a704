"""What can be read off the results of a run: what fails, whether it may be deployed, and all of it as a file."""

import strawberry
from strawberry import UNSET

from evalyard_core.domain import runs as domain
from evalyard_schema.context import Info
from evalyard_schema.described import field, object_type
from evalyard_schema.enums import ExportFormat
from evalyard_schema.given import given
from evalyard_schema.inputs.gate import GatePolicyInput
from evalyard_schema.types import export_links, failing, failure_group, gate
from evalyard_schema.types.connection import Connection
from evalyard_schema.types.lazy import LazyFailureGroup, LazyGateResult, LazyRecord


@object_type
class RunResults:
    """The part of `Run` that looks at its results."""

    run: strawberry.Private[domain.Run]

    @field
    async def export_url(self, info: Info, format: ExportFormat) -> str:
        """A link to all of its records as a file, for whoever has it and for 15 minutes; see `recordsExportUrl`."""
        return await export_links.of_run(info, self.run, format)

    @field
    async def new_failures(
        self, info: Info, first: int | None = 20, after: str | None = UNSET
    ) -> Connection[LazyRecord]:
        """Records that fail here and passed in `previous`.

        With trials: records that failed or errored, of items of which every trial with a verdict had passed. In the
        run's order.
        """
        return await failing.new_failures(info, self.run, first=first, after=after)

    @field
    async def gate(self, info: Info, policy: GatePolicyInput | None = UNSET) -> LazyGateResult:
        """Whether it may be deployed, by a policy or by that of its dataset, of which nothing is added to one given."""
        return await gate.judged(info, self.run, given(policy))

    @field
    async def failure_groups(
        self, info: Info, first: int | None = 20, after: str | None = UNSET
    ) -> Connection[LazyFailureGroup]:
        """What failing cases share, in groups of two or more: tags and metadata, errors, evaluators.

        First the tags and values with which cases fail more often than without, beyond what chance would do; then
        errors and evaluators; then the other tags and values; those that go most strongly with failing before others.
        """
        return await failure_group.failure_group_page(info, self.run, first=first, after=after)
