"""The responses of a verb: which are lists, which have no content, which have a Location."""

from __future__ import annotations

from typing import Any

import pytest
from marshmallow import Schema, fields

from restkit import App, DeclarationError, Resource, SeeOther, operation, returns
from restkit.openapi import build


class ASchema(Schema):
    a = fields.Int()


class BSchema(Schema):
    b = fields.Int()


def responses(function: Any, method: str = "get", **members: Any) -> dict[str, Any]:
    app = App("A")
    app.add("/x", type("X", (Resource,), {method: function, **members}))
    found: dict[str, Any] = build(app)["paths"]["/x"][method]["responses"]
    return found


def schema_of(response: dict[str, Any]) -> Any:
    return response["content"]["application/json"]["schema"]


def test_the_annotation_is_about_the_first_status() -> None:
    """The others are one item, if they do not say many."""

    @returns(ASchema, status=200)
    @returns(BSchema, status=202)
    @returns(BSchema, status=409, many=True)
    def get(self: Any) -> list[dict[str, int]]: ...

    found = responses(get)
    assert schema_of(found["200"])["type"] == "array"
    assert schema_of(found["202"]) == {"$ref": "#/components/schemas/B"}
    assert schema_of(found["409"])["type"] == "array"
    app = App("A")
    app.add("/x", type("Things", (Resource,), {"get": get}))
    assert build(app)["paths"]["/x"]["get"]["operationId"] == "listThings"


def test_the_first_status_may_have_several_schemas() -> None:
    """Each of them is a list."""

    @returns(ASchema, status=200)
    @returns(BSchema, status=200, media_types=["application/x-b+json"])
    def get(self: Any) -> list[dict[str, int]]: ...

    content = responses(get)["200"]["content"]
    assert {each["schema"]["type"] for each in content.values()} == {"array"}
    assert len(content) == 2


@pytest.mark.parametrize(
    ("declared", "annotation", "has_content"),
    [
        ({"status": 204}, None, False),
        ({"status": 204}, dict, False),
        ({"status": 205}, dict, False),
        ({"status": 304}, dict, False),
        ({"status": 299}, dict, True),
        ({"status": 300}, dict, False),
        ({"status": 303}, dict, False),
        ({"status": 399}, dict, False),
        ({"status": 400}, dict, True),
        ({"status": 400}, None, True),
        ({"status": 200}, dict, True),
        ({"status": 200}, None, False),
        ({"status": 202}, None, False),
        ({"status": 409}, None, True),
        ({"status": 200, "media_types": ["text/plain"]}, None, True),
    ],
)
def test_which_responses_have_content(
    declared: dict[str, Any], annotation: Any, has_content: bool
) -> None:
    def post(self): ...  # type: ignore[no-untyped-def]

    post.__annotations__["return"] = annotation
    response = responses(returns(**declared)(post), "post")[str(declared["status"])]
    assert ("content" in response) is has_content


@pytest.mark.parametrize("status", [200, 201, 202])
def test_a_method_without_an_annotation(status: int) -> None:
    """A class without a schema has nothing to say in 201 and 202."""

    def post(self): ...  # type: ignore[no-untyped-def]

    found = responses(returns(status=status)(post), "post")[str(status)]
    assert ("content" in found) is (status == 200)
    if status != 200:
        found = responses(returns(status=status)(post), "post", schema=ASchema)[str(status)]
        assert "content" in found


@pytest.mark.parametrize("status", [99, 600, "200", None])
def test_a_status_that_is_none(status: Any) -> None:
    with pytest.raises(DeclarationError, match="status"):
        returns(ASchema, status=status)


@pytest.mark.parametrize("conditional", [True, False])
@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
def test_which_responses_have_an_entity_tag(method: str, conditional: bool) -> None:
    """A deletion leaves no representation to have one, and a failure describes none."""

    @returns(status=409)
    @returns(ASchema, status=200)
    def verb(self: Any) -> dict[str, int]: ...

    found = responses(verb, method, conditional=conditional, schema=ASchema)
    tagged = {"ETag", "Last-Modified"} & {*found["200"].get("headers", {})}
    assert tagged == ({"ETag", "Last-Modified"} if conditional and method != "delete" else set())
    assert not found["409"].get("headers")


@pytest.mark.parametrize(("number", "expected"), [(200, "Own."), (202, "All.")])
def test_headers_of_every_response_do_not_replace_those_of_one(number: int, expected: str) -> None:
    """A response's own header takes precedence over one of the same name for all."""

    @operation(response_headers={"X-Total": "All."})
    @returns(ASchema, status=200, headers={"x-total": "Own."})
    @returns(BSchema, status=202)
    def get(self: Any) -> dict[str, int]: ...

    headers = responses(get)[str(number)]["headers"]
    found = {name.lower(): each["description"] for name, each in headers.items()}
    assert found == {"x-total": expected}


@pytest.mark.parametrize("declared", [False, True])
def test_a_redirect_of_the_annotation_is_one_response(declared: bool) -> None:
    """A declaration of its status has the words."""

    def post(self: Any) -> SeeOther: ...

    function = returns(status=303, description="Own.")(post) if declared else post
    found = responses(function, "post")
    assert (found["303"]["description"] == "Own.") is declared
    assert "content" not in found["303"]
    app = App("A")
    app.add("/x", type("X", (Resource,), {"post": function}))
    statuses = [each.status for each in app.operations()[0].outputs]
    assert statuses.count(303) == 1
