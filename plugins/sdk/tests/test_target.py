import dataclasses

import pytest

from evalyard import Config, Dispatched, DispatchTarget, Target, TargetError, TargetMode, TargetRequest, TargetResponse


class EchoConfig(Config):
    prefix: str = ""


class Echo(Target[EchoConfig]):
    """Answer with what was asked."""

    async def call(self, request: TargetRequest) -> TargetResponse:
        return TargetResponse(f"{self.config.prefix}{request.input}")


REQUEST = TargetRequest(
    input="hello", metadata=None, item_id=None, run_id="r", record_id="c", trial=1, attempt=1, timeout_seconds=5.0
)


async def test_a_target_opens_calls_and_closes():
    target = Echo(EchoConfig(prefix="> "))

    await target.open()
    response = await target.call(REQUEST)
    await target.close()

    assert response == TargetResponse(output="> hello")
    assert (Echo.Config, Echo.summary) == (EchoConfig, "Answer with what was asked.")


def test_a_target_without_call_can_not_be_made():
    class Mute(Target):
        pass

    with pytest.raises(TypeError, match=r"abstract method '?call"):
        Mute(Config())


def test_requests_and_responses_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        REQUEST.trial = 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        TargetResponse("x").output = "y"


def test_a_target_error_says_whether_to_call_again():
    error = TargetError("Too many requests.", code="HTTP_429", retryable=True, retry_after_seconds=2.5)
    assert (str(error), error.code, error.retryable, error.retry_after_seconds) == (
        "Too many requests.", "HTTP_429", True, 2.5,
    )  # fmt: skip
    assert TargetError("Gone.", code="HTTP_410").retryable is False


async def test_what_is_started_elsewhere_answers_no_single_call():
    class Nightly(DispatchTarget):
        async def dispatch(self, request):
            return Dispatched(60)

    assert (Target.mode, Nightly.mode) == (TargetMode.CALL, TargetMode.DISPATCH)
    with pytest.raises(TargetError, match="answers no single input") as caught:
        await Nightly(Config()).call(REQUEST)
    assert (caught.value.code, caught.value.retryable) == ("NOT_CALLABLE", False)
