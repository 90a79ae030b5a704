"""What came of runs: read once where they have ended, and not without limit."""

from dataclasses import replace

import pytest

from evalyard_core.domain.comparing.outcomes import Case
from evalyard_core.domain.errors import LimitExceeded
from evalyard_core.domain.records import Record, ScoreStatus, Verdict
from evalyard_core.domain.runs import Progress
from evalyard_core.services.failure_groups import FailureGroups
from evalyard_core.services.outcomes import Outcomes
from evalyard_core.storage import Store
from tests.fixtures.core import a_score
from tests.fixtures.objects import a_run
from tests.fixtures.results import Results


def verdicts(cases: dict[str, Case]) -> list[list[Verdict | None]]:
    return [[outcome.verdict for outcome in case.outcomes] for case in cases.values()]


async def test_cases_are_read_in_the_order_of_the_run_with_their_numbers(store: Store):
    results = await Results.of(store, 3)
    [cases] = await Outcomes(store).of([await results.run("PF-", "EP ")])
    assert list(cases) == [item.id for item in results.items]
    assert verdicts(dict(cases)) == [[Verdict.PASSED, Verdict.ERRORED], [Verdict.FAILED, Verdict.PASSED], [None]]
    numbers = [[outcome.values.get(results.exact.id) for outcome in case.outcomes] for case in cases.values()]
    assert numbers == [[1.0, None], [0.0, 1.0], [None]]


async def test_a_score_that_could_not_be_computed_has_no_number(store: Store):
    results = await Results.of(store, 2)

    def broken(record: Record) -> Record:
        score = a_score(evaluator_id=results.exact.id, status=ScoreStatus.ERROR if record.seq else ScoreStatus.OK)
        return replace(record, scores=(score,))

    [cases] = await Outcomes(store).of([await results.run("PP", each=broken)])
    assert [case.mean(results.exact.id) for case in cases.values()] == [1.0, None]


async def test_an_ended_run_is_read_once_for_each_revision(store: Store):
    results = await Results.of(store, 1)
    run = await results.run("P")
    outcomes = Outcomes(store)
    [before] = await outcomes.of([run])
    await store.records.delete_of_run(run.id)
    assert await outcomes.of([run, run]) == [before, before]
    assert await outcomes.of([replace(run, revision=run.revision + 1)]) == [{}]


async def test_a_run_under_way_is_read_each_time(store: Store):
    results = await Results.of(store, 1)
    run = await results.run("P", end=False)
    outcomes = Outcomes(store)
    assert len((await outcomes.of([run]))[0]) == 1
    await store.records.delete_of_run(run.id)
    assert await outcomes.of([run]) == [{}]


@pytest.mark.parametrize("kind", [Outcomes, FailureGroups])
async def test_more_records_than_fit_are_refused_before_they_are_read(
    store: Store, kind: type[Outcomes] | type[FailureGroups]
):
    runs = [a_run(progress=Progress(total=100_000)) for _ in range(2)]
    assert len(await kind(store).of(runs)) == 2
    with pytest.raises(LimitExceeded) as refused:
        await kind(store).of([*runs, a_run(progress=Progress(total=1))])
    assert refused.value.message == (
        "These runs have 200,001 records together, and 200,000 can be looked at; ask for fewer runs."
    )
