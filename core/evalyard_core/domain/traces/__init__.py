"""Traces: what an application told of its work, and what the conventions make of it."""
