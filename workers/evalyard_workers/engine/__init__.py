"""The run engine: tasks are claimed by lease, records carried out and scored in bulk, runs summed up and ended."""

from .engine import Engine

__all__ = ["Engine"]
