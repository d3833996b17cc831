"""The components of problems: names, extension members, headers of a declared error."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from restkit import App, Conflict, Problem, raises, returns
from restkit.openapi import build


def problem(name: str, status: int, title: str) -> type[Problem]:
    return type(name, (Problem,), {"status": status, "title": title, "type": f"urn:{title}"})


def test_problems_of_one_name_have_components_of_their_own() -> None:
    one, two, three = (problem("LateError", 409, title) for title in ("One", "Two", "Three"))
    app = App("Late")

    @app.post("/x")
    @raises(one, two, three)
    def post() -> None: ...

    document = build(app)
    names = [name for name in document["components"]["schemas"] if name.startswith("Late")]
    assert len(names) == 3
    assert len({name.rstrip("23") for name in names}) == 1
    assert [name[-1] for name in sorted(names, key=len)][1:] == ["2", "3"]


class HeldSchema(Schema):
    held = fields.Str()


def test_a_declared_error_keeps_its_headers_beside_those_of_problems() -> None:
    app = App("Held")

    @app.post("/x")
    @returns(HeldSchema, status=200)
    @returns(HeldSchema, status=409, headers={"X-Held": "By whom."})
    @raises(Conflict)
    def post() -> Any: ...

    response = build(app)["paths"]["/x"]["post"]["responses"]["409"]
    assert list(response["headers"]) == ["X-Held"]
    assert response["content"].keys() == {"application/json", "application/problem+json"}
