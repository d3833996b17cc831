"""restkit, with payloads that nobody chose for speed."""

from __future__ import annotations

from typing import Any

from restkit import App, Resource, takes

from ..payloads import issues as data
from ..payloads import schemas
from ..payloads.payments import Payment
from ..payloads.payments import payments as payments_of

__all__ = ["events", "issue_list", "issues", "orders", "payments", "search", "specimens"]


class _Posted(Resource):
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        return body


def orders(behind: int = 0) -> Any:
    """Return the program, behind so many middlewares."""
    app = App("Orders")

    @app.route("/orders")
    class Orders(_Posted):
        schema = schemas.OrderSchema

    for _ in range(behind):
        app.middleware(lambda request, proceed: proceed(request))
    return app


def events() -> Any:
    app = App("Events")

    @app.route("/events")
    class Events(_Posted):
        schema = schemas.EventSchema

    return app


def specimens() -> Any:
    app = App("Specimens")

    @app.route("/specimens")
    class Specimens(_Posted):
        schema = schemas.SpecimenSchema

    return app


def payments() -> Any:
    app = App("Payments")
    found = payments_of(100)

    @app.route("/payments")
    class Payments(Resource):
        schema = schemas.PaymentSchema

        def get(self) -> list[Payment]:
            return found

    return app


def issue_list() -> Any:
    app = App("Issues")
    found = data.issues(100)

    @app.route("/issues")
    class Issues(Resource):
        schema = schemas.IssueSchema

        def get(self) -> list[data.Issue]:
            return found

    return app


def issues() -> Any:
    app = App("Issues")

    @app.route("/issues")
    class Issues(Resource):
        schema = schemas.IssueSchema

        @takes(body=schemas.NewIssueSchema)
        def post(self, body: dict[str, Any]) -> data.Issue:
            return data.issue_made_of(body["title"], body["body"])

    return app


def search() -> Any:
    app = App("Search")

    @app.get("/search")
    @takes(query=schemas.SearchSchema)
    def search(query: dict[str, Any]) -> dict[str, Any]:
        since, status = query["since"].isoformat(), query["status"].value
        return {**query, "since": since, "status": status}

    return app
