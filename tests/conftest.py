"""Fixtures of every test. Real servers only: see fixtures/servers.py."""

from tests.fixtures.asking import operator
from tests.fixtures.room import room
from tests.fixtures.servers import broker_url, database_name, mongodb_url
from tests.fixtures.world import world

__all__ = ["broker_url", "database_name", "mongodb_url", "operator", "room", "world"]
