import time

import pytest

from evalyard_judge._form import Form, Malformed, Verdict, read_content
from evalyard_openai import EndpointError

FORM = Form({"type": "boolean"}, "true or false", lambda value: value)


@pytest.mark.parametrize(
    "content",
    [
        '{"explanation": "So.", "verdict": true}',
        '{"verdict": true, "explanation": "So."}',
        '```json\n{"explanation": "So.", "verdict": true}\n```',
        'I think {this}: {"explanation": "So.", "verdict": true} and that is it.',
        '{"thoughts": {}} {"explanation": "So.", "verdict": true}',
        '{"answer": {"explanation": "So.", "verdict": true}}',
    ],
)
def test_an_answer_is_found_in_what_surrounds_it(content):
    assert FORM.read(content) == Verdict(True, "So.")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("true", "it holds no JSON object"),
        ("", "it holds no JSON object"),
        ("[true]", "it holds no JSON object"),
        ('{"explanation": "So."', "it holds no JSON object"),
        ('{"verdict": true}', "it holds no JSON object"),
        ('{"explanation": null, "verdict": true}', '"explanation" is no text'),
    ],
)
def test_an_answer_of_another_form_is_malformed(content, problem):
    with pytest.raises(Malformed, match=problem):
        FORM.read(content)


def test_hostile_answers_take_little_time():
    started = time.process_time()
    for content in ("{" * 1_000_000, '{"a":' * 200_000, "[" * 1_000_000, '{"' * 500_000):
        with pytest.raises(Malformed):
            FORM.read(content)
    assert time.process_time() - started < 5


def test_an_explanation_can_be_stored():
    verdict = FORM.read('{"explanation": "\\ud800' + "x" * 5_000 + '", "verdict": true}')
    assert verdict.explanation == "?" + "x" * 1_999


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"choices": []},
        {"choices": None},
        {"choices": [None]},
        {"choices": [{"message": None}]},
        {"choices": [{"message": {"content": None}}]},
        {"choices": [{"message": {"content": " "}}]},
        {"choices": [{"message": {"content": [{"type": "text"}]}}]},
    ],
)
def test_a_completion_without_a_text_is_malformed(body):
    with pytest.raises(Malformed):
        read_content(body)


@pytest.mark.parametrize(
    ("choice", "code"),
    [
        ({"message": {"content": "{", "refusal": None}, "finish_reason": "length"}, "CUT_OFF"),
        ({"message": {"content": None, "refusal": "No \ud800."}, "finish_reason": "stop"}, "REFUSED"),
        ({"message": {"content": ""}, "finish_reason": "content_filter"}, "REFUSED"),
    ],
)
def test_what_asking_again_does_not_mend_is_an_error(choice, code):
    with pytest.raises(EndpointError) as caught:
        read_content({"choices": [choice]})
    assert caught.value.code == code
    str(caught.value).encode()


@pytest.mark.parametrize(("kind", "expected"), [("text", None), ("json_object", {"type": "json_object"})])
def test_the_form_can_be_asked_for_in_words_only(kind, expected):
    assert FORM.response_format(kind) == expected


def test_a_schema_is_strict_and_has_the_explanation_first():
    wanted = FORM.response_format("json_schema")["json_schema"]
    assert wanted["strict"] is True
    assert list(wanted["schema"]["properties"]) == wanted["schema"]["required"] == ["explanation", "verdict"]
    assert wanted["schema"]["additionalProperties"] is False
