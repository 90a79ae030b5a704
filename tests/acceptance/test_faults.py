"""Each part of a running Evalyard is killed, stopped and ended while runs are at each of their moments.

Parts are real processes, started again by the supervisor of `evalyard up`. Four runs, each at a moment of its own,
share one strike; a start and a subscription share those of the API. Leases last three seconds here, and a stop longer.
"""

import signal
import sys
from collections.abc import AsyncIterator
from itertools import product

import pytest

from tests.support.faults.account import check_exact, check_paid, paid_twice
from tests.support.faults.cluster import Part
from tests.support.faults.theatre import ITEMS, Moment, Scene, Theatre, theatre

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="children die with their parents on Linux only")

SIGNALS = [signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP]
#: In this order a part has time to come back before it is struck again.
STRIKES = [(part, number) for number in SIGNALS for part in (Part.WORKER, Part.DATABASE, Part.BROKER, Part.API)]
OF_RUNS = [Moment.PLANNING, Moment.CALLING, Moment.SCORING, Moment.FIGURES]
OF_THE_API = [Moment.STARTING, Moment.SUBSCRIBED]
CELLS = [
    pytest.param(part, number, moment, id=f"{part.name}-{number.name}-{moment}")
    for part, number in STRIKES
    for moment in [*OF_RUNS, *(OF_THE_API if part is Part.API else [])]
]


class Strikes:
    """The strikes that were made, each once, by part and signal."""

    def __init__(self, stage: Theatre) -> None:
        self.stage = stage
        self._scenes: dict[tuple[Part, signal.Signals], dict[Moment, Scene]] = {}
        self._broken: BaseException | None = None

    async def scene(self, part: Part, number: signal.Signals, moment: Moment) -> Scene:
        """Return what a strike left of the run at a moment."""
        assert self._broken is None, "an earlier strike broke off"
        if (part, number) not in self._scenes:
            try:
                self._scenes[part, number] = await self.stage.strike(part, number)
            except BaseException as error:
                self._broken = error
                raise
        return self._scenes[part, number][moment]


@pytest.fixture(scope="module")
async def strikes() -> AsyncIterator[Strikes]:
    async with theatre() as stage:
        yield Strikes(stage)


@pytest.mark.parametrize(("part", "number", "moment"), CELLS)
async def test_the_run_completes_by_itself_and_nothing_is_lost_doubled_or_paid_again(
    strikes: Strikes, part: Part, number: signal.Signals, moment: Moment
) -> None:
    scene = await strikes.scene(part, number, moment)

    await check_exact(strikes.stage.cluster.store, scene.run, ITEMS)
    check_paid(strikes.stage.paid, scene.run, ITEMS, scene.in_flight)
    if (part, number) != (Part.WORKER, signal.SIGKILL) and (part, number) != (Part.WORKER, signal.SIGSTOP):
        # Where the workers live, not even what was in flight is asked again.
        again = paid_twice(strikes.stage.paid, scene.run)
        assert (again.calls, again.judgements) == (set(), set())
    if moment is Moment.SUBSCRIBED:
        assert scene.seen[-1] == {"status": "COMPLETED", "progress": {"completed": ITEMS}}
        assert len(scene.seen) >= 2


def test_there_is_a_cell_for_each_part_signal_and_moment_of_a_run() -> None:
    parts = [part for part in Part if part is not Part.OTHER_WORKER]
    cells = {tuple(cell.values) for cell in CELLS}
    assert cells >= set(product(parts, SIGNALS, OF_RUNS)) | set(product([Part.API], SIGNALS, OF_THE_API))
    assert len(cells) == 54
