"""Where a person sees a record: GraphiQL with the query of it."""

from typing import Final
from urllib.parse import urlencode

from .ids import encode

_QUERY: Final = """\
{{
  record(id: "{id}") {{
    input expectedOutput output status verdict latencyMs costUsd
    error {{ code message }}
    scores {{ name status value passed explanation error {{ code message }} }}
    run {{ number name }}
  }}
}}
"""


def record_link(base_url: str, record_id: str) -> str | None:
    """Return the address of a record, None where nobody has said how clients reach the API."""
    query = _QUERY.format(id=encode("Record", record_id))
    return f"{base_url}/graphql?{urlencode({'query': query})}" if base_url else None
