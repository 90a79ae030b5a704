"""Systems, their versions and the targets that call them."""

from . import operations as op
from .case import Refused, bad_input, conflict, limit, nested, not_found

_URL = "http://127.0.0.1:1/ask"
_ONLY_IN_HEADERS = "${secret:NAME} is replaced in headers, api_key and token only."
_PIGEON = {"projectId": "<project>", "target": "pigeon"}
_WRONG = {"config": {"function": "rm -rf"}}
_INSIDE = {"projectId": "<project>", "target": "evalyard-targets/http", "config": {"url": "http://10.0.0.1/"}}
_NO_TIME = {"timeoutSeconds": 0}
_PRICES = {"input_per_million": -1, "output_per_million": 1}
_SECRET = "${secret:NAME} is replaced in headers only: send the secret in a header."


def _new(target: str, config: object = None) -> dict[str, object]:
    return {"systemId": "<system>", "name": "new", "target": target, "config": config}


def _limited(name: str, field: str, says: str, **limit: object) -> tuple[Refused, Refused]:
    """A rate limit that a new version does not take, nor one that is there."""
    new = {**_new("python", {"function": "tests.support.systems:echo"}), "rateLimit": limit}
    return (
        bad_input(f"a version with {name}", op.CREATE_VERSION, f"input.rateLimit{field}", says, input=new),
        bad_input(name, op.SET_RATE_LIMIT, f"rateLimit{field}", says, systemVersionId="<version>", rateLimit=limit),
    )


def _http(name: str, field: str, says: str, **config: object) -> Refused:
    new = _new("evalyard-targets/http", {"url": _URL, **config})
    return bad_input(name, op.CREATE_VERSION, f"input.config{field}", says, input=new)


def _model(name: str, field: str, says: str, **config: object) -> Refused:
    new = _new("openai", {"model": "m", "base_url": "http://127.0.0.1:1/v1", **config})
    return bad_input(name, op.CREATE_VERSION, f"input.config{field}", says, input=new)


def _workflow(name: str, field: str, says: str, **config: object) -> Refused:
    plain = {"repository": "acme/bot", "workflow": "evaluate.yml", "token": "${secret:CI}"}
    return bad_input(name, op.CREATE_VERSION, f"input.config{field}", says, input=_new("workflow", {**plain, **config}))


def _replay(name: str, field: str, says: str, config: object) -> Refused:
    return bad_input(name, op.CREATE_VERSION, field, says, input=_new("replay", config))


def _try(name: str, field: str, says: str, **trial: object) -> Refused:
    return bad_input(name, op.TRY_TARGET, f"input.{field}", says, input={"input": 1, **trial})


