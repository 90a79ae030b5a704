"""Queries that can't be executed, and numbers that JSON does not have."""

from . import operations as op
from .case import Refused, bad_input, ill_typed, limit


def _literal(value: str) -> str:
    return f'mutation ($id: ID!) {{ addScore(input: {{recordId: $id, name: "size", value: {value}}}) {{ id }} }}'


CASES: tuple[Refused, ...] = (
    bad_input("a syntax error", "{ viewer { name }", "query", "Syntax Error: Expected Name, found <EOF>.", status=400),
    bad_input(
        "an unknown field", "{ viewer { mood } }", "query", "Cannot query field 'mood' on type 'Viewer'.", status=400
    ),
    bad_input("a field without a selection", "{ viewer }", "query", "must have a selection of subfields", status=400),
    bad_input("an unknown argument", "{ viewer(of: 1) { name } }", "query", "Unknown argument 'of'", status=400),
    bad_input("a missing argument", "{ run { id } }", "query", "of type 'ID!' is required", status=400),
    bad_input(
        "an unknown mutation", "mutation { dropDatabase }", "query", "Cannot query field 'dropDatabase'", status=400
    ),
    bad_input("an unknown variable", "{ run(id: $id) { id } }", "query", "Variable '$id' is not defined", status=400),
    ill_typed("a missing variable", op.RUN, "id", "Variable '$id' has invalid value: "),
    ill_typed("a variable of the wrong type", op.PROJECTS, "first", "Int cannot represent", first="ten"),
    ill_typed(
        "a missing part of an input",
        op.CREATE_SYSTEM,
        "input",
        "to include required field 'name'",
        input={"projectId": "x"},
    ),
    ill_typed(
        "an unknown part of an input",
        op.CREATE_SYSTEM,
        "input",
        "not to include unknown field 'mood'",
        input={"projectId": "<project>", "name": "x", "mood": "good"},
    ),
    ill_typed(
        "a list of the wrong type",
        op.CREATE_DATASET,
        "input.tags[1]",
        "String cannot represent a non string value",
        input={"projectId": "<project>", "name": "x", "tags": ["a", 7]},
    ),
    ill_typed(
        "an unknown role",
        op.CREATE_KEY,
        "input.role",
        "Value 'OWNER' does not exist in 'Role' enum.",
        input={"projectId": "<project>", "name": "x", "role": "OWNER"},
    ),
    limit(
        "16 levels",
        "query { " + "project(id: 1) { runs { edges { node { project { runs { edges { node { " * 2 + "id" + " }" * 17,
        None,
        "This query has 17 levels, and at most 15 are allowed; ask for inner objects by their ids.",
        status=400,
    ),
    limit("1,000 levels", "{ a " * 1_000 + "}" * 1_000, None, "nested too deep", status=400),
    limit(
        "1,000 lists in a literal",
        _literal("[" * 1_000 + "]" * 1_000),
        None,
        "nested too deep",
        status=400,
        id="<record>",
    ),
    limit(
        "31 aliases",
        "{ " + " ".join(f"a{n}: viewer {{ name }}" for n in range(31)) + " }",
        None,
        "This query has 31 aliases, and at most 30 are allowed; send several queries, or use nodes(ids:).",
        status=400,
    ),
    limit(
        "31 root fields",
        "{ " + "viewer { name } " * 31 + "}",
        None,
        "This query has 31 root fields, and at most 30 are allowed; send several queries.",
        status=400,
    ),
    limit(
        "5,001 tokens", "{ viewer { " + "name " * 5_000 + "} }", None, "more than 5000 tokens. Send less.", status=400
    ),
    limit("a query of a megabyte", "{ viewer { name } }" + " " * 1_000_000, None, "Send less.", status=400),
    limit("1,001 comments", "{ viewer { name } }" + "\n#" * 1_001, None, "Send less.", status=400),
    bad_input("NaN", op.ADD_SCORE, "body", "The body is not JSON", status=400, input={"value": float("nan")}),
    bad_input("infinity", op.ADD_SCORE, "body", "The body is not JSON", status=400, input={"value": float("inf")}),
    *(
        bad_input(
            f"the integer {number} in a variable",
            op.ADD_SCORE,
            "body",
            "The body is not JSON: an integer must fit into 64 bits; write it as a text: line 1 column ",
            status=400,
            input={"recordId": "<record>", "name": "size", "value": {"sizes": [number]}},
        )
        for number in (2**64, -(2**63) - 1, 10**30)
    ),
    *(
        bad_input(
            f"the integer {number} in a literal",
            _literal(f"{{sizes: [{number}]}}"),
            "query",
            "A JSON integer must fit into 64 bits; write it as a text.",
            status=400,
            id="<record>",
        )
        for number in (2**64, -(2**63) - 1)
    ),
    bad_input(
        "infinity in a literal", _literal("1e999"), "query", "A JSON number must be finite.", status=400, id="<record>"
    ),
)
