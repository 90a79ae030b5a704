"""What the pages for readers show: it runs, it is valid, and it is there."""

import asyncio
import inspect
import re
import sys
import tomllib
import types
from collections.abc import AsyncIterator, Iterator
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

import pytest
import typer
from graphql import build_schema, parse, validate
from typer.testing import CliRunner

import evalyard
from evalyard import EvaluationError, Skip
from evalyard.cli._commands import GROUP, build_app
from evalyard.plugins import (
    FoundPlugin,
    TypedVariables,
    VariableError,
    load_evaluator,
    read_variables,
    scores_batches,
    scores_runs,
)

ROOT = Path(__file__).parents[2]
PAGES = {
    str(file.relative_to(ROOT)): file.read_text()
    for file in (
        *(ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "examples" / "README.md"),
        *sorted((ROOT / "docs").glob("*.md")),
    )
}

#: How each evaluator that a page shows is tried: its config, what it is given, and the value of its score, or those of
#: its scores by name. One that scores batches or runs is given a list of cases.
TRIALS: dict[str, list[tuple[dict[str, Any], Any, Any]]] = {
    "brief": [
        ({"words": 3}, {"output": "Three words here."}, True),
        ({"words": 3}, {"output": "These are four words."}, False),
        ({}, {"output": "word " * 51}, False),
    ],
    "CitesSource": [
        ({}, {"output": "See [1] and [3].", "sources": ["[1]", "[2]", "[3]", "[4]"]}, 0.5),
        ({}, {"output": "Believe me.", "sources": ["[1]"]}, 0.0),
        ({}, {"output": "Believe me.", "sources": []}, Skip),
        ({"least": 2}, {"output": "See [1].", "sources": ["[1]"]}, Skip),
    ],
    "candour": [
        ({}, {"output": {"text": "It is.", "confidence": 0.95}, "tone": None}, "sure"),
        ({}, {"output": {"text": "It may be.", "confidence": 0.5}, "tone": "kind"}, "careful"),
        ({}, {"output": {"text": "It may be.", "confidence": 1.5}, "tone": "kind"}, VariableError),
    ],
    "overlap": [
        ({}, {"output": "a b", "expected": "b c"}, {"f1": 0.5, "precision": 0.5, "recall": 0.5}),
        ({}, {"output": "", "expected": "b c"}, {"f1": 0.0, "precision": 0.0, "recall": 0.0}),
    ],
    "Longer": [({}, [{"output": "abc", "expected": "ab"}, {"output": "a", "expected": "ab"}], [True, False])],
    "Vocabulary": [({}, [{"output": "a b", "expected": ""}] * 2, {"ratio": 0.5, "words": 4})],
    "Longest": [({}, [{"output": "a", "expected": ""}, {"output": "abc", "expected": ""}], 3)],
    "Dictionary": [({}, {"output": "The sky was blue"}, 0.75)],
    "confidence": [
        ({}, {"output": "It is. confidence: 0.8"}, 0.8),
        ({}, {"output": "It is."}, EvaluationError),
    ],
}


#: Pages whose Python asks a server: the tests of sending traces, of the client and of importing run it.
RUN_ELSEWHERE = {
    *("docs/python-client.md", "docs/traces.md"),
    *("docs/importing.md", "docs/moving-from-openai-evals.md"),
}


def blocks(page: str, language: str) -> list[str]:
    """Return the fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGES[page], re.DOTALL | re.MULTILINE)


def code(page: str) -> list[str]:
    """Return every line of code that is no program: of fenced blocks without a language, and in the text."""
    without_programs = re.sub(r"^```\w+\n.*?^```$", "", PAGES[page], flags=re.DOTALL | re.MULTILINE)
    fenced = re.findall(r"^```\n(.*?)^```$", without_programs, re.DOTALL | re.MULTILINE)
    text = re.sub(r"^```.*?^```$", "", PAGES[page], flags=re.DOTALL | re.MULTILINE)
    lines = [line.partition("#")[0].rstrip() for block in fenced for line in block.splitlines()]
    return lines + re.findall(r"`([^`]+)`", text)


def with_a_block(language: str) -> list[str]:
    """Return the pages that have a block of a language."""
    return [page for page in PAGES if blocks(page, language)]


def test_each_kind_of_block_is_somewhere():
    assert {"README.md", "docs/writing-evaluators.md"} <= set(with_a_block("python"))
    assert {"README.md"} <= set(with_a_block("graphql"))
    assert {"README.md", "docs/writing-evaluators.md"} <= set(with_a_block("toml"))


@pytest.fixture
def module(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """Return a module made of a page's Python, under the name that its entry points use."""
    shown = types.ModuleType("acme_evaluators")
    monkeypatch.setitem(sys.modules, shown.__name__, shown)
    exec("\n".join(blocks(request.param, "python")), vars(shown))
    return shown


def evaluators_of(module: types.ModuleType) -> dict[str, type[evalyard.Evaluator[Any]]]:
    """Return the evaluators that a module defines."""
    return {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, type)
        and issubclass(value, evalyard.Evaluator)
        and value.__module__ != "evalyard._evaluator"
    }


@pytest.mark.parametrize("module", sorted({*with_a_block("python")} - RUN_ELSEWHERE), indirect=True)
def test_the_evaluators_describe_themselves_and_score(module: types.ModuleType):
    shown = evaluators_of(module)

    assert shown
    for name, evaluator in shown.items():
        found = a_plugin(f"{module.__name__}:{name}")
        assert load_evaluator(found) is evaluator
        assert evaluator.summary.endswith(".")
        for config, given, value in TRIALS[name]:
            for case in given if isinstance(given, list) else [given]:
                assert {spec.name for spec in read_variables(evaluator)} == case.keys()
            assert score(evaluator, config, given) == value


