"""Reading JSON documents, and naming places in them."""

import json
import re
from collections.abc import Sequence
from typing import Any, Final, Never

#: The parts of RFC 9535 that name places: .name, ['name'], [0], and the wildcards .*, [*] and ..
_STEP: Final = re.compile(
    r"(?P<deep>\.\.)?(?:(?P<all>\.?\*|\[\*\])|\[(?P<index>\d+)\]|\['(?P<quoted>[^']*)'\]|\.?(?P<name>[^.\[\]*'\"\s]+))"
)
_PLAIN_NAME: Final = re.compile(r"[A-Za-z_]\w*")
_FENCE: Final = "```"


class NotJsonError(Exception):
    """A text is no JSON; the message says why."""


def read_document(text: str) -> Any:
    """Read a text as JSON, within a Markdown code block if there is one; raises NotJsonError."""
    try:
        return json.loads(without_fence(text), parse_constant=_refuse_constant)
    except RecursionError as error:
        raise NotJsonError("it is nested too deep") from error
    except ValueError as error:
        raise NotJsonError(str(error)) from error


def without_fence(text: str) -> str:
    """Return what stands in a Markdown code block, where that is all there is; else the text itself."""
    stripped = text.strip()
    opening, _, rest = stripped.partition("\n")
    if opening.startswith(_FENCE) and rest.endswith(_FENCE):
        return rest.removesuffix(_FENCE).strip()
    return text


def name_place(steps: Sequence[str | int]) -> str:
    """Name a place in a document as JSONPath (RFC 9535) does: `$.answers[0].text`."""
    return "$" + "".join(_name_step(step) for step in steps)


def as_deepdiff_path(path: str) -> str:
    """Translate a JSONPath of names, indices and wildcards into DeepDiff's notation; raises ValueError for another."""
    if not path.startswith("$") or path == "$":
        raise ValueError(f"{path!r} is no path: write it like $.answers[0].id, $.answers[*].id or $..id")
    steps, at = [], 1
    while at < len(path):
        step = _STEP.match(path, at)
        if step is None:
            raise ValueError(f"{path!r} can't be read from {path[at:]!r} on: write it like $.answers[*].id or $..id")
        steps.append(("[**]" if step["deep"] else "") + _translate(step))
        at = step.end()
    return "root" + "".join(steps)


def _translate(step: re.Match[str]) -> str:
    if step["all"]:
        return "[*]"
    if step["index"] is not None:
        return f"[{step['index']}]"
    name = step["name"] if step["quoted"] is None else step["quoted"]
    return f"['{name}']"


def _name_step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    return f".{step}" if _PLAIN_NAME.fullmatch(step) else f"[{json.dumps(step, ensure_ascii=False)}]"


def _refuse_constant(name: str) -> Never:
    raise ValueError(f"{name} is no JSON")
