"""Gates over a real database: policies, baselines, verdicts and what they are shown as."""

from dataclasses import replace
from typing import Any

import pytest

from evalyard_core.domain.evaluators import ScoreType
from evalyard_core.domain.ids import new_id
from evalyard_core.domain.payload import now
from evalyard_core.domain.records import Record, RunScore, ScoreStatus
from evalyard_core.domain.runs import DatasetPin, Run, RunSettings, RunStatus
from evalyard_core.storage import Store
from tests.fixtures.asking import Asker, gid, module_store
from tests.fixtures.core import a_dataset, a_score, a_snapshot, a_system_version
from tests.fixtures.objects import a_run
from tests.fixtures.results import Results
from tests.fixtures.world import World, contents

#: One database for all of these tests, which differ in their projects.
store = module_store

GATE = """query($id: ID!, $policy: GatePolicyInput) {
  run(id: $id) {
    gate(policy: $policy) {
      passed baselineChoice baseline { number } policy { minPassRate maxErrored }
      checks { name passed expected actual explanation }
    }
  }
}"""
SET = """mutation($id: ID!, $policy: GatePolicyInput) {
  setGatePolicy(datasetId: $id, policy: $policy) {
    gatePolicy {
      minPassRate maxRegressions maxErrored maxAverageLatencyMs maxTotalCostUsd baselineRunId
      evaluators { evaluatorId minPassRate minMean }
    }
  }
}"""
NO_REGRESSIONS = {"maxRegressions": 0}


async def gate(asker: Asker, run: Run, **policy: Any) -> Any:
    return (await asker(GATE, id=gid("Run", run), policy=policy or None))["run"]["gate"]


async def refused(asker: Asker, run: Run, **policy: Any) -> tuple[str, str | None]:
    refusal = await asker.refused(GATE, id=gid("Run", run), policy=policy or None)
    return refusal.code, refusal.field


def in_short(judged: Any) -> list[tuple[str, bool, str]]:
    return [(check["name"], check["passed"], check["actual"]) for check in judged["checks"]]


async def test_a_policy_is_kept_with_its_dataset_and_taken_back(operator: Asker, store: Store):
    results = await Results.of(store, 1)
    first = await results.run("P")
    policy = {
        "minPassRate": 0.9,
        "maxRegressions": 0,
        "maxErrored": 2,
        "maxAverageLatencyMs": 1500.0,
        "maxTotalCostUsd": 0.5,
        "evaluators": [{"evaluatorId": gid("Evaluator", results.exact), "minPassRate": 0.5, "minMean": None}],
        "baselineRunId": gid("Run", first),
    }
    asked = {"id": gid("Dataset", results.dataset)}

    kept = await operator(SET, **asked, policy=policy)
    read = await operator(
        """query($id: ID!) { dataset(id: $id) { version gatePolicy {
          minPassRate maxRegressions maxErrored maxAverageLatencyMs maxTotalCostUsd baselineRunId
          evaluators { evaluatorId minPassRate minMean }
        } } }""",
        **asked,
    )
    taken_back = await operator(SET, **asked, policy=None)

    assert kept == {"setGatePolicy": {"gatePolicy": policy}}
    assert read == {"dataset": {"version": 1, "gatePolicy": policy}}
    assert taken_back == {"setGatePolicy": {"gatePolicy": None}}


async def test_a_run_is_judged_by_its_datasets_policy_or_by_another_that_counts_whole(operator: Asker, store: Store):
    results = await Results.of(store, 4)
    run = await results.run("PPFE")
    assert await refused(operator, run) == ("BAD_USER_INPUT", "policy")
    await operator(SET, id=gid("Dataset", results.dataset), policy={"minPassRate": 0.5, "maxErrored": 0})

    by_dataset = await gate(operator, run)
    by_another = await gate(operator, run, minPassRate=0.6)

    assert (by_dataset["passed"], in_short(by_dataset)) == (
        False,
        [("minPassRate", True, "50 % (2 of 4)"), ("maxErrored", False, "1")],
    )
    assert by_dataset["policy"] == {"minPassRate": 0.5, "maxErrored": 0}
    assert by_dataset["checks"][1]["explanation"] == "Could not judge 1 (1 errored: TIMEOUT 1)."
    assert (by_another["passed"], in_short(by_another)) == (False, [("minPassRate", False, "50 % (2 of 4)")])
    assert by_another["policy"] == {"minPassRate": 0.6, "maxErrored": None}


