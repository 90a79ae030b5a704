"""What `evalyard up` makes of the settings that nobody gave."""

from typing import Any

import pytest

from evalyard_core.settings import Settings
from evalyard_server.stack import settings_of_one_machine

LOOPBACK = ("127.0.0.0/8", "::1/128")


@pytest.mark.parametrize(
    ("given", "auth", "allowed"),
    [
        ({}, "none", LOOPBACK),
        ({"host": "::1"}, "none", LOOPBACK),
        ({"auth": "none"}, "none", LOOPBACK),
        ({"auth": "keys"}, "keys", ()),
        ({"host": "0.0.0.0"}, "none", ()),
        ({"target_allowed_networks": "10.0.0.0/8, qa.internal"}, "none", ("10.0.0.0/8", "qa.internal")),
    ],
)
def test_everyone_may_ask_and_then_targets_may_call_this_machine(given: dict[str, Any], auth: str, allowed: tuple[str]):
    settings = settings_of_one_machine(Settings(**given))

    assert (settings.auth, settings.target_allowed_networks) == (auth, allowed)
    assert Settings().target_allowed_networks == ()
