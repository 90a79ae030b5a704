"""Hugging Face datasets from local files: a repository's folder, or what `Dataset.save_to_disk` wrote.

Which files are which split is said by the README's head (`configs` with `data_files`), else by the files' names, as
https://huggingface.co/docs/hub/datasets-file-names-and-splits has it. Each item has its split as a tag.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from evalyard.importing._formats import FORMATS, TEXT_ONLY, format_of
from evalyard.importing._mapping import ColumnMapping, check_columns, guess
from evalyard.importing._opening import Source
from evalyard.importing._parquet import as_row
from evalyard.importing._rows import BadRow, CannotImport, Row

from ._found import ToolDataset

TOOL: Final = "huggingface"
_DATA: Final = frozenset({".parquet", ".csv", ".tsv", ".json", ".jsonl", ".arrow"})
_SPLITS: Final = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "val", "dev"),
    "test": ("test", "testing", "eval", "evaluation"),
}
_INFO: Final = frozenset({"dataset_info.json", "dataset_infos.json", "state.json", "dataset_dict.json"})


@dataclass(frozen=True, slots=True)
class File:
    """A file of a split."""

    split: str
    path: Path


def open_folder(
    folder: Path, *, config: str | None = None, split: str | None = None, columns: Mapping[str, str] | None = None
) -> ToolDataset:
    """Return the cases of a folder: of one configuration, the default one without a name, and of one split or all.

    `columns` is from a part of an item to a column; guessed by the names where it is empty. Raises CannotImport.
    """
    files = [file for file in _files(folder, config) if split in {None, file.split}]
    if not files:
        raise CannotImport(f"{folder} has no data of the split {split!r}." if split else f"{folder} has no data files.")
    first = next((row for row in _rows(files[0]) if isinstance(row, Row)), None)
    if first is None:
        raise CannotImport(f"{files[0].path} has no row that can be read.")
    found = dict(columns or guess([first]))
    check_columns(found, [first])
    parses = files[0].path.suffix.lower()[1:] in TEXT_ONLY
    mapping = ColumnMapping(found, others=not columns, parses=parses)

    def read(row: Row) -> dict[str, Any]:
        name = row.fields.pop(_SPLIT)
        item = mapping.item(row)
        return {**item, "tags": [*item.get("tags", ()), name]}

    return ToolDataset(TOOL, folder.name, lambda: _all_rows(files), read)


#: No column of a file is called so.
_SPLIT: Final = "\0split"


def _all_rows(files: Sequence[File]) -> Iterator[Row | BadRow]:
    """Yield the rows of all files, counted on from one to the next."""
    before = 0
    for file in files:
        last = 0
        for row in _rows(file):
            last = row.line
            if isinstance(row, Row):
                yield Row(before + row.line, {**row.fields, _SPLIT: file.split})
            else:
                yield BadRow(before + row.line, f"{row.reason} ({file.path.name})", row.content)
        before += last


def _rows(file: File) -> Iterator[Row | BadRow]:
    if file.path.suffix == ".arrow":
        return _arrow_rows(file.path)
    source = Source(file.path)
    return FORMATS[format_of(source)](source)


def _arrow_rows(path: Path) -> Iterator[Row | BadRow]:
    """Yield the rows of an Arrow stream, which `save_to_disk` writes."""
    try:
        import pyarrow as pa  # noqa: PLC0415 - only this format needs it
    except ImportError as error:
        raise CannotImport('Arrow needs one more package: pip install "evalyard[importing]".') from error
    with pa.OSFile(str(path)) as file, pa.ipc.open_stream(file) as batches:
        for number, fields in enumerate((row for batch in batches for row in batch.to_pylist()), 1):
            yield as_row(number, fields)


def _files(folder: Path, config: str | None) -> list[File]:
    if not folder.is_dir():
        raise CannotImport(f"There is no folder {folder}; check the path.")
    declared = _declared(folder, config)
    if declared:
        return declared
    if config is not None:
        raise CannotImport(f"The README of {folder} has no configuration {config!r}.")
    data = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _DATA and path.name not in _INFO)
    return [File(_split_of(path.relative_to(folder)), path) for path in data]


def _split_of(path: Path) -> str:
    """Return the split that a file's name or folder says, "train" where none does, as the library has it."""
    for part in (path.stem, *reversed(path.parts[:-1])):
        words = re.split(r"[-_. ]+", part.lower())
        for split, names in _SPLITS.items():
            if any(name in words for name in names):
                return split
    return "train"


def _declared(folder: Path, config: str | None) -> list[File]:
    """Return the files that the README's head names, none where it names none."""
    configs = _configs(folder / "README.md")
    if not configs:
        return []
    names = [entry.get("config_name", "default") for entry in configs]
    default = next((entry for entry in configs if entry.get("default") or entry.get("config_name") == "default"), None)
    wanted = (
        default or configs[0] if config is None else next((e for e in configs if e.get("config_name") == config), None)
    )
    if wanted is None:
        raise CannotImport(f"{folder} has no configuration {config!r}; it has: {', '.join(map(str, names))}.")
    given = wanted.get("data_files") or []
    entries = given if isinstance(given, list) else [given]
    return [file for entry in entries for file in _matching(folder, entry)]


def _matching(folder: Path, entry: Any) -> list[File]:
    split, paths = (entry.get("split", "train"), entry.get("path")) if isinstance(entry, dict) else ("train", entry)
    patterns = paths if isinstance(paths, list) else [paths]
    return [File(str(split), path) for pattern in patterns for path in sorted(folder.glob(str(pattern)))]


def _configs(readme: Path) -> list[dict[str, Any]]:
    """Return the `configs` of a README's YAML head."""
    text = readme.read_text("utf-8") if readme.is_file() else ""
    head = re.match(r"---\n(.*?)\n---", text, re.DOTALL)
    if head is None or "configs:" not in head[1]:
        return []
    try:
        import yaml  # noqa: PLC0415 - only this needs it
    except ImportError as error:
        raise CannotImport('The README has a YAML head: pip install "evalyard[importing]".') from error
    configs = (yaml.safe_load(head[1]) or {}).get("configs")
    return [entry for entry in configs or [] if isinstance(entry, dict)]
