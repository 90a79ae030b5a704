"""Scorers that ask a real OpenAI-compatible server on the loopback interface."""

from tests.fixtures.openai import make_asking as make_scorer
from tests.fixtures.openai import openai, openai_process

__all__ = ["make_scorer", "openai", "openai_process"]
