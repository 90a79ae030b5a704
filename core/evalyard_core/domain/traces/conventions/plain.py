"""Spans of HTTP, of databases and of remote procedure calls: OpenTelemetry's conventions, and those before 1.23."""

from typing import Final

from .convention import Convention
from .sources import object_of, value_of

PLAIN: Final = Convention(
    inputs={
        None: (
            value_of("db.query.text", "db.statement"),
            object_of(
                method=value_of("http.request.method", "http.method"),
                url=value_of("url.full", "http.url", "url.path", "http.target"),
            ),
            object_of(service=value_of("rpc.service"), method=value_of("rpc.method")),
        )
    },
    outputs={
        None: (
            object_of(status=value_of("http.response.status_code", "http.status_code")),
            object_of(status=value_of("rpc.response.status_code", "rpc.grpc.status_code")),
        )
    },
)
