"""Text search as the database does it: case-insensitive, anywhere in a field."""

import re

import orjson

from .codec import Document


def in_text(search: str) -> Document:
    """Return the predicate of a plain text field."""
    return {"$regex": re.escape(search), "$options": "i"}


def in_json(search: str) -> Document:
    """Return the predicate of a field kept as JSON text, in which quotes and line breaks are escaped."""
    return {"$regex": re.escape(orjson.dumps(search).decode()[1:-1]), "$options": "i"}
