"""The words of the field as frozen dataclasses, state tables and pure functions; imports nothing of ours."""
