"""Schemas as JSON Schema: views, components, and every gap of apispec's plugin closed."""

from __future__ import annotations

import datetime as dt
import enum
from decimal import Decimal
from typing import Any, Literal, TypeVar

import pytest
from marshmallow import (
    EXCLUDE,
    INCLUDE,
    RAISE,
    Schema,
    ValidationError,
    fields,
    post_dump,
    validate,
)

from restkit import App, returns, takes
from restkit.openapi.conversion import SchemaCollector, json_schema
from restkit.schemas.bound import SchemaLike, View, bind
from restkit.schemas.uploads import Upload
from restkit.testing import Client


class Colour(enum.Enum):
    red = 1
    green = 2


class AuthorSchema(Schema):
    name = fields.Str(required=True)


class BookSchema(Schema):
    id = fields.Int(dump_only=True)
    title = fields.Str(required=True, validate=validate.Length(1, 200))
    secret = fields.Str(load_only=True)
    author = fields.Nested(AuthorSchema)


class TreeSchema(Schema):
    name = fields.Str(required=True)
    children = fields.List(fields.Nested(lambda: TreeSchema()))


def _schema_of(declared: SchemaLike, view: View = View.REQUEST, **options: Any) -> dict[str, Any]:
    return json_schema(bind(declared, view, declared_at="test"), **options)


def _keywords(
    field: fields.Field[Any], view: View = View.REQUEST, **options: Any
) -> dict[str, Any]:
    return _schema_of({"it": field}, view, **options)["properties"]["it"]


def _text_keywords(field: fields.Field[Any]) -> dict[str, Any]:
    return json_schema(bind({"it": field}, View.REQUEST, declared_at="test", source="text"))[
        "properties"
    ]["it"]


# the gaps of apispec's plugin that docs/design.md lists


def test_an_exclusive_minimum_is_kept() -> None:
    """Range(min_inclusive=False) is exclusiveMinimum."""
    made = _keywords(fields.Float(validate=validate.Range(min=0, min_inclusive=False)))
    assert made == {"type": "number", "exclusiveMinimum": 0}


def test_an_exclusive_maximum_is_kept() -> None:
    """Range(max_inclusive=False) is exclusiveMaximum."""
    made = _keywords(fields.Int(validate=validate.Range(1, 9, max_inclusive=False)))
    assert made == {"type": "integer", "format": "int64", "minimum": 1, "exclusiveMaximum": 9}


def test_a_decimal_is_written_as_a_string() -> None:
    """What is answered of a Decimal is a string; a number is taken too."""
    assert _keywords(fields.Decimal(), View.RESPONSE) == {"type": "string", "format": "decimal"}
    assert _keywords(fields.Decimal())["type"] == ["string", "number"]
    assert _text_keywords(fields.Decimal())["type"] == "string"


def test_a_url_has_the_format_uri() -> None:
    """The format is uri, not url; a relative one is a uri-reference."""
    assert _keywords(fields.URL())["format"] == "uri"
    assert _keywords(fields.URL(relative=True))["format"] == "uri-reference"


@pytest.mark.parametrize(("field", "format"), [(fields.IPv4(), "ipv4"), (fields.IPv6(), "ipv6")])
def test_an_ip_address_has_its_format(field: fields.Field[Any], format: str) -> None:
    """The formats are ipv4 and ipv6."""
    assert _keywords(field) == {"type": "string", "format": format}


def test_an_ip_address_of_either_kind_has_either_format() -> None:
    """There is no format ip."""
    assert _keywords(fields.IP()) == {
        "type": "string",
        "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}],
    }


def test_a_time_has_a_format() -> None:
    """A Time is not just any string."""
    assert _keywords(fields.Time())["format"] == "time-local"
    assert "pattern" in _keywords(fields.Time())


def test_a_timestamp_has_no_invalid_min() -> None:
    """The bounds of a timestamp are minimum and maximum, and numbers."""
    made = _keywords(fields.DateTime(format="timestamp"))
    assert made == {"type": "number", "minimum": 0, "maximum": 253402300799}


def test_a_constant_is_const() -> None:
    """A Constant has const and a type."""
    assert _keywords(fields.Constant("book")) == {
        "type": "string",
        "const": "book",
        "default": "book",
    }


def test_a_tuple_has_its_items() -> None:
    """A Tuple is an array of as many items, each with its own schema."""
    made = _keywords(fields.Tuple((fields.Bool(), fields.Date())))
    assert made == {
        "type": "array",
        "prefixItems": [{"type": "boolean"}, {"type": "string", "format": "date"}],
        "items": {"not": {}},
        "minItems": 2,
        "maxItems": 2,
    }


