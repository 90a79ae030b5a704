"""What tests of the answer cache share: time that passes, and what is looked up."""

from datetime import timedelta
from typing import Any

from evalyard_core.domain.caching import RunCache
from evalyard_core.domain.runs import Run
from evalyard_core.storage import Store

#: What a run asks for that may use everything of the last hour.
HOUR = RunCache(answers_max_age_seconds=3600, scores_max_age_seconds=3600)


async def grow_older(store: Store, run: Run, seconds: float) -> None:
    """Have the calls and the scores of a run been made so much earlier."""
    rows = store.records._rows
    async for row in rows.find({"run_id": run.id}):
        earlier = timedelta(seconds=seconds)
        for score in row["scores"]:
            score["created_at"] -= earlier
        changes = {"started_at": row["started_at"] - earlier, "scores": row["scores"]}
        await rows.update_one({"_id": row["_id"]}, {"$set": changes})


def looked_up(sent: list[dict[str, Any]], path: str) -> list[int]:
    """Return how many keys each look-up in the cache named: those of outputs (answer_key) or scores."""
    matches = [command["pipeline"][0]["$match"] for command in sent if command.get("aggregate") == "records"]
    return [len(match[path]["$in"]) for match in matches if path in match]
