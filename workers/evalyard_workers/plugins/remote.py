"""Evaluators that run in a process of their distribution."""

import time
from collections.abc import Mapping, Sequence
from typing import Any, Final, NoReturn

from evalyard.isolation import read_answer

from .answers import Answer, HungError, Variables
from .child import Child, Ended, Late
from .children import Children
from .refusals import ConfigRefused, NotMade, PluginUnavailable, SetupFailed, TooSlow
from .run_cases import Pass, RunCases
from .trouble import MOST_IN_A_ROW, Trouble

#: For what a process does beside scoring: importing the plugin, `setup`.
_READY_SECONDS: Final = 300.0
_CHECK_SECONDS: Final = 60.0
_GRACE_SECONDS: Final = 0.5
#: What a damaged message makes of reading it.
_DAMAGED: Final = (KeyError, TypeError, ValueError, AttributeError)


class Crashed(Exception):
    """An evaluator ended its process; the message says how, after `its process`."""


class RemoteEvaluator:
    """Gets the answers of one evaluator out of a process, and starts another one when it dies."""

    def __init__(self, key: str, config: Any, children: Children, trouble: Trouble) -> None:
        self._evaluator = {"plugin": key, "config": config}
        self._key = key
        self._children = children
        self._trouble = trouble

    async def answers(self, cases: Sequence[Variables], limit_seconds: float) -> Sequence[Answer]:
        """Return what the evaluator says of each case; raises one of `refusals.UNUSABLE`."""
        batch = _Batch(cases)
        faults = 0
        while batch.left and faults < MOST_IN_A_ROW and not self._trouble.is_left_alone:
            fault = await self._turn(batch, limit_seconds)
            if fault is not None:
                faults += 1
                self._trouble.note()
                batch.blame(fault)
        batch.give_up(self._trouble)
        return batch.answers

    async def answer_run(self, cases: RunCases, limit_seconds: float) -> Answer:
        """Return what the evaluator says of a run; raises StoreError, or one of `refusals.UNUSABLE`."""
        if self._trouble.is_left_alone:
            return Answer(None, self._trouble.not_tried(), 0.0)
        try:
            async with self._children.lent(self._key) as child:
                answer = await self._run(child, cases, limit_seconds)
        except (Ended, Late) as error:
            self._trouble.note()
            return Answer(None, _fault(error, limit_seconds), 0.0)
        self._trouble.is_over()
        return answer

    async def _turn(self, batch: "_Batch", limit_seconds: float) -> Exception | None:
        """Score what is left of a batch; return why it was broken off."""
        try:
            async with self._children.lent(self._key) as child:
                await self._score(child, batch, limit_seconds)
        except (Ended, Late) as error:
            return _fault(error, limit_seconds)
        finally:
            if batch.has_news:
                self._trouble.is_over()
        return None

    async def _score(self, child: Child, batch: "_Batch", limit_seconds: float) -> None:
        places = batch.begin()
        cases = [batch.cases[place] for place in places]
        await child.send({"do": "score", **self._evaluator, "cases": cases, "limit": limit_seconds})
        ready = await self._ready(child)
        batch.in_order = ready.get("mode") == "in order"
        patience = _GRACE_SECONDS + limit_seconds * (len(cases) if ready.get("mode") == "together" else 1)
        # No more than there are cases: whoever goes on talking would hold the batch for ever.
        for _ in places:
            place, answer = await _answer(child, await _mapping(child, patience), limit_seconds, ready)
            batch.take(places, place, answer)
        if not (await _mapping(child, patience)).get("done") or batch.left:
            await _nonsense(child)

    async def _run(self, child: Child, cases: RunCases, limit_seconds: float) -> Answer:
        await child.send({"do": "run", **self._evaluator, "limit": limit_seconds})
        ready = await self._ready(child)
        passes: dict[int, Pass] = {}
        answer = Answer(None, SetupFailed("It said nothing."), 0.0)
        deadline = time.monotonic() + limit_seconds + _GRACE_SECONDS
        while not (message := await _mapping(child, max(0.0, deadline - time.monotonic()))).get("done"):
            if "page" in message:
                await child.send({"cases": await _page(message, passes, cases)})
            else:
                _, answer = await _answer(child, message, limit_seconds, ready)
        return answer

    async def _ready(self, child: Child) -> Mapping[str, Any]:
        message = await _mapping(child, _READY_SECONDS)
        if unusable := message.get("unusable"):
            _refuse(unusable)
        return message


