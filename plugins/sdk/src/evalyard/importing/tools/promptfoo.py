"""promptfoo: the results that `promptfoo eval --output results.json` writes, in versions 2 and 3 of its format.

Each prompt with each provider is a system of its own, and so a run of its own.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from evalyard.importing._json_rows import load
from evalyard.importing._opening import Source
from evalyard.importing._results import Result, ToolRun
from evalyard.importing._rows import BadRow, CannotImport

from ._found import Found
from ._values import content_key, count, mapping, number, present

TOOL: Final = "promptfoo"
_EXPECTS: Final = frozenset({"equals", "icontains", "contains", "similar", "is-json", "factuality", "llm-rubric"})


def open_file(source: Source) -> Found:
    """Return a run for each prompt with each provider; the file is read as a whole."""
    document = mapping(load(source))
    summary = mapping(document.get("results"))
    entries = summary.get("results")
    if not isinstance(entries, list):
        raise CannotImport(f"{source.path} has no results as promptfoo writes them with --output results.json.")
    runs: dict[tuple[str, str], list[tuple[int, Any]]] = {}
    for place, entry in enumerate(entries, 1):
        runs.setdefault(_system(mapping(entry)), []).append((place, entry))
    facts = present(evalId=document.get("evalId"), timestamp=summary.get("timestamp"))
    title = mapping(document.get("config")).get("description") or document.get("evalId") or source.path.stem
    return [_run(title, system, facts, chosen) for system, chosen in runs.items()]


def _run(title: str, system: tuple[str, str], facts: Mapping[str, Any], chosen: Sequence[tuple[int, Any]]) -> ToolRun:
    provider, prompt = system
    return ToolRun(
        TOOL,
        f"{title}: {provider}"[:200],
        lambda: _results(chosen),
        {**facts, "provider": provider, "prompt": prompt[:2_000]},
    )


def _system(entry: Mapping[str, Any]) -> tuple[str, str]:
    provider = entry.get("provider")
    name = mapping(provider).get("label") or mapping(provider).get("id") or provider
    prompt = mapping(entry.get("prompt"))
    # The raw prompt has the case's values in it; what is the same for all cases is the label, or its place.
    return str(name or "unknown"), str(entry.get("promptIdx", prompt.get("label") or ""))


def _results(chosen: Sequence[tuple[int, Any]]) -> Iterator[Result | BadRow]:
    """Yield the results; of a case that was repeated each is a trial."""
    trials: dict[str, int] = {}
    for place, entry in chosen:
        item = _item(mapping(entry))
        if item is None:
            yield BadRow(place, "has neither variables nor a prompt", entry)
            continue
        trials[item["key"]] = trials.get(item["key"], 0) + 1
        yield Result(place, item, _outcome(entry), _scores(entry), trials[item["key"]])


def _item(entry: Mapping[str, Any]) -> dict[str, Any] | None:
    case = mapping(entry.get("testCase"))
    given = mapping(entry.get("vars")) or mapping(case.get("vars")) or mapping(entry.get("prompt")).get("raw")
    if not given:
        return None
    asserts = case.get("assert") or []
    expected = [mapping(check).get("value") for check in asserts if mapping(check).get("type") in _EXPECTS]
    named = present(description=case.get("description"), **mapping(case.get("metadata")))
    return {
        "input": given,
        "expectedOutput": expected[0] if len(expected) == 1 else expected or None,
        "metadata": named or None,
        "key": content_key(given, asserts),
    }


def _outcome(entry: Mapping[str, Any]) -> dict[str, Any]:
    response = mapping(entry.get("response"))
    # A failed assertion is told as an error too; only what has no output has failed to answer.
    output = response.get("output")
    made = {"output": output} if output is not None else {"error": str(entry.get("error") or response.get("error"))}
    usage = mapping(response.get("tokenUsage"))
    return made | present(
        latencyMs=number(entry.get("latencyMs")),
        costUsd=number(entry.get("cost", response.get("cost"))),
        promptTokens=count(usage.get("prompt")),
        completionTokens=count(usage.get("completion")),
    )


def _scores(entry: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the score of all assertions together, of each assertion by its metric or type, and of each metric."""
    grading = mapping(entry.get("gradingResult"))
    scores = {}
    if (score := number(grading.get("score", entry.get("score")))) is not None:
        passed = grading.get("pass", entry.get("success"))
        scores["score"] = present(value=score, passed=passed, explanation=_reason(grading))
    for component in map(mapping, grading.get("componentResults") or []):
        check = mapping(component.get("assertion"))
        name = _free(str(check.get("metric") or check.get("type") or "assertion"), scores)
        if (value := number(component.get("score"))) is not None:
            scores[name] = present(value=value, passed=component.get("pass"), explanation=_reason(component))
    for name, value in mapping(entry.get("namedScores")).items():
        if name not in scores and (named := number(value)) is not None:
            scores[name] = {"value": named}
    return scores


def _free(name: str, taken: Mapping[str, Any]) -> str:
    """Return a name that is not taken: several assertions may be of one type."""
    place = 1
    while (free := name if place == 1 else f"{name} {place}") in taken:
        place += 1
    return free


def _reason(graded: Mapping[str, Any]) -> str | None:
    reason = graded.get("reason")
    return str(reason)[:20_000] if reason else None
