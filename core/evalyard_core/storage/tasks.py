"""Tasks and their leases. Time is the database's own, so that workers' clocks need not agree."""

from collections.abc import Sequence
from typing import Any, Final

from pymongo.asynchronous.database import AsyncDatabase

from evalyard_core.domain.ids import new_id
from evalyard_core.domain.tasks import Task, TaskKind, TaskState

from .codec import Document
from .collection import Repository, Session, insert_new

LEASE_SECONDS: Final = 12.0


def _in_seconds(seconds: float) -> Document:
    return {"$add": ["$$NOW", int(seconds * 1000)]}


class TaskRepository(Repository[Task]):
    """The parts of runs' work.

    A worker holds a task for `lease_seconds` after it last said so. A hint may be under way for `hint_seconds`, which
    are fewer: then the sweeper sends another.
    """

    name = "tasks"

    def __init__(self, database: AsyncDatabase[Document], lease_seconds: float = LEASE_SECONDS) -> None:
        super().__init__(database, Task)
        self.lease_seconds = lease_seconds
        self.hint_seconds = lease_seconds * 5 / 6
        #: Holders say that they live, and sweepers look, so often.
        self.beat_seconds = lease_seconds / 6

    async def add(self, tasks: Sequence[Task], *, session: Session | None = None) -> None:
        """Store tasks; those that are there already stay as they are (outside a transaction)."""
        await insert_new(self._rows, [self._codec.encode(task) for task in tasks], session=session)

    async def claim(self, identifier: str, ticket: int, owner: str, lease_seconds: float) -> Task | None:
        """Take a task for `lease_seconds`; None where the ticket is old or somebody holds the task.

        The task's owner names this very claim: a worker that lost a task and took it again must not go on twice.
        """
        return await self._update(
            {"_id": identifier, "ticket": ticket, "state": TaskState.READY, "owner": None},
            [{"$set": {"owner": f"{owner}/{new_id()}", "due_at": _in_seconds(lease_seconds)}}],
        )

    async def renew(self, identifier: str, owner: str, lease_seconds: float) -> bool:
        """Keep a task for longer; False where it was lost."""
        result = await self._rows.update_one(
            {"_id": identifier, "owner": owner}, [{"$set": {"due_at": _in_seconds(lease_seconds)}}]
        )
        return result.matched_count == 1

    async def release(self, task: Task, state: TaskState, *, due_seconds: float) -> Task | None:
        """Give a claimed task back with its next ticket; None where it was lost.

        A task that was woken while it was held stays READY instead of becoming IDLE.
        """
        next_state: Any = state
        if state is TaskState.IDLE:
            next_state = {"$cond": [{"$eq": ["$ticket", task.ticket]}, TaskState.IDLE, TaskState.READY]}
        return await self._update(
            {"_id": task.id, "owner": task.owner},
            [
                {
                    "$set": {
                        "owner": None,
                        "state": next_state,
                        "takeovers": 0,
                        "ticket": {"$add": ["$ticket", 1]},
                        "due_at": _in_seconds(due_seconds),
                    }
                }
            ],
        )

    async def wake(self, run_id: str, *, due_seconds: float) -> list[Task]:
        """Make a run's idle tasks READY, give those that are held a new ticket, and return those that nobody holds.

        One update does both, so that a task which is released as IDLE meanwhile is met before or after, never missed.
        """
        idle = {"$eq": ["$state", TaskState.IDLE]}
        await self._rows.update_many(
            {"run_id": run_id, "$or": [{"state": TaskState.IDLE}, {"state": TaskState.READY, "owner": {"$ne": None}}]},
            [
                {
                    "$set": {
                        "due_at": {"$cond": [idle, _in_seconds(due_seconds), "$due_at"]},
                        "state": TaskState.READY,
                        "ticket": {"$add": ["$ticket", 1]},
                    }
                }
            ],
        )
        rows = self._rows.find({"run_id": run_id, "state": TaskState.READY, "owner": None})
        return [self._codec.decode(row) async for row in rows]

    async def reopen(self, run_id: str, *, due_seconds: float, kind: TaskKind = TaskKind.EXECUTE) -> None:
        """Make the finished tasks of one kind READY again, by default the lanes."""
        await self._rows.update_many(
            {"run_id": run_id, "kind": kind, "state": TaskState.DONE},
            [
                {
                    "$set": {
                        "state": TaskState.READY,
                        "ticket": {"$add": ["$ticket", 1]},
                        "due_at": _in_seconds(due_seconds),
                    }
                }
            ],
        )

    async def call(self, task: Task, *, due_seconds: float, session: Session) -> Task | None:
        """Have a task done after this transaction; returns it where a worker is to be told.

        One that waits for a worker already is written too: a worker that claims it at this moment comes before the
        transaction, which then begins again and finds the task held, or after it, and sees all that it wrote.
        """
        there = (await self.get_many([task.id], session=session)).get(task.id)
        if there is None:
            await self.insert(task, session=session)
            return task
        if there.state is TaskState.READY and there.owner is None:
            await self._rows.update_one({"_id": task.id}, {"$inc": {"calls": 1}}, session=session)
            return None
        changes: Document = {"state": TaskState.READY, "ticket": there.ticket + 1}
        if there.owner is None:
            changes["due_at"] = _in_seconds(due_seconds)
        called = await self._update({"_id": task.id}, [{"$set": changes}], session=session)
        return called if there.owner is None else None

    async def overdue(self, most: int = 200) -> list[Task]:
        """Return tasks that somebody should have acted on by now, the longest overdue first."""
        query = {"state": TaskState.READY, "$expr": {"$lt": ["$due_at", "$$NOW"]}}
        rows = self._rows.find(query).sort("due_at").limit(most)
        return [self._codec.decode(row) async for row in rows]

    async def free(self, task: Task) -> Task | None:
        """Take an overdue task from whoever held it, and give it the time of a hint; None where it has changed.

        Of two sweepers that found it, one gets it. It is counted, since the owner may have died of it.
        """
        return await self._update(
            {"_id": task.id, "state": TaskState.READY, "due_at": task.due_at, "owner": task.owner},
            [
                {
                    "$set": {
                        "takeovers": task.takeovers + (task.owner is not None),
                        "owner": None,
                        "due_at": _in_seconds(self.hint_seconds),
                    }
                }
            ],
        )

    async def unfinished(self, run_id: str) -> int:
        """Return how many of a run's tasks have work that its end waits for; an IDLE one has none unless woken."""
        waited_for = {"run_id": run_id, "state": TaskState.READY, "kind": {"$ne": TaskKind.FIGURES}}
        return await self._rows.count_documents(waited_for)

    async def delete_of_run(self, run_id: str) -> None:
        """Remove the tasks of a run."""
        await self._rows.delete_many({"run_id": run_id})
