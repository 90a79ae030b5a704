"""Our executor takes short cuts; whatever it answers, graphql-core's own answers the same."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
import strawberry
import structlog
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from evalyard_core.domain.runs import Bin, Distribution, Interval, LabelCount, PassAtK, RunSummary, Tally
from evalyard_core.storage import Store
from evalyard_schema.execution import Executor
from evalyard_schema.loaders.by_id import by_id
from evalyard_schema.schema import schema
from evalyard_schema.types.edges import follow, follow_if_there
from tests.fixtures.asking import Asker, gid
from tests.fixtures.world import World, make_world

EVERYTHING = """
query($project: ID!, $run: ID!, $skip: Boolean!) {
    __typename
    project(id: $project) {
        __typename
        kind: __typename
        name
        runs {
            edges {
                cursor
                node {
                    ...run
                    previous { number }
                    rerunOf { number }
                    records { totalCount edges { node { ...record } } pageInfo { hasNextPage endCursor } }
                }
            }
        }
        datasets { edges { node { name tags inputSchema evaluators { mapping { path } evaluator { name } } } } }
    }
    run(id: $run) { ...run number number notes @skip(if: $skip) }
}
fragment run on Run {
    id name number status source tags metadata notes itemTags createdAt startedAt finishedAt statusReason sampleSize
    dataset { name version updatedAt project { name } }
    system { name }
    systemVersion { name target config system { id } }
    progress { __typename revision total percent recordsPerSecond etaSeconds }
    summary { passRate totalTokens totalCostUsd passRateInterval { low high } passAtK { k anyPasses allPass } }
    evaluators {
        status explanation scored passRate mean config configHash
        evaluator { name plugin { key variables { name defaultPath } } threshold { value } }
        histogram { low high count }
        labels { label count }
        meanInterval { level }
    }
}
fragment record on Record {
    id trial input expectedOutput output verdict error { code }
    run { number }
    item { id input dataset { name } }
    scores { id name value passed evaluator { name } history { id } record { id } error { code message } }
    annotations { author rating comment }
}
"""


@pytest.fixture
async def rich_world(store: Store) -> World:
    world = await make_world(store)
    evaluator = world.run.evaluators[0]
    run = replace(
        world.run,
        tags=("a", "b"),
        summary=RunSummary(
            pass_rate=1.0,
            passed=1,
            total_tokens=2**40,
            pass_rate_interval=Interval(low=0.2, high=1.0),
            pass_at_k=(PassAtK(k=1, any_passes=1.0, all_pass=1.0), PassAtK(k=2, any_passes=1.0, all_pass=0.5)),
        ),
        tallies={evaluator.evaluator_id: Tally(scored=1, passed=1)},
        distributions={
            evaluator.evaluator_id: Distribution(
                pass_rate=1.0,
                mean=1.0,
                mean_interval=Interval(low=0.5, high=1.0),
                histogram=(Bin(low=0.0, high=0.5, count=0), Bin(low=0.5, high=1.0, count=1)),
                labels=(LabelCount(label="yes", count=1),),
            )
        },
    )
    await store.runs.delete(world.run.id)
    await store.runs.add(run)
    return replace(world, run=run)


async def test_everything_is_the_same_in_the_same_order(
    operator: Asker, rich_world: World, monkeypatch: pytest.MonkeyPatch
):
    answers = []
    for executor in (StrawberryGraphQLCoreExecutionContext, Executor):
        monkeypatch.setattr(schema, "execution_context_class", executor)
        variables = {"project": gid("Project", rich_world.project), "run": gid("Run", rich_world.run), "skip": True}
        answers.append(await operator(EVERYTHING, **variables))
    theirs, ours = answers
    assert ours == theirs
    assert list(_keys(ours)) == list(_keys(theirs))
    assert "notes" in ours["run"]
    assert ours["run"]["evaluators"][0]["labels"] == [{"label": "yes", "count": 1}]
    assert ours["run"]["summary"]["totalTokens"] == 2**31 - 1


def _keys(value: Any) -> Iterator[Any]:
    """Yield the keys of objects in the order in which they stand."""
    if isinstance(value, dict):
        for key, entry in value.items():
            yield key
            yield from _keys(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from _keys(entry)


class Broken(Exception):
    """Raised by resolvers below."""


@strawberry.type
class Leaf:
    fine: str
    number: int = 1

    @classmethod
    def named(cls, name: str) -> "Leaf":
        return cls(fine=name)

    @strawberry.field
    def required(self) -> "Leaf":
        raise Broken

    @strawberry.field
    def optional(self) -> "Leaf | None":
        raise Broken

    @strawberry.field
    async def late(self, info: strawberry.Info) -> "Leaf":
        raise Broken

    @strawberry.field
    async def late_optional(self, info: strawberry.Info) -> "Leaf | None":
        assert info.context is not None
        return Leaf(fine="late") if self.fine == "ok" else None

    @strawberry.field
    async def late_list(self, info: strawberry.Info) -> "list[Leaf]":
        return [Leaf(fine="ok"), Leaf(fine=None)]  # type: ignore[arg-type]

    @strawberry.field
    def missing(self) -> "Leaf":
        return None  # type: ignore[return-value]


async def _all_leaves(names: Sequence[str]) -> dict[str, str]:
    return {name: name for name in names if name != "fallen"}


class Bough:
    """The context of a request: what loads leaves."""

    def __init__(self) -> None:
        self.leaves = by_id(_all_leaves, cache=True)


@strawberry.type
class Twig:
    name: str

    @strawberry.field
    def leaf(self, info: strawberry.Info) -> Leaf | None:
        return follow_if_there(info.context.leaves, self.name, Leaf.named)

    @strawberry.field
    def sure(self, info: strawberry.Info) -> Leaf:
        return follow(info.context.leaves, self.name, Leaf.named, what="leaf")


@strawberry.type
class Tree:
    twigs: list[Twig]
    leaf: Leaf
    leaves: list[Leaf]
    some: list[Leaf] | None
    holes: list[Leaf | None]
    nothing: Leaf | None = None


@strawberry.type
class Query:
    @strawberry.field
    def tree(self) -> Tree | None:
        wrong = Leaf(fine=None)  # type: ignore[arg-type]
        bad = Leaf(fine="x", number="many")  # type: ignore[arg-type]
        twigs = [Twig(name="ok"), Twig(name="fallen"), Twig(name="ok"), Twig(name="fallen")]
        leaves, some = [Leaf(fine="a"), wrong], [bad, Leaf(fine="b")]
        return Tree(twigs=twigs, leaf=Leaf(fine="ok"), leaves=leaves, some=some, holes=[None])


@pytest.mark.parametrize(
    "selection",
    [
        "leaf { fine }",
        "leaf { number fine __typename }",
        "nothing { fine }",
        "leaves { number }",
        "leaves { fine }",
        "some { fine }",
        "some { number }",
        "holes { fine }",
        "leaf { required { fine } }",
        "leaf { optional { fine } fine }",
        "leaf { late { fine } }",
        "leaf { lateOptional { fine } fine }",
        "some { lateOptional { fine } fine }",
        "some { late { fine } lateOptional { fine } }",
        "leaf { lateList { number } }",
        "leaf { lateList { fine } }",
        "leaf { missing { fine } }",
        "leaf { lateOptional { lateOptional { fine } } }",
        "leaf { lateOptional { optional { fine } } optional { fine } }",
        "twigs { name leaf { fine number } }",
        "twigs { leaf { fine optional { fine } } }",
        "twigs { leaf { required { fine } } }",
        "twigs { leaf { late { fine } } }",
        "twigs { leaf { lateOptional { fine } } }",
        "twigs { sure { fine } }",
    ],
)
async def test_what_goes_wrong_is_told_the_same(selection: str):
    answers = []
    for executor in (StrawberryGraphQLCoreExecutionContext, Executor):
        tree_schema = strawberry.Schema(Query, execution_context_class=executor)
        result = await tree_schema.execute(f"{{ tree {{ {selection} }} }}", context_value=Bough())
        errors = sorted((error.path or [], str(error.locations)) for error in result.errors or ())
        answers.append((result.data, errors))
    theirs, ours = answers
    assert ours == theirs


async def test_a_failing_field_is_masked(operator: Asker, world: World, monkeypatch: pytest.MonkeyPatch):
    async def broken(_: Any) -> Any:
        raise Broken("secret")

    monkeypatch.setattr(operator.services.store.datasets, "get_many", broken)
    with structlog.testing.capture_logs() as logs:
        result = await operator.result(
            "query($id: ID!) { run(id: $id) { name dataset { name } } }", id=gid("Run", world.run)
        )
    assert result.data == {"run": {"name": world.run.name, "dataset": None}}
    [error] = result.errors or ()
    assert (error.path, error.extensions) == (["run", "dataset"], {"code": "INTERNAL"})
    assert "secret" not in error.message
    [line] = logs
    assert isinstance(line["exc_info"], Broken)