def test_an_enum_by_value_has_a_type() -> None:
    """The type comes from the values."""
    assert _keywords(fields.Enum(Colour, by_value=True)) == {"type": "integer", "enum": [1, 2]}
    assert _keywords(fields.Enum(Colour, by_value=fields.Int)) == {
        "type": "integer",
        "enum": [1, 2],
    }


def test_an_enum_by_name_lists_the_names() -> None:
    """The names are strings."""
    assert _keywords(fields.Enum(Colour)) == {"type": "string", "enum": ["red", "green"]}


def test_none_of_is_not_enum() -> None:
    """NoneOf is documented."""
    assert _keywords(fields.Bool(validate=validate.NoneOf([True])))["not"] == {"enum": [True]}


def test_contains_only_stands_on_the_items() -> None:
    """ContainsOnly speaks of the items, not of the array."""
    made = _keywords(fields.List(fields.Str(), validate=validate.ContainsOnly(["a", "b"])))
    assert made == {"type": "array", "items": {"type": "string", "enum": ["a", "b"]}}


def test_contains_none_of_stands_on_the_items() -> None:
    """ContainsNoneOf speaks of the items, not of the array."""
    made = _keywords(fields.List(fields.Bool(), validate=validate.ContainsNoneOf([True])))
    assert made["items"] == {"type": "boolean", "not": {"enum": [True]}}


# validators


def test_a_tighter_bound_replaces_that_of_64_bits() -> None:
    """Of two bounds the tighter one stays."""
    both = [validate.Range(min=1), validate.Range(min=5), validate.Range(max=2**70)]
    made = _keywords(fields.Int(validate=both))
    assert made["minimum"] == 5
    assert made["maximum"] == 2**63 - 1


def test_length_stands_for_characters_items_and_members() -> None:
    """Length is minLength, minItems or minProperties by the field's type; equal= is both ends."""
    assert _keywords(fields.Str(validate=validate.Length(equal=3)))["maxLength"] == 3
    assert _keywords(fields.List(fields.Bool(), validate=validate.Length(1, 2)))["minItems"] == 1
    assert _keywords(fields.Dict(validate=validate.Length(max=2)))["maxProperties"] == 2


def test_choices_are_an_enum_without_a_pattern() -> None:
    """OneOf is enum, and the enum says enough."""
    assert _keywords(fields.Str(validate=validate.OneOf(["a", "b"]))) == {
        "type": "string",
        "enum": ["a", "b"],
    }


def test_choices_are_written_as_the_field_writes_them() -> None:
    """OneOf of dates is an enum of their texts."""
    assert _keywords(fields.Date(validate=validate.OneOf([dt.date(2024, 1, 2)])))["enum"] == [
        "2024-01-02"
    ]


def test_null_is_one_of_the_choices_where_it_is_taken() -> None:
    """allow_none adds null to the type and to the enum."""
    made = _keywords(fields.Str(validate=validate.OneOf(["a"]), allow_none=True))
    assert made == {"type": ["string", "null"], "enum": ["a", None]}


def test_equal_is_const() -> None:
    """Equal is const; with null beside it an enum."""
    assert _keywords(fields.Bool(validate=validate.Equal(True)))["const"] is True
    assert _keywords(fields.Bool(validate=validate.Equal(True), allow_none=True))["enum"] == [
        True,
        None,
    ]


def test_validators_within_and_count_too() -> None:
    """And is the sum of its parts."""
    made = _keywords(
        fields.Float(validate=validate.And(validate.Range(min=1), validate.Range(max=2)))
    )
    assert made["minimum"] == 1
    assert made["maximum"] == 2


def test_a_rule_that_json_schema_cannot_state_is_in_the_description() -> None:
    """The range of a date is said in words, after the field's own description."""
    field = fields.Date(
        validate=validate.Range(min=dt.date(2000, 1, 1)), metadata={"description": "When."}
    )
    assert _keywords(field)["description"] == "When. At least 2000-01-01."


def test_a_duration_is_bounded_in_its_unit() -> None:
    """A TimeDelta's Range is in the unit of its precision."""
    field = fields.TimeDelta(
        precision="minutes", validate=validate.Range(max=dt.timedelta(hours=2))
    )
    assert _keywords(field)["maximum"] == 120


# metadata, defaults, null


