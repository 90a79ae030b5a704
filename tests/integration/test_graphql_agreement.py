"""How far an evaluator and people agree, asked over the schema."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evalyard_core.domain.access import Role
from evalyard_core.domain.evaluators import Evaluator, ScoreType
from evalyard_core.domain.records import Record
from evalyard_core.domain.runs import Run, RunStatus
from evalyard_core.storage import Store
from tests.fixtures.asking import Asker, gid, module_store
from tests.fixtures.core import a_project, a_score, an_evaluator
from tests.fixtures.objects import a_record, a_run

#: One database for all of these tests, which differ in their projects.
store = module_store

AGREEMENT = """query($id: ID!, $runs: [ID!], $version: Int, $basis: AgreementBasis! = VALUE) {
    evaluator(id: $id) {
        agreement(runIds: $runs, version: $version, basis: $basis) {
            pairs records unpaired complete observed kappa alpha meanDistance versions
            observedInterval { low high level } confusion { labels counts } people { author pairs observed kappa }
        }
    }
}"""
DISAGREEMENTS = """query($id: ID!, $first: Int, $after: String) {
    evaluator(id: $id) {
        agreement {
            disagreements(first: $first, after: $after) {
                totalCount pageInfo { hasNextPage endCursor }
                edges { cursor node {
                    author distance record { id }
                    judge { value source author explanation } person { value source author explanation }
                } }
            }
        }
    }
}"""


class Panel:
    """A judge of booleans or numbers, a run that it has scored, and people who score it too."""

    def __init__(self, asker: Asker, store: Store, score_type: ScoreType) -> None:
        self.asker = asker
        self.store = store
        self.project = a_project()
        self.judge: Evaluator = an_evaluator(self.project.id, name="judge", score_type=score_type)

    @classmethod
    async def open(cls, asker: Asker, store: Store, score_type: ScoreType = ScoreType.BOOLEAN) -> "Panel":
        panel = cls(asker, store, score_type)
        await store.projects.add(panel.project)
        await store.evaluators.add(panel.judge)
        return panel

    async def run(self, *values: Any, version: int = 1) -> tuple[Run, list[Record]]:
        """Store an ended run with a record for each value of the judge."""
        run = a_run(self.project.id, status=RunStatus.COMPLETED)
        records = [
            a_record(run, n, scores=(self._score(value, version), a_score(name="other")))
            for n, value in enumerate(values)
        ]
        await self.store.runs.add(run)
        await self.store.records.add(records)
        return run, records

    def _score(self, value: Any, version: int) -> Any:
        passed = value if isinstance(value, bool) else None
        given = {"value": value, "number": float(value), "passed": passed, "explanation": f"says {value}"}
        return a_score(evaluator_id=self.judge.id, evaluator_version=version, **given)

    async def says(self, author: str, record: Record, value: Any) -> None:
        await self.asker.services.records.add_score(
            actor=self.actor(author), record_id=record.id, evaluator_id=self.judge.id, value=value
        )

    def actor(self, name: str) -> Any:
        return type(self.asker.actor)(name=name, role=Role.EDITOR, project_id=self.project.id)

    async def agreement(self, **variables: Any) -> Any:
        return (await self.asker(AGREEMENT, id=gid("Evaluator", self.judge), **variables))["evaluator"]["agreement"]


async def test_each_persons_newest_score_stands_beside_the_judges_whichever_is_current(operator: Asker, store: Store):
    panel = await Panel.open(operator, store)
    _, (one, two, three, *_) = await panel.run(True, True, False, True)
    await panel.says("Ada", one, False)
    await panel.says("Bo", one, True)
    await panel.says("Ada", one, True)
    await panel.says("Ada", two, False)
    await panel.says("Bo", three, False)
    found = await panel.agreement()
    assert (found["pairs"], found["records"], found["unpaired"], found["complete"]) == (4, 3, 0, True)
    assert (found["observed"], found["versions"], found["meanDistance"]) == (0.75, [1], None)
    assert found["confusion"] == {"labels": [False, True], "counts": [[1, 0], [1, 2]]}
    assert [(person["author"], person["pairs"], person["observed"]) for person in found["people"]] == [
        ("Ada", 2, 0.5),
        ("Bo", 2, 1.0),
    ]
    assert found["kappa"] == pytest.approx(0.5)
    assert found["observedInterval"]["level"] == 0.95


async def test_runs_versions_and_what_is_compared_can_be_chosen(operator: Asker, store: Store):
    panel = await Panel.open(operator, store, ScoreType.NUMERIC)
    first_run, (one, two) = await panel.run(0.25, 0.75)
    second_run, (three,) = await panel.run(1.0, version=2)
    for record, value in ((one, 0.25), (two, 0.25), (three, 0.5)):
        await panel.says("Ada", record, value)
    everything = await panel.agreement()
    assert (everything["pairs"], everything["versions"]) == (3, [1, 2])
    assert everything["meanDistance"] == pytest.approx(1 / 3)
    first = await panel.agreement(runs=[gid("Run", first_run)])
    assert (first["pairs"], first["versions"], first["meanDistance"]) == (2, [1], 0.25)
    assert (await panel.agreement(version=2))["pairs"] == 1
    assert (await panel.agreement(version=2))["unpaired"] == 2
    both = [gid("Run", first_run), gid("Run", second_run)]
    assert (await panel.agreement(runs=both))["pairs"] == 3
    assert (await panel.agreement(runs=[]))["pairs"] == 0
    assert (await panel.agreement(basis="PASSED"))["unpaired"] == 3


async def test_disagreements_come_farthest_first_a_page_at_a_time_with_both_scores(operator: Asker, store: Store):
    panel = await Panel.open(operator, store, ScoreType.NUMERIC)
    _, records = await panel.run(*range(6))
    for n, record in enumerate(records):
        await panel.says("Ada", record, n + [0, 3, 1, 2, 0, 1][n])
    await panel.says("Bo", records[3], 9)
    asked = {"id": gid("Evaluator", panel.judge), "first": 2}
    pages, after = [], None
    while True:
        page = (await operator(DISAGREEMENTS, **asked, after=after))["evaluator"]["agreement"]["disagreements"]
        pages.append(page)
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    nodes = [edge["node"] for page in pages for edge in page["edges"]]
    assert [page["totalCount"] for page in pages] == [5, 5, 5]
    assert [(node["record"]["id"], node["author"], node["distance"]) for node in nodes] == [
        (gid("Record", records[3]), "Bo", 6.0),
        (gid("Record", records[1]), "Ada", 3.0),
        (gid("Record", records[3]), "Ada", 2.0),
        (gid("Record", records[5]), "Ada", 1.0),
        (gid("Record", records[2]), "Ada", 1.0),
    ]
    assert nodes[1]["judge"] == {"value": 1, "source": "PLUGIN", "author": None, "explanation": "says 1"}
    assert nodes[1]["person"] == {"value": 4, "source": "HUMAN", "author": "Ada", "explanation": None}


async def test_only_the_records_that_were_scored_last_are_looked_at(
    operator: Asker, store: Store, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("evalyard_core.services.agreement.MOST_JUDGED", 2)
    panel = await Panel.open(operator, store)
    _, records = await panel.run(True, True, True)
    await panel.says("Ada", records[0], False)
    await panel.says("Ada", records[1], True)
    assert (await panel.agreement())["complete"] is True
    await panel.says("Ada", records[2], True)
    found = await panel.agreement()
    assert (found["complete"], found["records"], found["observed"]) == (False, 2, 1.0)


async def test_the_guide_to_human_scores_runs(operator: Asker, store: Store):
    guide = (Path(__file__).parents[2] / "docs" / "human-scores.md").read_text()
    score, note, agreement = re.findall(r"^```graphql\n(.*?)^```$", guide, re.DOTALL | re.MULTILINE)
    panel = await Panel.open(operator, store)
    run, [record, _] = await panel.run(True, True)
    judge = gid("Evaluator", panel.judge)
    asker = replace(operator, actor=panel.actor("Ada"))
    given = (await asker(score, record=gid("Record", record), judge=judge))["addScore"]
    assert (given["value"], given["passed"], given["author"]) == (False, False, "Ada")
    assert [(entry["value"], entry["source"], entry["evaluatorVersion"]) for entry in given["history"]] == [
        (True, "PLUGIN", 1)
    ]
    assert given["record"]["verdict"] == "FAILED"
    noted = (await asker(note, record=gid("Record", record)))["annotateRecord"]["annotations"]
    assert [(entry["author"], entry["rating"], entry["comment"]) for entry in noted] == [("Ada", 2, "The tone is off.")]
    found = (await asker(agreement, judge=judge, runs=[gid("Run", run)]))["evaluator"]["agreement"]
    assert (found["pairs"], found["observed"], found["disagreements"]["totalCount"]) == (1, 0.0, 1)


async def test_what_is_not_for_the_evaluator_does_not_count(operator: Asker, store: Store):
    panel = await Panel.open(operator, store)
    _, [record] = await panel.run(True)
    await operator.services.records.add_score(actor=panel.actor("Ada"), record_id=record.id, name="taste", value=False)
    other = an_evaluator(panel.project.id)
    await store.evaluators.add(other)
    await operator.services.records.add_score(
        actor=panel.actor("Ada"), record_id=record.id, evaluator_id=other.id, value=False
    )
    assert (await panel.agreement())["pairs"] == 0
    panel.judge = other
    assert ((await panel.agreement())["pairs"], (await panel.agreement())["unpaired"]) == (0, 1)


async def test_who_may_ask_and_what_is_refused(operator: Asker, store: Store):
    panel = await Panel.open(operator, store)
    run, [record] = await panel.run(True)
    await panel.says("Ada", record, False)
    panel.asker = operator.with_role(Role.VIEWER, panel.project.id)
    assert (await panel.agreement())["pairs"] == 1
    their_run, _ = await (await Panel.open(operator, store)).run(True)
    assert (await panel.agreement(runs=[gid("Run", their_run)]))["pairs"] == 0
    for wrong, code, field in (
        ({"runs": ["x"]}, "BAD_USER_INPUT", "runIds[0]"),
        ({"runs": [gid("Run", run)] * 101}, "LIMIT_EXCEEDED", "runIds"),
    ):
        refused = await panel.asker.refused(AGREEMENT, id=gid("Evaluator", panel.judge), **wrong)
        assert (refused.code, refused.field) == (code, field)
    for wrong, field in (({"first": 0}, "first"), ({"after": "x"}, "after")):
        refused = await panel.asker.refused(DISAGREEMENTS, id=gid("Evaluator", panel.judge), **wrong)
        assert (refused.code, refused.field) == ("BAD_USER_INPUT", field)
    stranger = operator.with_role(Role.ADMIN, a_project().id)
    assert await stranger(AGREEMENT, id=gid("Evaluator", panel.judge)) == {"evaluator": None}
