"""Which records are meant, and in which order, as the database is asked."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from evalyard_core.domain.errors import BadInput
from evalyard_core.domain.filters import OrderDirection, RecordFilter, RecordOrder, RecordOrderField, ScoreFilter
from evalyard_core.domain.lists import RecordList
from evalyard_core.domain.records import ScoreStatus

from .codec import Document
from .listed import Selection
from .pages import Order
from .runs import between
from .search import in_json

_ORDERS: Final = {
    RecordOrderField.CREATED_AT: "created_at",
    RecordOrderField.LATENCY: "latency_ms",
    RecordOrderField.COST: "cost_usd",
}


def _by_score(query: Document, order: RecordOrder) -> Selection:
    """Sort by the number of one evaluator's score, which no index holds: all that is meant is read for each page."""
    if order.evaluator_id is None:
        raise BadInput("SCORE needs the evaluatorId whose score counts.", field="orderBy.evaluatorId")
    is_wanted = {"$eq": ["$$this.evaluator_id", {"$literal": order.evaluator_id}]}
    score = {"$first": {"$filter": {"input": "$scores", "cond": is_wanted}}}
    rank = {"$ifNull": [{"$getField": {"field": "number", "input": score}}, None]}
    by_rank = Order(
        "rank", descending=order.direction is OrderDirection.DESC, nullable=True, basis=f":{order.evaluator_id}"
    )
    return Selection(query, by_rank, ({"$set": {"rank": rank}},))


def _order(scope: Mapping[str, str], order: RecordOrder | None) -> Order:
    if order is None:
        return Order("seq") if "run_id" in scope else Order("created_at", descending=True)
    nullable = order.field is not RecordOrderField.CREATED_AT
    return Order(_ORDERS[order.field], descending=order.direction is OrderDirection.DESC, nullable=nullable)


def select_records(wanted: RecordList) -> Selection:
    """Return the records of a project, run or item, or refuse an order.

    A filter that no index serves is counted among the newest records only, unless runs or items narrow it.
    """
    scope = _scope(wanted)
    query = _query(scope, wanted.wanted)
    is_whole_project = scope.keys() == {"project_id"} and not wanted.wanted.run_ids and not wanted.wanted.item_ids
    counted_among = scope if is_whole_project and query != scope else None
    if wanted.order is not None and wanted.order.field is RecordOrderField.SCORE:
        return replace(_by_score(query, wanted.order), counted_among=counted_among)
    return Selection(query, _order(scope, wanted.order), counted_among=counted_among)


def _scope(wanted: RecordList) -> Mapping[str, str]:
    if wanted.run_id is not None:
        return {"run_id": wanted.run_id}
    if wanted.item_id is not None:
        return {"item_id": wanted.item_id}
    if wanted.trace_id is not None:
        return {"project_id": wanted.project_id, "trace_id": wanted.trace_id}
    return {"project_id": wanted.project_id}


def _query(scope: Mapping[str, str], wanted: RecordFilter) -> Document:
    given: Document = {
        "run_id": _any(wanted.run_ids),
        "dataset_id": _any(wanted.dataset_ids),
        "item_id": _any(wanted.item_ids),
        "system_version_id": _any(wanted.system_version_ids),
        "status": _any(wanted.status),
        "verdict": _any(wanted.verdict),
        "tags": {"$all": list(wanted.tags)} if wanted.tags else None,
        "facets": {"$all": list(wanted.facets)} if wanted.facets else None,
        "error.code": _any(wanted.error_codes),
        "latency_ms": between(wanted.min_latency_ms, wanted.max_latency_ms),
        "finished_at": between(wanted.finished_after, wanted.finished_before),
    }
    conditions: list[Document] = [{name: condition} for name, condition in given.items() if condition]
    conditions += [{"scores": {"$elemMatch": _score_query(score)}} for score in wanted.scores]
    if wanted.search:
        found = in_json(wanted.search)
        conditions.append({"$or": [{name: found} for name in ("input", "expected_output", "output")]})
    return {**scope, "$and": conditions} if conditions else dict(scope)


def _any(values: Sequence[Any]) -> Document | None:
    return {"$in": list(values)} if values else None


def _score_query(score: ScoreFilter) -> Document:
    query: Document = {"evaluator_id": score.evaluator_id, "status": score.status or ScoreStatus.OK}
    if score.passed is not None:
        query["passed"] = score.passed
    if bounds := between(score.min, score.max):
        query["number"] = bounds
    if score.label is not None:
        query["label"] = score.label
    return query
