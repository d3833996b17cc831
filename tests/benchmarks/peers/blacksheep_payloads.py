"""blacksheep with pydantic models, with payloads that nobody chose for speed.

Models are bound from JSON, and written by pydantic right to bytes.
"""

# NOTE: No "annotations" from __future__: the framework must see the types.

import datetime as dt
from enum import StrEnum
from typing import Any

import orjson
from blacksheep import Content, FromJSON, FromQuery, Response
from pydantic import TypeAdapter

from ..payloads import issues as data
from ..payloads import models
from ..payloads.payments import Status
from ..payloads.payments import payments as payments_of
from .blacksheep import application

__all__ = ["events", "issue_list", "issues", "orders", "payments", "search", "specimens"]


def _response(status: int, content: bytes) -> Response:
    return Response(status, None, Content(b"application/json", content))


def _posting(path: str, model: Any, made: Any = lambda found: found, behind: int = 0) -> Any:
    app, router = application(behind)

    @router.post(path)
    async def post(found: FromJSON[model]) -> Response:
        return _response(201, made(found.value).model_dump_json().encode())

    return app


def orders(behind: int = 0) -> Any:
    """Return the program, behind so many middlewares."""
    return _posting("/orders", models.Order, behind=behind)


def events() -> Any:
    return _posting("/events", models.Event)


def specimens() -> Any:
    return _posting("/specimens", models.Specimen)


def issues() -> Any:
    def made(posted: models.NewIssue) -> models.Issue:
        return models.Issue.model_validate(data.issue_made_of(posted.title, posted.body))

    return _posting("/issues", models.NewIssue, made)


def _listing(path: str, model: Any, found: list[Any]) -> Any:
    app, router = application()
    adapter = TypeAdapter(list[model])

    @router.get(path)
    async def get() -> Response:
        written = adapter.validate_python(found, from_attributes=True)
        return _response(200, adapter.dump_json(written))

    return app


def issue_list() -> Any:
    return _listing("/issues", models.Issue, data.issues(100))


def payments() -> Any:
    return _listing("/payments", models.Payment, payments_of(100))


# Queries are bound to enumerations of texts, and to no others.
_Status = StrEnum("_Status", {each.name: each.value for each in Status})


def search() -> Any:
    app, router = application()

    @router.get("/search")
    async def get(
        limit: FromQuery[int],
        exact: FromQuery[bool],
        since: FromQuery[dt.date],
        status: FromQuery[_Status],
        tag: FromQuery[list[str]],
    ) -> Response:
        if not 1 <= limit.value <= 100 or len(tag.value) > 10:  # bindings have no bounds
            return _response(400, b'{"limit": "from 1 to 100", "tag": "at most 10"}')
        found: dict[str, Any] = {
            "limit": limit.value,
            "exact": exact.value,
            "since": since.value.isoformat(),
            "status": status.value.value,
            "tag": tag.value,
        }
        return _response(200, orjson.dumps(found))

    return app
