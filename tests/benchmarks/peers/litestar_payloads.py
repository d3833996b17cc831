"""Litestar with msgspec structs, with payloads that nobody chose for speed.

What goes out of the lists is converted from the attributes of objects to structs, so that it has
what a struct names and no more.
"""

# NOTE: No "annotations" from __future__: Litestar must see the types.

import datetime as dt
from typing import Annotated, Any

from litestar import Litestar, get, post
from litestar.middleware import ASGIMiddleware
from litestar.params import Parameter
from msgspec import convert

from ..payloads import issues as data
from ..payloads import structs
from ..payloads.payments import Status
from ..payloads.payments import payments as payments_of

__all__ = ["events", "issue_list", "issues", "orders", "payments", "search", "specimens"]


class Passing(ASGIMiddleware):
    async def handle(self, scope: Any, receive: Any, send: Any, next_app: Any) -> None:
        await next_app(scope, receive, send)


@post("/orders")
async def _order(data: structs.Order) -> structs.Order:
    return data


@post("/events")
async def _event(data: structs.Event) -> structs.Event:
    return data


@post("/specimens")
async def _specimen(data: structs.Specimen) -> structs.WrittenSpecimen:
    return structs.computed(data)


def orders(behind: int = 0) -> Any:
    """Return the program, behind so many middlewares."""
    return Litestar([_order], middleware=[Passing() for _ in range(behind)])


def events() -> Any:
    return Litestar([_event])


def specimens() -> Any:
    return Litestar([_specimen])


_found = data


def issue_list() -> Any:
    found = _found.issues(100)

    @get("/issues")
    async def listed() -> list[structs.Issue]:
        return convert(found, list[structs.Issue], from_attributes=True)

    return Litestar([listed])


def issues() -> Any:
    @post("/issues")
    async def created(data: structs.NewIssue) -> structs.Issue:
        made = _found.issue_made_of(data.title, data.body)
        return convert(made, structs.Issue, from_attributes=True)

    return Litestar([created])


def payments() -> Any:
    found = payments_of(100)

    @get("/payments")
    async def listed() -> list[structs.Payment]:
        return convert(found, list[structs.Payment], from_attributes=True)

    return Litestar([listed])


@get("/search")
async def _search(
    limit: Annotated[int, Parameter(ge=1, le=100)],
    exact: bool,
    since: dt.date,
    status: Status,
    tag: Annotated[list[str], Parameter(max_items=10)],
) -> dict[str, Any]:
    return {
        "limit": limit,
        "exact": exact,
        "since": since.isoformat(),
        "status": status.value,
        "tag": tag,
    }


def search() -> Any:
    return Litestar([_search])
