"""Which format a file has."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeAlias

from ._delimited import read_csv, read_tsv
from ._json_rows import read_json, read_jsonl
from ._opening import Source
from ._parquet import read_parquet
from ._rows import BadRow, CannotImport, Row

Reader: TypeAlias = Callable[[Source], Iterator[Row | BadRow]]

FORMATS: Final[Mapping[str, Reader]] = {
    "csv": read_csv,
    "tsv": read_tsv,
    "json": read_json,
    "jsonl": read_jsonl,
    "parquet": read_parquet,
}
_BY_SUFFIX: Final = {
    **{f".{name}": name for name in FORMATS},
    ".tab": "tsv",
    ".ndjson": "jsonl",
    ".pq": "parquet",
}
#: Formats whose cells are all texts.
TEXT_ONLY: Final = frozenset({"csv", "tsv"})


def format_of(source: Source, given: str | None = None) -> str:
    """Return the name of a file's format, as it is given or as the file's name ends; raises CannotImport."""
    name = given or _BY_SUFFIX.get(source.path.suffix.lower())
    if name is None or name not in FORMATS:
        raise CannotImport(
            f"The format of {source.path.name} is not known; say which with --format: {', '.join(FORMATS)}."
        )
    return name