CASES: tuple[Refused, ...] = (
    bad_input(
        "a system without a name",
        op.CREATE_SYSTEM,
        "input.name",
        "A name can't be empty.",
        input={"projectId": "<project>", "name": "\u00a0"},
    ),
    conflict(
        "a system's name that is taken",
        op.CREATE_SYSTEM,
        "input.name",
        "There is a system 'adder' in this project already; choose another name.",
        input={"projectId": "<project>", "name": "adder"},
    ),
    conflict(
        "a version's name that is taken",
        op.CREATE_VERSION,
        "input.name",
        "already; choose another name.",
        input={**_new("python", {"function": "tests.support.systems:echo"}), "name": "1"},
    ),
    bad_input(
        "an unknown target",
        op.CREATE_VERSION,
        "input.target",
        "There is no target 'pigeon'; there are: acme-old/old, acme-rival/http, evalyard-targets/http, "
        "evalyard-targets/openai, evalyard-targets/python, evalyard-targets/replay, evalyard-targets/workflow.",
        input=_new("pigeon"),
    ),
    bad_input(
        "a target's name that two distributions have",
        op.CREATE_VERSION,
        "input.target",
        "'http' is in several distributions; write acme-rival/http or evalyard-targets/http.",
        input=_new("http", {"url": _URL}),
    ),
    conflict(
        "a target that is broken",
        op.CREATE_VERSION,
        "input.target",
        "acme-old/old is broken: acme-old 1.0 supports evalyard <0.1",
        input=_new("acme-old/old"),
    ),
    bad_input(
        "a target without its config",
        op.CREATE_VERSION,
        "input.config",
        "config: 'url' is a required property.",
        input=_new("evalyard-targets/http"),
    ),
    bad_input(
        "a function that is no name",
        op.CREATE_VERSION,
        "input.config.function",
        "config.function: 'rm -rf' does not match ",
        input=_new("python", {"function": "rm -rf"}),
    ),
    _http(
        "an unknown key", "", "config: Additional properties are not allowed ('headres' was unexpected).", headres={}
    ),
    _http("a wrong scheme", ".url", "config.url: 'ftp://x/' does not match '^https?://'.", url="ftp://x/"),
    _http(
        "an address that the worker may not call",
        "",
        "config: 169.254.169.254 has no public address, and this worker connects to no other: whoever runs it may ",
        url="http://169.254.169.254/latest/meta-data/",
    ),
    _http("a text with an open path", ".body", "'input.' is no JMESPath: ", body={"$text": "Say {{input.}}"}),
    _http("a password in the URL", ".url", "Put no password into the URL", url="http://me:secret@127.0.0.1/"),
    _http("a secret in the URL", ".url", "The URL is fixed, without blanks and braces", url="http://x/${secret:KEY}"),
    _http("a secret in the body", ".body", _SECRET, body={"key": "${secret:KEY}"}),
    _http("a secret in the query", ".query", _SECRET, query={"key": "${secret:KEY}"}),
    _http("a header of two lines", ".headers", "may hold printable ASCII characters only.", headers={"X-A": "a\r\nb"}),
    _http("a header that follows from the body", ".headers", "leave it out.", headers={"Content-Length": "1"}),
    _http("a method that there is not", ".method", "config.method: 'BREW' is not one of ", method="BREW"),
    _http(
        "a GET with a body", ".body", "A GET request has no body: use query, or another method.", method="GET", body={}
    ),
    _http("an output that is no JMESPath", ".output", "'choices[' is no JMESPath: ", output="choices["),
    _http("a body that is no JMESPath", ".body", "'input[' is no JMESPath: ", body={"q": {"$path": "input["}}),
    _http("a cost with an unknown function", ".cost_usd", "there is no function shout.", cost_usd="shout(cost)"),
    _http("a limit of the wrong type", ".max_response_bytes", "is not of type 'integer'.", max_response_bytes="all"),
    _model("a model without a name", ".model", "config.model: '' should be non-empty.", model=""),
    _model("a key in the clear", ".api_key", "config.api_key: Name the secret as ${secret:NAME}, and ", api_key="sk-1"),
    _model("a secret in a prompt", ".messages", _ONLY_IN_HEADERS, messages=[{"content": "${secret:KEY}"}]),
    _model("a secret in a tool", ".tools", _ONLY_IN_HEADERS, tools=[{"name": "${secret:KEY}"}]),
    _model("an option among the others", ".extra", "stream has no place in extra: it is an ", extra={"stream": True}),
    _model("a price below zero", ".prices", "is not valid under any of the given schemas.", prices=_PRICES),
    _model("a model at an address that the worker may not call", "", "has no public address", base_url="http://[::1]/"),
    _workflow("a repository without an owner", ".repository", "'bot' does not match ", repository="bot"),
    _workflow("a repository that leads elsewhere", ".repository", "does not match ", repository="acme/.."),
    _workflow("a workflow in a folder", ".workflow", "'../x.yml' does not match ", workflow="../x.yml"),
    _workflow("a token in the clear", ".token", "Name the secret as ${secret:NAME}", token="ghp_1"),
    _workflow("a secret in an input", ".inputs", _ONLY_IN_HEADERS, inputs={"key": "${secret:KEY}"}),
    _workflow("a deadline in the past", ".deadline_seconds", "0 is less than or equal to ", deadline_seconds=0),
    _workflow("a deadline after 30 days", ".deadline_seconds", "greater than the maximum", deadline_seconds=3e6),
    *_limited("a rate limit of nothing", "", "A rate limit needs requestsPerMinute, tokensPerMinute, or both."),
    *_limited("no requests", ".requestsPerMinute", "must be 1 to 1,000,000, not 0.", requestsPerMinute=0),
    *_limited("more requests", ".requestsPerMinute", "must be 1 to 1,000,000, not", requestsPerMinute=1_000_001),
    *_limited("no tokens", ".tokensPerMinute", "must be 1 to 1,000,000,000, not -5.", tokensPerMinute=-5),
    _replay("a replay of nothing", "input.config", "'run_id' is a required property.", {}),
    *(
        not_found(f"a replay of {what}", op.CREATE_VERSION, "input.config.run_id", "There is no such run.", input=new)
        for what, new in (
            ("another project's run", _new("replay", {"run_id": "<their_run>"})),
            ("a deleted run", _new("replay", {"run_id": "<deleted_run>"})),
            ("a run that never was", _new("replay", {"run_id": "<no_run>"})),
            ("what is no run", _new("replay", {"run_id": "<dataset>"})),
            ("what is no id", _new("replay", {"run_id": "7"})),
        )
    ),
    conflict(
        "a replay of a run that has not ended",
        op.START_RUN,
        "input.systemVersionId",
        ", which this system version replays, is RUNNING; wait until it has ended.",
        input={"projectId": "<project>", "datasetId": "<dataset>", "systemVersionId": "<replay_of_external>"},
    ),
    bad_input(
        "a replay over another dataset",
        op.START_RUN,
        "input.datasetId",
        ", which this system version replays, has no dataset; name the same.",
        input={"projectId": "<project>", "datasetId": "<dataset>", "systemVersionId": "<replay_of_finished>"},
    ),
    bad_input(
        "a replay of more trials",
        op.START_RUN,
        "input.trials",
        ", which this system version replays, has 1 trials of each item, not 2.",
        input={
            "projectId": "<project>",
            "datasetId": "<dataset>",
            "systemVersionId": "<replay_of_called>",
            "trials": 2,
        },
    ),
    _try("a trial of nothing", "target", "Name a systemVersionId, or a projectId and a target.", projectId="<project>"),
    _try("a trial of an unknown target", "target", "There is no target 'pigeon'", **_PIGEON),
    _try("a trial of another's repetition", "target", "answers no single input", systemVersionId="<replay_of_called>"),
    _try("a trial of a wrong config", "config.function", "does not match ", systemVersionId="<version>", **_WRONG),
    _try("a trial that the target refuses", "config", "has no public address", **_INSIDE),
    _try("a trial without time", "timeoutSeconds", "0.01 to 300.0, not 0", systemVersionId="<version>", **_NO_TIME),
    limit(
        "a config that is nested too deep",
        op.CREATE_VERSION,
        "input.config",
        "A value may be nested 100 levels deep at most; flatten it.",
        input=_new("python", {"function": nested(100)}),
    ),
    not_found(
        "another project's system version, with the instance's key",
        op.START_RUN,
        "input.systemVersionId",
        "There is no such system version.",
        who="root",
        input={"projectId": "<project>", "datasetId": "<dataset>", "systemVersionId": "<their_version>"},
    ),
)
