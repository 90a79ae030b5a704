"""Scoring a run as a whole: which cases a corpus metric gets, and what becomes of what it says."""

import threading
from collections.abc import AsyncIterable, Callable, Iterable, Iterator, Sequence
from typing import Any, NotRequired, TypedDict

import pytest

import evalyard
from evalyard import ScoreType
from evalyard_core.domain.evaluators import Threshold, ThresholdOperator
from evalyard_core.domain.mapping import Context
from evalyard_core.domain.records import RunScore, ScoreStatus
from evalyard_core.storage import StoreUnreachable
from evalyard_workers.plugins.run_cases import ReadPage
from evalyard_workers.plugins.threads import Threads
from evalyard_workers.plugins.whole import WholeScorer
from tests.support.evaluators import context, ready

PAGE = 3


@pytest.fixture(scope="module")
def threads() -> Iterator[Threads]:
    with Threads(4) as pool:
        yield pool


class Case(TypedDict):
    output: str
    expected: str
    weight: NotRequired[float]


class Corpus(evalyard.Evaluator):
    """Give the share of right outputs, and how often the cases were read."""

    score_type = ScoreType.NUMERIC

    def evaluate_run(self, cases: Iterable[Case]) -> Any:
        seen = [case["output"] for case in cases]
        right = [case["output"] == case["expected"] for case in cases]
        return {"share": evalyard.Score(sum(right) / len(right), cost_usd=0.5), "first": seen[0], "count": len(seen)}


class CorpusLater(Corpus):
    """Give the same on the event loop."""

    async def evaluate_run(self, cases: AsyncIterable[Case]) -> Any:  # type: ignore[override]
        return Corpus.evaluate_run(self, [case async for case in cases])


def pages_of(records: Sequence[Context]) -> ReadPage:
    """Read records three at a time."""

    async def read_page(place: int) -> list[tuple[int, Context]]:
        return [(place + 1 + index, record) for index, record in enumerate(records[place : place + PAGE])]

    return read_page


def answered(count: int) -> list[Context]:
    """Return records of which the first half is right."""
    return [context(f"{n}", expected=f"{n}" if n < count / 2 else "other") for n in range(count)]


async def whole(
    kind: type[evalyard.Evaluator[Any]], threads: Threads, records: Sequence[Context], **snapshot: Any
) -> RunScore:
    """Return what an evaluator says of a run."""
    scorer = WholeScorer(ready(kind, **snapshot), threads, 1)
    return await scorer.score(pages_of(records), len(records))


@pytest.mark.parametrize("kind", [Corpus, CorpusLater])
async def test_a_corpus_metric_gets_every_case_in_order_as_often_as_it_asks(
    kind: type[Corpus], threads: Threads
) -> None:
    at_least = Threshold(operator=ThresholdOperator.GTE, value=0.6)

    said = await whole(kind, threads, answered(8), threshold=at_least, name="Corpus")

    assert (said.score.name, said.score.value, said.score.passed, said.score.cost_usd) == ("Corpus", 0.5, False, 0.5)
    assert [(score.name, score.value) for score in said.others] == [("Corpus: first", "0"), ("Corpus: count", 8)]
    assert (said.cases, said.left_out, said.left_out_reason) == (8, 0, None)


async def test_records_that_lack_something_are_left_out_and_counted(threads: Threads) -> None:
    records = answered(8)
    records[0] = context("0")
    records[1:4] = [context({"not": "a text"}, expected="1")] * 3

    said = await whole(Corpus, threads, records)

    assert (said.cases, said.left_out) == (4, 4)
    assert said.left_out_reason == "'expected' has no value: nothing is at 'expected' in this record."
    assert said.others[0].value == "4"


async def test_a_run_in_which_no_record_fits_is_skipped(threads: Threads) -> None:
    nothing = await whole(Corpus, threads, [])
    unfit = await whole(Corpus, threads, [context("a")] * 7)

    assert (nothing.score.status, nothing.score.explanation) == (
        ScoreStatus.SKIPPED,
        "No record has what the evaluator needs.",
    )
    assert unfit.score.explanation == (
        "No record has what the evaluator needs: 'expected' has no value: nothing is at 'expected' in this record."
    )
    assert (unfit.cases, unfit.left_out) == (0, 7)


