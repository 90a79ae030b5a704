"""The cases of a benchmark: those of a folder of JSONL files, or made up."""

import json
from pathlib import Path

from benchmarks.both_ways import Problem
from evalyard_core.services.datasets import NewItem

COUNT = 1319


def made_up(count: int = COUNT) -> list[NewItem]:
    """Return cases of the size of grade-school maths problems, of which the systems solve three in four."""
    return [
        NewItem(
            input={
                "question": f"Case {n}: " + "how many apples are left? " * 9,
                "answer": _worked(n, wrong=n % 4 == 0),
            },
            expected_output=_worked(n, wrong=False),
        )
        for n in range(count)
    ]


def _worked(number: int, *, wrong: bool) -> str:
    return "First the apples are counted, then those that were eaten are taken away.\n" * 3 + f"A: {number + wrong}"


def from_folder(folder: Path, system: str) -> list[NewItem]:
    """Return the problems of `items.jsonl`, each with the answer that `outputs-<system>.jsonl` has for it."""
    answers = {row["id"]: row["output"] for row in _rows(folder / f"outputs-{system}.jsonl")}
    return [
        NewItem(
            input={"question": row["question"], "answer": answers[row["id"]]},
            expected_output=row["answer"],
            metadata={"id": row["id"]},
        )
        for row in _rows(folder / "items.jsonl")
    ]


def systems_of(folder: Path) -> dict[str, list[Problem]]:
    """Return the problems with the answers of each system in the folder, by the system's name."""
    problems = _rows(folder / "items.jsonl")
    systems = {}
    for file in sorted(folder.glob("outputs-*.jsonl")):
        answers = {row["id"]: row["output"] for row in _rows(file)}
        name = file.stem.removeprefix("outputs-")
        systems[name] = [Problem(row["question"], row["answer"], answers[row["id"]]) for row in problems]
    return systems


def made_up_systems(count: int = COUNT) -> dict[str, list[Problem]]:
    """Return made-up cases as one system solves them."""
    return {"made up": [Problem(c.input["question"], c.expected_output, c.input["answer"]) for c in made_up(count)]}


def _rows(file: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in file.read_text().splitlines()]
