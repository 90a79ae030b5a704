"""The only code that knows MongoDB: documents, indexes, keyset pages and the change stream."""

from .database import Store
from .pages import Order, Page

__all__ = ["Order", "Page", "Store"]
