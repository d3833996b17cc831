"""Copies of schema classes that require less: for what a scope, a row rule or a URL decides."""

from __future__ import annotations

from typing import Any

import pytest
from marshmallow import Schema, ValidationError, class_registry, fields
from marshmallow.exceptions import RegistryError

from restkit.crud.declared_schemas import relaxed, without_required


class NoteSchema(Schema):
    """A note."""

    class Meta:
        ordered_by = "title"

    title = fields.Str(required=True)
    free = fields.Str()
    rank = fields.Int(load_default=1)
    owner = fields.Str(required=True)
    size = fields.Int(load_default=5, attribute="bytes")
    empty = fields.Raw(load_default=None)
    tenant = fields.Str(required=True, attribute="tenant_name")
    made = fields.Str(dump_only=True)


class BrokenSchema(Schema):
    def __init__(self) -> None:
        raise RuntimeError("never made")


GIVEN = {"title": "A", "owner": "ada", "tenant": "t"}


def _loaded(schema: type[Schema], **members: Any) -> Any:
    return schema().load(members)


def test_what_is_decided_is_neither_required_nor_filled_in() -> None:
    """By the names of attributes; all other fields stay as they were."""
    decided = {"owner", "bytes", "tenant_name", "empty", "free", "made", "unknown"}
    found = relaxed(NoteSchema, decided)
    assert found.required == {"owner", "tenant_name"}
    assert found.defaults == {"bytes": 5, "empty": None}
    assert _loaded(found.schema, title="A") == {"title": "A", "rank": 1}
    assert _loaded(found.schema, title="A", owner="o", size=2)["bytes"] == 2
    with pytest.raises(ValidationError, match="title"):
        _loaded(found.schema)
    with pytest.raises(ValidationError, match="owner"):
        _loaded(NoteSchema, title="A", tenant="t")
    assert _loaded(NoteSchema, **GIVEN)["bytes"] == 5


@pytest.mark.parametrize("decided", [set(), {"free"}, {"made"}, {"size"}, {"tenant"}, {"unknown"}])
def test_nothing_is_relaxed(decided: set[str]) -> None:
    """The class itself is the result, so that a document has one component."""
    found = relaxed(NoteSchema, decided)
    assert found == (NoteSchema, frozenset(), {})
    assert found.schema is NoteSchema


def test_a_class_that_cannot_be_made_is_left_to_its_views() -> None:
    assert relaxed(BrokenSchema, {"owner"}) == (BrokenSchema, frozenset(), {})


@pytest.mark.parametrize(
    ("attributes", "missing"),
    [
        (("owner",), {"owner"}),
        (("tenant_name",), {"tenant"}),
        (("owner", "tenant_name", "title"), {"owner", "tenant", "title"}),
        (("owner", "free", "bytes"), {"owner"}),
    ],
)
def test_attributes_of_the_url_are_not_required(
    attributes: tuple[str, ...], missing: set[str]
) -> None:
    found = without_required(NoteSchema, attributes, "Replacement")
    assert found.__name__ == "NoteReplacementSchema"
    given = {name: value for name, value in GIVEN.items() if name not in missing}
    assert _loaded(found, **given)["rank"] == 1
    for name in given:
        with pytest.raises(ValidationError, match=name):
            _loaded(found, **{key: value for key, value in given.items() if key != name})
    assert found is without_required(NoteSchema, attributes, "Replacement")


@pytest.mark.parametrize("attributes", [(), ("free",), ("bytes",), ("tenant",), ("made",)])
def test_a_schema_that_requires_no_such_attribute_is_not_copied(
    attributes: tuple[str, ...],
) -> None:
    assert without_required(NoteSchema, attributes, "Replacement") is NoteSchema


@pytest.mark.parametrize(
    "copied",
    [
        relaxed(NoteSchema, {"owner"}).schema,
        without_required(NoteSchema, ("owner",), "Replacement"),
    ],
    ids=["relaxed", "without_required"],
)
def test_a_copy_stands_for_its_class(copied: type[Schema]) -> None:
    """It has the words of the class, and is not found by name in its place."""
    assert issubclass(copied, NoteSchema)
    assert copied.__doc__ == "A note."
    assert copied.__module__ == NoteSchema.__module__
    assert copied.Meta.ordered_by == "title"  # type: ignore[attr-defined]
    assert class_registry.get_class(f"{copied.__module__}.NoteSchema") is NoteSchema
    with pytest.raises(RegistryError):
        class_registry.get_class("NoteReplacementSchema")
