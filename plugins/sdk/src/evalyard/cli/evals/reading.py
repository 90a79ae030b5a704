"""Reading the declarative file, with the line of whatever is wrong in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from pydantic import ValidationError

from .model import Evaluation

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in a file: `path` is that of the part, `line` begins with 1."""

    file: Path
    path: str
    line: int
    message: str

    def __str__(self) -> str:
        where = f"{self.path}: " if self.path else ""
        return f"{self.file}:{self.line}: {where}{self.message}"


class WrongFile(Exception):
    """A file can't be used; `problems` say all that is wrong with it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class EvaluationFile:
    """A file and what it declares."""

    path: Path
    evaluation: Evaluation
    root: yaml.Node | None

    def line(self, *location: int | str) -> int:
        """Return the line of a part, or of the nearest that is there."""
        return _locate(self.root, location)[1]

    def wrong(self, message: str, *location: int | str) -> WrongFile:
        """Return what to raise for a part that turns out to be wrong."""
        path, line = _locate(self.root, location)
        return WrongFile([Problem(self.path, path, line, message)])


def read_evaluation(file: Path) -> EvaluationFile:
    """Return what a file declares; raises WrongFile."""
    try:
        text = file.read_text("utf-8")
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        content = yaml.safe_load(text)
    except OSError as error:
        raise WrongFile([Problem(file, "", 1, f"can't be read: {error.strerror}.")]) from error
    except UnicodeDecodeError as error:
        raise WrongFile([Problem(file, "", 1, "is not UTF-8.")]) from error
    except yaml.YAMLError as error:
        raise WrongFile([_unreadable(file, error)]) from error
    try:
        return EvaluationFile(file, Evaluation.model_validate(content), root)
    except ValidationError as error:
        raise WrongFile(_problems(file, root, error)) from error


def _unreadable(file: Path, error: yaml.YAMLError) -> Problem:
    mark = getattr(error, "problem_mark", None)
    said = getattr(error, "problem", None) or str(error)
    return Problem(file, "", mark.line + 1 if mark else 1, f"is no YAML: {said}.")


def _problems(file: Path, root: yaml.Node | None, error: ValidationError) -> list[Problem]:
    """Return the problems, in the order of the file."""
    problems = []
    for detail in error.errors(include_url=False):
        path, line = _locate(root, detail["loc"])
        problems.append(Problem(file, path, line, _message(detail)))
    return sorted(problems, key=lambda problem: problem.line)


def _locate(root: yaml.Node | None, location: tuple[int | str, ...]) -> tuple[str, int]:
    """Return the path and the line of a place; names of forms, which pydantic adds, are no part of it."""
    path, node = "", root
    line = root.start_mark.line + 1 if root else 1
    for step in location:
        found = _child(node, step)
        if found is None:
            if isinstance(node, yaml.MappingNode) and step == location[-1] and isinstance(step, str):
                path = f"{path}.{step}".lstrip(".")
            continue
        line, node = found
        path = f"{path}[{step}]" if isinstance(step, int) else f"{path}.{step}".lstrip(".")
    return path, line


def _child(node: yaml.Node | None, step: int | str) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == step:
                return key.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int):
        return node.value[step].start_mark.line + 1, node.value[step]
    return None


def _message(detail: "ErrorDetails") -> str:
    if detail["type"] == "extra_forbidden":
        return "There is no such key."
    if detail["type"] == "missing":
        return "It is missing."
    if detail["type"] == "string_pattern_mismatch":
        return f"{detail['input']!r} is no function: write module:name."
    message = detail["msg"].removeprefix("Value error, ").rstrip(".")
    return f"{message[0].upper()}{message[1:]}."
