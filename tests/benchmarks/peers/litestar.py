"""Litestar, with msgspec; lists go out as dataclasses, without a schema that would filter them."""

# NOTE: No "annotations" from __future__: Litestar must see types that are made inside the
# functions.

from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Litestar, get, post

__all__ = ["hello", "middleware", "nesting", "routes", "services"]


@get("/")
async def _hello() -> dict[str, str]:
    return {"hello": "world"}


@get("/items/{item_id:int}/parts/{part_id:uuid}")
async def _part(item_id: int, part_id: UUID) -> dict[str, Any]:
    return {"item": item_id, "part": part_id}


def _orders() -> Any:
    order = _order_struct()

    @post("/orders")
    async def orders(data: order) -> order:
        return data

    return orders


def _order_struct() -> Any:
    import datetime as dt

    from msgspec import Meta, Struct

    class Item(Struct):
        sku: Annotated[str, Meta(min_length=1, max_length=20)]
        title: Annotated[str, Meta(min_length=1, max_length=200)]
        quantity: Annotated[int, Meta(ge=1, le=1000)]
        price: Annotated[float, Meta(ge=0)]

    class Order(Struct):
        reference: Annotated[str, Meta(min_length=1, max_length=40)]
        customer: Annotated[str, Meta(min_length=1, max_length=100)]
        email: Annotated[str, Meta(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
        account: UUID
        placed_at: dt.datetime
        ship_on: dt.date
        currency: Literal["EUR", "USD", "GBP"]
        total: Annotated[float, Meta(ge=0)]
        weight: Annotated[int, Meta(ge=0, le=100_000)]
        express: bool
        tags: Annotated[list[str], Meta(max_length=20)]
        note: Annotated[str, Meta(max_length=500)] | None
        items: Annotated[list[Item], Meta(min_length=1, max_length=100)]

    return Order


def hello() -> Any:
    return Litestar([_hello])


def middleware(count: int) -> Any:
    from litestar.middleware import ASGIMiddleware

    class Passing(ASGIMiddleware):
        async def handle(self, scope: Any, receive: Any, send: Any, next_app: Any) -> None:
            await next_app(scope, receive, send)

    return Litestar([_hello], middleware=[Passing() for _ in range(count)])


def services() -> Any:
    from ..cases import LISTS, Book, books

    return Litestar(
        [_hello, _part, _orders(), *(_listed(count, Book, books(count)) for count in LISTS)]
    )


def _listed(count: int, book: Any, found: list[Any]) -> Any:
    @get(f"/lists/{count}")
    async def listed() -> list[book]:
        return found

    return listed


def routes(count: int) -> Any:
    return Litestar([_section(number) for number in range(count)])


def _section(number: int) -> Any:
    @get(f"/section-{number}/{{item_id:int}}")
    async def section(item_id: int) -> dict[str, int]:
        return {"section": number, "item": item_id}

    return section


def nesting(depth: int) -> Any:
    from msgspec import Meta, defstruct

    struct: Any = None
    for level in range(depth):
        members: list[Any] = [
            ("name", Annotated[str, Meta(min_length=1, max_length=40)]),
            ("value", Annotated[int, Meta(ge=0, le=100)]),
        ]
        if struct is not None:
            members.append(("child", struct))
        struct = defstruct(f"Level{level}", members)

    @post("/tree")
    async def tree(data: struct) -> struct:
        return data

    return Litestar([tree])
