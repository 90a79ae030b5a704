"""Parts of a running Evalyard are struck at random, for as long as it is told, while runs are carried out.

What is lost, doubled or paid again is counted, and none of it may be.
"""

import random
import signal
import statistics
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from rich.console import Console
from rich.table import Table

from tests.support.faults.account import InFlight, check_exact, check_paid, paid_twice
from tests.support.faults.cluster import Part
from tests.support.faults.theatre import ITEMS, Moment, Scene, Theatre, theatre

PARTS: Final = (Part.WORKER, Part.DATABASE, Part.BROKER, Part.API)
SIGNALS: Final = (signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP)


@dataclass
class Cell:
    """What the strikes of one part by one signal came to."""

    strikes: int = 0
    runs: int = 0
    resumed: list[float] = field(default_factory=list)
    asked_again: int = 0
    wrong: Counter[str] = field(default_factory=Counter)


async def soak(minutes: float, seed: int, console: Console) -> int:
    """Strike for so many minutes and print a table; return how many runs were not as they should be."""
    chance, ends_at = random.Random(seed), time.monotonic() + minutes * 60
    cells = {(part, number): Cell() for part in PARTS for number in SIGNALS}
    async with theatre() as stage:
        while time.monotonic() < ends_at:
            part, number = chance.choice(PARTS), chance.choice(SIGNALS)
            await _strike(stage, part, number, cells[part, number], console)
    console.print(_table(cells, minutes, seed))
    return sum(cell.wrong.total() for cell in cells.values())


async def _strike(stage: Theatre, part: Part, number: signal.Signals, cell: Cell, console: Console) -> None:
    cell.strikes += 1
    try:
        scenes = await stage.strike(part, number)
    except TimeoutError as error:
        console.print(f"{part.name} {number.name}: {error!r}")
        cell.wrong["no end"] += 1
        return
    for moment, scene in scenes.items():
        if moment is not Moment.SUBSCRIBED:
            await _judge(stage, scene, cell)
    cell.resumed.append(stage.resumed)


async def _judge(stage: Theatre, scene: Scene, cell: Cell) -> None:
    """Hold a run against what was stored and paid."""
    cell.runs += 1
    again: InFlight = paid_twice(stage.paid, scene.run)
    cell.asked_again += len(again.calls) + len(again.judgements)
    for name, check in (
        ("lost or doubled", check_exact(stage.cluster.store, scene.run, ITEMS)),
        ("paid again", _paid(stage, scene)),
    ):
        try:
            await check
        except AssertionError:
            cell.wrong[name] += 1


async def _paid(stage: Theatre, scene: Scene) -> None:
    check_paid(stage.paid, scene.run, ITEMS, scene.in_flight)


def _table(cells: dict[tuple[Part, signal.Signals], Cell], minutes: float, seed: int) -> Table:
    table = Table(title=f"Soak of {minutes:g} minutes, seed {seed}: four or more runs of {ITEMS} records a strike")
    titles = ("part", "signal", "strikes", "runs", "to resume: p50, max", "in flight, asked again")
    for title in (*titles, "no end", "lost or doubled", "paid again"):
        table.add_column(title, justify="left" if title in titles[:2] else "right")
    for (part, number), cell in cells.items():
        if cell.strikes:
            wrong = [str(cell.wrong[name]) for name in ("no end", "lost or doubled", "paid again")]
            counts = (str(cell.strikes), str(cell.runs), _seconds(cell.resumed), str(cell.asked_again))
            table.add_row(part.name.lower().replace("_", " "), number.name, *counts, *wrong)
    return table


def _seconds(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.1f} s, {max(values):.1f} s" if values else "-"
