"""The `workflow` target against a server that answers as a test says."""

import pytest
from pydantic import ValidationError

from evalyard import Dispatched, DispatchRequest, TargetError
from evalyard_targets import WorkflowConfig, WorkflowTarget

PLAIN = {"repository": "acme/bot", "workflow": "evaluate.yml", "token": "${secret:CI}"}
REQUEST = DispatchRequest(
    run_id="UnVuOjE=", run_number=7, run_name="Nightly", project_id="UHJvamVjdDox", dataset_id=None,
    dataset_version=None, trials=3, timeout_seconds=5.0,
)  # fmt: skip


@pytest.fixture
async def dispatch(server, monkeypatch):
    monkeypatch.setenv("EVALYARD_SECRET_CI", "ghp-test")
    targets = []

    async def call(**config):
        api = {"api_url": f"http://127.0.0.1:{server.port}"}
        target = WorkflowTarget(WorkflowConfig.model_validate(PLAIN | api | config))
        targets.append(target)
        await target.open()
        return await target.dispatch(REQUEST)

    yield call
    for target in targets:
        await target.close()


async def test_inputs_are_texts_and_those_without_a_value_are_left_out(server, make_answer, dispatch):
    server.answers(make_answer(b"", 204))
    inputs = {"n": {"$path": "trials"}, "dataset": {"$path": "dataset_id"}, "fixed": [1], "id": {"$path": "run_id"}}

    started = await dispatch(inputs=inputs, return_run_details=False, deadline_seconds=1.5)

    assert started == Dispatched(1.5, None)
    (asked,) = server.asked
    assert asked.json == {"ref": "main", "inputs": {"n": "3", "fixed": "[1]", "id": "UnVuOjE="}}
    assert asked.headers["x-github-api-version"] == "2022-11-28"


async def test_the_api_may_be_below_a_path(server, make_answer, dispatch):
    server.answers(make_answer(b"", 204))
    await dispatch(api_url=f"http://127.0.0.1:{server.port}/api/v3/", workflow="42")
    assert server.asked[0].path == "/api/v3/repos/acme/bot/actions/workflows/42/dispatches"


@pytest.mark.parametrize(
    ("body", "url"),
    [
        ({"html_url": "https://code.example/7"}, "https://code.example/7"),
        ({"html_url": "javascript:alert(1)"}, None),
        ({"html_url": 7}, None),
        ({}, None),
        (b"<html>", None),
        (b"", None),
    ],
)
async def test_an_answer_that_says_nothing_usable_is_an_answer(server, make_answer, dispatch, body, url):
    server.answers(make_answer(body))
    assert (await dispatch()).url == url


@pytest.mark.parametrize(("status", "retryable"), [(429, True), (500, False), (503, False), (403, False), (404, False)])
async def test_only_a_rate_limit_is_tried_again(server, make_answer, dispatch, status, retryable):
    server.answers(make_answer({"message": "ghp-test is wrong"}, status, retry_after="3"))
    with pytest.raises(TargetError) as caught:
        await dispatch()
    assert (caught.value.code, caught.value.retryable) == (f"HTTP_{status}", retryable)
    assert str(caught.value) == f'The system answered with status {status}: {{"message": "*** is wrong"}}'


async def test_a_connection_that_breaks_may_have_started_it(server, dispatch):
    server.answers(None)
    with pytest.raises(TargetError) as caught:
        await dispatch()
    assert (caught.value.code, caught.value.retryable) == ("CONNECTION", False)


@pytest.mark.parametrize(
    ("config", "place"),
    [
        ({"repository": "acme/.."}, "repository"),
        ({"repository": "../acme"}, "repository"),
        ({"workflow": ".."}, "workflow"),
        ({"workflow": "a/b"}, "workflow"),
        ({"ref": "a b"}, "ref"),
        ({"token": "ghp-in-the-clear"}, "token"),
        ({"inputs": {"a": {"$text": "{{"}, "b": "${secret:X}"}}, "inputs"),
        ({"deadline_seconds": 0}, "deadline_seconds"),
    ],
)
def test_a_wrong_config_is_refused(config, place):
    with pytest.raises(ValidationError) as caught:
        WorkflowConfig.model_validate(PLAIN | config)
    assert {error["loc"][0] for error in caught.value.errors()} == {place}
    assert "in-the-clear" not in caught.value.errors()[0]["msg"]
