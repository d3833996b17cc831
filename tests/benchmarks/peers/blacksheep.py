"""blacksheep, whose JSON functions are orjson's, as its documentation advises."""

# NOTE: No "annotations" from __future__: the framework must see the types.

from typing import Any

import orjson
from blacksheep import Application, Content, Response, Router

__all__ = ["application", "hello", "middleware"]


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


def middleware(count: int) -> Any:
    app, router = application(count)

    @router.get("/")
    async def hello() -> Response:
        return Response(200, None, Content(b"application/json", orjson.dumps({"hello": "world"})))

    return app


def hello() -> Any:
    return middleware(0)
