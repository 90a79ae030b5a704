"""Serve both versions of the support desk over HTTP: `python -m support_desk.service`, POST /v1/answer, /v2/answer.

Takes `{"message": …, "language": …}` and says its address on stdout once it can be asked. There is no model behind
it, so a token is a word, a price is made up, and each answer takes as long as a small model's might.
"""

import asyncio
import contextlib
import socket
import zlib
from dataclasses import asdict, dataclass

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from .desk import DESKS


@dataclass(frozen=True, slots=True)
class Model:
    """How slow and how dear a version is, and how many words its instructions have."""

    base_ms: int
    spread_ms: int
    prompt_words: int
    usd_per_million_tokens: float


MODELS = {"v1": Model(60, 120, 140, 0.5), "v2": Model(110, 220, 310, 0.8)}


async def answer(request: Request) -> JSONResponse:
    """Answer one message, with what it cost."""
    version, body = request.path_params["version"], await request.json()
    if version not in DESKS:
        return JSONResponse({"error": f"There is no version {version}."}, status_code=404)
    model, message = MODELS[version], body["message"]
    reply = DESKS[version].answer(message, body["language"])
    await asyncio.sleep((model.base_ms + zlib.crc32(message.encode()) % model.spread_ms) / 1000)
    prompt_tokens = model.prompt_words + len(message.split())
    completion_tokens = len(reply.reply.split())
    usage = {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "cost_usd": (prompt_tokens + completion_tokens) * model.usd_per_million_tokens / 1_000_000,
    }
    return JSONResponse({"answer": asdict(reply), "usage": usage})


def main() -> None:
    """Serve on a free port of this machine until told to stop."""
    app = Starlette(routes=[Route("/{version}/answer", answer, methods=["POST"])])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(f"The support desk is ready at http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        with contextlib.suppress(KeyboardInterrupt):
            server.run(sockets=[listener])


if __name__ == "__main__":
    main()
