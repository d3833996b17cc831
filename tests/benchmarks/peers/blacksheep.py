"""blacksheep, whose JSON functions are orjson's, as its documentation advises."""

# NOTE: No "annotations" from __future__: the framework must see the types.

from typing import Any
from uuid import UUID

import orjson
from blacksheep import Application, Content, Response, Router

__all__ = ["application", "hello", "middleware", "services"]


def application(behind: int = 0) -> tuple[Any, Any]:
    """Return an application behind so many middlewares, and its router."""
    from blacksheep.settings.json import json_settings

    json_settings.use(loads=orjson.loads, dumps=lambda value: orjson.dumps(value).decode())
    router = Router()
    app = Application(router=router)
    app.middlewares.extend([_passing] * behind)
    return _Started(app), router


async def _passing(request: Any, handler: Any) -> Any:
    return await handler(request)


class _Started:
    """An application that is started by its first request, as there is no server here."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if not self.app.started:
            await self.app.start()
        await self.app(scope, receive, send)


def _add_hello(router: Any) -> None:
    @router.get("/")
    async def hello() -> Response:
        return Response(200, None, Content(b"application/json", orjson.dumps({"hello": "world"})))


def middleware(count: int) -> Any:
    app, router = application(count)
    _add_hello(router)
    return app


def hello() -> Any:
    return middleware(0)


def services() -> Any:
    """Return hello, and the path with two converters."""
    app, router = application()
    _add_hello(router)

    @router.get("/items/{item_id}/parts/{part_id}")
    async def part(item_id: int, part_id: UUID) -> Response:
        found = orjson.dumps({"item": item_id, "part": part_id})
        return Response(200, None, Content(b"application/json", found))

    return app
