"""Restoring removed items: with a precondition, where changes need one."""

from __future__ import annotations

from typing import Any

import pytest
from marshmallow import Schema, fields, validate
from shelf import Book, collection

from restkit.testing import Client


class TitleSchema(Schema):
    id = fields.Int(dump_only=True)
    title = fields.Str(required=True, validate=validate.Length(1, 50))


def removable(conditional: Any) -> Client:
    members = {"schema": TitleSchema, "soft_delete": "on", "conditional": conditional}
    return collection(Book("Emma", on=False), **members)


def test_a_restore_needs_a_precondition_where_changes_do() -> None:
    """The 204 of the DELETE has the entity tag of the removed item."""
    client = removable("required")
    tag = client.get("/books/1").headers["ETag"]
    removed = client.delete("/books/1", headers={"If-Match": tag})
    assert removed.status == 204
    assert client.post("/books/1/restore").status == 428
    assert client.post("/books/1/restore", headers={"If-Match": tag}).status == 412
    with_tag = {"If-Match": removed.headers["ETag"]}
    restored = client.post("/books/1/restore", headers=with_tag)
    assert (restored.status, restored.json) == (200, {"id": 1, "title": "Emma"})
    assert client.delete("/books/1", headers={"If-Match": restored.headers["ETag"]}).status == 204
    assert client.post("/books/1/restore", headers={"If-Match": "*"}).status == 200


def test_the_document_has_the_428() -> None:
    """It stands where it can be answered, and nowhere else."""
    responses = {
        conditional: removable(conditional)
        .get("/openapi.json")
        .json["paths"]["/books/{id}/restore"]["post"]["responses"]
        for conditional in (True, "required")
    }
    assert "428" not in responses[True]
    assert "428" in responses["required"]


@pytest.mark.parametrize("conditional", [True, False])
def test_without_the_demand_a_restore_needs_nothing(conditional: bool) -> None:
    """A DELETE has an entity tag where items have one."""
    client = removable(conditional)
    assert ("ETag" in client.delete("/books/1").headers) is conditional
    assert client.post("/books/1/restore").status == 200
