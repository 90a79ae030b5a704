"""A room to run the engine in: all of it in the test's own process, with messages that the test delivers."""

import asyncio
import random
from collections.abc import Sequence
from functools import partial
from typing import Any

from evalyard_core.domain.access import Project
from evalyard_core.domain.datasets import Dataset
from evalyard_core.domain.evaluators import Evaluator, Threshold, VariableMapping
from evalyard_core.domain.payload import now
from evalyard_core.domain.plugins import Worker
from evalyard_core.domain.rates import RateLimit
from evalyard_core.domain.records import Record
from evalyard_core.domain.runs import Run, RunSettings
from evalyard_core.domain.systems import SystemVersion
from evalyard_core.domain.tasks import Task
from evalyard_core.domain.traces.conventions import understand
from evalyard_core.domain.traces.prices import PriceTable
from evalyard_core.services import Services
from evalyard_core.services.access import ANYONE
from evalyard_core.services.datasets import NewItem
from evalyard_core.services.starting import NewRun
from evalyard_core.storage import Store
from evalyard_workers.answering import Answerer
from evalyard_workers.engine import Engine
from evalyard_workers.plugins.host import PluginHost
from evalyard_workers.plugins.rules import PluginRules
from evalyard_workers.sweeper import Sweeper


class Mailbox:
    """A queue whose messages wait until the test delivers them."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, int]] = []

    async def hint(self, tasks: Sequence[Task]) -> None:
        self.messages += [(task.id, task.ticket) for task in tasks]


class Room:
    """One project with what a run needs, and an engine that works when told to."""

    def __init__(self, store: Store, services: Services, mailbox: Mailbox, host: PluginHost) -> None:
        self.store = store
        self.services = services
        self.mailbox = mailbox
        self.host = host
        self.project: Project
        self.engines: list[Engine] = []
        self.engine = self.new_engine()

    @classmethod
    async def open(cls, store: Store, rules: PluginRules | None = None) -> "Room":
        mailbox, host = Mailbox(), PluginHost(rules)
        services = Services(store, mailbox, understand=partial(understand, prices=PriceTable()))
        room = cls(store, services, mailbox, host)
        room.project = await room.services.projects.create(actor=ANYONE, name="room")
        await room.publish()
        return room

    async def publish(self) -> None:
        """Look for plugins, and make them known as a worker does."""
        await self.host.refresh()
        await self.store.workers.publish(
            Worker(
                id="here",
                host="here",
                process=1,
                started_at=now(),
                evaluators=self.host.evaluator_plugins(),
                targets=self.host.target_plugins(),
            )
        )

    def new_engine(self, threads: int = 8) -> Engine:
        """Another worker process, as it were."""
        engine = Engine(
            self.services,
            self.mailbox,
            self.host,
            threads=threads,
            evaluator_timeout_seconds=2,
            trace_quiet_seconds=0.2,
        )
        self.engines.append(engine)
        return engine

    def answerer(self) -> Answerer:
        return Answerer(self.store, self.host, "here", 2)

    def sweeper(self) -> Sweeper:
        return Sweeper(self.services, self.mailbox, self.engine)

    async def dataset(self, inputs: Sequence[Any], expected: Sequence[Any] | None = None, tags: Any = None) -> Dataset:
        """Make a dataset whose expected outputs are the inputs' answers."""
        dataset = await self.services.datasets.create(actor=ANYONE, project_id=self.project.id, name=f"d{now()}")
        wanted = expected if expected is not None else [entry["answer"] for entry in inputs]
        items = [
            NewItem(input=entry, expected_output=right, tags=tags(place) if tags else None)
            for place, (entry, right) in enumerate(zip(inputs, wanted, strict=True))
        ]
        for begin in range(0, len(items), 1000):
            part = items[begin : begin + 1000]
            dataset, _ = await self.services.datasets.add_items(actor=ANYONE, dataset_id=dataset.id, items=part)
        return dataset

    async def system(self, function: str) -> SystemVersion:
        """Make a version of a system out of a function of tests.support.systems."""
        return await self.version("python", {"function": f"tests.support.systems:{function}"})

    async def version(self, target: str, config: Any, rate_limit: RateLimit | None = None) -> SystemVersion:
        """Make a version of a system of its own; the room answers as a worker does meanwhile."""
        system = await self.services.systems.create(actor=ANYONE, project_id=self.project.id, name=f"s{now()}")
        return await self.services.systems.create_version(
            actor=ANYONE,
            system_id=system.id,
            name="v1",
            target=target,
            config=config,
            rate_limit=rate_limit,
        )

    async def evaluator(
        self,
        plugin: str = "exact_match",
        config: Any = None,
        mapping: Sequence[VariableMapping] | None = None,
        threshold: Threshold | None = None,
    ) -> Evaluator:
        # To check one may start a process; a worker says meanwhile that it lives.
        await self.store.workers.beat("here")
        return await self.services.evaluators.create(
            actor=ANYONE,
            project_id=self.project.id,
            name=f"{plugin} {now()}",
            plugin=plugin,
            config=config,
            mapping=mapping,
            threshold=threshold,
        )

    async def start(
        self,
        dataset: Dataset | None,
        system: SystemVersion | None,
        evaluators: Sequence[Evaluator] = (),
        **settings: Any,
    ) -> Run:
        return await self.services.runs.start(
            actor=ANYONE,
            new=NewRun(
                project_id=self.project.id,
                dataset_id=dataset.id if dataset else None,
                system_version_id=system.id if system else None,
                evaluator_ids=[evaluator.id for evaluator in evaluators],
                settings=RunSettings(**settings),
            ),
        )

    async def deliver(self, *, shuffle: random.Random | None = None, times: int = 1) -> None:
        """Deliver messages, and those that they lead to, until there are none."""
        while self.mailbox.messages:
            place = shuffle.randrange(len(self.mailbox.messages)) if shuffle else 0
            message = self.mailbox.messages.pop(place)
            for _ in range(times):
                await self.turn(message)

    async def turn(self, message: tuple[str, int] | None = None) -> None:
        """Let the engine take a turn at the task of a message, by default the next; what it goes on with comes next."""
        following = await self.engine.work(*(message or self.mailbox.messages.pop(0)))
        if following is not None:
            self.mailbox.messages.insert(0, (following.id, following.ticket))

    async def expire(self, run: Run) -> None:
        """Let the leases and hints of a run's tasks run out now."""
        await self.store.tasks._rows.update_many({"run_id": run.id}, {"$set": {"due_at": run.created_at}})

    async def deliver_to(self, *engines: Engine) -> None:
        """Let engines take turns at once until no messages are left, each message going to the next of them."""

        async def work(place: int, message: tuple[str, int]) -> None:
            following = await engines[place % len(engines)].work(*message)
            if following is not None:
                self.mailbox.messages.append((following.id, following.ticket))

        while self.mailbox.messages:
            messages, self.mailbox.messages[:] = list(self.mailbox.messages), []
            await asyncio.gather(*(work(place, message) for place, message in enumerate(messages)))

    async def finished(self, run: Run) -> Run:
        """Deliver everything and return the run as it then is."""
        await self.deliver()
        found = await self.store.runs.get(run.id)
        assert found is not None
        return found

    async def records(self, run: Run) -> list[Record]:
        """Return the records of a run in order."""
        rows = self.store.records._rows.find({"run_id": run.id}).sort("seq")
        return [self.store.records._codec.decode(row) async for row in rows]