async def test_every_check_of_a_run_that_passes(operator: Asker, store: Store):
    results = await Results.of(store, 4)
    length = await results.evaluator("length", ScoreType.NUMERIC)
    await results.run("PPPF", numbers=[(length, [1, 1, 1, 1])])
    run = await results.run("PPFP", numbers=[(length, [1, 2, 3, 4])])
    judged = await gate(
        operator,
        run,
        minPassRate=0.75,
        maxRegressions=1,
        maxErrored=0,
        maxAverageLatencyMs=25,
        maxTotalCostUsd=1,
        evaluators=[
            {"evaluatorId": gid("Evaluator", length), "minMean": 2.5},
            {"evaluatorId": gid("Evaluator", results.exact), "minPassRate": 0.75},
        ],
    )
    assert in_short(judged) == [
        ("minPassRate", True, "75 % (3 of 4)"),
        ("maxRegressions", True, "1"),
        ("maxErrored", True, "0"),
        ("maxAverageLatencyMs", True, "25 ms"),
        ("maxTotalCostUsd", True, "$1"),
        ("length.minMean", True, "2.5"),
        ("exact.minPassRate", True, "75 % (3 of 4)"),
    ]
    assert judged["passed"]


async def test_an_evaluator_answers_for_what_it_should_have_scored(operator: Asker, store: Store):
    """Records that errored or have no score of it did not pass; those that it asks nothing of are left out."""
    results = await Results.of(store, 4)
    length = await results.evaluator("length", ScoreType.NUMERIC)
    run = await results.run("PPEP", numbers=[(length, [1, 1, 1, 1])])
    judged = await gate(
        operator,
        run,
        evaluators=[
            {"evaluatorId": gid("Evaluator", results.exact), "minPassRate": 0.8},
            {"evaluatorId": gid("Evaluator", length), "minPassRate": 0},
        ],
    )
    assert in_short(judged) == [
        ("exact.minPassRate", False, "75 % (3 of 4)"),
        ("length.minPassRate", True, "0 % (0 of 1)"),
    ]
    assert (
        judged["checks"][0]["explanation"] == "3 of 4 records passed, 0 failed; could not judge 1, which did not pass."
    )


async def test_a_mean_of_what_was_scored_says_too_little_where_records_lack_a_score(operator: Asker, store: Store):
    results = await Results.of(store, 4)
    length = await results.evaluator("length", ScoreType.NUMERIC)

    def unscored_where_it_errored(record: Record) -> Record:
        return record if record.error is None else replace(record, scores=())

    run = await results.run("PPEP", numbers=[(length, [3, 3, 0, 3])], each=unscored_where_it_errored)
    wanted = {"evaluators": [{"evaluatorId": gid("Evaluator", length), "minMean": 3}]}
    strict, tolerant = await gate(operator, run, **wanted), await gate(operator, run, **wanted, maxErrored=1)
    assert in_short(strict) == [("length.minMean", False, "3")]
    assert "could not judge 1 record" in strict["checks"][0]["explanation"]
    assert in_short(tolerant) == [("maxErrored", True, "1"), ("length.minMean", True, "3")]


