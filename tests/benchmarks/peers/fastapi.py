"""FastAPI, with pydantic models; the functions are asynchronous, so that none goes to a thread."""

# NOTE: No "annotations" from __future__: FastAPI must see the models, which are made inside the
# functions.

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import FastAPI

__all__ = ["hello", "middleware", "nesting", "routes", "services"]


def hello() -> Any:
    app = FastAPI()

    @app.get("/")
    async def hello() -> dict[str, str]:
        return {"hello": "world"}

    return app


def middleware(count: int) -> Any:
    app = hello()
    for _ in range(count):
        app.middleware("http")(_passing)
    return app


async def _passing(request: Any, call_next: Any) -> Any:
    return await call_next(request)


def _order_model() -> Any:
    import datetime as dt

    from pydantic import BaseModel, Field

    class Item(BaseModel):
        sku: Annotated[str, Field(min_length=1, max_length=20)]
        title: Annotated[str, Field(min_length=1, max_length=200)]
        quantity: Annotated[int, Field(ge=1, le=1000)]
        price: Annotated[float, Field(ge=0)]

    class Order(BaseModel):
        reference: Annotated[str, Field(min_length=1, max_length=40)]
        customer: Annotated[str, Field(min_length=1, max_length=100)]
        email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
        account: UUID
        placed_at: dt.datetime
        ship_on: dt.date
        currency: Literal["EUR", "USD", "GBP"]
        total: Annotated[float, Field(ge=0)]
        weight: Annotated[int, Field(ge=0, le=100_000)]
        express: bool
        tags: Annotated[list[str], Field(max_length=20)]
        note: Annotated[str, Field(max_length=500)] | None
        items: Annotated[list[Item], Field(min_length=1, max_length=100)]

    return Order


def _book_model() -> Any:
    import datetime as dt

    from pydantic import BaseModel, ConfigDict

    class BookModel(BaseModel):
        model_config = ConfigDict(from_attributes=True)

        id: int
        title: str
        author: str
        isbn: str
        pages: int
        price: float
        rating: float
        available: bool
        published: dt.date
        added: dt.datetime

    return BookModel


def services() -> Any:
    from ..cases import LISTS, books

    app = hello()
    order_model, book_model = _order_model(), _book_model()

    @app.get("/items/{item_id}/parts/{part_id}")
    async def part(item_id: int, part_id: UUID) -> dict[str, Any]:
        return {"item": item_id, "part": part_id}

    @app.post("/orders", status_code=201)
    async def orders(order: order_model) -> order_model:
        return order

    for count in LISTS:
        app.get(f"/lists/{count}", response_model=list[book_model])(_listed(books(count)))
    return app


def _listed(found: list[Any]) -> Any:
    async def listed() -> Any:
        return found

    return listed


def routes(count: int) -> Any:
    app = FastAPI()
    for number in range(count):
        app.get(f"/section-{number}/{{item_id}}")(_section(number))
    return app


def _section(number: int) -> Any:
    async def section(item_id: int) -> dict[str, int]:
        return {"section": number, "item": item_id}

    return section


def nesting(depth: int) -> Any:
    from pydantic import Field, create_model

    model: Any = None
    for level in range(depth):
        members: dict[str, Any] = {
            "name": (Annotated[str, Field(min_length=1, max_length=40)], ...),
            "value": (Annotated[int, Field(ge=0, le=100)], ...),
        }
        if model is not None:
            members["child"] = (model, ...)
        model = create_model(f"Level{level}", **members)
    app = FastAPI()

    @app.post("/tree", status_code=201)
    async def tree(body: model) -> model:
        return body

    return app