class Peeks(Corpus):
    """Look at the first case only, and hold on to the others."""

    kept: Any = None

    def evaluate_run(self, cases: Iterable[Case]) -> Any:
        Peeks.kept = cases
        next(iter(cases))
        return 1


async def test_memory_holds_a_page_and_the_cases_end_with_the_call(threads: Threads) -> None:
    read: list[int] = []
    pages = pages_of(answered(9))

    async def read_page(place: int) -> Sequence[tuple[int, Context]]:
        read.append(place)
        return await pages(place)

    said = await WholeScorer(ready(Peeks), threads, 1).score(read_page, 9)

    assert read == [0, 0]
    assert (said.score.value, said.cases) == (1, 3)
    with pytest.raises(RuntimeError, match="the run is not scored any more"):
        await Peeks.kept._cases.begin().page()


def _raises() -> Any:
    raise ZeroDivisionError("no n-grams")


def _skips() -> Any:
    raise evalyard.Skip("There is no reference.")


def _exits() -> Any:
    raise SystemExit


BAD: list[tuple[Callable[[], Any], ScoreStatus, str]] = [
    (_raises, ScoreStatus.ERROR, "acme/mine raised ZeroDivisionError: no n-grams"),
    (_exits, ScoreStatus.ERROR, "acme/mine tried to end the worker (sys.exit)."),
    (_skips, ScoreStatus.SKIPPED, "There is no reference."),
    (lambda: float("nan"), ScoreStatus.ERROR, "The score is nan; it must be a finite number."),
    (
        lambda: evalyard.Score(1, metadata={"all": "x" * 20_000}),
        ScoreStatus.ERROR,
        "The score can't be stored: A payload may have 20,000 bytes at most; this one has 20,014. Store a reference.",
    ),
]


@pytest.mark.parametrize(("does", "status", "reason"), BAD)
async def test_a_failure_is_explained(
    does: Callable[[], Any], status: ScoreStatus, reason: str, threads: Threads
) -> None:
    class Does(Corpus):
        def evaluate_run(self, cases: Iterable[Case]) -> Any:
            return does()

    said = await whole(Does, threads, answered(2))

    assert said.score.status is status
    assert (said.score.error.message if said.score.error else said.score.explanation) == reason


async def test_one_that_never_returns_is_given_up(threads: Threads) -> None:
    released = threading.Event()

    class Hangs(Corpus):
        def evaluate_run(self, cases: Iterable[Case]) -> Any:
            released.wait()

    scorer = WholeScorer(ready(Hangs), threads, 0.02)
    said = await scorer.score(pages_of(answered(2)), 2)
    released.set()

    assert said.score.error is not None
    assert (said.score.error.code, said.score.error.message) == ("TIMEOUT", "acme/mine gave no score within 0.04 s.")


@pytest.mark.parametrize("kind", [Corpus, CorpusLater])
async def test_a_database_that_goes_away_is_no_fault_of_the_plugin(kind: type[Corpus], threads: Threads) -> None:
    pages = pages_of(answered(9))

    async def read_page(place: int) -> Sequence[tuple[int, Context]]:
        if place == 6:
            raise StoreUnreachable("gone")
        return await pages(place)

    with pytest.raises(StoreUnreachable):
        await WholeScorer(ready(kind), threads, 1).score(read_page, 9)


async def test_a_version_that_no_longer_scores_runs_says_so(threads: Threads) -> None:
    class Records(evalyard.Evaluator):
        score_type = ScoreType.NUMERIC

        def evaluate(self, *, output: str) -> float:
            return 1.0

    said = await whole(Records, threads, answered(2))

    assert said.score.error is not None
    assert said.score.error.message == "acme/mine 1.2 does not score runs; rescore the run."