async def test_an_evaluator_of_whole_runs_answers_with_its_one_score(operator: Asker, store: Store):
    results = await Results.of(store, 2)
    bleu = await results.evaluator("bleu", ScoreType.NUMERIC)
    snapshot = a_snapshot(evaluator_id=bleu.id, name="bleu", scores_records=False, scores_runs=True)
    score = a_score(evaluator_id=bleu.id, name="bleu", value=31.5, number=31.5, passed=True)
    said = await results.run("PE", evaluators=(snapshot,), run_scores={bleu.id: RunScore(score=score, cases=1)})
    broken = replace(score, status=ScoreStatus.ERROR, value=None, number=None, passed=None)
    failed = await results.run("PP", evaluators=(snapshot,), run_scores={bleu.id: RunScore(score=broken)})
    wanted = {"evaluators": [{"evaluatorId": gid("Evaluator", bleu), "minMean": 30, "minPassRate": 1}]}

    assert in_short(await gate(operator, said, **wanted)) == [
        ("bleu.minPassRate", True, "100 % (1 of 1)"),
        ("bleu.minMean", True, "31.5"),
    ]
    judged = await gate(operator, failed, **wanted)
    assert in_short(judged) == [("bleu.minPassRate", False, "0 % (0 of 1)"), ("bleu.minMean", False, "unknown")]
    assert "0 of 1 run passed, 0 failed; could not judge 1" in judged["checks"][0]["explanation"]


async def test_errors_are_no_regressions(operator: Asker, store: Store):
    results = await Results.of(store, 5)
    await results.run("PPPFP")
    run = await results.run("PFEEP")
    judged = await gate(operator, run, maxRegressions=1)
    tolerant = await gate(operator, run, maxRegressions=1, maxErrored=2)
    assert (in_short(judged), judged["passed"]) == ([("maxRegressions", False, "1")], False)
    assert judged["checks"][0]["explanation"].startswith(
        "1 of 4 cases that passed in the baseline pass less often now; could not judge 1, which may have regressed"
    )
    assert tolerant["passed"]


async def test_the_baseline_is_the_named_run_or_the_one_in_production_or_the_one_before(operator: Asker, store: Store):
    results = await Results.of(store, 1)
    newer = a_system_version(results.system)
    await store.system_versions.insert(newer)
    in_production = await results.run("P", system=results.pin(newer))
    await results.run("P", status=RunStatus.FAILED)
    before = await results.run("P")
    await results.run("P", end=False)
    run = await results.run("P")
    later = await results.run("P")

    first = await gate(operator, in_production, **NO_REGRESSIONS)
    previous = await gate(operator, run, **NO_REGRESSIONS)
    await store.systems.set_production(results.system.id, newer.id)
    production = await gate(operator, run, **NO_REGRESSIONS)
    itself = await gate(operator, in_production, **NO_REGRESSIONS)
    named = await gate(operator, run, **NO_REGRESSIONS, baselineRunId=gid("Run", later))
    unasked = await gate(operator, run, minPassRate=0)

    found = [first, previous, production, itself, named, unasked]
    assert [(judged["baselineChoice"], judged["baseline"] and judged["baseline"]["number"]) for judged in found] == [
        (None, None),
        ("PREVIOUS", before.number),
        ("PRODUCTION", in_production.number),
        (None, None),
        ("NAMED", later.number),
        (None, None),
    ]
    assert first["checks"][0]["actual"] == "no baseline"
    assert all(judged["passed"] for judged in found)


async def test_an_external_run_is_compared_with_the_external_one_before_and_misses_what_was_not_submitted(
    operator: Asker, store: Store
):
    results = await Results.of(store, 4)
    await results.run("PPPP")
    before = await results.run("PPFP", system=None)
    run = await results.run("PF  ", system=None)

    judged = await gate(operator, run, maxRegressions=2, minPassRate=0.25)
    sampled = await results.run("PF  ", system=None, settings=RunSettings(sample_size=2))

    assert judged["baseline"]["number"] == before.number
    assert [(c["passed"], c["actual"], c["explanation"]) for c in judged["checks"]] == [
        (True, "25 % (1 of 4)", "1 of 4 records passed, 1 failed; could not judge 2 (2 are missing)."),
        (True, "1", judged["checks"][1]["explanation"]),
    ]
    assert "1 of 3 cases" in judged["checks"][1]["explanation"]
    assert "could not judge 1," in judged["checks"][1]["explanation"]
    assert in_short(await gate(operator, sampled, minPassRate=0.5)) == [("minPassRate", True, "50 % (1 of 2)")]


async def test_trials_count_each_in_the_pass_rate_and_together_as_a_case(operator: Asker, store: Store):
    results = await Results.of(store, 2)
    await results.run("PP", "PP")
    run = await results.run("PP", "FP")
    judged = await gate(operator, run, minPassRate=0.75, maxRegressions=0)
    assert in_short(judged) == [("minPassRate", True, "75 % (3 of 4)"), ("maxRegressions", False, "1")]


