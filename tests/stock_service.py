"""A service that tests of clients call: items, reservations, and what can go wrong with them."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from typing import Any

from marshmallow import Schema, fields, validate
from servers import serve

from restkit import (
    App,
    Conflict,
    Forbidden,
    NotFound,
    Problem,
    Request,
    Resource,
    ServiceUnavailable,
    operation,
    raises,
    returns,
    takes,
)
from restkit.limits import Idempotency, MemoryStorage

__all__ = ["OutOfStock", "Unheard", "served", "stock"]


class OutOfStock(Problem):
    """Raised when there are fewer items than are wanted."""

    status = 409
    type = "https://stock.example/problems/out-of-stock"
    title = "Out of stock"
    members = {"left": fields.Int(required=True)}

    def __init__(self, detail: str, left: int) -> None:
        """Take other arguments than a problem does."""
        super().__init__(detail, left=left)


class Unheard(Conflict):
    """Raised when nobody knows the class."""

    type = "https://stock.example/problems/unheard"
    title = "Unheard"


class ReservationSchema(Schema):
    """A reservation."""

    sku = fields.Str(required=True)
    quantity = fields.Int(required=True, validate=validate.Range(1))
    until = fields.Date(data_key="validUntil")
    number = fields.Int(dump_only=True)


class FilterSchema(Schema):
    """What a list is filtered by."""

    kind = fields.Str()
    tags = fields.List(fields.Str())
    since = fields.Date()
    exact = fields.Bool()


class HeaderSchema(Schema):
    """Headers of a request."""

    X_Shop_Language = fields.Str(data_key="X-Shop-Language")


@contextmanager
def served(app: App) -> Generator[str]:
    """Serve an App over a socket, without what Werkzeug's server adds against PEP 3333."""

    def call(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        environ.pop("REMOTE_PORT", None)
        return app(environ, start_response)

    with serve(call) as url:
        yield url


def stock() -> App:
    """Return the service; each has reservations of its own."""
    app = App("Stock")
    made: list[object] = []

    @app.route("/items/<sku>")
    class Item(Resource):
        @raises(NotFound, Forbidden, Unheard)
        def get(self, sku: str) -> dict[str, str]:
            """Read one item."""
            known = {"none": NotFound, "secret": Forbidden, "odd": Unheard}
            if sku in known:
                raise known[sku](f"There is nothing about {len(sku)} letters.")
            return {"sku": sku}

    @app.route("/reservations")
    class Reservations(Resource):
        schema = ReservationSchema
        idempotency = Idempotency(MemoryStorage())

        @operation(operation_id="reserve")
        @raises(OutOfStock)
        def post(self, body: dict[str, object]) -> dict[str, object]:
            """Reserve items."""
            if body["quantity"] == 99:
                raise OutOfStock("There are too few.", left=3)
            made.append(body)
            return {**body, "number": len(made)}

    @app.get("/echo")
    @takes(query=FilterSchema, headers=HeaderSchema)
    def echo(
        request: Request, query: dict[str, object], headers: dict[str, object]
    ) -> dict[str, object]:
        """Return the request."""
        url = f"{request.path}?{request.query_string.decode()}"
        return {"url": url, "headers": {k.lower(): v for k, v in request.headers.items()}}

    @app.get("/text")
    @returns(None, 200, media_types=["text/plain"])
    def text() -> str:
        """Return text."""
        return "caf\N{LATIN SMALL LETTER E WITH ACUTE}"

    @app.delete("/reservations/<int:number>")
    def cancel(number: int) -> None:
        """Cancel a reservation."""

    @app.get("/busy")
    @raises(ServiceUnavailable)
    def busy() -> None:
        """Be busy."""
        raise ServiceUnavailable("Later.", headers={"Retry-After": "7"})

    @app.get("/broken")
    def broken() -> None:
        """Fail."""
        raise RuntimeError("a secret")

    return app
