"""Runs that are brought to a moment each, and a part that is struck while they are all there."""

import asyncio
import contextlib
import json
import signal
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from evalyard_core.domain.ids import global_id
from evalyard_core.domain.runs import Run
from evalyard_core.services.access import ANYONE
from evalyard_core.services.datasets import NewItem

from .account import InFlight
from .cluster import LEASE_SECONDS, Cluster, Part, cluster, until
from .paid import FREE, Paid
from .tap import Hold

ITEMS: Final = 12
_START: Final = "mutation($input: StartRunInput!) { startRun(input: $input) { id } }"
_WATCH: Final = "subscription($run: ID!) { runProgress(runId: $run) { status progress { completed } } }"


class Moment(StrEnum):
    """What a run is at when a part is struck."""

    PLANNING = "planning"
    CALLING = "calling"
    SCORING = "scoring"
    FIGURES = "figures"
    STARTING = "starting"
    SUBSCRIBED = "subscribed"


@dataclass
class Scene:
    """One run at its moment: what was in flight then, how many runs its key started, what a subscriber saw."""

    run: Run
    in_flight: InFlight
    seen: list[Any] = field(default_factory=list)


class Theatre:
    """A cluster with a system, a judge and a dataset for each moment."""

    def __init__(self, cluster: Cluster, paid: Paid) -> None:
        self.cluster = cluster
        self.paid = paid
        self._given: dict[str, Any] = {}
        self._datasets: dict[Moment, str] = {}
        self._keys = 0
        #: Seconds from the last strike until the run that was being called had another record stored.
        self.resumed = 0.0

    async def prepare(self) -> None:
        """Make what the runs need, once the workers are there."""
        services = self.cluster.services

        async def both_there() -> bool:
            return len(await self.cluster.store.workers._rows.distinct("_id")) >= 2

        await until(both_there)
        project = await services.projects.create(actor=ANYONE, name="faults")
        for moment in Moment:
            dataset = await services.datasets.create(actor=ANYONE, project_id=project.id, name=moment)
            items = [NewItem(input={"moment": moment, "item": item}) for item in range(ITEMS)]
            await services.datasets.add_items(actor=ANYONE, dataset_id=dataset.id, items=items)
            self._datasets[moment] = dataset.id
        system = await services.systems.create(actor=ANYONE, project_id=project.id, name="paid")
        version = await services.systems.create_version(
            actor=ANYONE, system_id=system.id, name="v1", target="http", config=self._target()
        )
        judge = await services.evaluators.create(
            actor=ANYONE,
            project_id=project.id,
            name="judge",
            plugin="evalyard-judge/judge_boolean",
            config=self._judge(),
        )
        self._given = {
            "projectId": global_id("Project", project.id),
            "systemVersionId": global_id("SystemVersion", version.id),
            "evaluatorIds": [global_id("Evaluator", judge.id)],
        }

    def _target(self) -> Any:
        body = {"input": {"$path": "input"}, "run": {"$path": "run_id"}}
        url = f"http://127.0.0.1:{self.paid.port}/system"
        return {"url": url, "body": body, "output": "answer", "cost_usd": "usd"}

    def _judge(self) -> Any:
        url = f"http://127.0.0.1:{self.paid.port}/v1"
        prices = {"input": 1, "output": 2}
        return {
            "model": "m",
            "base_url": url,
            "api_key": "${secret:JUDGE}",
            "prices": prices,
            "guideline": "Anything goes.",
        }

    async def start(self, moment: Moment, key: str | None = None) -> Run:
        """Start a run over the API, again until it answers, and return it."""
        self._keys += 1
        given = {
            **self._given,
            "datasetId": global_id("Dataset", self._datasets[moment]),
            "concurrency": 4,
            "idempotencyKey": key or f"{moment} {self._keys}",
            "maxAttempts": 1,
        }
        await self.cluster.ask(_START, input=given)
        runs = await self.cluster.store.runs._rows.find({"idempotency_key": given["idempotencyKey"]}).to_list()
        assert len(runs) == 1
        return await self.now(runs[0]["_id"])

    async def now(self, run_id: str) -> Run:
        """Return a run as it is."""
        run = await self.cluster.store.runs.get(run_id)
        assert run is not None
        return run

    async def ended(self, run: Run) -> Run:
        """Wait for the end of a run."""

        async def over() -> bool:
            found = await self.now(run.id)
            return found.is_terminal and found.summary is not None

        await until(over)
        return await self.now(run.id)

    async def strike(self, part: Part, number: signal.Signals) -> dict[Moment, Scene]:
        """Bring a run to each moment, strike, and let all of them end; return what to see, by moment."""
        try:
            return await self._strike(part, number)
        finally:
            self.paid.release()
            self.cluster.tap.release()
            for stopped in (part, Part.OTHER_WORKER):
                self.cluster.signal(stopped, signal.SIGCONT)

    async def _strike(self, part: Part, number: signal.Signals) -> dict[Moment, Scene]:
        stage = self.cluster
        if part is Part.WORKER:
            # The other worker has nothing in hand, and takes over when the first is struck.
            stage.signal(Part.OTHER_WORKER, signal.SIGSTOP)
        planning, planning_held = await self._held(Moment.PLANNING, "findAndModify", "progress.total")
        figures, figures_held = await self._held(Moment.FIGURES, "findAndModify", "distributions")
        self.paid.hold("calls", Moment.CALLING)
        self.paid.hold("judgements", Moment.SCORING)
        runs = {
            Moment.PLANNING: planning,
            Moment.FIGURES: figures,
            Moment.CALLING: await self.start(Moment.CALLING),
            Moment.SCORING: await self.start(Moment.SCORING),
        }
        await until(lambda: self._are_there(runs))
        scenes = {moment: await self._scene(run) for moment, run in runs.items()}
        async with self._api_scenes(part, number, scenes) as also_held:
            resuming = asyncio.create_task(self._resume(runs[Moment.CALLING]))
            await self._blow(part, number, [planning_held, figures_held, *also_held])
            await resuming
            for scene in scenes.values():
                scene.run = await self.ended(scene.run)
        return scenes

    async def _resume(self, run: Run) -> None:
        """Measure how long it takes until another record is stored."""
        begun = time.monotonic()

        async def goes_on() -> bool:
            return await self._count(run, "COMPLETED") > FREE

        await until(goes_on)
        self.resumed = time.monotonic() - begun

    async def _held(self, moment: Moment, *words: str) -> tuple[Run, Hold]:
        """Start a run and wait until its message with these words is held."""
        hold = self.cluster.tap.hold(*words)
        run = await self.start(moment)
        async with asyncio.timeout(30):
            await hold.reached.wait()
        return run, hold

    async def _are_there(self, runs: dict[Moment, Run]) -> bool:
        """Tell whether calls are in flight, or all outputs are stored and scores in flight, with others done."""
        calling, scoring = runs[Moment.CALLING], runs[Moment.SCORING]
        done = await self._count(calling, "COMPLETED")
        answered = await self._count(scoring, "SCORING", "COMPLETED")
        in_flight = len(self.paid.waiting("calls", calling.id))
        # The judge's plugin may ask a few at a time, after calls that broke off.
        judged = bool(self.paid.waiting("judgements", scoring.id))
        return judged and (done, answered, in_flight) == (FREE, ITEMS, 4)

    async def _count(self, run: Run, *statuses: str) -> int:
        wanted = {"run_id": run.id, "status": {"$in": statuses}}
        return await self.cluster.store.records._rows.count_documents(wanted)

    async def _scene(self, run: Run) -> Scene:
        """Return a run with what is in flight: calls without an answer, and what is stored without its score."""
        unscored = self.cluster.store.records._rows.find({"run_id": run.id, "status": "SCORING"})
        judgements = {json.loads(row["input"])["item"] async for row in unscored}
        return Scene(run, InFlight(self.paid.waiting("calls", run.id), judgements))

    async def _blow(self, part: Part, number: signal.Signals, holds: list[Hold]) -> None:
        """Strike, and release what is held: answers at once, messages to the database when a stopped part goes on."""
        stage, before = self.cluster, self.cluster.pid(part)
        if part is Part.BROKER:
            await stage.lose_messages()
        stage.signal(part, number)
        if part is Part.WORKER:
            stage.signal(Part.OTHER_WORKER, signal.SIGCONT)
        if number is signal.SIGKILL:
            # Nobody is to be answered who is dead by now.
            async with asyncio.timeout(20):
                while stage.pid(part) == before:
                    await asyncio.sleep(0.01)
        self.paid.release()
        if number is signal.SIGSTOP:
            await asyncio.sleep(LEASE_SECONDS * 1.5)
            stage.signal(part, signal.SIGCONT)
        for hold in holds:
            hold.released.set()

    @contextlib.asynccontextmanager
    async def _api_scenes(
        self, part: Part, number: signal.Signals, scenes: dict[Moment, Scene]
    ) -> AsyncIterator[list[Hold]]:
        """Add, where the API is struck, a run whose start is under way, and a subscriber to the run that is called.

        The start has not reached the database: it would hold its key for the minute that a transaction may last.
        """
        if part is not Part.API:
            yield []
            return
        self._keys += 1
        key = f"struck by {number.name} ({self._keys})"
        hold = self.cluster.tap.hold("insert", "runs", key, late=False)
        starting = asyncio.create_task(self.start(Moment.STARTING, key))
        async with asyncio.timeout(30):
            await hold.reached.wait()
        watched = scenes[Moment.CALLING].run
        scene = scenes[Moment.SUBSCRIBED] = Scene(watched, scenes[Moment.CALLING].in_flight)
        watching = asyncio.create_task(self._watch(watched, scene.seen))
        async with asyncio.timeout(30):
            while not scene.seen:
                await asyncio.sleep(0.01)
        try:
            yield [hold]
            run = await self.ended(await starting)
            scenes[Moment.STARTING] = Scene(run, InFlight((), ()))
            await asyncio.wait_for(watching, 30)
        finally:
            watching.cancel()

    async def _watch(self, run: Run, seen: list[Any]) -> None:
        """Subscribe, again whenever the connection is lost, until the run has ended."""
        url = f"ws://127.0.0.1:{self.cluster.settings.port}/graphql"
        while not seen or seen[-1]["status"] != "COMPLETED":
            with contextlib.suppress(ConnectionClosed, InvalidHandshake, OSError, TimeoutError):
                async with connect(url, subprotocols=["graphql-transport-ws"], proxy=None, open_timeout=5) as socket:
                    await socket.send(json.dumps({"type": "connection_init"}))
                    await socket.recv()
                    payload = {"query": _WATCH, "variables": {"run": global_id("Run", run.id)}}
                    await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
                    async for message in socket:
                        said = json.loads(message)
                        assert said["type"] != "error", said
                        if said["type"] == "next":
                            seen.append(said["payload"]["data"]["runProgress"])
                        if said["type"] == "complete":
                            break
            await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def theatre() -> AsyncIterator[Theatre]:
    """Start a cluster and what it calls."""
    async with Paid().listening() as paid, cluster() as parts:
        stage = Theatre(parts, paid)
        await stage.prepare()
        yield stage
