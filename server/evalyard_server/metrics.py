"""What Prometheus scrapes from an API process."""

from collections.abc import Callable, Mapping
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from evalyard_core.domain.runs import RunStatus

MEDIA_TYPE: Final = CONTENT_TYPE_LATEST
_SECONDS: Final = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


class Metrics:
    """The figures of one application, in a registry of its own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self._registry)
        self._operations = Counter(
            "evalyard_graphql_operations",
            "GraphQL operations by type and outcome: ok, errors (some field failed), refused (nothing was executed).",
            ["type", "outcome"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "evalyard_graphql_operation_seconds",
            "Time of a query or mutation.",
            ["type"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._refusals = Counter(
            "evalyard_http_refusals",
            "HTTP requests to /graphql that held no operation or came from nobody known, by status.",
            ["status"],
            registry=self._registry,
        )
        self._exports = Counter(
            "evalyard_exports",
            "Exports by form and outcome: complete, abandoned (the client went away), failed (broken off).",
            ["form", "outcome"],
            registry=self._registry,
        )
        self._trace_requests = Counter(
            "evalyard_trace_requests", "Requests to /v1/traces by status.", ["status"], registry=self._registry
        )
        self._spans = Counter(
            "evalyard_spans", "Spans by outcome: stored, rejected.", ["outcome"], registry=self._registry
        )
        self._subscriptions = self._gauge("evalyard_subscriptions", "Live GraphQL subscriptions.")
        self._connections = self._gauge(
            "evalyard_websocket_connections", "Open WebSocket connections of known callers."
        )
        self._workers = self._gauge("evalyard_workers", "Live worker processes.")
        self._runs = Gauge("evalyard_unfinished_runs", "Runs that have not ended.", ["status"], registry=self._registry)

    def operation(self, kind: str, outcome: str, seconds: float) -> None:
        """Count an operation; a subscription takes as long as its subscriber likes, so only others are timed."""
        self._operations.labels(kind, outcome).inc()
        if kind in {"query", "mutation"}:
            self._seconds.labels(kind).observe(seconds)

    def refusal(self, status: int) -> None:
        """Count a request that was no operation."""
        self._refusals.labels(str(status)).inc()

    def export(self, form: str, outcome: str) -> None:
        """Count an export that was begun."""
        self._exports.labels(form, outcome).inc()

    def trace_request(self, status: int) -> None:
        """Count a request that may hold spans."""
        self._trace_requests.labels(str(status)).inc()

    def spans(self, *, stored: int, rejected: int) -> None:
        """Count spans of a request that was taken in."""
        self._spans.labels("stored").inc(stored)
        self._spans.labels("rejected").inc(rejected)

    def watch(self, *, subscriptions: Callable[[], int], connections: Callable[[], int]) -> None:
        """Ask these for the present figures at each scrape."""
        self._subscriptions.set_function(subscriptions)
        self._connections.set_function(connections)

    def stored(self, runs: Mapping[RunStatus, int], *, workers: int) -> None:
        """Take in what the database says."""
        self._workers.set(workers)
        for status, count in runs.items():
            self._runs.labels(status).set(count)

    def exposition(self) -> bytes:
        """Return all figures in Prometheus's text format."""
        return generate_latest(self._registry)

    def _gauge(self, name: str, what: str) -> Gauge:
        return Gauge(name, what, registry=self._registry)
