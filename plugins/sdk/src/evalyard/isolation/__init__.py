"""Evaluators in a process of their own: `python -m evalyard.isolation` serves them to a worker.

It needs nothing but this package, and runs in any environment that has the plugin. It says nothing on its standard
output: what a plugin prints never gets between two messages.
"""

from evalyard.isolation._answers import CaseAnswer, Raised, read_answer
from evalyard.isolation._wire import PROTOCOL, BadMessage, Unpacker, pack

__all__ = ["PROTOCOL", "BadMessage", "CaseAnswer", "Raised", "Unpacker", "pack", "read_answer"]
