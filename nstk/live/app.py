"""What the server of a page answers: the page itself, the state of the run, its picture, and what the page asks for."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import NstkError, UserError
from .board import SMALL, Board, jpeg
from .drops import Drops, told
from .history import History

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

PAGE = Path(__file__).parent / "page"

LOOK = 0.1
"""How many seconds lie between two looks at the board."""

BEAT = 2.0
"""After how many seconds without news the page is told that the server is still there. It waits thrice as long."""

INTERRUPTED = "interrupted"


class Pages:
    """The answers for one board. A page of the command `nstk run` shows a run; one of `nstk ui` can begin some, too."""

    def __init__(self, board: Board, drops: Drops, history: History, *, begins: bool = False):
        self.board, self.drops, self.history, self.begins = board, drops, history, begins

    def application(self, more: Sequence[Route] = ()) -> Starlette:
        """The application, with `more` answers beside those of a run."""
        from starlette.applications import Starlette
        from starlette.responses import FileResponse
        from starlette.routing import Mount, Route
        from starlette.staticfiles import StaticFiles

        async def page(request: Request) -> Response:
            return FileResponse(PAGE / "index.html")

        answers = {
            "/api/state": ("GET", self.state),
            "/api/events": ("GET", self.events),
            "/api/picture": ("GET", self.picture),
            "/api/photograph": ("GET", self.photograph),
            "/api/painting/{label}": ("GET", self.painting),
            "/api/pause": ("POST", self.pause),
            "/api/go": ("POST", self.go),
            "/api/stop": ("POST", self.stop),
            "/api/change": ("POST", self.change),
            "/api/drop/{name}": ("PUT", self.drop),
            "/api/dropped/{name}": ("GET", self.dropped),
            "/api/history": ("GET", self.results),
            "/api/history/{name}": ("GET", self.result),
            "/api/history/{name}/small": ("GET", self.small),
            "/api/history/{name}/recipe": ("GET", self.recipe),
            "/api/compare": ("GET", self.compare),
        }
        routes = [Route(path, answering(answer), methods=[method]) for path, (method, answer) in answers.items()]
        return Starlette(routes=[Route("/", page), *routes, *more, Mount("/page", StaticFiles(directory=PAGE))])

    async def state(self, request: Request) -> dict[str, Any]:
        return {**self.board.state(), "begins": self.begins}

    async def events(self, request: Request) -> Response:
        """What is new, as server-sent events."""
        from starlette.responses import StreamingResponse

        since = int(request.query_params.get("since", "0"))
        return StreamingResponse(self._news(since), media_type="text/event-stream")

    async def _news(self, seen: int) -> AsyncIterator[str]:
        self.board.viewers += 1
        quiet = 0.0
        try:
            while not self.board.over:
                if self.board.version != seen:
                    news = self.board.news(seen)
                    seen, quiet = news["version"], 0.0
                    yield f"data: {json.dumps(news)}\n\n"
                elif quiet >= BEAT:
                    quiet = 0.0
                    yield "event: beat\ndata:\n\n"
                await asyncio.sleep(LOOK)
                quiet += LOOK
        finally:
            self.board.viewers -= 1

    async def picture(self, request: Request) -> Response:
        if (data := self.board.picture) is None:
            raise UserError("there is no picture yet")
        return _jpeg(data)

    async def photograph(self, request: Request) -> Response:
        return _jpeg(await asyncio.to_thread(self.board.photograph))

    async def painting(self, request: Request) -> Response:
        return _jpeg(await asyncio.to_thread(self.board.painting, request.path_params["label"]))

    async def pause(self, request: Request) -> None:
        self.board.pause(True)

    async def go(self, request: Request) -> None:
        self.board.pause(False)

    async def stop(self, request: Request) -> None:
        self.board.stop(INTERRUPTED)

    async def change(self, request: Request) -> None:
        values = await asked(request)
        if not values or not all(isinstance(it, (int, float)) and not isinstance(it, bool) for it in values.values()):
            raise UserError("a change is a mapping of keys to numbers")
        await asyncio.to_thread(self.board.change, {key: float(it) for key, it in values.items()})

    async def drop(self, request: Request) -> dict[str, Any]:
        path = await self.drops.take(request.path_params["name"], request.stream())
        return await asyncio.to_thread(told, path)

    async def dropped(self, request: Request) -> Response:
        return _jpeg(await asyncio.to_thread(_shown, self.drops.named(request.path_params["name"]), EDGE_OF_DROPS))

    async def results(self, request: Request) -> list[dict[str, Any]]:
        return await asyncio.to_thread(self.history.listed)

    async def result(self, request: Request) -> Response:
        return _jpeg(await asyncio.to_thread(_shown, self.history.path(request.path_params["name"]), EDGE_OF_RESULTS))

    async def small(self, request: Request) -> Response:
        return _jpeg(await asyncio.to_thread(_shown, self.history.path(request.path_params["name"]), SMALL))

    async def recipe(self, request: Request) -> dict[str, str]:
        return {"recipe": await asyncio.to_thread(self.history.recipe, request.path_params["name"])}

    async def compare(self, request: Request) -> dict[str, Any]:
        names = [request.query_params.get(key, "") for key in ("one", "other")]
        return {"differences": await asyncio.to_thread(self.history.compared, *names)}


EDGE_OF_DROPS, EDGE_OF_RESULTS = 1280, 2048
"""The long edges of pictures that are looked at, in pixels."""


def _shown(path: Path, edge: int) -> bytes:
    from ..pictures import read_small

    return jpeg(read_small(path, edge), edge)


def _jpeg(data: bytes) -> Response:
    from starlette.responses import Response

    return Response(data, media_type="image/jpeg")


async def asked(request: Request) -> dict[str, Any]:
    """The mapping that a page sends. Raises `UserError` for anything else."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_ASKED:
            raise UserError("this asks for too much at once")
    try:
        asked = json.loads(bytes(body))
    except (ValueError, RecursionError):
        asked = None
    if not isinstance(asked, dict):
        raise UserError("a page sends a mapping, as JSON")
    return asked


MOST_ASKED = 1 << 18
"""How many bytes a page sends at most, beside pictures."""


def answering(answer: Callable[[Request], Awaitable[Any]]) -> Callable[[Request], Awaitable[Response]]:
    """An answer as Starlette wants it: plain data as JSON, and a sentence where something is wrong."""

    async def answered(request: Request) -> Response:
        from starlette.responses import JSONResponse, Response

        try:
            made = await answer(request)
        except NstkError as error:
            return JSONResponse({"error": str(error)}, 400)
        return made if isinstance(made, Response) else JSONResponse(made)

    return answered
