import asyncio
import functools
import sys
import threading

import pytest
from pydantic import ValidationError

from evalyard import TargetError, TargetResponse
from evalyard_targets import PythonConfig, PythonTarget


class Systems:
    """The functions under test, reached as `systems_under_test:<name>`."""

    release = threading.Event()

    @staticmethod
    def shout(question):
        return question.upper()

    @staticmethod
    async def shout_async(question):
        return question.upper()

    @staticmethod
    def with_request(question, request):
        return f"{question} {request.record_id} {request.attempt}"

    @staticmethod
    async def with_optional_request(question, request=None):
        return request.trial

    @staticmethod
    def with_option(question, temperature=0.5):
        return temperature

    @staticmethod
    def with_anything(*arguments):
        return len(arguments)

    @staticmethod
    def priced(question):
        return TargetResponse(question, cost_usd=0.5, prompt_tokens=3)

    @staticmethod
    def lazily(question):
        return Systems.shout_async(question)

    @staticmethod
    def where(question):
        return threading.current_thread().name

    @staticmethod
    def blocks(question):
        Systems.release.wait()
        return question

    @staticmethod
    async def hangs(question):
        await asyncio.Event().wait()

    @staticmethod
    def fails(question):
        raise ValueError(f"can't answer {question}")

    @staticmethod
    async def fails_async(question):
        Systems.fails(question)

    @staticmethod
    def exits(question):
        sys.exit("bye")

    @staticmethod
    async def exits_async(question):
        sys.exit("bye")

    @staticmethod
    def stops(question):
        raise StopIteration(3)

    @staticmethod
    async def cancels_itself(question):
        raise asyncio.CancelledError

    @staticmethod
    def asks_for_another_call(question):
        raise TargetError("Busy.", code="BUSY", retryable=True, retry_after_seconds=2)

    @staticmethod
    def says_much(question):
        raise ValueError("x" * 100_000)

    class Caller:
        async def __call__(self, question):
            return f"called {question}"

    caller = Caller()
    partial = functools.partial(max, 3)
    number = 7


@pytest.fixture(autouse=True)
def systems(monkeypatch):
    monkeypatch.setitem(sys.modules, "systems_under_test", Systems)
    monkeypatch.setenv("EVALYARD_PYTHON_TARGETS", "1")


@pytest.fixture
async def make_target():
    targets = []

    async def make(name):
        target = PythonTarget(PythonConfig(function=f"systems_under_test:{name}"))
        targets.append(target)
        await target.open()
        return target

    yield make
    for target in targets:
        await target.close()


@pytest.mark.parametrize(
    ("name", "output"),
    [
        ("shout", "HELLO"),
        ("shout_async", "HELLO"),
        ("lazily", "HELLO"),
        ("with_request", "hello record-1 3"),
        ("with_optional_request", 2),
        ("with_option", 0.5),
        ("with_anything", 1),
        ("caller", "called hello"),
    ],
)
async def test_the_function_gets_the_input_and_gives_the_output(make_target, make_request, name, output):
    target = await make_target(name)
    assert await target.call(make_request("hello")) == TargetResponse(output)


async def test_a_builtin_without_a_readable_signature_gets_the_input(make_target, make_request):
    target = await make_target("partial")
    assert await target.call(make_request(5)) == TargetResponse(5)


async def test_a_response_is_passed_on(make_target, make_request):
    target = await make_target("priced")
    assert await target.call(make_request("x")) == TargetResponse("x", cost_usd=0.5, prompt_tokens=3)


async def test_a_blocking_function_does_not_block_the_event_loop(make_target, make_request):
    blocking, quick = await make_target("blocks"), await make_target("shout_async")
    Systems.release.clear()
    calls = [asyncio.ensure_future(blocking.call(make_request(n))) for n in range(100)]

    assert (await quick.call(make_request("still here"))).output == "STILL HERE"
    assert not any(call.done() for call in calls)

    Systems.release.set()
    assert [response.output for response in await asyncio.gather(*calls)] == list(range(100))
    assert (await (await make_target("where")).call(make_request())).output.startswith("evalyard-python-target")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("fails", "ValueError: can't answer hello"),
        ("fails_async", "ValueError: can't answer hello"),
        ("exits", "SystemExit: bye"),
        ("exits_async", "SystemExit: bye"),
        ("stops", "StopIteration: 3"),
        ("cancels_itself", "asyncio.exceptions.CancelledError"),
    ],
)
async def test_whatever_the_function_raises_is_reported(make_target, make_request, name, reason):
    target = await make_target(name)

    with pytest.raises(TargetError) as caught:
        await target.call(make_request("hello"))

    assert (caught.value.code, caught.value.retryable) == ("EXCEPTION", False)
    headline, first_frame, *_ = str(caught.value).splitlines()
    assert headline == f"systems_under_test:{name} raised {reason}"
    assert first_frame.startswith(f'  File "{__file__}", line ')
    assert first_frame.endswith(f", in {name}")
    assert "evalyard_targets" not in str(caught.value)


async def test_a_long_reason_is_cut(make_target, make_request):
    target = await make_target("says_much")
    with pytest.raises(TargetError) as caught:
        await target.call(make_request("hello"))
    assert len(str(caught.value)) < 1500


async def test_the_function_may_ask_to_be_called_again(make_target, make_request):
    target = await make_target("asks_for_another_call")
    with pytest.raises(TargetError, match="Busy") as caught:
        await target.call(make_request("hello"))
    assert (caught.value.code, caught.value.retryable, caught.value.retry_after_seconds) == ("BUSY", True, 2)


async def test_a_call_can_be_cancelled(make_target, make_request):
    target = await make_target("hangs")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await target.call(make_request())


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("systems_of_tomorrow:ask", "No module named 'systems_of_tomorrow'"),
        ("systems_under_test:nothing", "has no attribute 'nothing'"),
        ("systems_under_test:number", "systems_under_test:number is no function but int"),
        ("systems_under_test:number.real.missing", "no attribute 'missing'"),
    ],
)
async def test_a_function_that_can_not_be_imported_is_explained(function, message):
    target = PythonTarget(PythonConfig(function=function))
    with pytest.raises(TargetError) as caught:
        await target.open()
    await target.close()
    assert caught.value.code == "NOT_FOUND"
    assert message in str(caught.value)


@pytest.mark.parametrize("value", [None, "", "0", "false", "no"])
def test_a_worker_has_to_allow_it(monkeypatch, value):
    if value is None:
        monkeypatch.delenv("EVALYARD_PYTHON_TARGETS")
    else:
        monkeypatch.setenv("EVALYARD_PYTHON_TARGETS", value)
    with pytest.raises(TargetError, match="start it with EVALYARD_PYTHON_TARGETS=1") as caught:
        PythonTarget(PythonConfig(function="systems_under_test:shout"))
    assert caught.value.code == "NOT_ALLOWED"


@pytest.mark.parametrize("value", ["1", "true", "True"])
def test_a_worker_may_allow_it(monkeypatch, value):
    monkeypatch.setenv("EVALYARD_PYTHON_TARGETS", value)
    assert PythonTarget(PythonConfig(function="systems_under_test:shout")).config.function == "systems_under_test:shout"


@pytest.mark.parametrize(
    "function", ["shout", "systems.shout", ":shout", "systems:", "sys tems:shout", "a:b:c", "a:b()"]
)
def test_a_function_is_named_by_module_and_name(function):
    with pytest.raises(ValidationError) as caught:
        PythonConfig(function=function)
    assert [error["loc"] for error in caught.value.errors()] == [("function",)]
