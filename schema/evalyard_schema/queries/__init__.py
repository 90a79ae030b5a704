"""Everything that can be read."""

from .comparing import ComparisonQuery
from .library import LibraryQuery
from .node import NodeQuery
from .objects import ObjectQuery
from .project import ProjectQuery

__all__ = ["QUERIES"]

#: Merged into the type Query, in this order.
QUERIES = (NodeQuery, ProjectQuery, ObjectQuery, LibraryQuery, ComparisonQuery)
