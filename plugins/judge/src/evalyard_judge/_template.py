"""Texts with variables, `{{input.question}}`, and the fences that values stand in.

A template can look values up and nothing else: what is between the braces is a path of names, never code.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from evalyard.values import as_text

VARIABLES: Final = ("input", "output", "expected", "context", "metadata")

_FIELD: Final = re.compile(r"\{\{([^{}]*)\}\}")
_PATH: Final = re.compile(r"[a-z]+(?:\.[^.\s{}<>]+)*")


class MissingValue(LookupError):
    """A record has nothing where a template looks; the argument is the path."""


@dataclass(frozen=True, slots=True)
class Template:
    """The texts of a template, and the paths between them."""

    texts: Sequence[str]
    paths: Sequence[str]

    @classmethod
    def parse(cls, text: str) -> "Template":
        """Read a template; raises ValueError for what is no path of a variable."""
        texts = _FIELD.split(text)
        return cls(texts=texts[::2], paths=[_check_path(field.strip()) for field in texts[1::2]])

    def render(self, values: Mapping[str, Any], code: str) -> str:
        """Put the values in, each in its fence; raises MissingValue where there is none.

        A value is put in once, as it stands: braces in it mean nothing.
        """
        parts = [self.texts[0]]
        for path, text in zip(self.paths, self.texts[1:], strict=True):
            parts += [fence(path, _look_up(path, values), code), text]
        return "".join(parts)


def fence_code(values: Mapping[str, Any]) -> str:
    """Return a code that no value can contain by intention: a digest of them all.

    It is the same for the same record, so that a judge at temperature 0 is asked the same thing twice.
    """
    return hashlib.blake2b(as_text(values).encode("utf-8", "replace"), digest_size=12).hexdigest()


def fence(name: str, value: Any, code: str) -> str:
    """Put a value between tags that carry the code."""
    return f"<{name}-{code}>\n{as_text(value)}\n</{name}-{code}>"


def _check_path(path: str) -> str:
    if not _PATH.fullmatch(path) or path.partition(".")[0] not in VARIABLES:
        known = ", ".join(f"{{{{{name}}}}}" for name in VARIABLES)
        raise ValueError(f"{{{{{path:.100}}}}} is no variable: there are {known}, and paths into them")
    return path


def _look_up(path: str, values: Mapping[str, Any]) -> Any:
    value: Any = values
    for name in path.split("."):
        if isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        elif isinstance(value, Mapping):
            value = value.get(name)
        else:
            value = None
    if value is None:
        raise MissingValue(path)
    return value
