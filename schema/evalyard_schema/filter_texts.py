"""Filters of records outside of queries: as the JSON text that a variable would have."""

import json
from typing import cast

from graphql import GraphQLError, GraphQLInputType
from graphql.utilities import coerce_input_value, validate_input_value
from strawberry.types.arguments import convert_argument

from evalyard_core.domain import filters as domain
from evalyard_core.domain.errors import BadInput

from .inputs.record_filters import RecordFilter
from .schema import schema


def read_filter(text: str | None) -> domain.RecordFilter:
    """Return the filter in a JSON text, that of all records where there is none; or refuse it."""
    if not text:
        return domain.RecordFilter()
    try:
        value = json.loads(text)
    except ValueError as error:
        raise BadInput(f"The filter is not JSON: {error}.", field="filter") from error
    if value is None:
        return domain.RecordFilter()
    wanted_type = cast("GraphQLInputType", schema._schema.type_map["RecordFilter"])  # noqa: SLF001 - as Strawberry does
    validate_input_value(value, wanted_type, _refuse)
    coerced = coerce_input_value(value, wanted_type)
    registry = schema.schema_converter.scalar_registry
    return cast("RecordFilter", convert_argument(coerced, RecordFilter, registry, schema.config)).to_domain()


def _refuse(error: GraphQLError, path: list[str | int]) -> None:
    place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    raise BadInput(error.message, field=f"filter{place}")
