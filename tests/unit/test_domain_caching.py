"""What tells apart what may be used again, and how scores are used again."""

from datetime import timedelta
from typing import Any

import pytest

from evalyard_core.domain.caching import (
    AnswerOrigin,
    RunCache,
    answer_key,
    check_cache,
    evaluator_digest,
    system_digest,
    variables_key,
)
from evalyard_core.domain.counting import progress_of
from evalyard_core.domain.errors import BadInput
from evalyard_core.domain.evaluators import Threshold, ThresholdOperator
from evalyard_core.domain.mapping import context_of
from evalyard_core.domain.payload import now
from evalyard_core.domain.records import Outcome, ScoreStatus
from evalyard_core.domain.scores import used_again
from evalyard_workers.engine.score_caching import is_worth_keeping
from tests.fixtures.core import a_score, a_snapshot
from tests.fixtures.objects import a_record, a_run

SYSTEM = system_digest("t/http", "1.0", {"url": "https://a.example", "model": "m"})
QUESTION: dict[str, Any] = {"input": {"q": 1, "r": 2}, "metadata": {"language": "de"}, "trial": 1}
EVALUATOR = evaluator_digest("acme/judge", "1.2.0", "0" * 16, has_threshold=True)


def test_equal_json_has_one_key():
    same = {"input": {"r": 2, "q": 1}, "metadata": {"language": "de"}, "trial": 1}
    assert system_digest("t/http", "1.0", {"model": "m", "url": "https://a.example"}) == SYSTEM
    assert answer_key(SYSTEM, **QUESTION) == answer_key(SYSTEM, **same)
    assert variables_key(EVALUATOR, {"output": "a", "expected": None}) == variables_key(
        EVALUATOR, {"expected": None, "output": "a"}
    )


def test_whatever_an_answer_may_depend_on_is_in_its_key():
    systems = [
        SYSTEM,
        system_digest("t/other", "1.0", {"url": "https://a.example", "model": "m"}),
        system_digest("t/http", "1.1", {"url": "https://a.example", "model": "m"}),
        system_digest("t/http", "1.0", {"url": "https://a.example", "model": "n"}),
    ]
    changes: list[dict[str, Any]] = [{}, {"input": {"q": 1}}, {"metadata": None}, {"trial": 2}]
    keys = {answer_key(system, **(QUESTION | change)) for system in systems for change in changes}
    assert len(keys) == 16


def test_whatever_a_score_may_depend_on_is_in_its_key():
    digests = {
        EVALUATOR,
        evaluator_digest("acme/other", "1.2.0", "0" * 16, has_threshold=True),
        evaluator_digest("acme/judge", "1.2.1", "0" * 16, has_threshold=True),
        evaluator_digest("acme/judge", "1.2.0", "1" * 16, has_threshold=True),
        evaluator_digest("acme/judge", "1.2.0", "0" * 16, has_threshold=False),
    }
    given: list[dict[str, Any]] = [{"output": "a"}, {"output": "b"}, {"output": "a", "expected": "a"}, {}]
    assert len({variables_key(digest, values) for digest in digests for values in given}) == 20


def test_a_score_used_again_is_judged_by_the_threshold_of_today():
    at_least = Threshold(operator=ThresholdOperator.GTE, value=0.9)
    evaluator = a_snapshot(evaluator_id="f" * 24, name="mine", version=3, threshold=at_least)
    own = a_score(
        name="exact",
        value=0.8,
        number=0.8,
        passed=True,
        cost_usd=0.02,
        prompt_tokens=7,
        plugin_version="1.2.0",
        config_hash="0" * 16,
        explanation="I looked.",
        duration_ms=90.0,
        cache_key="k",
    )
    beside = a_score(evaluator_id=None, part_of="e" * 24, name="exact: recall", value=0.5, passed=None, cache_key="k")
    at = now() + timedelta(hours=1)

    again, other = used_again((own, beside), evaluator, "r.i.1", at)

    assert (again.evaluator_id, again.name, again.evaluator_version, again.passed) == ("f" * 24, "mine", 3, False)
    assert (again.value, again.explanation, again.plugin_version, again.config_hash) == (
        *(0.8, "I looked.", "1.2.0", "0" * 16),
    )
    assert (again.cost_usd, again.tokens, again.duration_ms, again.created_at) == (0.0, 0, None, at)
    assert (again.cached, again.cached_from, again.cache_key) == (True, "r.i.1", None)
    assert (other.evaluator_id, other.part_of, other.name, other.value) == (None, "f" * 24, "mine: recall", 0.5)
    assert (other.cached_from, other.passed) == ("r.i.1", None)


def test_without_a_threshold_the_plugins_own_word_stands():
    evaluator = a_snapshot(threshold=None)
    (again,) = used_again((a_score(value=0.8, number=0.8, passed=True),), evaluator, "r", now())
    assert again.passed is True


@pytest.mark.parametrize(
    ("spent", "kept"),
    [
        ({"cost_usd": 0.001}, True),
        ({"prompt_tokens": 3}, True),
        ({"duration_ms": 60.0}, True),
        ({"duration_ms": 3.0, "cost_usd": 0.0}, False),
        ({"cost_usd": 0.001, "status": ScoreStatus.ERROR}, False),
        ({"cost_usd": 0.001, "status": ScoreStatus.SKIPPED}, False),
    ],
)
def test_what_cost_something_is_kept_and_what_failed_is_not(spent: dict[str, Any], kept: bool):
    assert is_worth_keeping([a_score(**spent), a_score(evaluator_id=None, part_of="e", name="n")]) is kept


def test_evaluators_see_what_an_answer_took_when_it_was_made():
    origin = AnswerOrigin(record_id="r", latency_ms=1200.0, cost_usd=0.03, prompt_tokens=3, completion_tokens=2)
    outcome = Outcome(output="a", cost_usd=0.0, prompt_tokens=0, completion_tokens=0, attempts=0, cached_from=origin)
    assert context_of(a_record(a_run(), 0), outcome)["record"] == {
        "latency_ms": 1200.0,
        "cost_usd": 0.03,
        "attempts": 1,
        "prompt_tokens": 3,
        "completion_tokens": 2,
        "total_tokens": 5,
    }


def test_what_was_used_again_is_counted():
    run, origin = a_run(), AnswerOrigin(record_id="r")
    scores = (a_score(cached_from="r"), a_score(), a_score(cached_from="s"))
    progress = progress_of([a_record(run, 0, cached_from=origin, scores=scores), a_record(run, 1)])
    assert (progress.cached_answers, progress.cached_scores) == (1, 2)


@pytest.mark.parametrize("seconds", [-1.0, 31_622_401.0, float("nan")])
@pytest.mark.parametrize("what", ["answers", "scores"])
def test_an_age_that_nothing_has_is_refused(what: str, seconds: float):
    with pytest.raises(BadInput) as caught:
        check_cache(RunCache(**{f"{what}_max_age_seconds": seconds}), field="input.cache")
    assert caught.value.field == f"input.cache.{what}MaxAgeSeconds"