def a_plugin(value: str) -> FoundPlugin:
    """Return a plugin as if a distribution offered it."""
    entry_point = EntryPoint(name="shown", value=value, group="evalyard.evaluators")
    return FoundPlugin("acme/shown", "shown", "acme", "1.0.0", None, entry_point)


def score(kind: type[evalyard.Evaluator[Any]], config: dict[str, Any], given: Any) -> Any:
    """Return the value of a score, those of several, or the type of what was raised instead."""
    instance = kind(kind.Config(**config))
    typed = TypedVariables(read_variables(kind))
    instance.setup()
    try:
        if scores_batches(kind):
            return [value_of(result) for result in instance.evaluate_batch([typed.read(case) for case in given])]
        if scores_runs(kind):
            return value_of(awaited(instance.evaluate_run, Cases(given)))
        return value_of(instance.evaluate(**typed.read(given)))
    except (Skip, evalyard.EvalyardError) as error:
        return type(error)
    finally:
        instance.teardown()


class Cases(list[Any]):
    """Cases for an ordinary and for an async loop."""

    async def __aiter__(self) -> AsyncIterator[Any]:
        for case in list(self):
            yield case


def awaited(method: Any, cases: Cases) -> Any:
    """Return what a method returns, which may be async."""
    return asyncio.run(method(cases)) if inspect.iscoroutinefunction(method) else method(cases)


def value_of(result: Any) -> Any:
    """Return the value of a result, or the values of several by name."""
    if isinstance(result, dict):
        return {name: value_of(one) for name, one in result.items()}
    return result.value if isinstance(result, evalyard.Score) else result


def test_the_guides_own_test_passes(monkeypatch: pytest.MonkeyPatch):
    shown: dict[str, Any] = {"__name__": "acme_evaluators"}
    monkeypatch.setitem(sys.modules, "acme_evaluators", types.ModuleType("acme_evaluators"))
    exec("\n".join(blocks("docs/writing-evaluators.md", "python")), shown)

    shown["test_brief"]()
    assert shown["test_keeps_the_contract"].pytestmark[0].args == ("acme-evaluators",)


@pytest.mark.parametrize(("page", "module"), [(page, page) for page in with_a_block("toml")], indirect=["module"])
def test_toml_parses_and_its_entry_points_lead_to_what_the_page_shows(page: str, module: types.ModuleType):
    for block in blocks(page, "toml"):
        groups = tomllib.loads(block).get("project", {}).get("entry-points", {})
        named = [value for group in groups.values() for value in group.values()]

        assert named
        for value in named:
            assert load_evaluator(a_plugin(value)) in evaluators_of(module).values()


@pytest.mark.parametrize(
    ("page", "block"), [(page, block) for page in with_a_block("graphql") for block in blocks(page, "graphql")]
)
def test_graphql_is_valid(page: str, block: str):
    schema = build_schema((ROOT / "schema" / "schema.graphql").read_text())

    assert validate(schema, parse(block)) == []


def test_the_operations_of_the_example_are_valid():
    schema = build_schema((ROOT / "schema" / "schema.graphql").read_text())

    assert validate(schema, parse((ROOT / "examples" / "operations.graphql").read_text())) == []


def links(page: str) -> Iterator[tuple[str, str]]:
    """Yield the file and the heading of each link that leads to a file of ours."""
    for target in re.findall(r"\]\(([^)\s]+)\)", PAGES[page]):
        if "://" not in target:
            file, _, heading = target.partition("#")
            yield file or Path(page).name, heading


@pytest.mark.parametrize("page", PAGES)
def test_each_link_leads_to_a_file_and_a_heading(page: str):
    for file, heading in links(page):
        target = (ROOT / page).parent / file

        assert target.exists(), file
        if heading:
            assert heading in headings(target.read_text()), (file, heading)


def headings(text: str) -> set[str]:
    """Return the headings of a page as links name them."""
    found = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


@pytest.mark.parametrize("page", PAGES)
def test_what_make_is_told_to_make_is_there(page: str):
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    named = {name for line in code(page) for name in re.findall(r"\bmake ([a-z]+)", line)}

    assert named <= targets


def test_what_make_is_told_to_make_is_found():
    assert "make demo" in " ".join(code("README.md"))


COMMANDS = {
    (page, line): call[1].split()
    for page in PAGES
    for line in code(page)
    for call in re.finditer(r"(?:^|[\s/])evalyard ([a-z].*)", line)
}


def test_commands_are_found_in_the_text_and_in_blocks():
    called = {arguments[0] for arguments in COMMANDS.values()}

    own = {"up", "serve", "worker", "keys", "plugins", "login", "runs", "run", "gate", "datasets", "import", "schema"}
    assert own <= called


@pytest.mark.parametrize(("page", "line"), COMMANDS)
def test_a_command_is_there_with_its_options(page: str, line: str):
    arguments = COMMANDS[page, line]
    app = build_app(entry_points(group=GROUP), arguments)
    command: Any = typer.main.get_command(app)
    names: list[str] = []
    while hasattr(command, "commands"):
        names.append(arguments[len(names)])
        command = command.commands[names[-1]]

    options = {option for parameter in command.params for option in parameter.opts}

    assert set(re.findall(r"--[a-z-]+", line)) <= options
    assert CliRunner().invoke(app, [*names, "--help"]).exit_code == 0
