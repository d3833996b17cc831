"""restkit."""

from __future__ import annotations

import uuid
from typing import Any

from restkit import App

__all__ = [
    "header_middleware",
    "hello",
    "large",
    "middleware",
    "nesting",
    "posts",
    "routes",
    "services",
]


def hello() -> Any:
    app = App("Hello")

    @app.route("/")
    def hello() -> dict[str, str]:
        return {"hello": "world"}

    return app


def middleware(count: int) -> Any:
    app = hello()
    for _ in range(count):
        app.middleware(lambda request, proceed: proceed(request))
    return app


def header_middleware(count: int) -> Any:
    app = hello()

    def add_header(request: Any, proceed: Any) -> Any:
        response = proceed(request)
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    for _ in range(count):
        app.middleware(add_header)
    return app


def posts() -> Any:
    """Return a program of one resource with a schema."""
    from restkit import Resource

    from ..shapes import OrderSchema

    app = App("Orders")

    @app.route("/orders")
    class Orders(Resource):
        schema = OrderSchema

        def post(self, body: dict[str, Any]) -> dict[str, Any]:
            return body

    return app


def services() -> Any:
    from restkit import Resource

    from ..cases import LISTS, Book, books
    from ..shapes import BookSchema, OrderSchema

    app = hello()

    @app.route("/items/<int:item_id>/parts/<uuid:part_id>")
    def part(item_id: int, part_id: uuid.UUID) -> dict[str, Any]:
        return {"item": item_id, "part": str(part_id)}

    @app.route("/orders")
    class Orders(Resource):
        schema = OrderSchema

        def post(self, body: dict[str, Any]) -> dict[str, Any]:
            return body

    for count in LISTS:
        app.add(f"/lists/{count}", _books_of(Resource, BookSchema, Book, books(count)))
    return app


def _books_of(base: Any, book_schema: Any, book: Any, found: list[Any]) -> Any:
    def get(self: Any) -> list[book]:
        return found

    get.__annotations__["return"] = list[book]
    return type(f"Books{len(found)}", (base,), {"schema": book_schema, "get": get})


def routes(count: int) -> Any:
    app = App("Routes")
    for number in range(count):
        _add_section(app, number)
    return app


def _add_section(app: Any, number: int) -> None:
    def section(item_id: int) -> dict[str, int]:
        return {"section": number, "item": item_id}

    section.__name__ = f"section_{number}"
    app.get(f"/section-{number}/<int:item_id>")(section)


def nesting(depth: int) -> Any:
    from restkit import Resource

    from ..shapes import tree_schema

    app = App("Tree")

    @app.route("/tree")
    class Tree(Resource):
        schema = tree_schema(depth)

        def post(self, body: dict[str, Any]) -> dict[str, Any]:
            return body

    return app


def large(count: int) -> tuple[Any, Any]:
    """Return an App of so many resources with five operations each, and what makes its document."""
    from marshmallow import Schema, fields, validate

    from restkit import Resource

    app = App("Large")

    def get(self: Any, item_id: int) -> dict[str, Any]:
        """Read it."""
        return {}

    def put(self: Any, item_id: int, body: dict[str, Any]) -> dict[str, Any]:
        """Write it."""
        return body

    def delete(self: Any, item_id: int) -> None:
        """Delete it."""

    for number in range(count):
        members = {
            "id": fields.Int(dump_only=True),
            "name": fields.Str(required=True, validate=validate.Length(1, 100)),
            "price": fields.Float(validate=validate.Range(min=0)),
            "made": fields.DateTime(),
            "tags": fields.List(fields.Str()),
        }
        schema = type(f"Thing{number}Schema", (Schema,), members)
        verbs = {"get": get, "put": put, "post": put, "patch": put, "delete": delete}
        resource = type(
            f"Thing{number}", (Resource,), {"schema": schema, "__doc__": "A thing.", **verbs}
        )
        app.add(f"/things-{number}/<int:item_id>", resource)
    app.freeze()

    def document() -> Any:
        from restkit.openapi import build

        return build(app)

    return app, document
