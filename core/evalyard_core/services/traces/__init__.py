"""Traces: taking spans in, and how long they are kept."""
