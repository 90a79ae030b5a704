"""Fixtures of every test. Real servers only: see fixtures/servers.py."""

from tests.fixtures.room import room
from tests.fixtures.servers import broker_url, database_name, mongodb_url

__all__ = ["broker_url", "database_name", "mongodb_url", "room"]
