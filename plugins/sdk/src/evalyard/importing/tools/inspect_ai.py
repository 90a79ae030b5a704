"""Inspect AI: the logs of an evaluation, `.json`, or `.eval`, which is a ZIP archive of JSON files.

Grades are read as Inspect's own metrics do: C is 1, P is 0.5, I and N are 0 (https://inspect.aisi.org.uk/scorers.html).
"""

import json
import struct
from collections.abc import Iterator, Mapping
from typing import Any, Final
from zipfile import BadZipFile, ZipFile, ZipInfo

from evalyard.importing._json_rows import load
from evalyard.importing._opening import Source
from evalyard.importing._results import Result, ToolRun
from evalyard.importing._rows import BadRow, CannotImport

from ._found import Found
from ._values import count, mapping, number, present, text_of

TOOL: Final = "inspect"
_GRADES: Final = {"C": 1.0, "P": 0.5, "I": 0.0, "N": 0.0}
_ZSTANDARD: Final = 93
#: Of a local file header: its length without the name and the extra field, and where their lengths stand.
_HEADER: Final = 30
_LENGTHS: Final = struct.Struct("<26xHH")


def open_file(source: Source) -> Found:
    """Return the run that a log tells."""
    zipped = source.path.suffix.lower() == ".eval"
    head = _zipped_head(source) if zipped else mapping(load(source))
    told = mapping(head.get("eval"))
    if "task" not in told:
        raise CannotImport(f"{source.path} is no log of Inspect: it has no eval with a task.")
    name = f"{told['task']} {told.get('model') or ''}".strip()
    facts = {field: told[field] for field in ("run_id", "task", "task_version", "model", "created") if told.get(field)}
    return [ToolRun(TOOL, name, lambda: _results(source, zipped=zipped), {**facts, "status": head.get("status")})]


def _results(source: Source, *, zipped: bool) -> Iterator[Result | BadRow]:
    samples = _zipped_samples(source) if zipped else iter(mapping(load(source)).get("samples") or [])
    for place, sample in enumerate(samples, 1):
        if isinstance(sample, BadRow):
            yield BadRow(place, sample.reason, sample.content)
        elif not isinstance(sample, dict) or "input" not in sample or "id" not in sample:
            yield BadRow(place, "is no sample with an id and an input", sample)
        else:
            yield _result(place, sample)


def _result(place: int, sample: Mapping[str, Any]) -> Result:
    output, metadata = mapping(sample.get("output")), dict(mapping(sample.get("metadata")))
    if sample.get("choices"):
        metadata["choices"] = sample["choices"]
    target = sample.get("target")
    item = {
        "input": sample["input"],
        "expectedOutput": target[0] if isinstance(target, list) and len(target) == 1 else target or None,
        "metadata": metadata or None,
        "key": str(sample["id"]),
    }
    failed = mapping(sample.get("error")).get("message") or output.get("error")
    made = {"error": str(failed)[:20_000]} if failed else {"output": _completion(output)}
    return Result(place, item, made | _usage(sample), _scores(sample), int(count(sample.get("epoch")) or 1))


def _completion(output: Mapping[str, Any]) -> str:
    if isinstance(output.get("completion"), str):
        return str(output["completion"])
    first = next(iter(output.get("choices") or []), None)
    return text_of(mapping(mapping(first).get("message")).get("content"))


def _usage(sample: Mapping[str, Any]) -> dict[str, Any]:
    used = [mapping(usage) for usage in mapping(sample.get("model_usage")).values()]
    total = {name: sum(count(usage.get(name)) or 0 for usage in used) for name in ("input_tokens", "output_tokens")}
    seconds = number(sample.get("total_time"))
    return present(
        latencyMs=None if seconds is None else seconds * 1000,
        promptTokens=total["input_tokens"] if used else None,
        completionTokens=total["output_tokens"] if used else None,
    )


def _scores(sample: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    scores = {}
    for name, told in mapping(sample.get("scores")).items():
        values = mapping(told).get("value")
        # A scorer may give several values by name.
        named = (
            {f"{name}.{part}": value for part, value in values.items()} if isinstance(values, dict) else {name: values}
        )
        for full, value in named.items():
            graded = _GRADES.get(value, value) if isinstance(value, str) else value
            if isinstance(graded, bool | int | float | str):
                scores[full] = _score(graded, value, mapping(told))
    return scores


def _score(graded: Any, value: Any, told: Mapping[str, Any]) -> dict[str, Any]:
    explanation = told.get("explanation")
    passed = value == "C" if isinstance(value, str) and value in _GRADES else None
    metadata = present(answer=told.get("answer")) or None
    return present(
        value=graded, passed=passed, explanation=explanation and str(explanation)[:20_000], metadata=metadata
    )


# ------------------------------------------------------------------------------------------------- the ZIP archive


def _zipped_head(source: Source) -> Mapping[str, Any]:
    """Return what a log says of itself; one that was interrupted has only how it began."""
    with source.binary() as file:
        try:
            archive = ZipFile(file)
        except BadZipFile as error:
            raise CannotImport(f"{source.path} is no .eval log that can be read: {error}.") from error
        names = set(archive.namelist())
        name = next((wanted for wanted in ("header.json", "_journal/start.json") if wanted in names), None)
        return mapping(json.loads(_content(archive, archive.getinfo(name)))) if name else {}


def _zipped_samples(source: Source) -> Iterator[Any]:
    with source.binary() as file, ZipFile(file) as archive:
        for info in archive.infolist():
            if info.filename.startswith("samples/") and info.filename.endswith(".json"):
                try:
                    yield json.loads(_content(archive, info))
                except ValueError as error:
                    yield BadRow(0, f"is no JSON: {error}", info.filename)


def _content(archive: ZipFile, info: ZipInfo) -> bytes:
    """Return a member. Python reads Zstandard, which Inspect writes, from 3.14 on; before, `zstandard` does."""
    try:
        return archive.read(info)
    except NotImplementedError:
        if info.compress_type != _ZSTANDARD or archive.fp is None:
            raise
    try:
        import zstandard  # noqa: PLC0415 - only some logs need it
    except ImportError as error:
        raise CannotImport('This log needs one more package: pip install "evalyard[importing]".') from error
    file = archive.fp
    file.seek(info.header_offset)
    name_length, extra_length = _LENGTHS.unpack(file.read(_HEADER))
    file.seek(name_length + extra_length, 1)
    packed = file.read(info.compress_size)
    with zstandard.ZstdDecompressor().stream_reader(packed, read_across_frames=True) as reader:
        return bytes(reader.read())
