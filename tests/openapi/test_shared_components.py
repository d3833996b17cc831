"""Parts that several operations of a document have: components, references, and the way back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from marshmallow import Schema, fields, validate
from openapi_spec_validator import validate as validate_document

from restkit import App, NotFound, Resource, raises, returns, takes
from restkit.openapi import build, diff
from restkit.openapi.shared_components import expanded
from restkit.testing import Client


class NoteSchema(Schema):
    text = fields.Str(required=True)


class PageSchema(Schema):
    page = fields.Int(
        load_default=1,
        validate=validate.Range(1, 1000),
        metadata={"description": "The number of the page, from 1."},
    )


class Missing(NotFound):
    """There is no such note."""

    type = "https://example.org/missing"


CHANGED = {"Last-Changed": "When somebody changed the note, by any of its URLs."}


def app(*names: str) -> App:
    """Return an App with two resources for each name, which have much in common."""
    found = App("Notes")
    for name in names:

        class Notes(Resource):
            schema = NoteSchema

            @takes(query=PageSchema)
            @returns(NoteSchema(many=True), headers=CHANGED)
            def get(self, query: dict[str, int]) -> list[dict[str, str]]:
                return []

        class Note(Resource):
            schema = NoteSchema

            @raises(Missing)
            @returns(NoteSchema, headers=CHANGED)
            def get(self, note_id: int) -> dict[str, str]:
                return {"text": str(note_id)}

            def delete(self, note_id: int) -> None:
                """Delete it."""

            def post(self, note_id: int) -> None:
                """Read it aloud."""

        found.add(f"/{name}", Notes, name=f"{name.title()}List")
        found.add(f"/{name}/<int:note_id>", Note, name=f"{name.title()}Item")
    return found


NAMES = ("red", "green", "blue", "white")


def test_parameters_headers_and_responses_of_several_operations_are_components() -> None:
    document = build(app(*NAMES))
    validate_document(document)
    components = document["components"]
    assert list(components["parameters"]) == ["note_id", "page"]
    assert list(components["headers"]) == ["Last-Changed"]
    assert {"NotAcceptable", "UnprocessableContent"} < components["responses"].keys()
    listing = document["paths"]["/red"]["get"]
    assert listing["parameters"] == [{"$ref": "#/components/parameters/page"}]
    headers = listing["responses"]["200"]["headers"]
    assert headers == {"Last-Changed": {"$ref": "#/components/headers/Last-Changed"}}
    assert listing["responses"]["406"] == {"$ref": "#/components/responses/NotAcceptable"}


def test_operations_of_a_path_share_its_parameters() -> None:
    document = build(app("red"))
    item = document["paths"]["/red/{note_id}"]
    assert [each["name"] for each in item["parameters"]] == ["note_id"]
    assert "parameters" not in item["get"]
    assert "parameters" not in item["delete"]


def test_a_variant_of_a_response_is_named_after_what_its_operations_have_in_common() -> None:
    responses = build(app(*NAMES))["components"]["responses"]
    description = "There is nothing at this URL."
    assert responses["NotFound"]["description"] == description
    assert responses["GetNotFound"]["description"] == f"{description} There is no such note."


def test_an_app_of_few_operations_shares_nothing_that_makes_it_longer() -> None:
    """Parts are at their operations if references to them would not be shorter."""
    found = App("Few")
    found.get("/<int:key>")(lambda key: {"key": key})
    document = build(found)
    assert "components" not in document or "parameters" not in document["components"]
    assert document["paths"]["/{key}"]["get"]["parameters"][0]["name"] == "key"


@pytest.mark.parametrize("version", ["3.0.4", "3.1.1", "3.2.0"])
def test_an_expanded_document_has_every_part_at_its_operations(version: str) -> None:
    document = build(app(*NAMES), version=version)
    found = expanded(document)
    text = json.dumps(found)
    for kind in ("parameters", "headers", "responses"):
        assert f"#/components/{kind}/" not in text
        assert kind in document["components"]
        assert kind not in found["components"]
    item = found["paths"]["/red/{note_id}"]
    assert "parameters" not in item
    for method in ("get", "delete", "post"):
        assert [each["name"] for each in item[method]["parameters"]] == ["note_id"]
    assert item["get"]["responses"]["200"]["headers"]["Last-Changed"]["description"]
    assert len(text) > 1.2 * len(json.dumps(document))


def test_an_expanded_document_keeps_what_it_does_not_know() -> None:
    """Documents of other hands have references to other files, and words on a path."""
    operation: dict[str, Any] = {
        "parameters": [{"name": "a", "in": "query", "description": "its own"}, {"$ref": "a.json"}],
        "responses": {"200": {"$ref": "#/components/responses/Lost"}, "404": {"description": ""}},
    }
    item = {
        "summary": "responses",
        "parameters": [{"name": "a", "in": "query"}, {"name": "b", "in": "query"}],
        "get": operation,
    }
    found = expanded({"openapi": "3.1.1", "paths": {"/": item}})
    assert found["openapi"] == "3.1.1"
    assert found["paths"]["/"]["summary"] == "responses"
    names = [each.get("name") for each in found["paths"]["/"]["get"]["parameters"]]
    assert names == ["b", "a", None]
    assert found["paths"]["/"]["get"]["responses"] == operation["responses"]
    assert len(item["parameters"]) == 2


def test_a_diff_names_the_operations_whose_shared_part_changed() -> None:
    old = build(app(*NAMES))
    new = json.loads(json.dumps(old))
    new["components"]["parameters"]["page"]["schema"]["maximum"] = 10
    lines = diff(old, new)
    assert lines == [f"changed GET /{name}: parameter page in query" for name in NAMES]


def test_a_diff_tells_that_only_the_sharing_changed() -> None:
    old = build(app(*NAMES))
    assert diff(old, expanded(old)) == ["changed: which parts the operations share"]


def test_the_served_document_is_compact_and_the_same() -> None:
    found = app(*NAMES)
    response = Client(found).get("/openapi.json")
    assert response.json == build(found)
    assert len(response.text) == len(
        json.dumps(response.json, separators=(",", ":"), ensure_ascii=False)
    )
