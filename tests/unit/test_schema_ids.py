"""Global ids."""

import base64
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalyard_schema.ids import NodeId, NodeType, decode, decode_many, encode, parse
from evalyard_schema.queries.node import FINDERS
from evalyard_schema.schema import schema
from tests.fixtures.core import QUICK, refusal_of

NO_ID = "This is no id; pass one that the API returned."


@QUICK
@given(node_type=st.sampled_from(get_args(NodeType)), raw=st.text(min_size=1).filter(lambda t: t.isprintable()))
def test_an_id_comes_back_as_it_went(node_type: NodeType, raw: str):
    assert parse(encode(node_type, raw), field="id") == NodeId(node_type, raw)
    assert decode(encode(node_type, raw), node_type, field="id") == raw


def test_an_id_is_the_base64_of_type_and_raw_id():
    assert encode("Run", "65f0") == base64.b64encode(b"Run:65f0").decode()


@pytest.mark.parametrize(
    "value",
    [
        "",
        "65f0c0ffee",
        "Run:65f0",
        "%%%",
        "UnVuOjY1ZjA",
        "UnVuOjY1ZjA=\n",
        base64.b64encode(b"Run").decode(),
        base64.b64encode(b"Run:").decode(),
        base64.b64encode(b":65f0").decode(),
        base64.b64encode(b"Nothing:65f0").decode(),
        base64.b64encode(b"\xff\xfe:1").decode(),
        "ÜnVu",
    ],
)
def test_what_is_no_id_is_refused(value: str):
    refusal = refusal_of(lambda: parse(value, field="input.runId"))
    assert refusal is not None
    assert (refusal.code, refusal.field, refusal.message) == ("BAD_USER_INPUT", "input.runId", NO_ID)


@pytest.mark.parametrize(
    ("given_type", "wanted", "message"),
    [
        ("Dataset", "Run", "This is the id of a Dataset; pass a Run's."),
        ("Run", "Evaluator", "This is the id of a Run; pass an Evaluator's."),
        ("ApiKey", "System", "This is the id of an ApiKey; pass a System's."),
    ],
)
def test_the_id_of_another_type_is_refused(given_type: NodeType, wanted: NodeType, message: str):
    refusal = refusal_of(lambda: decode(encode(given_type, "1"), wanted, field="id"))
    assert refusal is not None
    assert (refusal.code, refusal.field, refusal.message) == ("BAD_USER_INPUT", "id", message)


def test_a_refusal_in_a_list_names_the_place():
    good, bad = encode("Run", "1"), encode("System", "1")
    assert decode_many([good, good], "Run", field="runIds") == ["1", "1"]
    refusal = refusal_of(lambda: decode_many([good, bad], "Run", field="runIds"))
    assert refusal is not None
    assert refusal.field == "runIds[1]"


def test_a_list_has_a_thousand_ids_at_most():
    refusal = refusal_of(lambda: decode_many([encode("Run", "1")] * 1001, "Run", field="runIds"))
    assert refusal is not None
    assert (refusal.code, refusal.field) == ("LIMIT_EXCEEDED", "runIds")


def test_each_node_type_has_ids_and_a_way_to_be_found():
    nodes = {kind.name for kind in schema._schema.get_possible_types(schema._schema.type_map["Node"])}
    assert nodes == set(get_args(NodeType)) == set(FINDERS)
