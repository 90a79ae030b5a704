"""What the lanes of a run agree on beside its counters: shares of its budget, when to stop, whom not to ask."""

from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from evalyard_core.domain.budgets import LEAST_SHARE, ROUNDING, Allowance
from evalyard_core.domain.circuits import Circuit
from evalyard_core.domain.runs import ACTIVE

from .codec import Document, PartCodec
from .runs import RunRepository

_CIRCUIT = PartCodec(Circuit)


class RunLimitRepository:
    """Changes the documents of runs that are at work."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._rows = database[RunRepository.name]

    async def open_circuit(self, run_id: str, circuit: Circuit) -> None:
        """Note that a run does not ask somebody any more, unless it says so already."""
        await self._rows.update_one(
            {"_id": run_id, "circuits.key": {"$ne": circuit.key}},
            {"$push": {"circuits": _CIRCUIT.encode(circuit)}, "$inc": {"revision": 1}},
        )

    async def allot(self, run_id: str, budget: float, *, lane: int, lanes: int, spent: float) -> Allowance | None:
        """Give a lane a new share of the budget, in one update; None where the run is gone. See `domain.budgets`."""
        row = await self._rows.find_one_and_update(
            {"_id": run_id},
            _allot(budget, str(lane), lanes, spent),
            projection={"allotted": 1},
            return_document=True,
        )
        return None if row is None else Allowance(share=row["allotted"]["share"], left=row["allotted"]["left"])

    async def give_back(self, run_id: str, lane: int) -> None:
        """Give back what a lane did not spend."""
        await self._rows.update_one({"_id": run_id}, {"$unset": {f"accounts.{lane}": ""}})

    async def stop_soon(self, run_id: str, reason: str) -> None:
        """Say why a run is to end once its calls in flight are answered, unless it says so already."""
        await self._rows.update_one(
            {"_id": run_id, "status": {"$in": sorted(ACTIVE)}, "stopping": None},
            {"$set": {"stopping": reason}, "$inc": {"revision": 1}},
        )


def _allot(budget: float, lane: str, lanes: int, spent: float) -> list[Document]:
    beyond = {"$subtract": [budget - spent, "$progress.cost_usd"]}
    free = "$allotted.free"
    part = {"$min": [free, {"$max": [{"$divide": [free, 2 * lanes]}, budget * LEAST_SHARE]}]}
    account = {"allowed": {"$add": ["$allotted.share", spent]}, "spent": {"$literal": spent}}
    return [
        {
            "$set": {
                "allotted.left": {"$subtract": [beyond, _of_others(lane, "spent")]},
                "allotted.free": {"$subtract": [beyond, _of_others(lane, "allowed")]},
            }
        },
        {
            "$set": {
                "allotted.left": _unless_nothing("$allotted.left", "$allotted.left", budget),
                "allotted.share": _unless_nothing(free, part, budget),
            }
        },
        {"$set": {f"accounts.{lane}": account}},
    ]


def _of_others(lane: str, what: str) -> Document:
    accounts = {"$objectToArray": {"$ifNull": ["$accounts", {}]}}
    dollars = {"$cond": [{"$eq": ["$$this.k", lane]}, 0, {"$max": [0, f"$$this.v.{what}"]}]}
    return {"$sum": {"$map": {"input": accounts, "in": dollars}}}


def _unless_nothing(dollars: str, value: Any, budget: float) -> Document:
    return {"$cond": [{"$gt": [dollars, budget * ROUNDING]}, value, 0.0]}
