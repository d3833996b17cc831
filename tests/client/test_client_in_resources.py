"""A client that a resource provides: what its service does wrong is declared."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from servers import free_port
from stock_service import OutOfStock, stock

from restkit import App, Conflict, NotFound, Resource, provide, raises
from restkit.client import Client
from restkit.openapi import build
from restkit.testing import Client as Caller

away = Client(f"http://127.0.0.1:{free_port()}", name="Stock")


def shop() -> App:
    """Return a service that calls the other one."""
    app = App("Shop")

    @app.route("/orders/<sku>/<int:quantity>")
    class Orders(Resource):
        stock = provide(away)

        @raises(OutOfStock)
        def post(self, sku: str, quantity: int) -> dict[str, object]:
            """Order items."""
            made: dict[str, object] = self.stock.reserve(sku=sku, quantity=quantity)
            return made

    @app.route("/items/<sku>")
    class Items(Resource):
        stock = provide(away)

        def get(self, sku: str) -> dict[str, object]:
            """Read one item."""
            if sku == "busy":
                self.stock.busy()
            found: dict[str, object] = self.stock.get_item(sku=sku)
            return found

    @app.route("/kinds/<sku>")
    class Kinds(Resource):
        stock = provide(away)

        @raises(NotFound)
        def get(self, sku: str) -> dict[str, object]:
            """Read one item, or say that there is none."""
            found: dict[str, object] = self.stock.get_item(sku=sku)
            return found

        @raises(Conflict)
        def put(self, sku: str) -> dict[str, str]:
            """Catch a problem."""
            try:
                self.stock.get_item(sku=sku)
            except NotFound:
                raise Conflict("There is no such item to keep.") from None
            return {}

    return app


@pytest.fixture
def client() -> Iterator[Caller]:
    app = shop()
    with app.override(away, Client(stock())):
        yield Caller(app)


def test_a_problem_that_the_method_declares_is_its_own(client: Caller) -> None:
    """With the members that the service gave it: nobody passed the class to the client."""
    assert client.post("/orders/a/1").json["number"] == 1
    response = client.post("/orders/a/99")
    assert response.status == 409
    assert response.json["type"] == OutOfStock.type
    assert response.json["left"] == 3
    assert client.get("/kinds/none").status == 404


@pytest.mark.parametrize(
    ("path", "status", "detail"),
    [
        ("/items/none", 502, "The service Stock responded with 404."),
        ("/items/secret", 502, "The service Stock responded with 403."),
        ("/kinds/odd", 502, "The service Stock responded with 409."),
        ("/items/busy", 503, "The service Stock is busy. Retry later."),
    ],
)
def test_other_problems_are_those_of_a_gateway(
    client: Caller, path: str, status: int, detail: str
) -> None:
    """They are between the two services: a 404 of the other one is no 404 of this one."""
    response = client.get(path)
    assert response.status == status
    assert response.json["detail"] == detail
    assert response.json["type"] == "about:blank"


def test_invalid_input_of_this_service_is_none_of_its_callers(client: Caller) -> None:
    """Although each operation with input declares a 422."""
    response = client.post("/orders/a/0")
    assert response.status == 502
    assert "errors" not in response.json


def test_the_time_to_wait_is_passed_on(client: Caller) -> None:
    assert client.get("/items/busy").headers["Retry-After"] == "7"


def test_a_problem_can_be_caught(client: Caller) -> None:
    assert client.put("/kinds/none").json["detail"] == "There is no such item to keep."
    assert client.put("/kinds/some").status == 200


def test_a_service_that_is_away_is_a_503() -> None:
    """It is found by the first request: an App with a client of it starts."""
    response = Caller(shop()).get("/items/a")
    assert response.status == 503
    assert response.json["detail"] == "The service Stock cannot be reached."


def test_what_another_service_may_cause_is_in_the_document() -> None:
    document = build(shop())
    responses = document["paths"]["/items/{sku}"]["get"]["responses"]
    assert {"502", "503", "504"} <= responses.keys()
    assert "404" in document["paths"]["/kinds/{sku}"]["get"]["responses"]
