"""Who may not, and why."""

from . import operations as op
from .case import ADMIN, EDITOR, VIEWER, Refused, forbidden, unauthenticated

_REMEDY = "Send `Authorization: Bearer <key>`; keys are made with createApiKey or `evalyard keys create`."
_HERE = {"projectId": "<project>"}


def _too_low(query: str, needed: str, who: str, /, **variables: object) -> Refused:
    name = f"{op.field_of(query)} as {who}"
    says = f"This needs the role {needed}; the key {who!r} has {who.upper()}. Use another key."
    return forbidden(name, query, says, who=who, **variables)


def _unknown(name: str, who: str, says: str) -> list[Refused]:
    return [
        unauthenticated(f"a query with {name}", says, query=op.VIEWER, who=who),
        unauthenticated(f"a mutation with {name}", says, query=op.DELETE_RUN, who=who, id="<called>"),
    ]


CASES = (
    *_unknown("no key", "nobody", f"This needs an API key. {_REMEDY}"),
    *_unknown("a key that was made up", "garbage", f"This API key is unknown or was revoked. {_REMEDY}"),
    *_unknown("a revoked key", "revoked", f"This API key is unknown or was revoked. {_REMEDY}"),
    *_unknown("an expired key", "expired", "This API key expired at "),
    forbidden(
        "createProject with a project's key",
        op.CREATE_PROJECT,
        "This needs an instance key; make one with `evalyard keys create --instance`.",
        who=ADMIN,
        input={"name": "mine"},
    ),
    _too_low(op.UPDATE_PROJECT, "ADMIN", EDITOR, id="<project>", name="mine"),
    _too_low(op.DELETE_PROJECT, "ADMIN", EDITOR, id="<project>"),
    _too_low(op.CREATE_KEY, "ADMIN", EDITOR, input={**_HERE, "name": "root", "role": "ADMIN"}),
    _too_low(op.REVOKE_KEY, "ADMIN", EDITOR, id="<admin_key>"),
    forbidden(
        "apiKeys as editor",
        op.KEYS,
        "This needs the role ADMIN; the key 'editor' has EDITOR. Use another key.",
        who=EDITOR,
        id="<project>",
    ),
    _too_low(op.NODE, "ADMIN", EDITOR, id="<admin_key>"),
    _too_low(op.DELETE_DATASET, "ADMIN", EDITOR, id="<empty>"),
    _too_low(op.DELETE_EVALUATOR, "ADMIN", EDITOR, id="<similar>"),
    _too_low(op.DELETE_RUN, "ADMIN", EDITOR, id="<finished>"),
    _too_low(op.DELETE_TRACE, "ADMIN", EDITOR, id="<trace>"),
    _too_low(op.DELETE_TRACES, "ADMIN", EDITOR, ids=["<trace>"]),
    _too_low(op.CREATE_DATASET, "EDITOR", VIEWER, input={**_HERE, "name": "mine"}),
    _too_low(op.UPDATE_DATASET, "EDITOR", VIEWER, id="<dataset>", input={"name": "mine"}),
    _too_low(op.ADD_ITEMS, "EDITOR", VIEWER, datasetId="<dataset>", items=[{"input": 1}]),
    _too_low(op.UPDATE_ITEM, "EDITOR", VIEWER, id="<item>", input={"input": 1}),
    _too_low(op.DELETE_ITEMS, "EDITOR", VIEWER, ids=["<item>"]),
    _too_low(op.ATTACH, "EDITOR", VIEWER, datasetId="<dataset>", evaluatorId="<similar>"),
    _too_low(op.DETACH, "EDITOR", VIEWER, datasetId="<dataset>", evaluatorId="<evaluator>"),
    _too_low(op.CREATE_EVALUATOR, "EDITOR", VIEWER, input={**_HERE, "name": "mine", "plugin": "exact_match"}),
    _too_low(op.UPDATE_EVALUATOR, "EDITOR", VIEWER, id="<evaluator>", input={"name": "mine"}),
    _too_low(op.TRY_EVALUATOR, "EDITOR", VIEWER, input={"evaluatorId": "<evaluator>", "recordId": "<record>"}),
    _too_low(op.SCORE_SPAN, "EDITOR", VIEWER, input={"spanId": "<span>", "name": "mine", "value": True}),
    _too_low(op.ANNOTATE_SPAN, "EDITOR", VIEWER, spanId="<span>", rating=5),
    _too_low(op.ADD_TRACES, "EDITOR", VIEWER, datasetId="<dataset>", traceIds=["<trace>"]),
    _too_low(op.REFRESH_PLUGINS, "EDITOR", VIEWER),
    _too_low(op.CREATE_SYSTEM, "EDITOR", VIEWER, input={**_HERE, "name": "mine"}),
    _too_low(op.CREATE_VERSION, "EDITOR", VIEWER, input={"systemId": "<system>", "name": "2", "target": "python"}),
    _too_low(op.SET_PRODUCTION, "EDITOR", VIEWER, systemVersionId="<version>"),
    _too_low(op.SET_RATE_LIMIT, "EDITOR", VIEWER, systemVersionId="<version>"),
    _too_low(op.START_RUN, "EDITOR", VIEWER, input=_HERE),
    _too_low(op.RERUN, "EDITOR", VIEWER, runId="<called>"),
    _too_low(op.SUBMIT, "EDITOR", VIEWER, runId="<bare>", records=[{"input": 1, "output": 1}]),
    _too_low(op.FINISH, "EDITOR", VIEWER, runId="<bare>"),
    _too_low(op.RESCORE, "EDITOR", VIEWER, runId="<called>"),
    _too_low(op.RETRY_ERRORED, "EDITOR", VIEWER, runId="<called>"),
    _too_low(op.CANCEL, "EDITOR", VIEWER, runId="<bare>"),
    _too_low(op.UPDATE_RUN, "EDITOR", VIEWER, id="<called>", input={"name": "mine"}),
    _too_low(op.ADD_SCORE, "EDITOR", VIEWER, input={"recordId": "<record>", "name": "mine", "value": True}),
    _too_low(op.ANNOTATE, "EDITOR", VIEWER, recordId="<record>", rating=5),
)
