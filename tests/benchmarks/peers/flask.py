"""Flask, with marshmallow called by hand."""

from __future__ import annotations

from typing import Any

from flask import Flask, jsonify, request

__all__ = ["hello", "nesting", "posts", "routes", "services"]


def hello() -> Any:
    app = Flask("hello")

    @app.get("/")
    def hello() -> Any:
        return {"hello": "world"}

    return app


def posts() -> Any:
    """Return a program of one function with a schema."""
    app = Flask("orders")
    _add_orders(app)
    return app


def _add_orders(app: Flask) -> None:
    from marshmallow import ValidationError

    from ..shapes import OrderSchema

    order = OrderSchema()

    @app.post("/orders")
    def orders() -> Any:
        try:
            return jsonify(order.dump(order.load(request.get_json()))), 201
        except ValidationError as error:
            return jsonify(errors=error.messages), 422


def services() -> Any:
    from ..cases import LISTS, books
    from ..shapes import BookSchema

    app = hello()
    listed = BookSchema(many=True)
    _add_orders(app)

    @app.get("/items/<int:item_id>/parts/<uuid:part_id>")
    def part(item_id: int, part_id: Any) -> Any:
        return {"item": item_id, "part": str(part_id)}

    for count in LISTS:
        found = books(count)
        app.add_url_rule(
            f"/lists/{count}", f"list_{count}", lambda found=found: jsonify(listed.dump(found))
        )

    @app.errorhandler(404)
    def missing(error: Any) -> Any:
        return {"status": 404}, 404

    return app


def routes(count: int) -> Any:
    app = Flask("routes")
    for number in range(count):

        def section(item_id: int, number: int = number) -> Any:
            return {"section": number, "item": item_id}

        app.add_url_rule(f"/section-{number}/<int:item_id>", f"section_{number}", section)
    return app


def nesting(depth: int) -> Any:
    from ..shapes import tree_schema

    app = Flask("tree")
    schema = tree_schema(depth)()

    @app.post("/tree")
    def tree() -> Any:
        return schema.dump(schema.load(request.get_json())), 201

    return app
