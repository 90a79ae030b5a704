"""How far an evaluator and people say the same."""

from collections.abc import Callable
from typing import Any, Self

import strawberry
from strawberry import UNSET
from strawberry.scalars import JSON

from evalyard_core.domain import agreement as domain
from evalyard_core.domain import records
from evalyard_core.domain.errors import NotFound
from evalyard_core.domain.statistics import ConfusionTable
from evalyard_core.services.paging import ranked_page
from evalyard_schema.context import Info
from evalyard_schema.described import field, object_type
from evalyard_schema.given import given
from evalyard_schema.types import record, score
from evalyard_schema.types.connection import Connection, connection, page_size
from evalyard_schema.types.figures import Interval
from evalyard_schema.types.lazy import LazyRecord, LazyScore


@object_type
class AnswerTable:
    """How often people said what, by what the evaluator said."""

    labels: list[JSON] = strawberry.field(description="What was answered: true and false, numbers, or texts.")
    counts: list[list[int]] = strawberry.field(
        description="A row for each label that the evaluator gave, in it a column for each that people gave."
    )

    @classmethod
    def of(cls, table: ConfusionTable[domain.Answer] | None) -> Self | None:
        """Return a table, None for none."""
        if table is None:
            return None
        labels: list[Any] = [*table.labels]
        return cls(labels=labels, counts=[list(row) for row in table.counts])


@object_type
class PersonAgreement:
    """How far the evaluator and one person agree."""

    author: str
    pairs: int
    observed: float | None = strawberry.field(description="Share of the pairs in which both say the same.")
    kappa: float | None

    @classmethod
    def of(cls, author: str, figures: domain.Figures) -> Self:
        """Return a person's figures."""
        return cls(author=author, pairs=figures.pairs, observed=figures.observed, kappa=figures.kappa)


@object_type
class Disagreement:
    """A record of which the evaluator and a person say different things."""

    pair: strawberry.Private[domain.Pair]
    evaluator_id: strawberry.Private[str]
    author: str
    distance: float = strawberry.field(description="How far their numbers are apart; 1 for other answers.")

    @field
    async def record(self, info: Info) -> LazyRecord:
        """The record."""
        return record.Record.of(await self._record(info))

    @field
    async def judge(self, info: Info) -> LazyScore:
        """The evaluator's score."""
        at = self.pair.by_judge.at
        return await self._score(info, lambda entry: entry.author is None and entry.created_at == at)

    @field
    async def person(self, info: Info) -> LazyScore:
        """The person's score."""
        at = self.pair.by_person.at
        return await self._score(info, lambda entry: entry.author == self.author and entry.created_at == at)

    async def _record(self, info: Info) -> records.Record:
        found = await info.context.loaders.visible.records.load(self.pair.record_id)
        if found is None:
            raise NotFound("This record was deleted in the meantime.")
        return found

    async def _score(self, info: Info, is_meant: Callable[[records.Score], bool]) -> score.Score:
        of_record = await self._record(info)
        for current in of_record.scores:
            if current.evaluator_id == self.evaluator_id and is_meant(current):
                return score.Score.current(current, of_record)
        for replaced in await info.context.loaders.score_history.load(of_record.id):
            if replaced.evaluator_id == self.evaluator_id and is_meant(replaced):
                return score.Score.replaced(replaced, of_record)
        raise NotFound("This score was deleted in the meantime.")


@object_type
class EvaluatorAgreement:
    """How far an evaluator, as a judge, and people agree.

    A pair is a person's newest score of a record for this evaluator beside the evaluator's own newest one, whichever
    of them is current. The 10,000 records that people have scored last are looked at.
    """

    agreement: strawberry.Private[domain.Agreement]
    evaluator_id: strawberry.Private[str]
    pairs: int
    records: int = strawberry.field(description="How many records the pairs are of.")
    unpaired: int = strawberry.field(
        description="People's scores beside which the evaluator has none of the same kind."
    )
    complete: bool = strawberry.field(description="Whether these are all records that people have scored for it.")
    observed: float | None = strawberry.field(description="Share of the pairs in which both say the same.")
    kappa: float | None = strawberry.field(
        description="Cohen's kappa of the pairs, weighted by the square of the distance where numbers are compared; "
        "null where everybody says one and the same."
    )
    alpha: float | None = strawberry.field(
        description="Krippendorff's alpha over the evaluator and all people, who need not have scored the same "
        "records; by the square of the distance where numbers are compared."
    )
    mean_distance: float | None = strawberry.field(
        description="How far the numbers of a pair are apart on average; null where other answers are compared."
    )
    versions: list[int] = strawberry.field(description="The versions of the evaluator whose scores are compared.")

    @classmethod
    def of(cls, agreement: domain.Agreement, evaluator_id: str) -> Self:
        """Return an evaluator's agreement with people."""
        return cls(
            agreement=agreement,
            evaluator_id=evaluator_id,
            pairs=agreement.whole.pairs,
            records=agreement.records,
            unpaired=agreement.unpaired,
            complete=agreement.complete,
            observed=agreement.whole.observed,
            kappa=agreement.whole.kappa,
            alpha=agreement.alpha,
            mean_distance=agreement.mean_distance,
            versions=list(agreement.versions),
        )

    @field
    def observed_interval(self) -> Interval | None:
        """The interval of the observed agreement; what several people say of one record counts as alike."""
        return Interval.of(self.agreement.observed_interval)

    @field
    def confusion(self) -> AnswerTable | None:
        """What people said by what the evaluator said; null where there are more than 20 different answers."""
        return AnswerTable.of(self.agreement.confusion)

    @field
    def people(self) -> list[PersonAgreement]:
        """The people with most pairs, fifty at most."""
        return [PersonAgreement.of(author, figures) for author, figures in self.agreement.people]

    @field
    async def disagreements(self, *, first: int | None = 20, after: str | None = UNSET) -> Connection[Disagreement]:
        """The pairs that do not agree: first those that are farthest apart, of these the newest."""
        found = self.agreement.disagreements
        page = ranked_page(found, _rank, first=page_size(first), after=given(after))

        async def count() -> int:
            return len(found)

        return connection(page, self._disagreement, count)

    def _disagreement(self, pair: domain.Pair) -> Disagreement:
        author = pair.by_person.author or ""
        return Disagreement(pair=pair, evaluator_id=self.evaluator_id, author=author, distance=pair.distance)


def _rank(pair: domain.Pair) -> tuple[float, str]:
    return pair.distance, pair.key
