"""What the failing cases of a run share."""

from typing import Final, Self

import strawberry
from strawberry import UNSET
from strawberry.scalars import JSON

from evalyard_core.domain import failure_groups as domain
from evalyard_core.domain.facets import read_facet
from evalyard_core.domain.failure_groups import FailureTrait, Trait
from evalyard_core.domain.filters import RecordFilter, ScoreFilter
from evalyard_core.domain.lists import RecordList
from evalyard_core.domain.records import ScoreStatus, Verdict
from evalyard_core.domain.runs import Run
from evalyard_core.services.paging import ranked_page
from evalyard_schema.context import Info
from evalyard_schema.described import field, object_type
from evalyard_schema.given import given
from evalyard_schema.types import evaluator, record
from evalyard_schema.types.connection import Connection, connect, connection, page_size
from evalyard_schema.types.edges import follow_if_there
from evalyard_schema.types.lazy import LazyEvaluator, LazyRecord

_FAILING: Final = (Verdict.FAILED, Verdict.ERRORED)
_OF_EVALUATORS: Final = frozenset({FailureTrait.FAILED_SCORE, FailureTrait.ERRORED_SCORE})


@object_type
class FailureGroup:
    """Failing cases of a run that share something, such as the German ones."""

    group: strawberry.Private[domain.FailureGroup]
    run: strawberry.Private[Run]
    kind: FailureTrait = strawberry.field(description="What they share.")
    label: str = strawberry.field(description='For a person, such as `language = "de"`.')
    key: str | None = strawberry.field(description="The key of the metadata.")
    value: JSON | None = strawberry.field(description="The tag, the metadata's value, or the error's code.")
    failed: int = strawberry.field(description="Cases of the group that fail; of a case with trials, any of them.")
    cases: int = strawberry.field(description="Cases with a verdict that share it, failing or not.")
    failure_rate: float = strawberry.field(description="`failed` over `cases`.")
    failure_rate_elsewhere: float | None = strawberry.field(
        description="Share of the other cases that fail; null for errors and scores, which are failing itself."
    )
    share: float = strawberry.field(description="Share of the run's failing cases that are in this group.")
    strength: float | None = strawberry.field(
        description="How strongly it goes with failing, 0 to 1 (phi); null for errors and scores."
    )
    p_value: float | None = strawberry.field(
        description="How likely chance alone makes it go with failing so strongly, as one of all tags and values of "
        "the run (Fisher's exact test, Holm); null for errors and scores."
    )

    @classmethod
    def of(cls, run: Run, group: domain.FailureGroup) -> Self:
        """Return a group of a run."""
        key, value = _shown(group.trait)
        return cls(
            group=group,
            run=run,
            kind=group.trait.kind,
            label=_label(run, group.trait),
            key=key,
            value=value,
            failed=group.failed,
            cases=group.cases,
            failure_rate=group.failure_rate,
            failure_rate_elsewhere=group.failure_rate_elsewhere,
            share=group.share,
            strength=group.strength,
            p_value=group.p_value,
        )

    @field
    def evaluator(self, info: Info) -> LazyEvaluator | None:
        """The evaluator whose scores failed or could not be computed."""
        key = self.group.trait.value if self.kind in _OF_EVALUATORS else None
        return follow_if_there(info.context.loaders.evaluators, key, evaluator.Evaluator.of)

    @field
    async def failures(self, info: Info, first: int | None = 20, after: str | None = UNSET) -> Connection[LazyRecord]:
        """The failing records of the group, in the run's order; `records(filter:)` of the run finds them too."""
        wanted = RecordList(project_id=self.run.project_id, run_id=self.run.id, wanted=_filter(self.group.trait))
        return await connect(info.context.loaders.lists.records, wanted, record.Record.of, first=first, after=after)


async def failure_group_page(info: Info, run: Run, *, first: int | None, after: str | None) -> Connection[FailureGroup]:
    """Return the groups of a run's failing cases, the highest rank first."""
    groups = await info.context.loaders.failure_groups.load(run)
    page = ranked_page(groups, lambda group: (group.rank, group.key), first=page_size(first), after=given(after))

    async def count() -> int:
        return len(groups)

    return connection(page, lambda group: FailureGroup.of(run, group), count)


def _shown(trait: Trait) -> tuple[str | None, JSON | None]:
    if trait.kind is FailureTrait.METADATA:
        key, value = read_facet(trait.value)
        return key, JSON(value)
    return None, None if trait.kind in _OF_EVALUATORS else JSON(trait.value)


def _label(run: Run, trait: Trait) -> str:
    names = {snapshot.evaluator_id: snapshot.name for snapshot in run.evaluators}
    name = names.get(trait.value, "another evaluator")
    match trait.kind:
        case FailureTrait.TAG:
            return f"tag {trait.value}"
        case FailureTrait.METADATA:
            return "{} = {!r}".format(*read_facet(trait.value))
        case FailureTrait.ERROR:
            return f"error {trait.value}"
        case FailureTrait.FAILED_SCORE:
            return f"{name} failed"
        case FailureTrait.ERRORED_SCORE:
            return f"{name} could not be computed"


def _filter(trait: Trait) -> RecordFilter:
    match trait.kind:
        case FailureTrait.TAG:
            return RecordFilter(verdict=_FAILING, tags=(trait.value,))
        case FailureTrait.METADATA:
            return RecordFilter(verdict=_FAILING, facets=(trait.value,))
        case FailureTrait.ERROR:
            return RecordFilter(verdict=_FAILING, error_codes=(trait.value,))
        case FailureTrait.FAILED_SCORE:
            return RecordFilter(verdict=_FAILING, scores=(ScoreFilter(evaluator_id=trait.value, passed=False),))
        case FailureTrait.ERRORED_SCORE:
            errored = ScoreFilter(evaluator_id=trait.value, status=ScoreStatus.ERROR)
            return RecordFilter(verdict=_FAILING, scores=(errored,))
