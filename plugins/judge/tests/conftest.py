"""Judges that ask a real OpenAI-compatible server on the loopback interface."""

from tests.fixtures.openai import make_asking as make_judge
from tests.fixtures.openai import openai, openai_process

__all__ = ["make_judge", "openai", "openai_process"]
