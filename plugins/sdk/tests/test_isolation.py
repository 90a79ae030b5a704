"""The messages between a worker and a plugin's process."""

import importlib
import json
import math
import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

import evalyard
from evalyard import EvaluationError, Score, ScoreType, Skip
from evalyard.isolation import BadMessage, Raised, Unpacker, pack, read_answer
from evalyard.isolation._answers import error_message, result_message
from evalyard.isolation._instances import Instances
from evalyard.isolation._wire import LONGEST_ANSWER, Channel
from evalyard.plugins import ResultError, VariableError, discover, load_evaluator

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(messages=st.lists(values, max_size=5), size=st.integers(1, 50))
def test_messages_come_out_as_they_went_in_however_they_are_cut(messages, size):
    unpacker, stream = Unpacker(), b"".join(map(pack, messages))
    pieces = [stream[begin : begin + size] for begin in range(0, len(stream), size)]

    assert [message for piece in pieces for message in unpacker.feed(piece)] == messages


@pytest.mark.parametrize(
    "stream",
    [
        struct.pack(">I", 3) + b"{]}",
        struct.pack(">I", 2) + b"\xff\xfe",
        struct.pack(">I", 200_000) + b"[" * 200_000,
        struct.pack(">I", LONGEST_ANSWER + 1),
    ],
    ids=["no JSON", "no text", "too deep", "too long"],
)
def test_nonsense_is_refused(stream):
    with pytest.raises(BadMessage):
        list(Unpacker().feed(stream))


def test_a_channel_gives_one_message_after_the_other_and_none_at_the_end():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        channel = Channel(theirs)
        ours.sendall(pack({"first": "ä"}) + pack([2]))
        assert [channel.receive(), channel.receive()] == [{"first": "ä"}, [2]]
        channel.send({"answer": 1})
        assert list(Unpacker().feed(ours.recv(100))) == [{"answer": 1}]
        with pytest.raises(ValueError, match=r"^it has 4,194,3\d\d bytes$"):
            channel.send("x" * LONGEST_ANSWER)
        ours.shutdown(socket.SHUT_WR)
        assert channel.receive() is None


def there_and_back(message):
    return read_answer(json.loads(json.dumps(message)))


@pytest.mark.parametrize(
    ("result", "score_type"),
    [
        (True, ScoreType.BOOLEAN),
        (0.5, ScoreType.NUMERIC),
        (Score("good", explanation="So \ud800.", metadata={"a": [1]}, cost_usd=0.1), ScoreType.CATEGORICAL),
        (Score(1, passed=False, prompt_tokens=3, completion_tokens=4), ScoreType.NUMERIC),
    ],
)
def test_a_score_comes_back_as_it_was(result, score_type):
    answer = there_and_back(result_message(7, result, score_type, 0.25))

    expected = result if isinstance(result, Score) else Score(result)
    if expected.explanation:
        assert answer.result.explanation == "So ?."
        assert answer.result.metadata == expected.metadata
    else:
        assert answer.result == expected
    assert (answer.place, answer.error, answer.seconds) == (7, None, 0.25)


def test_several_scores_come_back_with_the_main_one_first():
    several = {"f1": 0.5, "score": 1, "not score": Score(2)}

    answer = there_and_back(result_message(0, several, ScoreType.NUMERIC, 0.0))

    (_, main), *others = answer.result.items()
    assert (main, others) == (Score(0.5), [("score", Score(1)), ("not score", Score(2))])


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (math.nan, "The score is nan; it must be a finite number."),
        ("text", "A NUMERIC evaluator must not return str ('text')."),
    ],
)
def test_what_is_no_score_comes_back_as_the_reason(result, message):
    answer = there_and_back(result_message(0, result, ScoreType.NUMERIC, 0.0))

    assert isinstance(answer.error, ResultError)
    assert str(answer.error) == message


class Odd(BaseException):
    def __str__(self):
        raise RuntimeError


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (Skip("nothing to do"), Skip, "nothing to do"),
        (EvaluationError("Wait.", code="RATE_LIMIT", retryable=True), EvaluationError, "Wait."),
        (VariableError("It is a text.", variable="n"), VariableError, "It is a text."),
        (ResultError("It is none."), ResultError, "It is none."),
        (MemoryError("of C"), MemoryError, ""),
        (SystemExit("bye"), SystemExit, "1"),
        (ValueError("no\ud800"), Raised, "ValueError: no?"),
        (Odd(), Raised, "Odd: Odd"),
    ],
)
def test_what_was_raised_comes_back_in_kind(error, kind, text):
    came = there_and_back(error_message(1, error, 0.5)).error

    assert type(came) is kind
    assert str(came) == text
    if isinstance(came, EvaluationError):
        assert (came.code, came.retryable) == ("RATE_LIMIT", True)


def made(**options):
    @evalyard.evaluator(score_type=ScoreType.BOOLEAN, **options)
    def same(*, output, expected):
        return output == expected

    return same


def test_an_evaluator_says_where_it_wants_to_run():
    assert (made().isolation, made(isolation="process").isolation) == ("none", "process")


def test_one_that_wants_to_run_where_nothing_runs_is_broken(install):
    source = """
from evalyard import ScoreType, evaluator

@evaluator(score_type=ScoreType.BOOLEAN, isolation="moon")
def far(*, output): return True
"""
    install("acme", plugins={"far": "acme_far:far"}, modules={"acme_far": source})
    (found,) = [plugin for plugin in discover("evalyard.evaluators") if plugin.key == "acme/far"]

    with pytest.raises(evalyard.PluginLoadError, match=r"far\.isolation is 'moon'; it is one of none, process\."):
        load_evaluator(found)


COUNTING = """
from evalyard import Config, Evaluator, ScoreType

calls = []

class Numbered(Config):
    number: int

class Counts(Evaluator[Numbered]):
    score_type = ScoreType.BOOLEAN

    def setup(self): calls.append(("setup", self.config.number))
    def teardown(self): calls.append(("teardown", self.config.number))
    def evaluate(self, *, output): return True
"""


def test_a_process_keeps_eight_evaluators_set_up_and_those_that_were_used_last(install):
    install("acme", plugins={"counts": "acme_counts:Counts"}, modules={"acme_counts": COUNTING})
    instances = Instances()
    for number in (0, 1, 2, 3, 4, 5, 6, 7, 0, 8):
        instances.make("acme/counts", {"number": number}).set_up()
    calls = importlib.import_module("acme_counts").calls

    assert calls == [*(("setup", number) for number in range(8)), ("teardown", 1), ("setup", 8)]
    instances.close()
    assert sorted(calls[10:]) == [("teardown", number) for number in (0, 2, 3, 4, 5, 6, 7, 8)]
