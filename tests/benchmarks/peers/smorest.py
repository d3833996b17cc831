"""flask-smorest."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask.views import MethodView
from flask_smorest import Api, Blueprint

__all__ = ["hello", "large", "middleware", "posts", "routes", "services"]


def _start() -> tuple[Any, Any]:
    app = Flask("hello")
    app.config.update(API_TITLE="Hello", API_VERSION="1", OPENAPI_VERSION="3.1.0")
    return app, Api(app)


def hello() -> Any:
    app, api = _start()
    blueprint = Blueprint("hello", __name__)

    @blueprint.route("/")
    class Hello(MethodView):
        def get(self) -> Any:
            return {"hello": "world"}

    api.register_blueprint(blueprint)
    return app


def middleware(count: int) -> Any:
    """Return hello with so many hooks, which are Flask's middleware: one before, one after."""
    app = hello()
    for _ in range(count):
        app.before_request(lambda: None)
        app.after_request(lambda response: response)
    return app


def posts() -> Any:
    """Return a program of one view with a schema."""
    app, api = _start()
    blueprint = Blueprint("orders", __name__)
    _add_orders(blueprint)
    api.register_blueprint(blueprint)
    return app


def _add_orders(blueprint: Any) -> None:
    from ..shapes import OrderSchema

    @blueprint.route("/orders")
    class Orders(MethodView):
        @blueprint.arguments(OrderSchema)
        @blueprint.response(201, OrderSchema)
        def post(self, order: Any) -> Any:
            return order


def services() -> Any:
    from ..cases import LISTS, books
    from ..shapes import BookSchema

    app, api = _start()
    blueprint = Blueprint("services", __name__)
    _add_orders(blueprint)

    @blueprint.route("/")
    class Hello(MethodView):
        def get(self) -> Any:
            return {"hello": "world"}

    @blueprint.route("/items/<int:item_id>/parts/<uuid:part_id>")
    class Part(MethodView):
        def get(self, item_id: int, part_id: Any) -> Any:
            return {"item": item_id, "part": str(part_id)}

    for count in LISTS:
        found = books(count)

        @blueprint.route(f"/lists/{count}", endpoint=f"list_{count}")
        @blueprint.response(200, BookSchema(many=True))
        def listed(found: Any = found) -> Any:
            return found

    api.register_blueprint(blueprint)
    return app


def routes(count: int) -> Any:
    app, api = _start()
    blueprint = Blueprint("routes", __name__)
    for number in range(count):

        @blueprint.route(f"/section-{number}/<int:item_id>", endpoint=f"section_{number}")
        def section(item_id: int, number: int = number) -> Any:
            return {"section": number, "item": item_id}

    api.register_blueprint(blueprint)
    return app


def large(count: int) -> tuple[Any, Any]:
    """Return an app of so many resources with five operations each, and what makes its document."""
    from marshmallow import Schema, fields, validate

    app, api = _start()
    for number in range(count):
        members = {
            "id": fields.Int(dump_only=True),
            "name": fields.Str(required=True, validate=validate.Length(1, 100)),
            "price": fields.Float(validate=validate.Range(min=0)),
            "made": fields.DateTime(),
            "tags": fields.List(fields.Str()),
        }
        schema = type(f"Thing{number}Schema", (Schema,), members)
        blueprint = Blueprint(f"things_{number}", __name__)

        @blueprint.route(f"/things-{number}/<int:item_id>")
        class Thing(MethodView):
            """A thing."""

            @blueprint.response(200, schema)
            def get(self, item_id: int) -> Any:
                """Read it."""
                return {}

            @blueprint.arguments(schema)
            @blueprint.response(200, schema)
            def put(self, body: Any, item_id: int) -> Any:
                """Write it."""
                return body

            @blueprint.arguments(schema)
            @blueprint.response(201, schema)
            def post(self, body: Any, item_id: int) -> Any:
                """Write it."""
                return body

            @blueprint.arguments(schema(partial=True))
            @blueprint.response(200, schema)
            def patch(self, body: Any, item_id: int) -> Any:
                """Write it."""
                return body

            @blueprint.response(204)
            def delete(self, item_id: int) -> None:
                """Delete it."""

        api.register_blueprint(blueprint)
    return app, api.spec.to_dict
