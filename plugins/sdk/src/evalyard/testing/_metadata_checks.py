"""Checks of what a plugin says of itself."""

from collections.abc import Iterator
from typing import Any, Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from evalyard._discovery import FoundPlugin
from evalyard._errors import EvalyardError, PluginLoadError
from evalyard._typing import value_schema
from evalyard._variables import VariableSpec
from evalyard.testing._result import CheckResult, failed, passed, skipped
from evalyard.testing._subject import NoConfig, Subject
from evalyard.testing._usage import unused_variables

_LONGEST_SUMMARY: Final = 200


def check_support(subject: Subject) -> CheckResult:
    """Check that the distribution names the versions of the SDK that it supports."""
    found = subject.found
    if found.problem is not None:
        return failed("support", [found.problem], "Release a version whose requirement on evalyard fits.")
    ranges = [requirement for requirement in _requirements(found) if requirement.name == "evalyard"]
    if not any(str(requirement.specifier) for requirement in ranges):
        return failed(
            "support",
            [f"{found.distribution} does not say which versions of evalyard it supports"],
            'Add "evalyard>=0.1,<0.2" to dependencies in its pyproject.toml.',
        )
    return passed("support", f"evalyard {', '.join(str(requirement.specifier) for requirement in ranges)}")


def _requirements(found: FoundPlugin) -> Iterator[Requirement]:
    distribution = found.entry_point.dist
    for text in (distribution.requires or ()) if distribution else ():
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue
        requirement.name = canonicalize_name(requirement.name)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield requirement


def check_loads(subject: Subject) -> CheckResult:
    """Check that the entry point leads to a class that keeps the contract."""
    try:
        component = subject.component
    except PluginLoadError as error:
        return failed("loads", [str(error)], "Import what the entry point names in a Python shell and see.")
    return passed("loads", f"{component.__module__}:{component.__qualname__}")


def check_summary(subject: Subject) -> CheckResult:
    """Check that a summary tells users what it does."""
    summary = subject.component.summary
    if 0 < len(summary) <= _LONGEST_SUMMARY:
        return passed("summary", summary)
    problem = f"the summary has {len(summary)} characters" if summary else "there is no summary"
    return failed(
        "summary", [problem], f"Begin its docstring with a sentence of {_LONGEST_SUMMARY} characters at most."
    )


def check_config(subject: Subject) -> CheckResult:
    """Check that the config has a sound JSON Schema which describes each field, and that the plugin takes one."""
    schema: Any = subject.component.Config.model_json_schema()
    return _schema_failure(schema) or _fit_failure(subject, schema) or _made(subject, schema)


def _schema_failure(schema: Any) -> CheckResult | None:
    # Only in the extra `testing`.
    from jsonschema import Draft202012Validator, SchemaError  # noqa: PLC0415

    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        return failed("config", [f"its JSON Schema is not sound: {error.message}"], "Correct json_schema_extra.")
    bare = [name for name, part in schema.get("properties", {}).items() if not _is_described(part, schema)]
    if bare:
        return failed("config", [f"{', '.join(bare)} is not described"], "Write Field(description=...).")
    return None


def _fit_failure(subject: Subject, schema: Any) -> CheckResult | None:
    try:
        config = subject.config
    except NoConfig as error:
        return failed(
            "config",
            [f"no config could be made up ({error})"],
            'Give an example: Field(examples=[...]), or {"examples": [...]} in json_schema_extra of the whole config.',
        )
    problems = [f"{problem.json_path}: {problem.message}" for problem in _breaches(schema, config)]
    if problems:
        return failed("config", problems, "Make schema and model agree: what one takes the other has to take.")
    return None


def _made(subject: Subject, schema: Any) -> CheckResult:
    try:
        subject.component(subject.config)
    except EvalyardError as error:
        return skipped("config", f"It can't be made here: {error}")
    except Exception as error:  # noqa: BLE001 - a plugin may raise anything when it is made
        problem = f"it can't be made with the config {subject.config!r:.100} ({type(error).__name__}: {error})"
        return failed("config", [problem], "Refuse in the config what the plugin refuses, and declare what it imports.")
    return passed("config", f"{len(schema.get('properties', {}))} fields")


def _breaches(schema: Any, config: Any) -> list[Any]:
    from jsonschema import Draft202012Validator  # noqa: PLC0415

    return list(Draft202012Validator(schema).iter_errors(config.model_dump(mode="json", by_alias=True)))


def _is_described(part: dict[str, Any], schema: dict[str, Any]) -> bool:
    if "$ref" in part and "description" not in part:
        part = schema["$defs"][part["$ref"].rpartition("/")[2]]
    return bool(part.get("description"))


def check_variables(subject: Subject) -> CheckResult:
    """Check that the declared variables are those that the code uses, and that users are told what they are."""
    unused = unused_variables(subject.evaluator)
    if unused:
        return failed("variables", [f"{', '.join(unused)} is never read"], "Remove it, or use it.")
    mute = [spec.name for spec in subject.variables if spec.default_path is None and not spec.description]
    if mute:
        return failed(
            "variables",
            [f"users have to map {', '.join(mute)} and are not told what it is"],
            'Write Annotated[str, Variable("What it is.")] or give it a path.',
        )
    if not subject.variables:
        return passed("variables", "It has none.")
    return passed("variables", ", ".join(_shown(spec) for spec in subject.variables))


def _shown(spec: VariableSpec) -> str:
    kind = value_schema(spec).get("type", "anything")
    return f"{spec.name}: {kind}" if spec.required else f"{spec.name}?: {kind}"
