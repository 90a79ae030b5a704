"""OpenAI Evals: the samples and the logs of the open-source framework, and the hosted service's items and results.

- samples: JSON Lines with `input` (messages or a text) and `ideal`; hosted data has its columns in `item`
- a log: JSON Lines that begin with a `spec` and go on with events (`match`, `metrics`, `sampling`, …) by `sample_id`
- a hosted run: `eval.run.output_item` objects, one a line, or as the API lists them in `data`
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from evalyard.importing._json_rows import read_json, read_jsonl
from evalyard.importing._mapping import ColumnMapping, guess
from evalyard.importing._opening import Source
from evalyard.importing._results import Result, ToolRun
from evalyard.importing._rows import BadRow, CannotImport, Row

from ._found import Found, ToolDataset
from ._values import content_key, count, mapping, present, text_of

TOOL: Final = "openai-evals"
_OUTPUT_ITEM: Final = "eval.run.output_item"


def open_file(source: Source) -> Found:
    """Return the samples, or the run, that a file holds."""
    first = next((row for row in _rows(source) if isinstance(row, Row)), None)
    if first is None:
        raise CannotImport(f"{source.path} has no line that can be read as JSON.")
    if "spec" in first.fields:
        spec = mapping(first.fields["spec"])
        return [ToolRun(TOOL, _name(spec), lambda: _logged(source), _metadata(spec))]
    if first.fields.get("object") == _OUTPUT_ITEM:
        run_id = str(first.fields.get("run_id") or source.path.stem)
        facts = present(eval_id=first.fields.get("eval_id"), run_id=run_id, model=_sample(first).get("model"))
        return [ToolRun(TOOL, run_id, lambda: _hosted(source), facts)]
    return ToolDataset(TOOL, source.path.stem, lambda: _rows(source), _read_sample(first))


def _rows(source: Source) -> Iterator[Row | BadRow]:
    return read_jsonl(source) if source.path.suffix.lower() == ".jsonl" else read_json(source)


# ------------------------------------------------------------------------------------------------------------- data


def _read_sample(first: Row) -> Any:
    """Return what reads a sample: as the framework has them, else by what the columns of a hosted item are called."""
    if "item" not in first.fields:
        return _sample_item
    columns = guess([Row(first.line, dict(mapping(first.fields["item"])))])
    if not any(place.partition(".")[0] == "input" for place in columns):
        return lambda row: present(input=row.fields.get("item")) or _nothing()
    by_name = ColumnMapping(columns, others=True)
    return lambda row: by_name.item(Row(row.line, dict(mapping(row.fields.get("item")))))


def _sample_item(row: Row) -> dict[str, Any]:
    fields = dict(row.fields)
    item = {"input": fields.pop("input", None), "expectedOutput": fields.pop("ideal", None), "metadata": fields or None}
    return item if item["input"] is not None else _nothing()


def _nothing() -> dict[str, Any]:
    raise ValueError("has no input")


# -------------------------------------------------------------------------------------------- the framework's logs


def _name(spec: Mapping[str, Any]) -> str:
    models = ", ".join(map(str, spec.get("completion_fns") or []))
    return f"{spec.get('eval_name') or spec.get('base_eval') or TOOL} {models}".strip()


def _metadata(spec: Mapping[str, Any]) -> dict[str, Any]:
    wanted = ("run_id", "eval_name", "base_eval", "split", "completion_fns", "created_at")
    return {name: spec[name] for name in wanted if spec.get(name) is not None}


def _logged(source: Source) -> Iterator[Result | BadRow]:
    """Yield a result a sample. The events of a sample may stand anywhere, so that all are kept until the end."""
    samples: dict[str, list[Row]] = {}
    for row in _rows(source):
        if isinstance(row, BadRow):
            yield row
        elif "sample_id" in row.fields:
            samples.setdefault(str(row.fields["sample_id"]), []).append(row)
        elif not {"spec", "final_report"} & row.fields.keys():
            yield BadRow(row.line, "is neither the spec, nor an event of a sample, nor the report", row.fields)
    for name, events in samples.items():
        yield _sample_result(name, events)


def _sample_result(name: str, events: list[Row]) -> Result | BadRow:
    data = {str(row.fields.get("type")): mapping(row.fields.get("data")) for row in events}
    sampling, match, raw = data.get("sampling", {}), data.get("match", {}), data.get("raw_sample", {})
    given = raw.get("input", sampling.get("prompt", match.get("prompt")))
    if given is None:
        return BadRow(events[0].line, f"begins the sample {name!r}, which has no prompt", data)
    expected = raw.get("ideal", match.get("expected"))
    item = {"input": given, "expectedOutput": expected, "key": name}
    sampled = sampling.get("sampled", match.get("sampled", match.get("picked")))
    output = sampled[0] if isinstance(sampled, list) and len(sampled) == 1 else sampled
    failed = mapping(data.get("error")).get("message")
    outcome = {"output": output} if output is not None else {"error": str(failed or "The log has no output.")}
    usage = mapping(sampling.get("usage"))
    outcome |= _tokens(usage)
    return Result(events[0].line, item, outcome, _event_scores(data))


def _event_scores(data: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    scores = {}
    if isinstance(correct := data.get("match", {}).get("correct"), bool):
        scores["match"] = present(value=correct, explanation=_picked(data["match"]))
    for name, value in data.get("metrics", {}).items():
        if isinstance(value, bool | int | float | str):
            scores[name] = {"value": value}
    return scores


def _picked(match: Mapping[str, Any]) -> str | None:
    picked = match.get("picked")
    return None if picked is None else f"Picked: {picked}"[:2_000]


# ---------------------------------------------------------------------------------------------- the hosted service


def _sample(row: Row) -> Mapping[str, Any]:
    return mapping(row.fields.get("sample"))


def _hosted(source: Source) -> Iterator[Result | BadRow]:
    for row in _rows(source):
        if isinstance(row, BadRow):
            yield row
        elif row.fields.get("object") != _OUTPUT_ITEM:
            yield BadRow(row.line, f"is no {_OUTPUT_ITEM}", row.fields)
        else:
            yield _hosted_result(row)


def _hosted_result(row: Row) -> Result:
    given, sample = mapping(row.fields.get("datasource_item")), _sample(row)
    read = _read_sample(Row(row.line, {"item": given}))
    item = read(Row(row.line, {"item": given})) if given else {"input": sample.get("input")}
    item["key"] = str(row.fields.get("datasource_item_id") or content_key(item["input"]))
    failed = mapping(sample.get("error")).get("message")
    said = "".join(text_of(mapping(message).get("content")) for message in sample.get("output") or [])
    # A run over stored outputs has none of its own: what was graded stands in the item.
    outcome = {"error": str(failed)} if failed else {"output": said}
    outcome |= _tokens(mapping(sample.get("usage")))
    scores = {
        str(entry.get("name")): present(value=entry.get("score"), passed=entry.get("passed"))
        for entry in map(mapping, row.fields.get("results") or [])
        if entry.get("score") is not None
    }
    return Result(row.line, item, outcome, scores)


def _tokens(usage: Mapping[str, Any]) -> dict[str, Any]:
    return present(
        promptTokens=count(usage.get("prompt_tokens")), completionTokens=count(usage.get("completion_tokens"))
    )
