"""Falcon, with marshmallow called by hand."""

from __future__ import annotations

from typing import Any

import falcon

__all__ = ["header_middleware", "hello", "middleware", "posts", "routes", "services"]


class _Hello:
    def on_get(self, request: Any, response: Any) -> None:
        response.media = {"hello": "world"}


class _Part:
    def on_get(self, request: Any, response: Any, item_id: int, part_id: Any) -> None:
        response.media = {"item": item_id, "part": str(part_id)}


class _List:
    def __init__(self, schema: Any, found: list[Any]) -> None:
        self.schema = schema
        self.found = found

    def on_get(self, request: Any, response: Any) -> None:
        response.media = self.schema.dump(self.found)


class _Section:
    def __init__(self, number: int) -> None:
        self.number = number

    def on_get(self, request: Any, response: Any, item_id: int) -> None:
        response.media = {"section": self.number, "item": item_id}


def _posts(schema: Any) -> Any:
    from marshmallow import ValidationError

    class Posts:
        def on_post(self, request: Any, response: Any) -> None:
            try:
                response.media = schema.dump(schema.load(request.get_media()))
                response.status = falcon.HTTP_201
            except ValidationError as error:
                response.media = {"errors": error.messages}
                response.status = falcon.HTTP_422

    return Posts()


def hello() -> Any:
    app = falcon.App()
    app.add_route("/", _Hello())
    return app


class _Passing:
    def process_request(self, request: Any, response: Any) -> None:
        pass

    def process_response(self, request: Any, response: Any, resource: Any, succeeded: bool) -> None:
        pass


class _AddingHeader(_Passing):
    def process_response(self, request: Any, response: Any, resource: Any, succeeded: bool) -> None:
        response.set_header("X-Content-Type-Options", "nosniff")


def middleware(count: int) -> Any:
    app = falcon.App(middleware=[_Passing() for _ in range(count)])
    app.add_route("/", _Hello())
    return app


def header_middleware(count: int) -> Any:
    app = falcon.App(middleware=[_AddingHeader() for _ in range(count)])
    app.add_route("/", _Hello())
    return app


def posts() -> Any:
    """Return a program of one resource with a schema."""
    from ..shapes import OrderSchema

    app = falcon.App()
    app.add_route("/orders", _posts(OrderSchema()))
    return app


def services() -> Any:
    from ..cases import LISTS, books
    from ..shapes import BookSchema, OrderSchema

    app = hello()
    app.add_route("/items/{item_id:int}/parts/{part_id:uuid}", _Part())
    app.add_route("/orders", _posts(OrderSchema()))
    for count in LISTS:
        app.add_route(f"/lists/{count}", _List(BookSchema(many=True), books(count)))
    return app


def routes(count: int) -> Any:
    app = falcon.App()
    for number in range(count):
        app.add_route(f"/section-{number}/{{item_id:int}}", _Section(number))
    return app
