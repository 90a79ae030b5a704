"""Distributions that are really installed, as far as Python can tell: metadata and modules in a folder on sys.path."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Lay down a distribution; `plugins` maps entry-point names to values, `modules` maps module names to source."""
    modules_before = set(sys.modules)

    def lay_down(name, version="1.0", *, plugins, modules=None, metadata="", group="evalyard.evaluators", folder="a"):
        site = tmp_path / folder
        info = site / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir(parents=True)
        info.joinpath("METADATA").write_text(f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\n{metadata}")
        lines = [f"[{group}]", *(f"{plugin} = {value}" for plugin, value in plugins.items())]
        info.joinpath("entry_points.txt").write_text("\n".join(lines))
        for module, source in (modules or {}).items():
            site.joinpath(f"{module}.py").write_text(source)
        if str(site) not in sys.path:
            monkeypatch.syspath_prepend(str(site))
        return site

    yield lay_down
    for module in set(sys.modules) - modules_before:
        if (getattr(sys.modules[module], "__file__", None) or "").startswith(str(tmp_path)):
            del sys.modules[module]
