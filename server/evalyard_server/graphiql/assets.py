"""The files that the page needs: GraphiQL's own out of an installed wheel, and a few of ours."""

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import Final

#: Only its static files are used; the package itself is for another web framework and never imported.
_WHEEL: Final = "graphene-django-graphiql-static"
_OURS: Final = Path(__file__).parent / "static"
_MEDIA_TYPES: Final = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}

#: In the order in which a page loads them: each needs those before it.
SCRIPTS: Final = (
    "react.production.min.js",
    "react-dom.production.min.js",
    "graphiql.min.js",
    "graphiql-plugin-explorer.umd.js",
    "console.js",
)
STYLES: Final = ("graphiql.min.css", "style.css", "console.css")
ICON: Final = "icon.svg"


@dataclass(frozen=True, slots=True)
class Asset:
    """A file to serve; `digest` changes with its content, so that browsers may keep it for good."""

    path: Path
    media_type: str
    digest: str


@cache
def assets() -> dict[str, Asset]:
    """Return the page's files by name; raises RuntimeError where the wheel was not installed whole."""
    found = {path.name: path for path in [*_of_wheel(), *_OURS.iterdir()] if path.suffix in _MEDIA_TYPES}
    wanted = (*SCRIPTS, *STYLES, ICON)
    if missing := [name for name in wanted if name not in found]:
        raise RuntimeError(f"GraphiQL lacks {', '.join(missing)}: pip install --force-reinstall {_WHEEL}")
    return {name: _asset(found[name]) for name in wanted}


def _of_wheel() -> list[Path]:
    try:
        installed = files(_WHEEL) or []
    except PackageNotFoundError:
        return []
    return [Path(str(file.locate())) for file in installed if "static" in file.parts]


def _asset(path: Path) -> Asset:
    digest = hashlib.blake2b(path.read_bytes(), digest_size=8).hexdigest()
    return Asset(path, _MEDIA_TYPES[path.suffix], digest)