def test_metadata_is_taken_over() -> None:
    """title, description, deprecated and x-... are; one example becomes examples."""
    words = {
        "title": "T",
        "description": "D",
        "deprecated": True,
        "x-order": 1,
        "example": "e",
        "explode": False,
    }
    made = _keywords(fields.Bool(metadata=words))
    expected = {
        "title": "T",
        "description": "D",
        "deprecated": True,
        "x-order": 1,
        "examples": ["e"],
    }
    assert made == {"type": "boolean", **expected}


def test_a_default_is_written_as_json() -> None:
    """load_default is the default of what is taken;
    one that is no JSON value or is a function is left out.
    """
    assert _keywords(fields.Date(load_default=dt.date(2024, 1, 2)))["default"] == "2024-01-02"
    assert "default" not in _keywords(fields.Date(load_default=dt.date.today))
    assert "default" not in _keywords(fields.Raw(load_default=object()))


def test_a_patch_has_no_defaults() -> None:
    """What is absent from a patch stays as it is."""
    assert "default" not in _keywords(fields.Int(load_default=1), View.PATCH)


def test_a_nullable_reference_is_one_of_two() -> None:
    """A $ref cannot be null by itself."""
    made = _keywords(fields.Nested(AuthorSchema, allow_none=True))
    assert made == {"anyOf": [{"$ref": "#/$defs/Author"}, {"type": "null"}]}


# other field types


def test_a_mapping_has_names_and_values() -> None:
    """Dict keys are propertyNames, as text; its values are additionalProperties."""
    made = _keywords(fields.Dict(keys=fields.Date(), values=fields.Bool()))
    assert made["additionalProperties"] == {"type": "boolean"}
    assert made["propertyNames"] == {"type": "string", "format": "date"}


def test_raw_is_anything() -> None:
    """A Raw field has no type; one that may not be null is anything but that."""
    bound = {"description": "Integers in it have at most 64 bits."}
    assert _keywords(fields.Raw(allow_none=True)) == bound
    assert _keywords(fields.Raw()) == {
        **bound,
        "type": ["array", "boolean", "number", "object", "string"],
        "items": {},
    }


def test_a_method_field_has_the_type_that_the_method_returns() -> None:
    """The return annotation says it; without one it is anything."""

    class Shown(Schema):
        count = fields.Method("get_count")
        label = fields.Function(lambda obj: "x")
        kind = fields.Method("get_kind")

        def get_count(self, obj: Any) -> list[int] | None:
            return None

        def get_kind(self, obj: Any) -> Literal["a", "b"]:
            return "a"

    made = _schema_of(Shown, View.RESPONSE)["$defs"]["Shown"]["properties"]
    assert made["count"] == {
        "type": ["array", "null"],
        "items": {"type": "integer"},
        "readOnly": True,
    }
    assert made["label"] == {"readOnly": True}
    assert made["kind"]["enum"] == ["a", "b"]


def test_a_subclass_of_a_field_has_the_type_of_its_base() -> None:
    """Its own rules are not known, so the bounds of the base are not claimed."""

    class Grade(fields.Integer):
        pass

    assert _keywords(Grade()) == {"type": "integer"}


def test_a_field_class_says_its_own_schema() -> None:
    """``json_schema`` on a field class stands for its type; metadata wins over it."""

    class ISBN(fields.String):
        json_schema = {"type": "string", "pattern": "^[0-9]{13}$"}

    assert _keywords(ISBN()) == {"type": "string", "pattern": "^[0-9]{13}$"}
    assert _keywords(ISBN(metadata={"format": "isbn"}))["format"] == "isbn"


def test_an_upload_is_binary() -> None:
    """A file is a binary string, its size said in words."""
    assert _keywords(Upload(max_size=10)) == {
        "type": "string",
        "format": "binary",
        "description": "At most 10 bytes.",
    }


def test_a_plucked_field_is_that_field() -> None:
    """Pluck has the schema of the one field; many makes an array of it."""
    made = _keywords(fields.Pluck(AuthorSchema, "name", many=True))
    assert made["items"]["type"] == "string"


# views and components


def test_a_field_that_is_only_answered_has_no_input_checks() -> None:
    """dump_only fields are not loaded, so neither NUL nor 64 bits are checked."""
    assert _keywords(fields.Int(dump_only=True), View.RESPONSE) == {
        "type": "integer",
        "format": "int64",
        "readOnly": True,
    }
    assert "pattern" not in _keywords(fields.Str(dump_only=True), View.RESPONSE)


