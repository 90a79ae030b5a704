"""Runs that use scores of earlier ones again: what was paid for once is said again, and nothing else is."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

import evalyard
from evalyard_core.domain.caching import RunCache
from evalyard_core.domain.evaluators import Evaluator, Threshold, ThresholdOperator
from evalyard_core.domain.payload import now
from evalyard_core.domain.records import RecordStatus, Score, Verdict
from evalyard_core.domain.runs import Run
from evalyard_core.services.access import ANYONE
from evalyard_core.services.submissions import Submitted
from evalyard_core.storage import Store, StoreUnreachable
from evalyard_workers.engine.score_caching import Asked, ScoreCache
from evalyard_workers.plugins.host import ReadyEvaluator
from evalyard_workers.plugins.scoring import Scorer
from evalyard_workers.plugins.threads import Threads
from tests.fixtures.commands import Commands
from tests.fixtures.core import a_score
from tests.fixtures.objects import a_record, a_run
from tests.support.caching import HOUR, grow_older, looked_up
from tests.support.evaluators import context, ready
from tests.support.room import Room

KEY = "scores.cache_key"
ANSWERS = ["a please", "b", "c d thanks", "x y z w"]
POLITE = Threshold(operator=ThresholdOperator.EQ, value="polite")


async def judge(room: Room, threshold: Threshold | None = None, **config: Any) -> Evaluator:
    return await room.evaluator("acme-quality/judge", config, threshold=threshold)


async def scored(room: Room, *evaluators: Evaluator, answers: list[str] = ANSWERS, cache: RunCache = HOUR) -> Run:
    """Return a run whose system is called for each record, and whose scores may be used again."""
    dataset = await room.dataset([{"answer": answer} for answer in answers])
    only_scores = replace(cache, answers_max_age_seconds=None)
    return await room.finished(await room.start(dataset, await room.system("echo"), evaluators, cache=only_scores))


async def scores_of(room: Room, run: Run) -> list[Score]:
    return [score for record in await room.records(run) for score in record.scores]


@pytest.mark.usefixtures("acme_quality")
async def test_the_same_values_are_judged_once(room: Room, room_commands: Commands) -> None:
    evaluators = [await judge(room), await room.evaluator()]
    first = await scored(room, *evaluators)
    room_commands.take()

    second = await scored(room, *evaluators, answers=[*ANSWERS, "new please"])

    # One look-up for each of the four lanes: of a judge's and an exact match's keys for each record.
    assert sorted(looked_up(room_commands.take(), KEY)) == [2, 2, 2, 4]
    made, again = await scores_of(room, first), await scores_of(room, second)
    judged = again[0:8:2]
    assert [score.value for score in judged] == ["polite", "plain", "polite", "plain"]
    assert [score.cached_from for score in judged] == [record.id for record in await room.records(first)]
    assert {(s.cost_usd, s.tokens, s.duration_ms, s.plugin_version) for s in judged} == {(0.0, 0, None, "1.2.0")}
    assert {score.config_hash for score in judged} == {made[0].config_hash}
    # What an exact match says is made anew, and so is what is new.
    assert [score.cached for score in [*again[1::2], again[8]]] == [False] * 6
    assert (first.progress.cached_scores, second.progress.cached_scores) == (0, 4)
    assert (first.progress.cost_usd, second.progress.cost_usd) == (pytest.approx(0.010), pytest.approx(0.002))


@pytest.mark.usefixtures("acme_quality")
async def test_another_threshold_judges_the_same_scores_and_another_config_makes_new_ones(room: Room) -> None:
    plain = Threshold(operator=ThresholdOperator.EQ, value="plain")
    first = await scored(room, await judge(room, POLITE))
    second = await scored(room, await judge(room, plain))
    third = await scored(room, await judge(room, POLITE, name="large"))
    without = await scored(room, await judge(room))

    verdicts = [[record.verdict for record in await room.records(run)] for run in (first, second)]
    passed, failed = Verdict.PASSED, Verdict.FAILED
    assert verdicts == [[passed, failed] * 2, [failed, passed] * 2]
    assert [run.progress.cached_scores for run in (first, second, third, without)] == [0, 4, 0, 0]


@pytest.mark.usefixtures("acme_quality")
async def test_scores_grow_too_old(room: Room) -> None:
    evaluator = await judge(room)
    first = await scored(room, evaluator)
    await grow_older(room.store, first, 3500)
    second = await scored(room, evaluator)
    await grow_older(room.store, first, 200)
    third = await scored(room, evaluator)
    assert [run.progress.cached_scores for run in (first, second, third)] == [0, 4, 0]


@pytest.mark.usefixtures("acme_quality")
async def test_a_run_that_does_not_ask_looks_nothing_up_and_leaves_nothing(room: Room, room_commands: Commands) -> None:
    evaluator = await judge(room)
    await scored(room, evaluator, cache=RunCache())
    assert (await scored(room, evaluator)).progress.cached_scores == 0
    room_commands.take()
    assert (await scored(room, evaluator, cache=RunCache())).progress.cached_scores == 0
    assert (await scored(room, evaluator, cache=RunCache(scores_max_age_seconds=0))).progress.cached_scores == 0
    assert looked_up(room_commands.take(), KEY) == []


@pytest.mark.usefixtures("acme_quality")
async def test_whoever_scores_again_wants_new_scores(room: Room, room_commands: Commands) -> None:
    evaluator = await judge(room)
    await scored(room, evaluator)
    run = await scored(room, evaluator)
    room_commands.take()

    again = await room.finished(await room.services.runs.rescore(actor=ANYONE, run_id=run.id))
    assert looked_up(room_commands.take(), KEY) == []
    last = await scored(room, evaluator)

    assert [entry.progress.cached_scores for entry in (run, again, last)] == [4, 0, 4]
    assert again.progress.cost_usd == pytest.approx(0.010)
    assert [score.cached_from for score in await scores_of(room, last)] == [r.id for r in await room.records(again)]
    history = await room.store.score_history.of_records([record.id for record in await room.records(run)])
    assert [score.cached for scores in history.values() for score in scores] == [True] * 4


@pytest.mark.usefixtures("acme_quality")
async def test_submitted_outputs_are_scored_from_the_cache_of_their_own_project(room: Room) -> None:
    async def submitted() -> Run:
        run = await room.start(None, None, [await judge(room)], cache=HOUR)
        await room.services.submissions.submit(
            actor=ANYONE, run_id=run.id, submitted=[Submitted(input=answer, output=answer) for answer in ANSWERS]
        )
        await room.services.runs.finish(actor=ANYONE, run_id=run.id)
        return await room.finished(run)

    await scored(room, await judge(room))
    here = await submitted()
    room.project = await room.services.projects.create(actor=ANYONE, name="elsewhere")
    elsewhere = await submitted()

    assert [run.progress.cached_scores for run in (here, elsewhere)] == [4, 0]
    assert [run.progress.cached_answers for run in (here, elsewhere)] == [0, 0]


@pytest.mark.usefixtures("acme_quality")
async def test_an_output_is_stored_while_scores_can_not_be_looked_up(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluator, newest, stored = await judge(room), room.store.score_cache.newest, list[int]()
    await scored(room, evaluator, answers=["a please"])

    async def away_until_stored(*given: Any, **more: Any) -> Any:
        stored.append(await room.store.records._rows.count_documents({"status": RecordStatus.SCORING}))
        if not stored[-1]:
            raise StoreUnreachable
        return await newest(*given, **more)

    monkeypatch.setattr(room.store.score_cache, "newest", away_until_stored)
    run = await scored(room, evaluator, answers=["a please"])

    assert (stored, run.progress.completed, run.progress.cached_scores) == ([0, 1], 1, 1)


class Priced(evalyard.Evaluator[evalyard.Config]):
    """Say how long an answer is, and how many words it has, at a price."""

    score_type = evalyard.ScoreType.NUMERIC

    def evaluate(self, *, output: str) -> dict[str, evalyard.Score]:
        return {"main": evalyard.Score(len(output), cost_usd=0.01), "words": evalyard.Score(len(output.split()))}


@pytest.fixture
def threads() -> Iterator[Threads]:
    threads = Threads(4, "test")
    yield threads
    threads.shutdown()


async def test_a_plugins_versions_share_nothing_and_all_that_one_gave_comes_back(
    store: Store, threads: Threads
) -> None:
    run = a_run()
    cache, priced = ScoreCache(store, run.project_id, max_age_seconds=60), ready(Priced)
    given = {0: context("a b"), 1: context("c")}

    async def scores(evaluator: ReadyEvaluator, *, anew: bool = False) -> list[Sequence[Score]]:
        known = await cache.known([Asked(priced, {}), Asked(evaluator, given, anew=anew)])
        scorer = Scorer(evaluator, threads, 5)
        return await known.scores(evaluator, [0, 1], ask=lambda places: scorer.score([given[n] for n in places]))

    made = await scores(priced)
    await store.records.add([a_record(run, place, scores=scores[::-1]) for place, scores in enumerate(made)])

    again, anew = await scores(priced), await scores(priced, anew=True)
    upgraded = await scores(replace(priced, version="1.3"))

    assert [[(s.name, s.value, s.cached) for s in scores] for scores in again] == [
        [("mine", 3, True), ("mine: words", 2, True)],
        [("mine", 1, True), ("mine: words", 1, True)],
    ]
    assert [[score.cached for score in scores] for scores in anew] == [[False, False]] * 2
    assert [[(s.value, s.plugin_version, s.cached) for s in scores] for scores in upgraded] == [
        [(3, "1.3", False), (2, "1.3", False)],
        [(1, "1.3", False), (1, "1.3", False)],
    ]


async def test_the_newest_scores_of_one_evaluator_of_one_record_are_found(store: Store) -> None:
    run, other = a_run(), a_run("q" * 24)
    moment = now()

    def scores(value: int, age: int, **changes: Any) -> tuple[Score, ...]:
        made = moment - timedelta(seconds=age)
        own = a_score(value=value, created_at=made, cache_key="k", **changes)
        given = own.evaluator_id
        return (own, a_score(evaluator_id=None, part_of=given, name="b", value=-value, created_at=made, cache_key="k"))

    await store.records.add(
        [
            a_record(run, 0, scores=scores(1, 50)),
            a_record(run, 1, scores=(*scores(2, 20), *scores(3, 10, evaluator_id="f" * 24))),
            a_record(run, 2, scores=(a_score(cache_key="l", value=7, created_at=moment), a_score(value=8))),
            a_record(other, 3, scores=scores(4, 0)),
        ]
    )

    found = await store.score_cache.newest(run.project_id, ["k", "l", "m"], since=moment - timedelta(seconds=60))
    newer = await store.score_cache.newest(run.project_id, ["k", "l"], since=moment - timedelta(seconds=5))

    assert {key: (entry.record_id, [score.value for score in entry.scores]) for key, entry in found.items()} == {
        "k": (f"{run.id}.{1:024x}.1", [3, -3]),
        "l": (f"{run.id}.{2:024x}.1", [7]),
    }
    assert list(newer) == ["l"]
