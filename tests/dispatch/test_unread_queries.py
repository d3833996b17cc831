"""Query parameters that no input reads."""

from __future__ import annotations

import pytest
from marshmallow import fields

from restkit import App, Settings, takes
from restkit.testing import Client


@pytest.mark.parametrize("query", ["a", "a=1", "a=1&b=2", "%C3%A9=1", "=1"])
def test_unknown_parameters(query: str) -> None:
    """A method without a query rejects each parameter by name; the lenient setting lets it pass."""
    for strict in (True, False):
        app = App("T", settings=Settings(strict=strict))
        app.get("/")(lambda: {"a": 1})
        assert Client(app).get(f"/?{query}").status == (422 if strict else 200)


def test_a_query_beside_other_inputs() -> None:
    """The values of the URL arrive with those of a single input, under their own names."""
    app = App("T")

    paging = takes(query={"page": fields.Int(load_default=1)})

    @app.get("/<int:number>/<name>")
    @paging
    def show(number: int, name: str, query: dict[str, object]) -> dict[str, object]:
        return {"number": number, "name": name, **query}

    @app.get("/plain")
    @paging
    def plain(query: dict[str, object]) -> dict[str, object]:
        return query

    client = Client(app)
    assert client.get("/7/a?page=3").json == {"number": 7, "name": "a", "page": 3}
    assert client.get("/7/a").json == {"number": 7, "name": "a", "page": 1}
    assert client.get("/plain?page=2").json == {"page": 2}
    assert client.get("/plain?pages=2").status == 422