def test_one_class_yields_three_components() -> None:
    """RESPONSE leaves out load_only fields, REQUEST dump_only ones, and PATCH requires nothing."""
    read = _schema_of(BookSchema, View.RESPONSE)
    write = _schema_of(BookSchema, View.REQUEST)
    patch = _schema_of(BookSchema, View.PATCH)
    assert [read["$ref"], write["$ref"], patch["$ref"]] == [
        "#/$defs/Book",
        "#/$defs/BookInput",
        "#/$defs/BookPatch",
    ]
    assert list(read["$defs"]["Book"]["properties"]) == ["id", "title", "author"]
    assert read["$defs"]["Book"]["required"] == ["id", "title"]
    assert list(write["$defs"]["BookInput"]["properties"]) == ["title", "secret", "author"]
    assert write["$defs"]["BookInput"]["required"] == ["title"]
    assert "required" not in patch["$defs"]["BookPatch"]
    assert "required" not in patch["$defs"]["AuthorPatch"]


def test_views_that_come_out_equal_are_one_component() -> None:
    """What is taken and answered alike is written once."""
    assert (
        _schema_of(AuthorSchema, View.RESPONSE)["$ref"]
        == _schema_of(AuthorSchema, View.REQUEST)["$ref"]
        == "#/$defs/Author"
    )


def test_a_schema_whose_nested_schemas_differ_is_two_components() -> None:
    """A component cannot refer to both views of another."""

    class ShelfSchema(Schema):
        book = fields.Nested(BookSchema)

    assert _schema_of(ShelfSchema, View.REQUEST)["$ref"] == "#/$defs/ShelfInput"


@pytest.mark.parametrize("view", list(View))
def test_a_schema_may_nest_itself(view: View) -> None:
    """Recursion ends at a reference."""
    made = _schema_of(TreeSchema, view)
    name = made["$ref"].rpartition("/")[2]
    assert made["$defs"][name]["properties"]["children"]["items"] == {"$ref": made["$ref"]}


def test_a_modified_schema_is_written_in_line() -> None:
    """only, exclude and partial make something that is not the class's component."""

    class ShelfSchema(Schema):
        titles = fields.List(fields.Nested(BookSchema(only=("title",))))

    made = _schema_of(ShelfSchema)["$defs"]["Shelf"]["properties"]["titles"]["items"]
    assert list(made["properties"]) == ["title"]
    assert "$ref" not in _schema_of(BookSchema(exclude=("title",)))
    assert "required" not in _schema_of(BookSchema(partial=("title",)))


def test_a_mapping_of_fields_is_written_in_line() -> None:
    """It has no name."""
    assert _schema_of({"a": fields.Bool()})["properties"] == {"a": {"type": "boolean"}}


def test_a_schema_is_open_where_unknown_fields_pass() -> None:
    """Unknown fields pass, and the schema is open, where it says EXCLUDE or INCLUDE."""

    class Open(Schema):
        class Meta:
            unknown = INCLUDE

        a = fields.Bool()

    assert _schema_of(AuthorSchema)["$defs"]["Author"]["additionalProperties"] is False
    assert "additionalProperties" not in _schema_of(Open)["$defs"]["OpenInput"]
    assert "additionalProperties" not in _schema_of(AuthorSchema(unknown=EXCLUDE))


def test_a_relaxed_schema_is_open_with_all_that_it_nests() -> None:
    """strict=False lets unknown fields pass everywhere, and the document follows."""
    made = json_schema(bind(BookSchema, View.REQUEST, declared_at="test", strict=False))
    assert all("additionalProperties" not in each for each in made["$defs"].values())


