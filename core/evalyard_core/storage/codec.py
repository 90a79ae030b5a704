"""Between the domain's dataclasses and documents.

A converter is made once for each type, out of its annotations. Most of the time of a page and of the run engine goes
into reading and writing documents, so that msgspec makes the dataclasses: a frozen one with slots takes its own
constructor four times as long.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from operator import attrgetter
from types import UnionType
from typing import Annotated, Any, Final, Generic, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import msgspec

from evalyard_core.domain.payload import AsText

Document = dict[str, Any]
T = TypeVar("T")
#: What converts a part; None where it stays as it is.
Convert = Callable[[Any], Any] | None

#: Kept in each document, so that a later release knows what it reads.
SCHEMA_VERSION: Final = 1


class Codec(Generic[T]):
    """Turns one dataclass into documents and back; its field `id` is the document's `_id`."""

    def __init__(self, kind: type[T]) -> None:
        self._kind = kind
        self._encode = _dataclass_encoder(kind, with_none=True)
        self._load = _loader(kind)

    def encode(self, value: T) -> Document:
        """Return the document of a value."""
        document: Document = self._encode(value)
        document["_id"] = document.pop("id")
        document["schema_version"] = SCHEMA_VERSION
        return document

    def decode(self, document: Document) -> T:
        """Return the value of a document, which is used up; what the dataclass does not name is the store's own."""
        document["id"] = document.pop("_id")
        return msgspec.convert(document if self._load is None else self._load(document), self._kind)


class PartCodec(Generic[T]):
    """Turns a type that lives inside a document into its part of it, without its fields that are None."""

    def __init__(self, kind: type[T]) -> None:
        self._kind = kind
        self._encode = _encoder(kind, with_none=False)
        self._load = _loader(kind)

    def encode(self, value: T) -> Any:
        """Return the part of a document."""
        return value if self._encode is None else self._encode(value)

    def decode(self, part: Any) -> T:
        """Return the value of a part, which is used up."""
        return msgspec.convert(part if self._load is None else self._load(part), self._kind)


def _encoder(hint: Any, *, with_none: bool) -> Convert:
    """Return what makes a value of a type, which is not None, a part of a document."""
    kind, inner = _taken_apart(hint)
    if isinstance(kind, AsText):
        return kind.dump
    if is_dataclass(kind):
        return _dataclass_encoder(cast("type[Any]", kind), with_none=with_none)
    convert = _encoder(inner, with_none=with_none) if inner is not None else None
    return _mapped(kind, convert)


def _loader(hint: Any) -> Convert:
    """Return what loads the texts inside a part of a document."""
    kind, inner = _taken_apart(hint)
    if isinstance(kind, AsText):
        return kind.load
    if is_dataclass(kind):
        return _dataclass_loader(cast("type[Any]", kind))
    return _mapped(kind, _loader(inner) if inner is not None else None)


def _dataclass_encoder(kind: type[Any], *, with_none: bool) -> Callable[[Any], Document]:
    hints = get_type_hints(kind, include_extras=True)
    converters = tuple((entry.name, _encoder(hints[entry.name], with_none=with_none)) for entry in fields(kind))
    # All at once, in half the time; the name that is repeated makes a tuple even of one.
    parts_of = attrgetter(*(name for name, _ in converters), converters[0][0])

    def encode(value: Any) -> Document:
        document: Document = {}
        for (name, convert), part in zip(converters, parts_of(value), strict=False):
            made = part if part is None or convert is None else convert(part)
            if made is not None or with_none:
                document[name] = made
        return document

    return encode


def _dataclass_loader(kind: type[Any]) -> Convert:
    hints = get_type_hints(kind, include_extras=True)
    loaders = tuple((entry.name, load) for entry in fields(kind) if (load := _loader(hints[entry.name])))

    def load_within(document: Document) -> Document:
        for name, load in loaders:
            part = document.get(name)
            if part is not None:
                document[name] = load(part)
        return document

    return load_within if loaders else None


def _mapped(kind: Any, convert: Convert) -> Convert:
    """Return what converts each entry of a tuple or mapping, or nothing where entries stay as they are."""
    if convert is None:
        return None
    if kind is tuple:
        return lambda values: tuple([convert(value) for value in values])
    return lambda values: {key: convert(value) for key, value in values.items()}


def _taken_apart(hint: Any) -> tuple[Any, Any]:
    """Return a type, or its mark, without the None that it may be, and the type of its entries where it has some."""
    if get_origin(hint) is Annotated:
        [mark] = [mark for mark in get_args(hint) if isinstance(mark, AsText)]
        return mark, None
    if get_origin(hint) in {Union, UnionType}:
        [alternative] = [part for part in get_args(hint) if part is not type(None)]
        return _taken_apart(alternative)
    if get_origin(hint) is tuple:
        return tuple, get_args(hint)[0]
    if get_origin(hint) in {dict, Mapping}:
        return dict, get_args(hint)[1]
    return hint, None
