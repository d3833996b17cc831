"""The contract: Operations are frozen records of everything that a verb takes,
gives and may answer.
"""

from __future__ import annotations

from typing import Any

import pytest
from marshmallow import Schema, fields

from restkit import (
    App,
    Conflict,
    Header,
    NotFound,
    Operation,
    Resource,
    SecurityScheme,
    raises,
    returns,
    takes,
)
from restkit.contract import Failure, Input, Output


class ThingSchema(Schema):
    n = fields.Int(required=True)


class Things(Resource):
    schema = ThingSchema

    @takes(query={"q": fields.Str()})
    @returns(ThingSchema)
    @returns(status=204)
    @raises(NotFound, Conflict)
    def get(self, thing_id: int, query: dict[str, str]) -> Any: ...

    def put(self, thing_id: int, body: dict[str, int]) -> Any: ...


def operations() -> dict[str, Operation]:
    app = App("Things")
    app.add("/things/<int:thing_id>", Things)
    return {each.method: each for each in app.operations()}


def test_operations_say_everything() -> None:
    """A record has method, path, rule, place, parameters, inputs, outputs and failures."""
    get = operations()["GET"]
    assert get.path == "/things/{thing_id}"
    assert get.rule == "/things/<int:thing_id>"
    assert get.resource is Things
    assert get.declared_at == f"{__name__}.Things.get"
    assert [(each.name, each.schema["type"]) for each in get.path_parameters] == [
        ("thing_id", "integer")
    ]
    assert get.statuses == {200, 204, 404, 406, 409, 422}
    assert get.input("query") is get.inputs[0]
    assert get.input("body") is None
    assert get.output(204) is get.outputs[1]
    assert get.output(201) is None
    assert operations()["PUT"].statuses == {200, 400, 404, 406, 413, 415, 422}


def test_records_are_frozen() -> None:
    """Nothing of a record can be changed after it was made."""
    get = operations()["GET"]
    for record, name in (
        (get, "path"),
        (get.inputs[0], "required"),
        (get.outputs[0], "status"),
        (get.failures[0], "stage"),
    ):
        with pytest.raises(AttributeError, match=r"can.t set attribute"):
            setattr(record, name, None)


@pytest.mark.parametrize(
    ("status", "media_types", "has_content"),
    [
        (200, ("application/json",), True),
        (200, (), False),
        (204, ("text/plain",), False),
        (304, ("a/b",), False),
    ],
)
def test_content(status: int, media_types: tuple[str, ...], has_content: bool) -> None:
    """An answer has content where it has media types and its status allows any (RFC 9110,
    section 6.4.1).
    """
    assert Output(status, None, media_types).has_content is has_content


def test_defaults() -> None:
    """A header is optional text, a failure has no headers, an input is required."""
    assert Header("X-A").schema == {"type": "string"}
    assert Header("X-A").required is False
    assert Failure(NotFound, "method").headers == ()
    assert Input._field_defaults["required"] is True


def test_a_scheme_is_a_protocol() -> None:
    """Anything with a name, a document and an authenticate is a security scheme."""

    class Scheme:
        name = "own"

        def document(self) -> dict[str, object]:
            return {}

        def authenticate(self, request: Any, scopes: Any) -> None: ...

    assert isinstance(Scheme(), SecurityScheme)
    assert not isinstance(object(), SecurityScheme)
