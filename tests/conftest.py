"""Fixtures of every test. Real servers only: see fixtures/servers.py."""

from tests.fixtures.asking import operator
from tests.fixtures.openai import openai, openai_process
from tests.fixtures.room import room
from tests.fixtures.servers import broker_url, database_name, mongodb_url
from tests.fixtures.third_party import acme_quality, installed_package
from tests.fixtures.world import world

__all__ = [
    "acme_quality",
    "broker_url",
    "database_name",
    "installed_package",
    "mongodb_url",
    "openai",
    "openai_process",
    "operator",
    "room",
    "world",
]
