"""Falcon with marshmallow called by hand, with payloads that nobody chose for speed."""

from __future__ import annotations

from typing import Any

import falcon
from marshmallow import ValidationError

from ..payloads import issues as data
from ..payloads import schemas
from ..payloads.payments import payments as payments_of

__all__ = ["events", "issue_list", "issues", "orders", "payments", "search", "specimens"]


class _Passing:
    def process_request(self, request: Any, response: Any) -> None:
        pass

    def process_response(self, request: Any, response: Any, resource: Any, succeeded: bool) -> None:
        pass


class _Posted:
    def __init__(self, read: Any, written: Any, made: Any = lambda found: found) -> None:
        self.read = read
        self.written = written
        self.made = made

    def on_post(self, request: Any, response: Any) -> None:
        try:
            found = self.read.load(request.get_media())
        except ValidationError as error:
            response.media = {"errors": error.messages}
            response.status = falcon.HTTP_422
            return
        response.media = self.written.dump(self.made(found))
        response.status = falcon.HTTP_201


class _Listed:
    def __init__(self, schema: Any, found: list[Any]) -> None:
        self.schema = schema
        self.found = found

    def on_get(self, request: Any, response: Any) -> None:
        response.media = self.schema.dump(self.found)


def _app(path: str, resource: Any, behind: int = 0) -> Any:
    app = falcon.App(middleware=[_Passing() for _ in range(behind)])
    app.add_route(path, resource)
    return app


def orders(behind: int = 0) -> Any:
    """Return the program, behind so many middlewares."""
    schema = schemas.OrderSchema()
    return _app("/orders", _Posted(schema, schema), behind)


def events() -> Any:
    schema = schemas.EventSchema()
    return _app("/events", _Posted(schema, schema))


def specimens() -> Any:
    schema = schemas.SpecimenSchema()
    return _app("/specimens", _Posted(schema, schema))


def issues() -> Any:
    def made(posted: Any) -> Any:
        return data.issue_made_of(posted["title"], posted["body"])

    return _app("/issues", _Posted(schemas.NewIssueSchema(), schemas.IssueSchema(), made))


def issue_list() -> Any:
    return _app("/issues", _Listed(schemas.IssueSchema(many=True), data.issues(100)))


def payments() -> Any:
    return _app("/payments", _Listed(schemas.PaymentSchema(many=True), payments_of(100)))


class _Search:
    schema = schemas.SearchSchema()

    def on_get(self, request: Any, response: Any) -> None:
        sent = {**request.params, "tag": request.get_param_as_list("tag")}
        try:
            query = self.schema.load(sent)
        except ValidationError as error:
            response.media = {"errors": error.messages}
            response.status = falcon.HTTP_422
            return
        since, status = query["since"].isoformat(), query["status"].value
        response.media = {**query, "since": since, "status": status}


def search() -> Any:
    return _app("/search", _Search())