def test_an_answer_to_which_a_hook_may_add_is_open() -> None:
    """A member that post_dump adds is documented; if nobody knows which, all are allowed."""

    class Hooked(Schema):
        a = fields.Bool()

        @post_dump
        def add(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
            return {**data, "b": 1}

    class Opaque(Schema):
        a = fields.Bool()

        @post_dump
        def add(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
            return {**data, "".join(["b"]): 1}

    made = _schema_of(Hooked, View.RESPONSE)["$defs"]["Hooked"]
    assert set(made["properties"]) == {"a", "b"}
    assert "additionalProperties" not in _schema_of(Opaque, View.RESPONSE)["$defs"]["Opaque"]


def test_names_are_those_on_the_wire() -> None:
    """data_key counts, in properties and in required."""
    made = _schema_of({"first_name": fields.Str(required=True, data_key="firstName")})
    assert list(made["properties"]) == made["required"] == ["firstName"]


def test_a_list_of_a_schema_is_an_array() -> None:
    """Binding with many makes an array."""
    made = json_schema(bind(AuthorSchema, View.RESPONSE, declared_at="test", many=True))
    assert made["type"] == "array"
    assert made["items"] == {"$ref": "#/$defs/Author"}


def test_two_classes_of_one_name_are_two_components() -> None:
    """The second class of a name gets a number where nothing else tells the two apart."""
    other = type("AuthorSchema", (Schema,), {"born": fields.Date()})
    collector = SchemaCollector()
    collector.schema(bind(AuthorSchema, View.RESPONSE, declared_at="test"))
    collector.schema(bind(other, View.RESPONSE, declared_at="test"))
    made = collector.components()
    assert list(made) == ["Author", "Author2"]
    assert list(made["Author2"]["properties"]) == ["born"]


def test_the_docstring_of_a_schema_is_its_description() -> None:
    """Meta.description wins over it."""

    class Described(Schema):
        """Is described."""

    class Otherwise(Schema):
        """Is described."""

        class Meta:
            description = "Otherwise."

    assert _schema_of(Described)["$defs"]["Described"]["description"] == "Is described."
    assert _schema_of(Otherwise)["$defs"]["Otherwise"]["description"] == "Otherwise."


def test_decimal_bounds_hold_for_text_too() -> None:
    """The pattern of a bounded Decimal accepts just the numbers within."""
    made = _keywords(fields.Decimal(validate=validate.Range(min=Decimal("0.5"), max=Decimal(20))))
    assert made["minimum"] == 0.5
    assert made["maximum"] == 20
    assert "pattern" in made
    assert "allOf" in made


def test_schemas_that_read_and_write_alike_are_one_component() -> None:
    """A schema and the one nested in it have one component each if both views agree."""

    class LeafSchema(Schema):
        name = fields.Str()

    class TwigSchema(Schema):
        leaf = fields.Nested(LeafSchema)

    app = App("Trees")

    @app.post("/twigs")
    @takes(body=TwigSchema)
    @returns(TwigSchema, 201)
    def post(body: Any) -> Any:
        return body

    document = Client(app).get("/openapi.json").json
    assert {"Twig", "Leaf"} <= document["components"]["schemas"].keys()
    assert not {"TwigInput", "LeafInput"} & document["components"]["schemas"].keys()


def test_a_schema_that_rejects_unknown_members_says_so_though_the_app_does_not() -> None:
    """Meta.unknown = RAISE holds under strict=False too, and the document closes the object."""

    class ClosedSchema(Schema):
        class Meta:
            unknown = RAISE

        name = fields.Str()

    class OpenSchema(Schema):
        name = fields.Str()

    for declared, closed in ((ClosedSchema, True), (OpenSchema, False)):
        found = json_schema(bind(declared, View.REQUEST, declared_at="test", strict=False))
        [component] = found["$defs"].values() if "$defs" in found else [found]
        assert (component.get("additionalProperties") is False) is closed, declared


def test_members_of_an_enumeration_that_a_field_rejects_are_no_choices() -> None:
    """A request's choices are those that the field loads; a response has all that it writes."""

    class Picky(fields.Enum[Any]):
        def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
            if value == 2:
                raise ValidationError("not this one")
            return super()._deserialize(value, attr, data, **kwargs)

    field = Picky(Colour, by_value=True)
    assert _keywords(field, View.REQUEST)["enum"] == [1]
    assert _keywords(field, View.RESPONSE)["enum"] == [1, 2]


Bound = TypeVar("Bound", bound=int)
Free = TypeVar("Free")
Either = TypeVar("Either", int, str)


def test_a_method_field_that_returns_a_type_variable() -> None:
    """A type variable stands for its bound or its constraints; a free one is anything."""

    class Shown(Schema):
        bound = fields.Method("get_bound")
        free = fields.Method("get_free")
        either = fields.Method("get_either")

        def get_bound(self, obj: Any) -> Bound: ...  # type: ignore[type-var]  # read, never called

        def get_free(self, obj: Any) -> Free: ...  # type: ignore[type-var]  # as above

        def get_either(self, obj: Any) -> Either: ...  # type: ignore[type-var]  # as above

    made = _schema_of(Shown, View.RESPONSE)["$defs"]["Shown"]["properties"]
    assert made["bound"] == {"type": "integer", "readOnly": True}
    assert made["free"] == {"readOnly": True}
    assert made["either"] == {"type": ["integer", "string"], "readOnly": True}
