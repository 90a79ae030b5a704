"""Spans over OTLP/HTTP, as any OpenTelemetry exporter sends them.

https://opentelemetry.io/docs/specs/otlp/#otlphttp
"""
