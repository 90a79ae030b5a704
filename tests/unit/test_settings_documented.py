"""The table of settings, held against what the processes read."""

import re
from pathlib import Path
from typing import Any

import pytest

from evalyard_core.settings import Settings

ROOT = Path(__file__).parents[2]
TABLE = (ROOT / "docs" / "settings.md").read_text()
NAMES = {f"EVALYARD_{name.upper()}": field for name, field in Settings.model_fields.items()}

#: Read by clients, by targets and by the tests; they are no settings of a process.
OTHERS = re.compile(r"EVALYARD_(API_KEY|PROJECT|URL|(SECRET|TEST)(_\w+)?)")

PLACES = [
    *(ROOT / "README.md", ROOT / "Makefile", ROOT / "Dockerfile", ROOT / "docker-compose.yml"),
    *sorted((ROOT / "docs").glob("*.md")),
    *(
        file
        for part in ("core", "server", "workers", "schema", "examples")
        for file in sorted((ROOT / part).rglob("*.py"))
    ),
    *sorted((ROOT / "plugins").glob("*/src/**/*.py")),
]


def shown(default: Any) -> str:
    """Return a default as the table has it."""
    if default is None or default == ():
        return "none"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def test_the_table_has_each_setting_with_its_default_and_meaning():
    rows = re.findall(r"^\| `(EVALYARD_\w+)` \| (.+?) \| (.+?) \|$", TABLE, re.MULTILINE)

    assert rows == [(name, shown(field.default), field.description) for name, field in NAMES.items()]


def test_no_other_setting_is_named_anywhere():
    named = {name for place in PLACES for name in re.findall(r"EVALYARD_[A-Z][A-Z_]*[A-Z]", place.read_text())}

    assert len(PLACES) > 100
    assert {name for name in named if not OTHERS.fullmatch(name)} == NAMES.keys()


def test_a_setting_is_read_from_its_variable(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("EVALYARD_PORT", "4711")
    monkeypatch.setenv("EVALYARD_CORS_ORIGINS", "https://app.example, https://other.example")
    monkeypatch.setenv("EVALYARD_DATABASE", "")

    settings = Settings()

    assert (settings.port, settings.database) == (4711, "evalyard")
    assert settings.cors_origins == ("https://app.example", "https://other.example")
