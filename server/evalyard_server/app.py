"""The ASGI application of an API process."""

from starlette.applications import Starlette

from evalyard_core.settings import Settings
from evalyard_schema.context import Context
from evalyard_schema.schema import schema
from evalyard_server.assembly import assemble
from evalyard_server.running import Interface


def create_app(settings: Settings) -> Starlette:
    """Return the application; raises StartError for settings that let in everyone who reaches the machine."""
    return assemble(settings, Interface(schema=schema, new_context=Context.of))
