"""What the compiler says of a schema:
the tier of each field and why, hooks, and what was generated.
"""

from __future__ import annotations

import enum
from typing import Any

import pytest
from marshmallow import Schema, fields, post_load, pre_dump, validate, validates

from restkit.compiler import FieldTiers, explain


class _Inner(Schema):
    a = fields.Integer()


class _Custom(fields.Integer):
    pass


class _Everything(Schema):
    text = fields.String(validate=validate.Length(max=5))
    key = fields.UUID()
    at = fields.DateTime(data_key="when")
    checked = fields.Integer(validate=lambda value: None)
    custom = _Custom()
    stamp = fields.DateTime(format="timestamp")
    inner = fields.Nested(_Inner)
    inners = fields.List(fields.Nested(_Inner))
    tags = fields.List(fields.String())
    matrix = fields.List(fields.List(fields.Integer()))
    dotted = fields.Integer(attribute="a.b")
    written = fields.Integer(dump_only=True)
    read = fields.Integer(load_only=True)
    broken = fields.Nested("nowhere.Nothing")


def _tiers(schema: Schema) -> dict[str, FieldTiers]:
    return {each.name: each for each in explain(schema).fields}


@pytest.mark.parametrize(
    ("name", "load", "load_reason", "dump", "dump_reason"),
    [
        ("text", "generated", "", "generated", ""),
        ("key", "native", "", "generated", ""),
        ("at", "generated", "", "generated", ""),
        ("checked", "generated", "", "generated", ""),
        (
            "custom",
            "marshmallow",
            "no inline code for _Custom",
            "marshmallow",
            "no inline code for _Custom",
        ),
        (
            "stamp",
            "generated",
            "",
            "generated",
            "",
        ),
        ("inner", "generated", "", "generated", ""),
        ("inners", "generated", "", "generated", ""),
        ("tags", "generated", "", "generated", ""),
        (
            "matrix",
            "generated",
            "",
            "generated",
            "",
        ),
        ("dotted", "generated", "", "marshmallow", "its attribute contains a dot"),
        ("written", "", "", "generated", ""),
        ("read", "generated", "", "", ""),
    ],
)
def test_each_field_has_a_tier_and_a_reason(
    name: str, load: str, load_reason: str, dump: str, dump_reason: str
) -> None:
    """A field says which tier loads and dumps it, and why it is not a quicker one."""
    found = _tiers(_Everything())[name]
    assert found.load == load
    assert found.load_reason == load_reason
    assert found.dump == dump
    assert found.dump_reason == dump_reason


def test_a_field_says_what_it_is() -> None:
    """A field has its key, its class, and the schema that it nests, if that can be made."""
    found = _tiers(_Everything())
    assert found["at"].key == "when"
    assert found["at"].kind == "DateTime"
    assert found["at"].nested is None
    assert isinstance(found["inner"].nested, _Inner)
    assert isinstance(found["inners"].nested, _Inner)
    assert found["broken"].nested is None


def test_a_schema_that_goes_straight_leaves_moments_to_the_encoder() -> None:
    """Dates, datetimes and UUIDs of a schema without uncertain fields are native,
    and all sources can be read.
    """
    schema = Schema.from_dict(
        {"at": fields.DateTime(), "key": fields.UUID(), "number": fields.Integer()}
    )()
    found = explain(schema)
    assert found.straight_reason == ""
    assert [each.dump for each in found.fields] == ["native", "native", "generated"]
    assert set(found.dump_sources) == {"plain", "native", "records", "text"}
    assert "def load_one(" in found.load_source
    assert all("def dump_one(" in source for source in found.dump_sources.values())
    assert explain(_Everything()).straight_reason.startswith("custom: ")
    assert set(explain(_Everything()).dump_sources) == {"plain"}


def test_hooks_are_named() -> None:
    """Hooks are listed by kind, and a schema with hooks at dumping says that it does not go
    straight.
    """

    class Hooked(Schema):
        a = fields.Integer()

        @post_load
        def make(self, data: Any, **kwargs: Any) -> Any:
            return data

        @pre_dump
        def before(self, data: Any, **kwargs: Any) -> Any:
            return data

        @validates("a")
        def check(self, value: Any, data_key: str) -> None:
            return

    found = explain(Hooked())
    assert found.hooks == {"post_load": ("make",), "pre_dump": ("before",), "validates": ("check",)}
    assert found.straight_reason == "the schema has pre_dump or post_dump hooks"


def test_a_schema_that_is_left_to_marshmallow_says_why() -> None:
    """Where marshmallow serves a schema whole, so it does each field, and nothing is generated."""

    class Own(Schema):
        a = fields.Integer()

        def load(self, *args: Any, **kwargs: Any) -> Any:
            return super().load(*args, **kwargs)

        def dump(self, *args: Any, **kwargs: Any) -> Any:
            return super().dump(*args, **kwargs)

    found = explain(Own())
    assert found.load_reason == "the schema overrides load"
    assert found.dump_reason == "the schema overrides dump"
    assert found.fields[0].load == "marshmallow"
    assert found.fields[0].load_reason == "the schema overrides load"
    assert found.fields[0].dump == "marshmallow"
    assert found.fields[0].dump_reason == "the schema overrides dump"
    assert found.load_source == ""
    assert found.dump_sources == {}


class Shown(enum.Enum):
    A = "a"


class OwnEnum(fields.Enum):  # type: ignore[type-arg]
    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return {1, 2}


def test_a_field_of_ones_own_may_dump_anything() -> None:
    """Its class and its members say nothing about what it dumps."""
    found = explain(Schema.from_dict({"a": OwnEnum(Shown), "b": fields.Enum(Shown)})())
    assert found.straight_reason == "a: OwnEnum may dump values that are not JSON"
    plain = explain(Schema.from_dict({"b": fields.Enum(Shown)})())
    assert plain.straight_reason == ""
