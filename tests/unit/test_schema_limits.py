"""How large a query may be."""

import time

import pytest
from graphql import parse

from evalyard_schema.documents import DocumentCache
from evalyard_schema.limits import excess
from evalyard_schema.schema import schema
from tests.fixtures.asking import refused


def nested(levels: int) -> str:
    """Return a query of so many levels, valid at any depth of four and more."""
    inner = "id"
    for level in range(levels - 1):
        inner = f"project {{ {inner} }}" if level % 2 == 0 else f"dataset {{ {inner} }}"
    return f"{{ {inner} }}"


SPREAD = """
{ ...a }
fragment a on Query { viewer { projects { edges { node { ...b } } } } }
fragment b on Project { datasets { edges { node { ...c } } } }
fragment c on Dataset { runs { edges { node { ...d } } } }
fragment d on Run { records { edges { node { scores { history { id } } } } } }
"""


@pytest.mark.parametrize(
    ("query", "why"),
    [
        (nested(15), None),
        (nested(16), "This query has 16 levels, and at most 15 are allowed; ask for inner objects by their ids."),
        ("{ viewer { " + " ".join(f"a{n}: name" for n in range(30)) + " } }", None),
        (
            "{ viewer { " + " ".join(f"a{n}: name" for n in range(31)) + " } }",
            "This query has 31 aliases, and at most 30 are allowed; send several queries, or use nodes(ids:).",
        ),
        ("{" + " viewer { name }" * 30 + "}", None),
        (
            "{" + " viewer { name }" * 31 + "}",
            "This query has 31 root fields, and at most 30 are allowed; send several queries.",
        ),
        ("{ ...a } fragment a on Query { b: viewer { ...c } } fragment c on Viewer { d: name }", None),
        (
            SPREAD,
            "This query has 16 levels, and at most 15 are allowed; ask for inner objects by their ids.",
        ),
        ("{ viewer { ...a ...a } } fragment a on Viewer { " + " ".join(f"a{n}: name" for n in range(16)) + " }", "32"),
        ("{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }", None),
        ("{ ...nowhere }", None),
        ("{ ... on Query { ... { viewer { name } } } }", None),
        ("{ viewer {} }", None),
    ],
)
def test_a_query_may_be_so_large(query: str, why: str | None):
    said = excess(parse(query))
    assert said == why if why is None or not why.isdigit() else why in str(said)


def test_introspection_is_not_counted():
    deep = "{ __schema { types { " + "ofType { " * 20 + "name" + " }" * 20 + " } } }"
    assert excess(parse(deep)) is None


def test_the_tools_introspection_is_allowed():
    assert schema.introspect()["__schema"]["queryType"]["name"] == "Query"


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("{" + "a " * 5_000 + "}", "Document contains more than 5000 tokens. Send less."),
        ("# c\n" * 1_001 + "{ viewer { name } }", "Document contains more than 1000 comments. Send less."),
        ("{ a" * 300 + " }" * 300, "Document is nested too deeply. Send less."),
        (" " * 1_000_001, "Source contains more than 1000000 code points. Send less."),
        (nested(16), "This query has 16 levels, and at most 15 are allowed; ask for inner objects by their ids."),
        (
            "{ viewer {" + " name" * 4_000 + " } }",
            "This query repeats too many fields or fragments to be checked; simplify it.",
        ),
    ],
)
async def test_a_query_that_is_too_large_is_refused_before_it_is_looked_at(query: str, sentence: str):
    begun = time.process_time()
    result = await schema.execute(query)
    assert time.process_time() - begun < 2
    assert result.data is None
    assert result.errors is not None
    [error] = result.errors
    assert (refused(error).code, refused(error).message) == ("LIMIT_EXCEEDED", sentence)


async def test_fragments_that_double_at_each_step_cost_nothing():
    fragments = [f"fragment f{n} on Viewer {{ ...f{n + 1} ... {{ ...f{n + 1} }} }}" for n in range(200)]
    query = "{ viewer { ...f0 } } " + " ".join(fragments) + " fragment f200 on Viewer { name }"
    begun = time.process_time()
    await schema.execute(query)
    assert time.process_time() - begun < 2


def test_the_cache_keeps_the_documents_that_were_used_last():
    cache, document = DocumentCache(), parse("{ viewer { name } }")
    for number in range(200):
        cache.keep(str(number), document)
    assert cache.get("0") is document
    cache.keep("200", document)
    assert cache.get("0") is document
    assert cache.get("1") is None
    cache.keep("x" * 10_001, document)
    assert cache.get("x" * 10_001) is None


async def test_a_document_that_is_known_is_executed_like_a_new_one():
    query = "{ __typename }"
    assert [(await schema.execute(query)).data for _ in range(2)] == [{"__typename": "Query"}] * 2
    bad = "{ nothing }"
    first, second = [(await schema.execute(bad)).errors for _ in range(2)]
    assert first is not None
    assert second is not None
    assert [str(error) for error in first] == [str(error) for error in second]
