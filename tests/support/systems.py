"""Systems under test for the `python` target: what they do is said by the input."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import evalyard

_in_flight: Counter[str] = Counter()

#: What may be said of an answer, and what may not.
SAID: list[Any] = [{"a": 1}, None, {}, {"a": "x" * 100_001}, {"a": float("nan")}, ["a"], "text"]


async def echo(input: Any) -> Any:
    """Answer what the input says to answer."""
    return input["answer"]


async def logged(input: Any) -> Any:
    """Note the call in the file that the input names, take as long as it says, and answer."""
    _note(input["log"], input["answer"])
    await asyncio.sleep(input.get("seconds", 0))
    return input["answer"]


def _note(log: str, answer: str) -> None:
    with Path(log).open("a") as file:
        file.write(f"{answer}\n")


async def crowded(input: Any, request: evalyard.TargetRequest) -> Any:
    """Answer how many calls of the same run are in flight."""
    _in_flight[request.run_id] += 1
    seen = _in_flight[request.run_id]
    await asyncio.sleep(0.02)
    _in_flight[request.run_id] -= 1
    return seen


async def moody(input: Any, request: evalyard.TargetRequest) -> Any:
    """Fail as the input says: `fails` attempts retryably, or for good."""
    if input.get("broken"):
        raise evalyard.TargetError("It is broken.", code="HTTP_400")
    if request.attempt <= input.get("fails", 0):
        raise evalyard.TargetError("Try again.", code="HTTP_503", retryable=True, retry_after_seconds=0)
    return input["answer"]


async def locked(input: Any) -> Any:
    """Refuse every call, as a system does whose key is wrong."""
    raise evalyard.TargetError("You may not.", code="HTTP_403")


#: How many first attempts of `resting` have failed, by run.
rested: Counter[str] = Counter()


async def resting(input: Any, request: evalyard.TargetRequest) -> Any:
    """Fail the first attempt of the answer "0", to be tried again."""
    if input["answer"] == "0" and request.attempt == 1:
        rested[request.run_id] += 1
        raise evalyard.TargetError("Rest.", code="HTTP_503", retryable=True)
    return input["answer"]


async def priced(input: Any) -> evalyard.TargetResponse:
    """Answer at a price of a cent."""
    await asyncio.sleep(0.005)
    return evalyard.TargetResponse(output=input["answer"], cost_usd=0.01, prompt_tokens=3, completion_tokens=2)


async def talkative(input: Any) -> evalyard.TargetResponse:
    """Answer, and say of the answer what SAID has at the input's place."""
    return evalyard.TargetResponse(output=input["answer"], metadata=SAID[input["place"]])


async def never(input: Any) -> Any:
    """Answer long after anybody waits."""
    await asyncio.sleep(3600)


#: Calls of `speaking` that wait to go on, and how many were given up.
gates: dict[str, asyncio.Event] = {}
given_up: list[str] = []


async def speaking(input: Any, request: evalyard.TargetRequest) -> Any:
    """Say a word at a time to whoever watches, each after the first when the gate of the input's name opens."""
    for word in input["words"]:
        if request.on_text is not None:
            request.on_text(word)
        try:
            await gates[input["gate"]].wait()
        except asyncio.CancelledError:
            given_up.append(input["gate"])
            raise
        gates[input["gate"]].clear()
    return "".join(input["words"])


async def telling(input: Any) -> evalyard.TargetResponse:
    """Tell a secret that it was not told: in its answer and beside it, or in its error."""
    if input.get("broken"):
        raise evalyard.TargetError("No account 123-45-6789.", code="HTTP_400")
    return evalyard.TargetResponse(
        output={"said": "Account 123-45-6789.", "password": "hunter2"}, metadata={"log": "123-45-6789"}
    )


async def long(input: Any) -> Any:
    """Answer as long a text as the input says."""
    return "x" * input["length"]


#: The calls of `scripted`, by record.
scripted_calls: Counter[str] = Counter()


async def scripted(input: Any, request: evalyard.TargetRequest) -> evalyard.TargetResponse:
    """Answer at a price of a cent once a record was called more often than the input's `fails` says."""
    scripted_calls[request.record_id] += 1
    await asyncio.sleep(0)
    if scripted_calls[request.record_id] <= input["fails"]:
        raise evalyard.TargetError("Not yet.", code="HTTP_400")
    return evalyard.TargetResponse(output=input["answer"], cost_usd=0.01)
