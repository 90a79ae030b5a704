"""Evaluators and systems: what the library has, what the plugins accept, and how versions grow."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from evalyard_core.domain.access import Role
from evalyard_core.domain.client_scores import CLIENT_PLUGINS
from evalyard_core.domain.errors import BadInput, Conflict, Forbidden, LimitExceeded, NotFound, Refusal
from evalyard_core.domain.evaluators import Evaluator, ScoreType, Threshold, ThresholdOperator, VariableMapping
from evalyard_core.domain.ids import new_id
from evalyard_core.domain.payload import now
from evalyard_core.domain.plugins import PluginHealth
from evalyard_core.domain.records import ScoreStatus
from evalyard_core.domain.scores import with_value
from evalyard_core.services import Services
from evalyard_core.services.access import ANYONE
from evalyard_core.services.evaluators import Trial
from evalyard_core.services.library import merge
from evalyard_core.services.requests import ask_worker
from evalyard_core.storage import Store
from evalyard_core.storage.requests import Request
from evalyard_core.storage.scores import decode_snapshot, encode_score
from tests.fixtures.core import a_plugin, a_score, a_target, a_worker
from tests.fixtures.house import House
from tests.fixtures.objects import a_record, a_run

TEXT = [VariableMapping(variable="text", path="output.text")]
HALF = Threshold(operator=ThresholdOperator.GTE, value=0.5)


# ------------------------------------------------------------------------------------------------------- the library


def test_the_library_has_the_newest_version_that_works_somewhere():
    old, new = a_plugin(version="1.9.0"), a_plugin(version="1.10.0")
    broken = a_plugin(version="2.0.0", problem="It does not load.")
    merged = merge([a_worker(old), a_worker(new), a_worker(broken)], [old]).evaluators["acme/exact"]
    assert merged == replace(new, health=PluginHealth.AVAILABLE, worker_count=2)


def test_a_plugin_that_works_nowhere_is_broken_and_shows_what_was_known_of_it():
    known, broken = a_plugin(summary="As it was."), a_plugin(version="2.0.0", problem="Install libfoo.")
    merged = merge([a_worker(broken), a_worker()], [known]).evaluators["acme/exact"]
    assert (merged.health, merged.problem, merged.version) == (PluginHealth.BROKEN, "Install libfoo.", "2.0.0")
    assert (merged.summary, merged.worker_count) == ("As it was.", 0)
    assert merge([a_worker(broken)], []).evaluators["acme/exact"].health is PluginHealth.BROKEN


def test_a_plugin_that_no_live_worker_has_is_offline_and_a_target_is_gone():
    merged = merge([], [a_plugin()])
    # What runs beside the system needs no worker.
    assert merged.evaluators == {"acme/exact": replace(a_plugin(), health=PluginHealth.OFFLINE), **CLIENT_PLUGINS}
    assert merged.targets == {}
    targets = merge([a_worker(a_target(version="x.y")), a_worker(a_target(version="0.1"))], []).targets
    assert targets["acme/echo"].version == "0.1"


async def test_the_library_lists_plugins_by_key_and_finds_them(store: Store):
    house = House(store)
    plugins = [a_plugin(key, summary=f"About {key}.") for key in ("b/two", "a/one", "a/three", "c/four")]
    await store.workers.publish(a_worker(*plugins))
    library = house.services.library
    page = await library.page(search=None, first=3, after=None)
    assert [plugin.key for plugin in page.items] == ["a/one", "a/three", "b/two"]
    rest = await library.page(search=None, first=5, after=page.cursors[-1])
    assert [plugin.key for plugin in rest.items] == ["c/four", *sorted(CLIENT_PLUGINS)]
    assert (rest.has_next, rest.has_previous) == (False, True)
    found = await library.page(search="ABOUT A/", first=3, after=None)
    assert [plugin.key for plugin in found.items] == ["a/one", "a/three"]
    with pytest.raises(BadInput):
        await library.page(search=None, first=3, after="nonsense")
    assert await library.refresh(actor=house.key(Role.EDITOR, "p")) is True
    with pytest.raises(Forbidden):
        await library.refresh(actor=house.key(Role.VIEWER, "p"))


# ----------------------------------------------------------------------------------------------------- creating them


async def test_an_evaluator_is_created_once_its_plugin_accepts_the_config(house: House):
    evaluator = await house.services.evaluators.create(
        actor=house.key(Role.EDITOR),
        project_id=house.project.id,
        name=" short ",
        description="Not too long.",
        plugin="length",
        config={"most": 3},
        mapping=TEXT,
        threshold=HALF,
    )
    assert (evaluator.name, evaluator.plugin, evaluator.score_type) == ("short", "acme/length", ScoreType.NUMERIC)
    assert (evaluator.config, evaluator.mapping, evaluator.threshold) == ({"most": 3}, tuple(TEXT), HALF)
    assert (evaluator.version, evaluator.deleted_at) == (1, None)
    assert [(r.kind, r.plugin, r.body) for r in house.asked] == [
        ("check_evaluator", "acme/length", {"config": {"most": 3}})
    ]
    assert await house.services.evaluators.get(actor=house.key(Role.VIEWER), evaluator_id=evaluator.id) == evaluator
    assert await house.services.evaluators.get(actor=house.key(Role.ADMIN, "p"), evaluator_id=evaluator.id) is None


REFUSED: list[tuple[dict[str, Any], type[Refusal], str, str]] = [
    ({"name": ""}, BadInput, "input.name", "empty"),
    ({"description": "x" * 20_001}, LimitExceeded, "input.description", "20,000"),
    ({"plugin": "nothing"}, BadInput, "input.plugin", "There is no evaluator plugin 'nothing'; there are: acme/"),
    ({"plugin": "acme/echo"}, BadInput, "input.plugin", "There is no evaluator plugin"),
    ({"config": {"most": "3"}}, BadInput, "input.config.most", "'3' is not of type 'integer'"),
    ({"config": {"least": 3}}, BadInput, "input.config", "Additional properties"),
    ({"config": [1]}, BadInput, "input.config", "is not of type 'object'"),
    ({"config": {"most": 2**64}}, BadInput, "input.config", "64-bit"),
    ({"config": {"most": "x" * 1_000_000}}, LimitExceeded, "input.config", "1,000,000 bytes"),
    ({"mapping": []}, BadInput, "input.mapping", "'text' is required"),
    ({"mapping": [VariableMapping(variable="x", path="output")]}, BadInput, "input.mapping[0].variable", "no variable"),
    ({"mapping": [VariableMapping(variable="text", path="a.b")]}, BadInput, "input.mapping[0].path", "starts at 'a'"),
    ({"mapping": [*TEXT, *TEXT]}, BadInput, "input.mapping[1].variable", "mapped twice"),
    (
        {"threshold": Threshold(operator=ThresholdOperator.EQ, value="x")},
        BadInput,
        "input.threshold.value",
        "compared with a number",
    ),
]


@pytest.mark.parametrize(("given", "kind", "field", "said"), REFUSED)
async def test_an_evaluator_that_could_not_work_is_refused(
    house: House, given: dict[str, Any], kind: type[Refusal], field: str, said: str
):
    whole = {"plugin": "acme/length", "mapping": TEXT, "config": {"most": 3}, **given}
    refusal = await house.refusal(house.evaluator(**whole))
    assert (type(refusal), refusal.field) == (kind, field)
    assert said in refusal.message
    assert house.asked == []


async def test_a_config_that_the_plugin_itself_refuses_is_refused_at_the_part_that_it_names(house: House):
    house.answer = lambda _: {"problem": "must be odd", "path": ".most"}
    refusal = await house.refusal(house.evaluator("acme/length", mapping=TEXT, config={"most": 2}))
    assert (type(refusal), refusal.field, refusal.message) == (
        BadInput,
        "input.config.most",
        "config.most: must be odd.",
    )
    assert len(house.asked) == 1
    assert await house.store.requests.get(house.asked[0].id) is None


async def test_a_plugin_that_is_broken_or_gone_or_in_two_distributions_can_not_be_used(house: House):
    gone = a_worker(a_plugin("old/gone"))
    await house.store.workers.publish(gone)
    await house.store.workers.remove(gone.id)
    here = [
        a_plugin("old/broken", problem="Install libfoo."),
        a_plugin("other/exact"),
        a_target("old/x", problem="No."),
    ]
    worker = a_worker(*here)
    await house.store.workers.publish(worker)
    cases = [
        ("old/gone", Conflict, "No live worker has old/gone; start one with old installed."),
        ("gone", Conflict, "No live worker has old/gone"),
        ("old/broken", Conflict, "old/broken is broken: Install libfoo."),
        ("exact", BadInput, "'exact' is in several distributions; write acme/exact or other/exact."),
    ]
    for plugin, kind, said in cases:
        refusal = await house.refusal(house.evaluator(plugin))
        assert (type(refusal), refusal.field) == (kind, "input.plugin")
        assert said in refusal.message
    with pytest.raises(Conflict, match=r"old/x is broken: No\."):
        await house.services.library.usable_target("x", field="f")
    await house.store.workers.remove(worker.id)


async def test_a_worker_that_does_not_answer_is_not_waited_for_for_ever(house: House):
    asking = ask_worker(house.store, kind="k", plugin="silent/one", body=None, patience_seconds=0.05)
    refusal = await house.refusal(asking)
    assert type(refusal) is Conflict
    assert "No live worker answered for silent/one within" in refusal.message
    assert await house.store.requests._rows.count_documents({}) == 0


# ----------------------------------------------------------------------------------------------------- changing them


async def test_the_version_grows_with_config_mapping_and_threshold_and_with_nothing_else(house: House):
    evaluator = await house.evaluator("acme/length", mapping=TEXT, config={"most": 3})
    changes: list[tuple[dict[str, Any], int]] = [
        ({"name": "renamed"}, 1),
        ({"description": "New."}, 1),
        ({"config": {"most": 3}}, 1),
        ({"mapping": list(TEXT)}, 1),
        ({"config": {"most": 4}}, 2),
        ({"mapping": [VariableMapping(variable="text", path="input")]}, 3),
        ({"threshold": HALF}, 4),
        ({"threshold": None, "config": None}, 5),
        ({}, 5),
    ]
    for change, version in changes:
        evaluator = await house.services.evaluators.update(
            actor=house.key(Role.EDITOR), evaluator_id=evaluator.id, changes=change
        )
        assert (change, evaluator.version) == (change, version)
        assert await house.services.evaluators.get(actor=ANYONE, evaluator_id=evaluator.id) == evaluator
    assert (evaluator.name, evaluator.description, evaluator.config, evaluator.threshold) == (
        "renamed",
        "New.",
        {},
        None,
    )
    # Only what the plugin has not seen is shown to it.
    assert [request.body["config"] for request in house.asked] == [
        {"most": 3},
        {"most": 4},
        {"most": 4},
        {"most": 4},
        {},
    ]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "input.name"),
        ({"config": {"most": None}}, "input.config.most"),
        ({"mapping": []}, "input.mapping"),
        ({"threshold": Threshold(operator=ThresholdOperator.IN, value=[])}, "input.threshold.value"),
    ],
)
async def test_a_bad_change_changes_nothing(house: House, changes: dict[str, Any], field: str):
    evaluator = await house.evaluator("acme/length", mapping=TEXT)
    changing = house.services.evaluators.update(actor=ANYONE, evaluator_id=evaluator.id, changes=changes)
    assert (await house.refusal(changing)).field == field


async def test_of_those_who_change_an_evaluator_at_once_nobody_overwrites_another(house: House):
    evaluator = await house.evaluator("acme/length", mapping=TEXT)

    async def change(most: int) -> Evaluator | Refusal:
        try:
            return await house.services.evaluators.update(
                actor=ANYONE, evaluator_id=evaluator.id, changes={"config": {"most": most}}
            )
        except Refusal as refusal:
            return refusal

    outcomes = await asyncio.gather(*map(change, range(4)))
    changed = [outcome for outcome in outcomes if isinstance(outcome, Evaluator)]
    assert {type(outcome) for outcome in outcomes if isinstance(outcome, Refusal)} <= {Conflict}
    assert sorted(entry.version for entry in changed) == list(range(2, 2 + len(changed)))
    now_there = await house.services.evaluators.get(actor=ANYONE, evaluator_id=evaluator.id)
    assert now_there == max(changed, key=lambda entry: entry.version)


async def test_a_deleted_evaluator_is_in_no_use_any_more_and_gives_its_name_free(house: House):
    evaluator = await house.evaluator(name="gone")
    taken = await house.refusal(house.evaluator(name="gone"))
    assert (type(taken), taken.field) == (Conflict, "input.name")
    evaluators = house.services.evaluators
    for actor, kind in ((house.key(Role.EDITOR), Forbidden), (house.key(Role.ADMIN, "p"), NotFound)):
        assert type(await house.refusal(evaluators.delete(actor=actor, evaluator_id=evaluator.id))) is kind
    await evaluators.delete(actor=house.key(Role.ADMIN), evaluator_id=evaluator.id)
    for refused in (
        evaluators.delete(actor=ANYONE, evaluator_id=evaluator.id),
        evaluators.update(actor=ANYONE, evaluator_id=evaluator.id, changes={"name": "x"}),
        house.start(evaluator_ids=[evaluator.id]),
    ):
        assert type(await house.refusal(refused)) is NotFound
    kept = (await house.store.evaluators.get_many([evaluator.id]))[evaluator.id]
    assert kept.deleted_at is not None
    assert (await house.evaluator(name="gone")).id != evaluator.id


# ---------------------------------------------------------------------------------------------------- trying them out


def _answering(house: House, answer: Callable[[Any, Any], Any]) -> None:
    """Let the worker score what it is asked to score."""

    def answered(request: Request) -> Any:
        if request.kind != "score":
            return {"problem": None, "path": ""}
        snapshot = decode_snapshot(request.body["evaluator"])
        return [encode_score(answer(snapshot, request.body["context"]))]

    house.answer = answered


async def test_a_score_is_tried_out_on_made_up_values_and_on_a_record_and_nothing_is_stored(house: House):
    run = a_run(house.project.id)
    record = a_record(run, 0, input="in", expected_output="wanted", output="out", metadata={"m": 1})
    await house.store.records.add([record])
    saved = await house.evaluator("acme/length", mapping=TEXT, config={"most": 3}, threshold=HALF)
    seen: list[Any] = []

    def score(snapshot: Any, context: Any) -> Any:
        seen.append((snapshot, context))
        return with_value(a_score(evaluator_id=snapshot.evaluator_id, duration_ms=1.5), 0.75, passed=True)

    _answering(house, score)
    unsaved = Trial(
        project_id=house.project.id, plugin="length", config={"most": 9}, mapping=TEXT, input=1, output={"text": "x"}
    )
    changed = Trial(evaluator_id=saved.id, config={"most": 5}, record_id=record.id)
    before = await house.store.records.get(record.id)
    for trial in (unsaved, changed):
        (given,) = await house.services.evaluators.try_out(actor=house.key(Role.EDITOR), trial=trial)
        assert (given.value, given.passed, given.status, given.duration_ms) == (0.75, True, ScoreStatus.OK, 1.5)
    assert [context for _, context in seen] == [
        {"input": 1, "expected": None, "output": {"text": "x"}, "metadata": None},
        {
            "input": "in",
            "expected": "wanted",
            "output": "out",
            "metadata": {"m": 1},
            "trace": None,
            "record": {
                "latency_ms": None,
                "cost_usd": None,
                "prompt_tokens": None,
                "completion_tokens": None,
                "total_tokens": None,
                "attempts": 0,
            },
        },
    ]
    assert [(s.plugin, s.config, s.threshold) for s, _ in seen] == [
        ("acme/length", {"most": 9}, None),
        ("acme/length", {"most": 5}, HALF),
    ]
    assert seen[1][0].evaluator_id == saved.id
    assert await house.store.records.get(record.id) == before
    assert await house.services.evaluators.get(actor=ANYONE, evaluator_id=saved.id) == saved


@pytest.mark.parametrize(
    ("trial", "kind", "field"),
    [
        (Trial(), BadInput, "input.plugin"),
        (Trial(plugin="acme/length"), BadInput, "input.plugin"),
        (Trial(project_id="HERE"), BadInput, "input.plugin"),
        (Trial(project_id="elsewhere", plugin="acme/length"), NotFound, "input.projectId"),
        (Trial(project_id="HERE", plugin="nothing"), BadInput, "input.plugin"),
        (Trial(project_id="HERE", plugin="acme/length"), BadInput, "input.mapping"),
        (Trial(project_id="HERE", plugin="acme/length", mapping=TEXT, config=1), BadInput, "input.config"),
        (Trial(evaluator_id="nothing"), NotFound, "input.evaluatorId"),
        (Trial(project_id="HERE", plugin="acme/exact", record_id="nothing"), NotFound, "input.recordId"),
        (Trial(project_id="HERE", plugin="acme/exact", record_id="THEIRS"), NotFound, "input.recordId"),
    ],
)
async def test_what_can_not_be_tried_out_is_refused(house: House, trial: Trial, kind: type[Refusal], field: str):
    theirs = a_record(a_run(new_id()), 0)
    await house.store.records.add([theirs])
    trial = replace(
        trial,
        project_id=house.project.id if trial.project_id == "HERE" else trial.project_id,
        record_id=theirs.id if trial.record_id == "THEIRS" else trial.record_id,
    )
    refusal = await house.refusal(house.services.evaluators.try_out(actor=house.key(Role.EDITOR), trial=trial))
    assert (type(refusal), refusal.field) == (kind, field)


async def test_trying_out_needs_who_may_write(house: House):
    trial = Trial(project_id=house.project.id, plugin="acme/exact")
    refusal = await house.refusal(house.services.evaluators.try_out(actor=house.key(Role.VIEWER), trial=trial))
    assert type(refusal) is Forbidden


# ----------------------------------------------------------------------------------------------------------- systems


async def test_a_system_has_versions_that_the_target_accepts(house: House):
    systems: Services = house.services
    system = await systems.systems.create(actor=house.key(Role.EDITOR), project_id=house.project.id, name="bot")
    version = await systems.systems.create_version(
        actor=house.key(Role.EDITOR), system_id=system.id, name="v1", target="echo", config={"url": "http://x"}
    )
    assert (version.target, version.config, version.project_id) == ("acme/echo", {"url": "http://x"}, house.project.id)
    assert [(r.kind, r.plugin) for r in house.asked] == [("check_target", "acme/echo")]
    in_production = await systems.systems.set_production(actor=house.key(Role.EDITOR), version_id=version.id)
    assert in_production == replace(system, production_version_id=version.id)
    assert await systems.systems.get(actor=house.key(Role.VIEWER), system_id=system.id) == in_production
    assert await systems.systems.get_versions(actor=house.key(Role.ADMIN, "p"), ids=[version.id]) == {}


@pytest.mark.parametrize(
    ("given", "kind", "field"),
    [
        ({"name": ""}, BadInput, "input.name"),
        ({"name": "v1"}, Conflict, "input.name"),
        ({"target": "acme/exact"}, BadInput, "input.target"),
        ({"config": {"url": 1}}, BadInput, "input.config.url"),
        ({"config": {"other": 1}}, BadInput, "input.config"),
        ({"config": {"url": float("nan")}}, BadInput, "input.config"),
        ({"system_id": "nothing"}, NotFound, "input.systemId"),
    ],
)
async def test_a_version_that_could_not_be_called_is_refused(
    house: House, given: dict[str, Any], kind: type[Refusal], field: str
):
    version = await house.system_version()
    whole = {"system_id": version.system_id, "name": "v2", "target": "acme/echo", "config": {}, **given}
    refusal = await house.refusal(house.services.systems.create_version(actor=ANYONE, **whole))
    assert (type(refusal), refusal.field) == (kind, field)


async def test_each_use_case_of_systems_and_evaluators_needs_its_role_and_its_project(house: House):
    version, evaluator = await house.system_version(), await house.evaluator()
    systems, evaluators = house.services.systems, house.services.evaluators
    for actor, kind in ((house.key(Role.VIEWER), Forbidden), (house.key(Role.ADMIN, new_id()), NotFound)):
        for refused in (
            systems.create(actor=actor, project_id=house.project.id, name="x"),
            systems.create_version(actor=actor, system_id=version.system_id, name="x", target="acme/echo"),
            systems.set_production(actor=actor, version_id=version.id),
            evaluators.create(actor=actor, project_id=house.project.id, name="x", plugin="acme/exact"),
            evaluators.update(actor=actor, evaluator_id=evaluator.id, changes={"name": "x"}),
        ):
            assert type(await house.refusal(refused)) is kind
    for refused in (
        systems.create(actor=ANYONE, project_id=new_id(), name="x"),
        evaluators.create(actor=ANYONE, project_id=new_id(), name="x", plugin="acme/exact"),
    ):
        refusal = await house.refusal(refused)
        assert (type(refusal), refusal.field) == (NotFound, "input.projectId")
    name = (await house.store.systems.get_many([version.system_id]))[version.system_id].name
    again = systems.create(actor=ANYONE, project_id=house.project.id, name=name)
    assert type(await house.refusal(again)) is Conflict
    assert now() >= version.created_at
