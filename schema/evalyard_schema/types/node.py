"""What every object with an id is."""

import strawberry

from evalyard_schema.described import interface


@interface
class Node:
    """An object with an id that is unique over all types."""

    id: strawberry.ID
