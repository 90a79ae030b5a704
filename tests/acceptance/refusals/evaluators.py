"""Evaluators: plugins, configs, mappings and thresholds."""

from . import operations as op
from .case import ADMIN, Refused, bad_input, conflict, limit, not_found


def _new(plugin: str, **rest: object) -> dict[str, object]:
    return {"projectId": "<project>", "name": "new", "plugin": plugin, **rest}


def _config(name: str, plugin: str, config: object, field: str, says: str) -> Refused:
    return bad_input(name, op.CREATE_EVALUATOR, f"input.config{field}", says, input=_new(plugin, config=config))


def _mapping(name: str, variable: str, path: str, field: str, says: str) -> Refused:
    mapping = [{"variable": "expected", "path": "expected"}, {"variable": variable, "path": path}]
    new = _new("exact_match", mapping=mapping)
    return bad_input(name, op.CREATE_EVALUATOR, f"input.mapping[1].{field}", says, input=new)


def _threshold(plugin: str, operator: str, value: object, field: str, says: str) -> Refused:
    name = f"{operator} {value!r} for {plugin}"
    new = _new(plugin, threshold={"operator": operator, "value": value})
    return bad_input(name, op.CREATE_EVALUATOR, f"input.threshold{field}", says, input=new)


_BOOLEAN = "A boolean score takes EQ with true or false."
_TEXTS = "IN takes a list of texts here, at least one."
_NUMBERS = "IN takes a list of numbers here, at least one."