class _Batch:
    """The cases of a batch, and the answers that have come."""

    def __init__(self, cases: Sequence[Variables]) -> None:
        self.cases = cases
        self.in_order = False
        self.has_news = False
        self._answers: list[Answer | None] = [None] * len(cases)
        self._last: Exception | None = None

    @property
    def left(self) -> list[int]:
        """The places of the cases that have no answer."""
        return [place for place, answer in enumerate(self._answers) if answer is None]

    @property
    def answers(self) -> list[Answer]:
        return [answer for answer in self._answers if answer is not None]

    def begin(self) -> list[int]:
        """Return the places of what is to be sent."""
        self.in_order = self.has_news = False
        return self.left

    def take(self, places: Sequence[int], place: int, answer: Answer) -> None:
        self.has_news = True
        if 0 <= place < len(places):
            self._answers[places[place]] = answer

    def blame(self, fault: Exception) -> None:
        """Give the fault to the case that was under way: the first where they are taken in order, else all."""
        self._last = fault
        left = self.left
        for place in left[:1] if self.in_order else left:
            self._answers[place] = Answer(None, fault, 0.0)

    def give_up(self, trouble: Trouble) -> None:
        """Answer what was not tried."""
        for place in self.left:
            self._answers[place] = Answer(None, self._last or trouble.not_tried(), 0.0)


async def describe(children: Children, key: str, limit_seconds: float) -> Mapping[str, Any]:
    """Return the description of an evaluator plugin; raises PluginUnavailable, in particular TooSlow."""
    answer = await _asked(children, {"do": "describe", "plugin": key}, key, limit_seconds)
    described = answer.get("described")
    if not isinstance(described, Mapping):
        raise PluginUnavailable(f"The process of {key} sent no description of it: install its evalyard again.")
    return described


async def check(children: Children, key: str, config: Any) -> None:
    """Refuse a config that the evaluator refuses; raises one of `refusals.UNUSABLE`."""
    await _asked(children, {"do": "check", "plugin": key, "config": config}, key, _CHECK_SECONDS)


async def _asked(children: Children, question: Mapping[str, Any], key: str, limit_seconds: float) -> Mapping[str, Any]:
    try:
        async with children.lent(key) as child:
            await child.send(question)
            answer = await _mapping(child, limit_seconds)
    except Late as error:
        raise TooSlow(
            f"{key} was not loaded within {limit_seconds:g} s: report it to its authors, or uninstall it."
        ) from error
    except Ended as error:
        raise PluginUnavailable(
            f"{key} can't be loaded: its process {error}. The worker's log has what it printed."
        ) from error
    if unusable := answer.get("unusable"):
        _refuse(unusable)
    return answer


def _refuse(unusable: Any) -> NoReturn:
    """Raise what an evaluator's process says of why it can't be used."""
    try:
        kind, message = str(unusable["kind"]), str(unusable["message"])
        if kind == "config":
            raise ConfigRefused(message, str(unusable["path"]))
    except _DAMAGED as error:
        raise NotMade("its process sent nonsense") from error
    kinds = {"broken": PluginUnavailable, "made": NotMade, "setup": SetupFailed}
    raise kinds.get(kind, NotMade)(message)


async def _mapping(child: Child, limit_seconds: float) -> Mapping[str, Any]:
    message = await child.receive(limit_seconds)
    return message if isinstance(message, Mapping) else await _nonsense(child)


async def _answer(
    child: Child, message: Mapping[str, Any], limit_seconds: float, ready: Mapping[str, Any]
) -> tuple[int, Answer]:
    """Return what a message says of a case, and the case's place."""
    version = str(ready.get("version"))
    try:
        if message.get("late"):
            return int(message["case"]), Answer(None, HungError(limit_seconds), limit_seconds, version)
        said = read_answer(message)
    except _DAMAGED:
        return await _nonsense(child)
    child.is_spent = child.is_spent or isinstance(said.error, MemoryError)
    return said.place, Answer(said.result, said.error, said.seconds, version)


async def _page(message: Mapping[str, Any], passes: dict[int, Pass], cases: RunCases) -> list[Variables]:
    """Return the next page of a pass, which is told what was left out of the one before."""
    over = passes.setdefault(message["page"], cases.begin())
    over.leave_out(int(message["left_out"]), str(message["reason"]))
    return await over.page()


async def _nonsense(child: Child) -> NoReturn:
    await child.kill()
    raise Ended("sent nonsense")


def _fault(error: Exception, limit_seconds: float) -> Exception:
    return HungError(limit_seconds) if isinstance(error, Late) else Crashed(str(error))
