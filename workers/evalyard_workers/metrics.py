"""What a worker process counts, for Prometheus."""

from collections import Counter as Counts
from collections.abc import Sequence
from typing import Final

import structlog
from prometheus_client import Counter, Gauge, Histogram, start_http_server

from evalyard_core.domain.counting import Counted

_log = structlog.get_logger(__name__)

_MOST_PROCESSES: Final = 64

TURNS: Final = Gauge("evalyard_turns_active", "Turns at tasks that are under way in this process.")
_RECORDS: Final = Counter("evalyard_records_total", "Records that were done with, by status.", ["status"])
_SCORES: Final = Counter("evalyard_scores_total", "Scores, by plugin and status.", ["plugin", "status"])
_LATENCY: Final = Histogram(
    "evalyard_call_seconds",
    "How long the last attempt at calling a system under test took.",
    buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300),
)


def count_records(done: Sequence[Counted]) -> None:
    """Count records that were done with, and their scores."""
    for status, number in Counts(record.status for record in done).items():
        _RECORDS.labels(status).inc(number)
    scores = Counts((score.plugin or "", score.status) for record in done for score in record.scores)
    for (plugin, outcome), number in scores.items():
        _SCORES.labels(plugin, outcome).inc(number)
    for record in done:
        if record.latency_ms is not None:
            _LATENCY.observe(record.latency_ms / 1000)


def serve_metrics(port: int) -> None:
    """Serve /metrics on the first free port from `port` on, since the processes of a worker share a setting."""
    for candidate in range(port, port + _MOST_PROCESSES):
        try:
            start_http_server(candidate)
        except OSError:
            continue
        _log.info("serving metrics", port=candidate)
        return
    _log.warning("no port is free for metrics", port=port)
