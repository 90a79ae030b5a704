"""The page, and the routes of its files. Nothing on it comes from another host, which its policy enforces."""

from functools import cache
from pathlib import Path
from string import Template
from typing import Final

from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Mount, Route

from .assets import ICON, SCRIPTS, STYLES, assets

_TEMPLATE: Final = Path(__file__).with_name("page.html")
_YEAR_SECONDS: Final = 31_536_000

#: Fonts and a few pictures stand in GraphiQL's style sheet itself.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self' data:; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
    "Vary": "Accept",
}


def page(*, wants_key: bool) -> Response:
    """Return the page; it needs no key itself, and leaves room for one where the API does."""
    return HTMLResponse(_html(wants_key=wants_key), headers=_HEADERS)


def routes() -> Mount:
    """Return the routes of the page's files, to be mounted beside /graphql."""
    return Mount(
        "/graphql/assets", routes=[Route("/{name}", _asset)], middleware=[Middleware(GZipMiddleware, minimum_size=1000)]
    )


@cache
def _html(*, wants_key: bool) -> str:
    lines = [f'<link rel="icon" href="{_address(ICON)}">']
    lines += [f'<link rel="stylesheet" href="{_address(name)}">' for name in STYLES]
    lines += [f'<script defer src="{_address(name)}"></script>' for name in SCRIPTS]
    head = "\n".join(f"    {line}" for line in lines)
    return Template(_TEMPLATE.read_text()).substitute(head=head, keys="wanted" if wants_key else "none")


def _address(name: str) -> str:
    """Return where a file is, seen from /graphql: relative, so that a proxy may put both under a path of its own."""
    return f"graphql/assets/{name}?v={assets()[name].digest}"


async def _asset(request: Request) -> Response:
    asset = assets().get(request.path_params["name"])
    if asset is None:
        raise HTTPException(404)
    is_current = request.query_params.get("v") == asset.digest
    keep = f"public, max-age={_YEAR_SECONDS}, immutable" if is_current else "no-cache"
    headers = {"Cache-Control": keep, "X-Content-Type-Options": "nosniff"}
    return FileResponse(asset.path, headers=headers, media_type=asset.media_type)