CASES: tuple[Refused, ...] = (
    bad_input(
        "an unknown plugin",
        op.CREATE_EVALUATOR,
        "input.plugin",
        "There is no evaluator plugin 'magic'; there are: acme-new/gist, acme-new/mood, acme-new/near, acme-old/old, "
        "acme-past/tone, acme-rival/regex, evalyard-autoevals/Battle, ",
        input=_new("magic"),
    ),
    bad_input(
        "a plugin's name that two distributions have",
        op.CREATE_EVALUATOR,
        "input.plugin",
        "'regex' is in several distributions; write acme-rival/regex or evalyard-text/regex.",
        input=_new("regex", config={"pattern": "a"}),
    ),
    conflict(
        "a plugin that is broken",
        op.CREATE_EVALUATOR,
        "input.plugin",
        "acme-old/old is broken: acme-old 1.0 supports evalyard <0.1 and this environment has evalyard 0.1.0: install "
        "a version of acme-old that supports 0.1.0, or another version of evalyard.",
        input=_new("acme-old/old"),
    ),
    conflict(
        "a plugin that no live worker has",
        op.CREATE_EVALUATOR,
        "input.plugin",
        "No live worker has acme-past/tone; start one with acme-past installed.",
        input=_new("tone"),
    ),
    conflict(
        "an evaluator's name that is taken",
        op.CREATE_EVALUATOR,
        "input.name",
        "There is an evaluator 'exact' in this project already; choose another name.",
        input={**_new("exact_match"), "name": "exact"},
    ),
    bad_input(
        "an evaluator's name with a line break",
        op.UPDATE_EVALUATOR,
        "input.name",
        "A name may hold printable characters only.",
        id="<evaluator>",
        input={"name": "a\nb"},
    ),
    _config(
        "a config with an unknown key",
        "exact_match",
        {"ignore_cases": True},
        "",
        "config: Additional properties are not allowed ('ignore_cases' was unexpected).",
    ),
    _config(
        "a config with a value of the wrong type",
        "exact_match",
        {"ignore_case": "very"},
        ".ignore_case",
        "config.ignore_case: 'very' is not of type 'boolean'.",
    ),
    _config(
        "a config that is a list",
        "exact_match",
        ["ignore_case"],
        "",
        "config: ['ignore_case'] is not of type 'object'.",
    ),
    _config(
        "a config without what it must have", "evalyard-text/regex", {}, "", "config: 'pattern' is a required property."
    ),
    _config("an expression that is none", "evalyard-text/regex", {"pattern": "("}, ".pattern", "config.pattern: "),
    _config(
        "a choice that there is not",
        "contains",
        {"match": "most"},
        ".match",
        "config.match: 'most' is not one of ['all', 'any', 'none'].",
    ),
    _config(
        "an empty text in a list",
        "contains",
        {"texts": ["a", ""]},
        ".texts[1]",
        "config.texts[1]: '' should be non-empty.",
    ),
    _config(
        "a negative tolerance",
        "numeric_match",
        {"absolute_tolerance": -1},
        ".absolute_tolerance",
        "config.absolute_tolerance: -1 is less than the minimum of 0.",
    ),
    limit(
        "a config of a megabyte",
        op.CREATE_EVALUATOR,
        "input.config",
        "A payload may have 1,000,000 bytes at most; this one has 1,000,014. Store a reference.",
        input=_new("evalyard-text/regex", config={"pattern": "x" * 1_000_000}),
    ),
    bad_input(
        "a changed config that breaks its schema",
        op.UPDATE_EVALUATOR,
        "input.config.ignore_case",
        "config.ignore_case: 1 is not of type 'boolean'.",
        id="<evaluator>",
        input={"config": {"ignore_case": 1}},
    ),
    _mapping(
        "a mapping to an unknown variable",
        "answer",
        "output",
        "variable",
        "The plugin has no variable 'answer'; it has output, expected.",
    ),
    _mapping(
        "a variable that is mapped twice", "expected", "output", "variable", "'expected' is mapped twice; keep one."
    ),
    _mapping("a mapping that is no JMESPath", "output", "output[", "path", "'output[' is no JMESPath: "),
    _mapping("an empty path", "output", "", "path", "'' is no JMESPath: "),
    _mapping(
        "a path from nowhere",
        "output",
        "answer.text",
        "path",
        "'answer.text' starts at 'answer'; start at one of input, expected, output, metadata, trace, record.",
    ),
    _mapping(
        "a path with an unknown function",
        "output",
        "shout(output)",
        "path",
        "'shout(output)' calls 'shout', which is no function of JMESPath.",
    ),
    _mapping(
        "a path that is very long",
        "output",
        "x" * 1_001,
        "path",
        "A path may have 1,000 characters at most, not 1,001.",
    ),
    _mapping("a path of 900 brackets", "output", "output" + "[0" * 450, "path", "is no JMESPath: "),
    _mapping("a path that is nested too deep", "output", "!" * 900 + "output", "path", "simpler"),
    bad_input(
        "a required variable that is mapped nowhere",
        op.CREATE_EVALUATOR,
        "input.mapping",
        "'landmark' is required and has no default; map it to a path.",
        input=_new("near"),
    ),
    bad_input(
        "a changed mapping to an unknown variable",
        op.UPDATE_EVALUATOR,
        "input.mapping[0].variable",
        "The plugin has no variable 'x'; it has output, expected.",
        id="<similar>",
        input={"mapping": [{"variable": "x", "path": "output"}]},
    ),
    _threshold("exact_match", "GTE", 0.5, "", _BOOLEAN),
    _threshold("exact_match", "EQ", "yes", "", _BOOLEAN),
    _threshold("exact_match", "EQ", 1, "", _BOOLEAN),
    _threshold("fuzzy_match", "GTE", "0.5", ".value", "A numeric score is compared with a number, not '0.5'."),
    _threshold("fuzzy_match", "LT", True, ".value", "A numeric score is compared with a number, not True."),
    _threshold("fuzzy_match", "IN", [1, "2"], ".value", _NUMBERS),
    _threshold("fuzzy_match", "IN", [], ".value", _NUMBERS),
    _threshold("mood", "GT", 3, "", "A categorical score takes EQ with a text, or IN with a list."),
    _threshold("mood", "IN", ["calm", 3], ".value", _TEXTS),
    _threshold("gist", "EQ", 5, "", "A text score takes EQ with a text, or IN with a list."),
    _threshold("gist", "LTE", "sums", "", "A text score takes EQ with a text, or IN with a list."),
    bad_input(
        "a changed threshold of another type",
        op.UPDATE_EVALUATOR,
        "input.threshold.value",
        "A numeric score is compared with a number, not 'high'.",
        id="<similar>",
        input={"threshold": {"operator": "GT", "value": "high"}},
    ),
    conflict(
        "an evaluator that a dataset uses",
        op.DELETE_EVALUATOR,
        "id",
        "The dataset 'sums' uses this evaluator; detach it first.",
        who=ADMIN,
        id="<evaluator>",
    ),
    bad_input(
        "nothing to try",
        op.TRY_EVALUATOR,
        "input.plugin",
        "Name an evaluatorId, or a projectId and a plugin.",
        input={"output": "4"},
    ),
    bad_input(
        "a config to try that breaks its schema",
        op.TRY_EVALUATOR,
        "input.config.ignore_case",
        "config.ignore_case: 'no' is not of type 'boolean'.",
        input={"evaluatorId": "<evaluator>", "config": {"ignore_case": "no"}, "output": "4"},
    ),
    not_found(
        "another project's record to try, with the instance's key",
        op.TRY_EVALUATOR,
        "input.recordId",
        "There is no such record.",
        who="root",
        input={"evaluatorId": "<evaluator>", "recordId": "<their_record>"},
    ),
    limit(
        "an output to try of 12 MB",
        op.TRY_EVALUATOR,
        "input.output",
        "A payload may have 6,291,456 bytes at most",
        input={"evaluatorId": "<evaluator>", "output": "x" * 12_000_000},
    ),
)
