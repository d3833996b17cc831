"""flask-smorest, with payloads that nobody chose for speed."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask.views import MethodView
from flask_smorest import Api, Blueprint

from ..payloads import issues as data
from ..payloads import schemas
from ..payloads.payments import payments as payments_of

__all__ = ["events", "issue_list", "issues", "orders", "payments", "search", "specimens"]


def _app(blueprint: Any, behind: int = 0) -> Any:
    app = Flask("payloads")
    app.config.update(API_TITLE="Payloads", API_VERSION="1", OPENAPI_VERSION="3.1.0")
    for _ in range(behind):  # Flask's hooks are its middleware: one before, one after
        app.before_request(lambda: None)
        app.after_request(lambda response: response)
    Api(app).register_blueprint(blueprint)
    return app


def _posting(path: str, schema: Any, behind: int = 0) -> Any:
    blueprint = Blueprint("posted", __name__)

    @blueprint.route(path)
    class Posted(MethodView):
        @blueprint.arguments(schema)
        @blueprint.response(201, schema)
        def post(self, found: Any) -> Any:
            return found

    return _app(blueprint, behind)


def orders(behind: int = 0) -> Any:
    """Return the program, behind so many hooks before and after a request."""
    return _posting("/orders", schemas.OrderSchema, behind)


def events() -> Any:
    return _posting("/events", schemas.EventSchema)


def specimens() -> Any:
    return _posting("/specimens", schemas.SpecimenSchema)


def issues() -> Any:
    blueprint = Blueprint("issues", __name__)

    @blueprint.route("/issues")
    class Issues(MethodView):
        @blueprint.arguments(schemas.NewIssueSchema)
        @blueprint.response(201, schemas.IssueSchema)
        def post(self, posted: Any) -> Any:
            return data.issue_made_of(posted["title"], posted["body"])

    return _app(blueprint)


def _listing(path: str, schema: Any, found: list[Any]) -> Any:
    blueprint = Blueprint("listed", __name__)

    @blueprint.route(path)
    class Listed(MethodView):
        @blueprint.response(200, schema(many=True))
        def get(self) -> Any:
            return found

    return _app(blueprint)


def issue_list() -> Any:
    return _listing("/issues", schemas.IssueSchema, data.issues(100))


def payments() -> Any:
    return _listing("/payments", schemas.PaymentSchema, payments_of(100))


def search() -> Any:
    blueprint = Blueprint("search", __name__)

    @blueprint.route("/search")
    class Search(MethodView):
        @blueprint.arguments(schemas.SearchSchema, location="query")
        def get(self, query: Any) -> Any:
            since, status = query["since"].isoformat(), query["status"].value
            return {**query, "since": since, "status": status}

    return _app(blueprint)
