"""The only code that knows MongoDB: documents, indexes, keyset pages and the change stream."""

from pymongo.errors import ConnectionFailure as StoreUnreachable
from pymongo.errors import PyMongoError as StoreError

from evalyard_core.domain.lists import Page

from .database import Store, StoreUnavailable
from .pages import Order

__all__ = ["Order", "Page", "Store", "StoreError", "StoreUnavailable", "StoreUnreachable"]