@pytest.mark.parametrize("status", [RunStatus.RUNNING, RunStatus.PENDING, RunStatus.SCORING])
async def test_a_run_that_has_not_ended_is_not_judged(status: RunStatus, operator: Asker, store: Store):
    results = await Results.of(store, 1)
    run = await results.run("P", status=status, end=False)
    before = await contents(store)
    refusal = await operator.refused(GATE, id=gid("Run", run), policy={"minPassRate": 1})
    assert (refusal.code, refusal.message) == (
        "CONFLICT",
        f"Run 1 is {status} and its figures are not final; judge it when it has ended.",
    )
    assert await contents(store) == before


async def test_a_run_that_was_stopped_is_judged_with_what_it_lacks(operator: Asker, store: Store):
    results = await Results.of(store, 3)
    run = await results.run("P", status=RunStatus.CANCELLED, finished_at=now())
    judged = await gate(operator, run, minPassRate=0.9)
    assert (judged["passed"], judged["checks"][0]["actual"]) == (False, "33.3333 % (1 of 3)")


async def test_what_can_be_no_baseline_is_refused(operator: Asker, store: Store, world: World):
    results = await Results.of(store, 1)
    run = await results.run("P")
    other = a_dataset(results.project.id)
    await store.datasets.insert(other)
    unlike = await results.run("P", dataset=DatasetPin(id=other.id, name=other.name, version=1))
    failed = await results.run("P", status=RunStatus.FAILED)
    cases = [
        (gid("Run", new_id()), "NOT_FOUND"),
        (gid("Run", world.run), "NOT_FOUND"),
        (gid("Run", unlike), "CONFLICT"),
        (gid("Run", failed), "CONFLICT"),
        (gid("Dataset", results.dataset), "BAD_USER_INPUT"),
    ]
    for baseline, code in cases:
        assert await refused(operator, run, maxRegressions=0, baselineRunId=baseline) == (code, "policy.baselineRunId")


async def test_another_projects_evaluator_is_no_more_there_than_none(operator: Asker, store: Store, world: World):
    results = await Results.of(store, 1)
    run = await results.run("P")
    for evaluator in (new_id(), world.evaluator.id):
        policy = {"evaluators": [{"evaluatorId": gid("Evaluator", evaluator), "minMean": 0}]}
        assert await refused(operator, run, **policy) == ("NOT_FOUND", "policy.evaluators[0].evaluatorId")
        refusal = await operator.refused(SET, id=gid("Dataset", results.dataset), policy=policy)
        assert (refusal.code, refusal.field) == ("NOT_FOUND", "policy.evaluators[0].evaluatorId")


async def test_a_policy_whose_baseline_was_deleted_says_so(operator: Asker, store: Store):
    results = await Results.of(store, 1)
    first, run = await results.run("P"), await results.run("P")
    policy = {"maxRegressions": 0, "baselineRunId": gid("Run", first)}
    await operator(SET, id=gid("Dataset", results.dataset), policy=policy)
    await results.services.runs.delete(actor=operator.actor, run_id=first.id)
    assert await refused(operator, run) == ("NOT_FOUND", "policy.baselineRunId")


async def test_a_run_without_a_dataset_is_judged_by_what_was_submitted(operator: Asker, store: Store):
    results = await Results.of(store, 2)

    def alone(record: Record) -> Record:
        return replace(record, dataset_id=None)

    run = await results.run("PF", system=None, dataset=None, each=alone)
    judged = await gate(operator, run, minPassRate=0.5, maxRegressions=0)
    assert in_short(judged) == [("minPassRate", True, "50 % (1 of 2)"), ("maxRegressions", True, "no baseline")]


async def test_a_stranger_sees_no_run_to_judge(operator: Asker, world: World, store: Store):
    stranger = operator.with_role(operator.actor.role, a_run().project_id)
    assert await stranger(GATE, id=gid("Run", world.run), policy={"minPassRate": 1}) == {"run": None}
