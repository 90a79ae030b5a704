"""Not asking any more who fails for good, over all lanes of a run; see `evalyard_core.domain.circuits`.

What a lane has met goes to the run with what it counts, and how all lanes stand comes back with that: a run in which
nobody fails for good takes no round trip more.
"""

import asyncio
from collections.abc import Mapping
from typing import Final

import structlog

from evalyard_core.domain.circuits import CIRCUIT_OPEN, Circuit, Streak
from evalyard_core.domain.payload import now
from evalyard_core.domain.records import Problem
from evalyard_core.domain.runs import Run
from evalyard_core.storage.run_progress import RunPulse

_log = structlog.get_logger(__name__)

_NOTHING: Final = Streak()
_LONGEST_MESSAGE: Final = 500


class Breaker:
    """Whom a lane may ask, by `SYSTEM` or the evaluator's id."""

    def __init__(self, run: Run) -> None:
        self.most = run.settings.max_consecutive_failures
        self._open: dict[str, Problem] = {}
        self._opened_here: dict[str, Circuit] = {}
        self._row: dict[str, Streak] = {}
        self._untold: dict[str, Streak] = {}
        self._failing: Mapping[str, Mapping[str, int]] = {}
        self._trusted = {key for key, tally in run.tallies.items() if tally.scored}
        self._trials: dict[str, asyncio.Lock] = {}
        self._hear_of(run.circuits)

    def problem(self, key: str) -> Problem | None:
        """Return what is told of a record for which somebody is not asked any more; None where they may be asked."""
        return self._open.get(key)

    def note(self, key: str, problem: Problem | None) -> None:
        """Take in an answer, which is a problem or not."""
        if problem is None and key in self._trusted and not (key in self._row or self._failing.get(key)):
            return
        if problem is not None and problem.code == CIRCUIT_OPEN:
            return
        row = self._row[key] = self._row.get(key, _NOTHING).then(problem)
        self._untold[key] = self._untold.get(key, _NOTHING).then(problem)
        if row.code is None:
            del self._row[key]
            self._trusted.add(key)
        elif row.length >= self.most and key not in self._open:
            self._opened_here[key] = self._circuit(key, row.code, row.length)
            self._hear_of((self._opened_here[key],))

    def trust_unless_failing(self, key: str) -> None:
        """Take in that somebody was asked and did not fail for good, whether there was an answer or not."""
        if key not in self._row:
            self._trusted.add(key)

    def trusts(self, key: str) -> bool:
        """Tell whether somebody has answered, and not failed since: they may be asked much at once."""
        return key in self._trusted and key not in self._row

    def trial(self, key: str) -> asyncio.Lock:
        """Return what those hold who ask somebody that is not trusted, one after the other."""
        return self._trials.setdefault(key, asyncio.Lock())

    def untold(self) -> Mapping[str, Streak]:
        """Return what is to be told to the run, once."""
        untold, self._untold = self._untold, {}
        return {key: streak for key, streak in untold.items() if streak.code or self._failing.get(key)}

    def hear(self, pulse: RunPulse) -> list[Circuit]:
        """Heed how the run stands; return the circuits that are to be opened in it."""
        self._failing = pulse.failures
        self._hear_of(pulse.circuits)
        due = dict(self._opened_here)
        for key, lengths in pulse.failures.items():
            for code, length in lengths.items():
                if length >= self.most:
                    due.setdefault(key, self._circuit(key, code, length))
        return [due[key] for key in due.keys() - {circuit.key for circuit in pulse.circuits}]

    def _hear_of(self, circuits: tuple[Circuit, ...]) -> None:
        for circuit in circuits:
            if circuit.key not in self._open:
                _log.warning("not asked any more", key=circuit.key, code=circuit.code, failures=circuit.failures)
            self._open[circuit.key] = circuit.problem()

    def _circuit(self, key: str, code: str, length: int) -> Circuit:
        message = self._row.get(key, _NOTHING).message[:_LONGEST_MESSAGE]
        return Circuit(key=key, code=code, message=message, failures=length, opened_at=now())
