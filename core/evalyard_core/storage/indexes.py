"""Every index there is. A test shows that each query of a page is covered by one, and each one by a query."""

from typing import Final

from pymongo import ASCENDING, DESCENDING, IndexModel

UP, DOWN = ASCENDING, DESCENDING


def _index(*fields: tuple[str, int], **options: object) -> IndexModel:
    return IndexModel(list(fields), **options)


INDEXES: Final[dict[str, list[IndexModel]]] = {
    "projects": [_index(("name", UP), unique=True)],
    "api_keys": [_index(("digest", UP), unique=True), _index(("project_id", UP), ("_id", UP))],
    "datasets": [_index(("project_id", UP), ("_id", UP)), _index(("project_id", UP), ("name", UP), unique=True)],
    "items": [
        _index(("dataset_id", UP), ("until", UP), ("seq", UP), ("_id", UP)),
        # The items of an older version: what is of another one is passed over without being read.
        _index(("dataset_id", UP), ("seq", UP), ("_id", UP), ("since", UP), ("until", UP)),
        _index(("item_id", UP), ("since", DOWN)),
        # Two callers who add a key at once can't both have it.
        _index(
            ("dataset_id", UP),
            ("key", UP),
            ("until", UP),
            unique=True,
            partialFilterExpression={"key": {"$type": "string"}},
        ),
        _index(("project_id", UP)),
    ],
    "evaluators": [
        _index(("project_id", UP), ("_id", UP)),
        _index(("project_id", UP), ("name", UP), unique=True, partialFilterExpression={"deleted_at": None}),
    ],
    "systems": [_index(("project_id", UP), ("_id", UP)), _index(("project_id", UP), ("name", UP), unique=True)],
    "system_versions": [
        _index(("system_id", UP), ("_id", DOWN)),
        _index(("system_id", UP), ("name", UP), unique=True),
        _index(("project_id", UP)),
    ],
    "runs": [
        *(
            _index((scope, UP), (field, UP), ("_id", UP))
            for scope in ("project_id", "dataset.id")
            for field in (
                "at",
                "status",
                "dataset.name",
                "system.system_name",
                "summary.pass_rate",
                "progress.cost_usd",
                "summary.total_duration_ms",
            )
        ),
        _index(("dataset.id", UP), ("system.system_id", UP), ("number", DOWN)),
        _index(("system.version_id", UP), ("at", DOWN), ("_id", DOWN)),
        # Of a text the database does not see that it has the type of texts, but that it comes after the empty one.
        _index(
            ("project_id", UP),
            ("idempotency_key", UP),
            unique=True,
            partialFilterExpression={"idempotency_key": {"$gt": ""}},
        ),
        # A tick of a schedule has one run.
        _index(
            ("schedule_id", UP),
            ("scheduled_for", UP),
            unique=True,
            partialFilterExpression={"schedule_id": {"$gt": ""}},
        ),
        _index(
            ("schedule_id", UP),
            ("at", UP),
            ("_id", UP),
            partialFilterExpression={"schedule_id": {"$gt": ""}},
        ),
        _index(
            ("monitor_id", UP),
            ("at", UP),
            ("_id", UP),
            partialFilterExpression={"monitor_id": {"$gt": ""}},
        ),
        # For what is kept for a while only.
        _index(("project_id", UP), ("finished_at", UP)),
        # For the sweeper: what is at work, what was stopped and has no summary yet, and what is being deleted.
        _index(("status", UP), ("summary.passed", UP)),
        _index(("hidden", UP), partialFilterExpression={"hidden": True}),
    ],
    "records": [
        _index(("run_id", UP), ("seq", UP), ("_id", UP)),
        # Only what is not done with, so that a lane finds its next records at once however long the run is.
        _index(
            ("run_id", UP),
            ("lane", UP),
            ("seq", UP),
            partialFilterExpression={"status": {"$in": ["PENDING", "RUNNING", "SCORING"]}},
        ),
        _index(("project_id", UP), ("created_at", DOWN), ("_id", DOWN)),
        _index(("item_id", UP), ("created_at", DOWN), ("_id", DOWN)),
        _index(("project_id", UP), ("latency_ms", UP), ("_id", UP)),
        _index(("project_id", UP), ("cost_usd", UP), ("_id", UP)),
        _index(
            ("project_id", UP),
            ("trace_id", UP),
            ("created_at", DOWN),
            ("_id", DOWN),
            partialFilterExpression={"trace_id": {"$gt": ""}},
        ),
        # Only what people have scored for some evaluator; the run is there for whoever asks for some runs' records.
        _index(
            ("judged", UP),
            ("judged_at", DOWN),
            ("_id", DOWN),
            ("run_id", UP),
            partialFilterExpression={"judged": {"$exists": True}},
        ),
        # Only what later runs may use again; the newest of an output is found without reading a record.
        _index(
            ("project_id", UP),
            ("answer_key", UP),
            ("started_at", DOWN),
            ("_id", UP),
            partialFilterExpression={"answer_key": {"$exists": True}},
        ),
        _index(
            ("project_id", UP),
            ("scores.cache_key", UP),
            partialFilterExpression={"scores.cache_key": {"$exists": True}},
        ),
    ],
    "score_history": [_index(("record_id", UP)), _index(("run_id", UP)), _index(("project_id", UP))],
    "spans": [_index(("trace", UP), ("received.start_ns", UP), ("_id", UP))],
    "span_notes": [_index(("trace", UP))],
    "traces": [
        *(
            _index(("project_id", UP), *field, ("start_ns", UP), ("_id", UP))
            for field in ((), (("head.status", UP),), (("head.name", UP),), (("tags", UP),))
        ),
        *(
            _index(
                ("project_id", UP), (field, UP), ("start_ns", UP), partialFilterExpression={field: {"$exists": True}}
            )
            for field in ("session.value", "user.value")
        ),
        _index(("project_id", UP), ("duration_ns", UP), ("_id", UP)),
        # For monitors and for what is kept for a while only, and for what is being deleted.
        _index(("project_id", UP), ("received_at", UP)),
        _index(("hidden", UP), partialFilterExpression={"hidden": True}),
    ],
    "tasks": [_index(("state", UP), ("due_at", UP)), _index(("run_id", UP)), _index(("project_id", UP))],
    "workers": [_index(("seen_at", UP), expireAfterSeconds=3600)],
    "schedules": [
        _index(("project_id", UP), ("_id", UP)),
        _index(("project_id", UP), ("name", UP), unique=True),
        _index(("next_at", UP)),
    ],
    "monitors": [
        _index(("project_id", UP), ("_id", UP)),
        _index(("project_id", UP), ("name", UP), unique=True),
        _index(("next_at", UP)),
    ],
    "sightings": [
        _index(("run_id", UP), ("seq", UP)),
        _index(("project_id", UP)),
        _index(("taken_at", UP), expireAfterSeconds=30 * 86_400),
    ],
    "requests": [_index(("created_at", UP), expireAfterSeconds=600)],
}
