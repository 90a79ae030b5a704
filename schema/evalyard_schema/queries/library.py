"""The library: what live workers have installed. It is the instance's, and the same for every project."""

import strawberry
from strawberry import UNSET

from evalyard_core.domain.limits import check_search
from evalyard_schema.context import Info
from evalyard_schema.described import field
from evalyard_schema.given import given
from evalyard_schema.types.connection import Connection, connection, page_size
from evalyard_schema.types.plugin import EvaluatorPlugin, TargetPlugin


@strawberry.type
class LibraryQuery:
    """What live workers have installed."""

    @field
    async def evaluator_plugins(
        self, info: Info, search: str | None = UNSET, first: int | None = 20, after: str | None = UNSET
    ) -> Connection[EvaluatorPlugin]:
        """The library: every evaluator that some live worker has installed.

        Those that one had and no live one has are there as OFFLINE. By key; `search` looks in key and summary.
        """
        library, wanted = info.context.services.library, check_search(given(search), field="search")
        page = await library.page(search=wanted, first=page_size(first), after=given(after))

        async def count() -> int:
            return len(await library.evaluator_plugins(wanted))

        return connection(page, EvaluatorPlugin.of, count)

    @field
    async def target_plugins(self, info: Info) -> list[TargetPlugin]:
        """The ways in which a system under test can be called."""
        targets = (await info.context.services.library.catalogue()).targets
        return [TargetPlugin.of(targets[key]) for key in sorted(targets)]
