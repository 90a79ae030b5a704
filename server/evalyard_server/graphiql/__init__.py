"""GraphiQL for a browser, complete without the internet."""

from .page import page, routes

__all__ = ["page", "routes"]
