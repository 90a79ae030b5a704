"""Between the domain's dataclasses and documents."""

from typing import Any, Final, Generic, TypeVar

from pydantic import TypeAdapter

Document = dict[str, Any]
T = TypeVar("T")

#: Kept in each document, so that a later release knows what it reads.
SCHEMA_VERSION: Final = 1


class Codec(Generic[T]):
    """Turns one dataclass into documents and back; its field `id` is the document's `_id`."""

    def __init__(self, kind: type[T]) -> None:
        self._adapter: TypeAdapter[T] = TypeAdapter(kind)

    def encode(self, value: T) -> Document:
        """Return the document of a value."""
        document: Document = self._adapter.dump_python(value)
        document["_id"] = document.pop("id")
        document["schema_version"] = SCHEMA_VERSION
        return document

    def decode(self, document: Document) -> T:
        """Return the value of a document; what the dataclass does not name is the store's own."""
        document["id"] = document.pop("_id")
        return self._adapter.validate_python(document)


class PartCodec(Generic[T]):
    """Turns a dataclass that lives inside a document into its part of it, without its fields that are None."""

    def __init__(self, kind: type[T]) -> None:
        self._adapter: TypeAdapter[T] = TypeAdapter(kind)

    def encode(self, value: T) -> Any:
        """Return the part of a document."""
        return self._adapter.dump_python(value, exclude_none=True)

    def decode(self, part: Any) -> T:
        """Return the value of a part."""
        return self._adapter.validate_python(part)
