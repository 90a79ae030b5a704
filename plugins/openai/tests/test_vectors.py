import json

import pytest

from evalyard_openai import EndpointError, Usage
from tests.support.openai_replies import Raw


def _rows(*vectors, **more):
    rows = [{"object": "embedding", "index": at, "embedding": vector} for at, vector in enumerate(vectors)]
    return {"object": "list", "data": rows, "model": "test-embedding", **more}


async def test_texts_get_their_vectors_by_one_request(openai, make_endpoint):
    openai.embeddings.answers([[1.0, 0.0], [0.0, 1.0]])
    embedded = await make_endpoint(model="test-embedding", parameters={"dimensions": 2}).embed(["one", "two words"])
    assert embedded.vectors == [[1.0, 0.0], [0.0, 1.0]]
    assert embedded.answer.usage == Usage(prompt_tokens=3)
    (asked,) = openai.embeddings.asked
    assert asked.body == {
        "model": "test-embedding",
        "input": ["one", "two words"],
        "encoding_format": "float",
        "dimensions": 2,
    }


async def test_vectors_are_put_in_the_order_of_their_texts(openai, make_endpoint):
    body = _rows([1, 0], [0, 1])
    body["data"].reverse()
    openai.embeddings.answers(Raw(json.dumps(body).encode()))
    assert (await make_endpoint(model="test-embedding").embed(["a", "b"])).vectors == [[1, 0], [0, 1]]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "it has vectors of 0 of the 2 texts"),
        ({"data": {"0": [1]}}, "it has vectors of 0 of the 2 texts"),
        (_rows([1.0]), "it has vectors of 1 of the 2 texts"),
        (_rows([1.0], [1.0], [1.0]), "row 3 is no vector of one of the 2 texts"),
        (_rows([1.0], []), "row 2 is no vector"),
        (_rows([1.0], [None]), "row 2 is no vector"),
        (_rows([1.0], [True]), "row 2 is no vector"),
        (_rows([1.0], [float("nan")]), "row 2 is no vector"),
        (_rows([1.0], "AACAPw=="), "row 2 is no vector"),
        (_rows([1.0], [1.0, 2.0]), "its vectors have different lengths"),
        ({"data": [{"index": -1, "embedding": [1.0]}]}, "row 1 is no vector"),
        ({"data": [7, None]}, "row 1 is no vector"),
    ],
)
async def test_an_answer_that_lacks_vectors_is_refused(openai, make_endpoint, body, message):
    openai.embeddings.answers(Raw(json.dumps(body).encode()))
    with pytest.raises(EndpointError, match=message) as caught:
        await make_endpoint(model="test-embedding").embed(["a", "b"])
    assert caught.value.code == "BAD_ANSWER"
