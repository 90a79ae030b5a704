"""Fixtures of every test. Real servers only: see fixtures/servers.py."""

from tests.fixtures.asking import operator
from tests.fixtures.installed import hosts, site
from tests.fixtures.live import live
from tests.fixtures.openai import openai, openai_process
from tests.fixtures.room import plugin_rules, room, room_commands
from tests.fixtures.servers import broker_url, database_name, mongodb_url
from tests.fixtures.third_party import acme_hostile, acme_quality, installed_hostile_package, installed_package
from tests.fixtures.world import world

__all__ = [
    "acme_hostile",
    "acme_quality",
    "broker_url",
    "database_name",
    "hosts",
    "installed_hostile_package",
    "installed_package",
    "live",
    "mongodb_url",
    "openai",
    "openai_process",
    "operator",
    "plugin_rules",
    "room",
    "room_commands",
    "site",
    "world",
]
