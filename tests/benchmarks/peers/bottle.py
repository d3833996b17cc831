"""bottle, with marshmallow called by hand."""

from __future__ import annotations

from typing import Any

from bottle import Bottle, HTTPResponse, request, response

__all__ = ["hello", "routes", "services"]


def hello() -> Any:
    app = Bottle()

    @app.get("/")
    def hello() -> Any:
        return {"hello": "world"}

    return app


def services() -> Any:
    import json
    import uuid
    from functools import partial

    from marshmallow import ValidationError

    from ..cases import LISTS, books
    from ..shapes import BookSchema, OrderSchema

    app = hello()
    order, listed = OrderSchema(), BookSchema(many=True)
    pattern = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
    app.router.add_filter("uuid", lambda config: (pattern, uuid.UUID, str))

    @app.get("/items/<item_id:int>/parts/<part_id:uuid>")
    def part(item_id: int, part_id: Any) -> Any:
        return {"item": item_id, "part": str(part_id)}

    @app.post("/orders")
    def orders() -> Any:
        try:
            made = order.dump(order.load(request.json))
        except ValidationError as error:
            response.status = 422
            return {"errors": error.messages}
        response.status = 201
        return made

    def written(found: Any) -> Any:
        # bottle writes dicts as JSON by itself, but not lists
        return HTTPResponse(
            json.dumps(listed.dump(found)), headers={"Content-Type": "application/json"}
        )

    for count in LISTS:
        app.get(f"/lists/{count}", callback=partial(written, books(count)))

    @app.error(404)
    def missing(error: Any) -> Any:
        response.content_type = "application/json"
        return '{"status": 404}'

    return app


def routes(count: int) -> Any:
    app = Bottle()
    for number in range(count):

        def section(item_id: int, number: int = number) -> Any:
            return {"section": number, "item": item_id}

        app.get(f"/section-{number}/<item_id:int>", callback=section)
    return app
