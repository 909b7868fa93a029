"""What the server of `nstk ui` answers beside what every page's does: looks, estimates, the queue."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ..errors import UserError
from .app import Pages, answering, asked
from .studio import Studio

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request


def application(studio: Studio) -> Starlette:
    """The application of a studio."""
    from starlette.routing import Route

    async def looks(request: Request) -> list[dict[str, str]]:
        return studio.looks()

    async def estimate(request: Request) -> dict[str, Any]:
        settings = await asked(request)
        future = await asyncio.to_thread(studio.estimate, settings)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            if future.cancelled():
                raise UserError("a newer estimate was asked for") from None
            raise

    async def jobs(request: Request) -> list[dict[str, Any]]:
        return await asyncio.to_thread(studio.jobs.listed)

    async def add(request: Request) -> dict[str, Any]:
        settings = await asked(request)
        return asdict(await asyncio.to_thread(studio.add, settings))

    async def drop(request: Request) -> None:
        await asyncio.to_thread(studio.jobs.drop, request.path_params["number"])

    async def again(request: Request) -> None:
        await asyncio.to_thread(studio.jobs.again, request.path_params["number"])

    answers = [
        ("/api/looks", "GET", looks),
        ("/api/estimate", "POST", estimate),
        ("/api/jobs", "GET", jobs),
        ("/api/jobs", "POST", add),
        ("/api/jobs/{number:int}", "DELETE", drop),
        ("/api/jobs/{number:int}/again", "POST", again),
    ]
    routes = [Route(path, answering(answer), methods=[method]) for path, method, answer in answers]
    return Pages(studio.board, studio.drops, studio.history, begins=True).application(routes)
