"""The names in brackets that a form may have, in the document and in requests."""

from __future__ import annotations

import re
from typing import Any

import pytest
from marshmallow import EXCLUDE, Schema, fields

from restkit import App, takes
from restkit.openapi import build
from restkit.testing import Client

FORM = "application/x-www-form-urlencoded"


class PartSchema(Schema):
    n = fields.Int(data_key="the-n")
    tags = fields.List(fields.Str())


class LooseSchema(Schema):
    class Meta:
        unknown = EXCLUDE

    n = fields.Int()


class NodeSchema(Schema):
    n = fields.Int()
    child = fields.Nested(lambda: NodeSchema())


class WholeSchema(Schema):
    part = fields.Nested(PartSchema)
    parts = fields.List(fields.Nested(PartSchema))
    loose = fields.Nested(LooseSchema)
    node = fields.Nested(NodeSchema)
    plain = fields.List(fields.Str())


def app() -> App:
    made = App("Forms")

    @made.post("/form")
    @takes(form=WholeSchema)
    def post(form: dict[str, Any]) -> dict[str, str]:
        return {"form": repr(form)}

    return made


@pytest.mark.parametrize(
    ("name", "known", "loaded"),
    [
        ("part[the-n]", True, "{'part': {'n': 1}}"),
        ("part[n]", False, ""),
        ("part[tags]", True, "{'part': {'tags': ['1']}}"),
        ("part[tags][]", True, "{'part': {'tags': ['1']}}"),
        ("parts[0][the-n]", True, "{'parts': [{'n': 1}]}"),
        ("parts[the-n]", False, ""),
        ("loose[n]", True, "{'loose': {'n': 1}}"),
        ("loose[other]", True, "{'loose': {}}"),
        ("loose[n][x]", False, ""),
        ("node[n]", True, "{'node': {'n': 1}}"),
        ("node[child][n]", True, "{'node': {'child': {'n': 1}}}"),
        ("node[child][child][n]", True, "{'node': {'child': {'child': {'n': 1}}}}"),
        ("plain[]", True, "{'plain': ['1']}"),
        ("plain[0]", False, ""),
    ],
)
def test_the_document_has_the_names_that_are_taken(name: str, known: bool, loaded: str) -> None:
    made = app()
    operation = build(made)["paths"]["/form"]["post"]
    schema = operation["requestBody"]["content"][FORM]["schema"]
    assert schema["additionalProperties"] is False
    assert any(re.search(each, name) for each in schema["patternProperties"]) is known
    response = Client(made, contract=False).post("/form", data={name: "1"})
    assert response.status == (200 if known else 422)
    if known:
        assert response.json == {"form": loaded}
