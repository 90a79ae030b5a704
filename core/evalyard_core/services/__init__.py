"""Use cases: what mutations, workers and the command line call. Keyword-only arguments; refusals, not codes."""

from .bundle import Services

__all__ = ["Services"]
