"""Rules that a schema enforces stand in the document, and the document states no other ones."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from ipaddress import ip_address
from typing import Annotated, Any, NewType

import pytest
from jsonschema import Draft202012Validator
from marshmallow import Schema, fields, post_load, validate

from restkit import App, DeclarationError, returns, takes
from restkit.openapi import build
from restkit.testing import Client


class Color(enum.StrEnum):
    RED = "r"
    GREEN = "g"


def _posting(field: fields.Field[Any]) -> tuple[dict[str, Any], Callable[[object], int]]:
    """Return the documented schema of a member of a body, and a function that posts a value."""
    app = App("T")

    @app.post("/s")
    @takes(body=Schema.from_dict({"it": field}, name="ThingSchema"))
    def post(body: dict[str, Any]) -> None: ...

    components = build(app)["components"]["schemas"]
    schema = components.get("ThingInput", components.get("Thing"))["properties"]["it"]
    return schema, lambda value: Client(app).post("/s", json={"it": value}).status


@pytest.mark.parametrize(
    ("field", "values"),
    [
        (fields.Enum(Color, validate=validate.OneOf(["r"])), ["RED"]),
        (fields.Enum(Color, validate=validate.NoneOf(["r"])), ["GREEN"]),
        (fields.Enum(Color, validate=validate.Equal("r")), ["RED"]),
        (fields.Enum(Color, validate=validate.Length(max=1)), ["RED", "GREEN"]),
        (fields.Enum(Color, validate=validate.Regexp("^g$")), ["GREEN"]),
        (fields.Enum(Color, by_value=True, validate=validate.OneOf(["r"])), ["r"]),
        (fields.Bool(validate=validate.OneOf([0, 1])), [True, False]),
        (fields.Bool(validate=validate.Equal(1)), [True]),
        (fields.Bool(validate=validate.NoneOf([0])), [True]),
    ],
    ids=repr,
)
def test_validators_of_few_values_see_the_members(
    field: fields.Field[Any], values: list[object]
) -> None:
    """The enumeration has the values that are taken; 1 is True for a validator."""
    schema, post = _posting(field)
    names = ["RED", "GREEN"] if not getattr(field, "by_value", False) else ["r", "g"]
    every = [True, False] if isinstance(field, fields.Boolean) else names

    assert [each for each in every if post(each) == 204] == values
    allowed = schema.get("enum", [schema["const"]] if "const" in schema else every)
    assert [each for each in every if each in allowed] == values
    assert "not" not in schema
    assert "maxLength" not in schema


@pytest.mark.parametrize("is_only", [True, False])
def test_validators_of_items_see_null(is_only: bool) -> None:
    """A list of choices may have null among them; marshmallow asks no other validator about it."""
    inner = fields.Str(allow_none=True)
    if is_only:
        schema, post = _posting(fields.List(inner, validate=validate.ContainsOnly(["x", None])))
        assert schema["items"]["enum"] == ["x", None]
        assert post([None, "x"]) == 204
        schema, post = _posting(fields.List(inner, validate=validate.ContainsOnly(["x"])))
        assert schema["items"]["enum"] == ["x"]
        assert post([None]) == 422
    else:
        schema, post = _posting(fields.List(inner, validate=validate.ContainsNoneOf([None])))
        assert schema["items"]["not"] == {"enum": [None]}
        assert post([None]) == 422
        assert post(["x"]) == 204


def test_null_as_the_only_choice_and_texts_of_choices() -> None:
    inner = fields.Str(allow_none=True)
    schema, post = _posting(fields.List(inner, validate=validate.ContainsOnly([None])))
    assert schema["items"]["enum"] == [None]
    assert (post([None]), post(["x"])) == (204, 422)
    schema, post = _posting(fields.List(inner, validate=validate.ContainsOnly("ab")))
    assert "Part of 'ab'." in schema["items"]["description"]
    assert (post(["a"]), post(["x"])) == (204, 422)
    schema, post = _posting(fields.List(inner, validate=validate.ContainsNoneOf("ab")))
    assert (post(["a"]), post(["x"])) == (422, 204)


def test_validators_of_a_user_are_not_asked_for_the_document() -> None:
    """They may need a request, or give another answer tomorrow."""
    asked: list[object] = []
    schema, post = _posting(fields.Enum(Color, validate=asked.append))
    assert schema["enum"] == ["RED", "GREEN"]
    assert asked == []
    assert post("RED") == 204
    assert asked == [Color.RED]


def test_a_nested_default_of_null_is_in_the_response() -> None:
    """A reference alone would not allow null; the check of the contract would reject it."""

    class AuthorSchema(Schema):
        name = fields.Str()

    class BookSchema(Schema):
        author = fields.Nested(AuthorSchema, dump_default=None)

    app = App("T")

    @app.get("/book")
    @returns(BookSchema)
    def book() -> dict[str, Any]:
        return {}

    author = build(app)["components"]["schemas"]["Book"]["properties"]["author"]
    assert author["anyOf"] == [{"$ref": "#/components/schemas/Author"}, {"type": "null"}]
    assert Client(app).get("/book").json == {"author": None}


def test_the_tag_of_a_union_is_required() -> None:
    """A Constant is not required by itself, but the union looks for it."""

    class CatSchema(Schema):
        kind = fields.Constant("cat")
        meow = fields.Int(required=True)

    class DogSchema(Schema):
        kind = fields.Constant("dog")
        bark = fields.Int(required=True)

    app = App("T")

    @app.post("/animals")
    @takes(body=CatSchema | DogSchema)
    @returns(CatSchema | DogSchema)
    def animals(body: dict[str, Any]) -> dict[str, Any]:
        return body

    operation = build(app)["paths"]["/animals"]["post"]
    body = operation["requestBody"]["content"]["application/json"]["schema"]
    assert body["required"] == ["kind"]
    assert len(body["oneOf"]) == 2
    client = Client(app)
    assert client.post("/animals", json={"meow": 1}).status == 422
    assert client.post("/animals", json={"kind": "dog", "bark": 1}).status == 200


@dataclass
class Book:
    title: str


Draft = NewType("Draft", Book)
Drafts = NewType("Drafts", list[Book])


class BookSchema(Schema):
    title = fields.Str(required=True)


@pytest.mark.parametrize(
    ("annotation", "many"),
    [
        (Book, False),
        (Annotated[Book, "words"], False),
        (Draft, False),
        (Annotated[Book, "words"] | None, False),
        (Annotated[Draft, "words"], False),
        (list[Annotated[Book, "words"]], True),
        (list[Draft], True),
        (Drafts, True),
    ],
    ids=repr,
)
def test_annotations_that_stand_for_a_class(annotation: object, many: bool) -> None:
    """A body is made an object of the class that Annotated or a NewType stands for."""

    def post(body: Any) -> dict[str, Any]:
        found = body if many else [body]
        return {"classes": [type(each).__name__ for each in found]}

    post.__annotations__["body"] = annotation
    app = App("T")
    app.post("/books")(takes(body=BookSchema(many=many))(post))
    item = {"title": "a"}

    response = Client(app).post("/books", json=[item] if many else item)
    assert response.json == {"classes": ["Book"]}


_MISFITS = [
    (fields.Int, validate.Length(max=3), "Length cannot take the int that Integer loads"),
    (fields.Int, validate.Regexp("a"), "Regexp cannot take the int"),
    (fields.Int, validate.ContainsOnly([1]), "ContainsOnly cannot take the int"),
    (fields.Float, validate.And(validate.Range(1), validate.Length(1)), "Length cannot take"),
    (fields.Bool, validate.Length(max=3), "Length cannot take the bool"),
    (fields.Date, validate.Regexp("2"), "Regexp cannot take the date"),
    (fields.UUID, validate.Length(36), "Length cannot take the UUID"),
    (fields.Str, validate.Range(min=1), "Range cannot take the str that String loads"),
    (fields.Decimal, validate.Length(max=3), "Length cannot take the Decimal"),
]


@pytest.mark.parametrize("where", ["body", "query"])
@pytest.mark.parametrize(
    ("kind", "validator", "message"), _MISFITS, ids=[message for *_, message in _MISFITS]
)
def test_validators_of_another_type_are_refused(
    kind: type[fields.Field[Any]], validator: Any, message: str, where: str
) -> None:
    """Each valid request would end with a TypeError, which is a 500."""
    schema = Schema.from_dict({"it": kind(validate=validator)}, name="ThingSchema")
    app = App("T")

    def post(body: dict[str, Any]) -> None: ...

    def ask(query: dict[str, Any]) -> None: ...

    mount = app.post("/s") if where == "body" else app.get("/s")
    declared = takes(body=schema)(post) if where == "body" else takes(query=schema)(ask)
    with pytest.raises(DeclarationError, match=rf"ThingSchema\.it: .*validate\.{message}"):
        mount(declared)


def _mounted(field: fields.Field[Any]) -> App:
    app = App("T")

    @app.post("/s")
    @takes(body=Schema.from_dict({"it": field}, name="ThingSchema"))
    def post(body: dict[str, Any]) -> None: ...

    app.freeze()
    return app


class Size(int):
    """What a schema makes of its data."""


class SizeSchema(Schema):
    size = fields.Int(required=True)

    @post_load
    def make(self, data: dict[str, int], **_: Any) -> Size:
        return Size(data["size"])


@pytest.mark.parametrize("kind", [fields.Nested, partial(fields.Pluck, field_name="title")])
def test_validators_of_nested_schemas(kind: Callable[..., fields.Field[Any]]) -> None:
    """A nested schema loads a dict, unless its hooks make an object."""
    with pytest.raises(DeclarationError, match=r"validate\.Range cannot take the dict"):
        _mounted(kind(BookSchema, validate=validate.Range(min=1)))
    _mounted(kind(BookSchema, validate=validate.Length(max=3)))
    client = Client(_mounted(fields.Nested(SizeSchema, validate=validate.Range(min=1))))
    assert client.post("/s", json={"it": {"size": 2}}).status == 204
    assert client.post("/s", json={"it": {"size": 0}}).status == 422


def test_a_faulty_message_of_a_validator_stops_no_start() -> None:
    """Only the type is checked at start-up; the message is made where a value is refused."""
    _mounted(fields.Str(validate=validate.Length(max=0, error="{unknown}")))


MOMENT = dt.datetime(2027, 1, 1, tzinfo=dt.UTC)
IDENTITY = uuid.UUID("abcdef00-0000-0000-0000-000000000000")


class Moments(enum.Enum):
    FIRST = MOMENT


class Identities(enum.Enum):
    ONE = IDENTITY


class Prices(enum.Enum):
    LOW = Decimal("1.5")


class Days(enum.Enum):
    FIRST = dt.date(2027, 1, 1)


MOMENTS = ["2027-01-01T00:00:00Z", "2027-01-01T01:00:00+01:00", "2027-01-01T00:00:00.000+00:00"]
IDENTITIES = [str(IDENTITY), str(IDENTITY).upper()]
IPV6 = ["::1", "0:0:0:0:0:0:0:1"]


@pytest.mark.parametrize(
    ("field", "words", "taken"),
    [
        (fields.AwareDateTime(validate=validate.OneOf([MOMENT])), "One of: 2027-01-01T", MOMENTS),
        (fields.AwareDateTime(validate=validate.Equal(MOMENT)), "Equal to: 2027-01-01T", MOMENTS),
        (fields.UUID(validate=validate.OneOf([IDENTITY])), "One of: abcdef00-", IDENTITIES),
        (fields.IPv6(validate=validate.Equal(ip_address("::1"))), "Equal to: ::1.", IPV6),
        (
            fields.Time(validate=validate.OneOf([dt.time(12)])),
            "One of: 12:00:00.",
            ["12:00:00", "12:00:00.00"],
        ),
        (fields.Enum(Moments, by_value=fields.AwareDateTime), "One of: 2027-01-01T", MOMENTS),
        (fields.Enum(Identities, by_value=fields.UUID), "One of: abcdef00-", IDENTITIES),
        (fields.Enum(Prices, by_value=fields.Decimal), "One of: 1.5.", ["1.5", "1.50", 1.5]),
    ],
    ids=repr,
)
def test_choices_of_many_texts_are_said_in_words(
    field: fields.Field[Any], words: str, taken: list[object]
) -> None:
    """Each text of a value is taken, so an enumeration of one of them would forbid the others."""
    schema, post = _posting(field)
    assert words in schema["description"]
    assert not {"enum", "const", "not"} & schema.keys()
    assert [each for each in taken if post(each) == 204] == taken
    assert post("2028-01-01T00:00:00Z") == 422


def test_choices_that_are_refused_are_said_in_words() -> None:
    field = fields.UUID(validate=validate.NoneOf([IDENTITY]))
    schema, post = _posting(field)
    assert schema["description"] == f"None of: {IDENTITY}."
    assert "not" not in schema
    assert [post(each) for each in IDENTITIES] == [422, 422]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (fields.Date(validate=validate.OneOf([dt.date(2027, 1, 1)])), "2027-01-01"),
        (fields.Enum(Days, by_value=fields.Date), "2027-01-01"),
        (fields.IPv4(validate=validate.OneOf([ip_address("127.0.0.1")])), "127.0.0.1"),
    ],
    ids=repr,
)
def test_choices_of_one_text_are_an_enumeration(field: fields.Field[Any], value: str) -> None:
    schema, post = _posting(field)
    assert schema["enum"] == [value]
    assert post(value) == 204


def test_a_response_has_the_texts_that_are_written() -> None:
    """One each, so that an enumeration of them says all."""
    app = App("T")

    @app.get("/s")
    @returns(
        Schema.from_dict({"it": fields.Enum(Moments, by_value=fields.AwareDateTime)}, name="It")
    )
    def get() -> dict[str, Any]:
        return {"it": Moments.FIRST}

    content = build(app)["components"]["schemas"]["It"]["properties"]["it"]
    assert content["enum"] == ["2027-01-01T00:00:00+00:00"]
    assert Client(app).get("/s").json == {"it": "2027-01-01T00:00:00+00:00"}


class Rarer(enum.Enum):
    ONE = 1
    NOTHING = None


def test_true_is_not_one_beside_null() -> None:
    schema, post = _posting(fields.Enum(Rarer, by_value=True, allow_none=True))
    assert schema["enum"] == [1, None]
    assert [post(each) for each in (1, None, True, 2)] == [204, 204, 422, 422]


@pytest.mark.parametrize(
    ("validator", "taken"),
    [
        (validate.ContainsOnly("ab-"), ["", "a", "ba-"]),
        (validate.ContainsOnly(["a", "long", "]"]), ["", "a", "a]"]),
        (validate.ContainsOnly([]), [""]),
        (validate.ContainsNoneOf("a]^"), ["", "b", "é"]),
        ([validate.Length(max=1), validate.ContainsOnly("ab")], ["", "a", "b"]),
        ([validate.Regexp("^b"), validate.ContainsOnly("ab-")], ["ba-", "b"]),
    ],
    ids=repr,
)
def test_characters_are_a_pattern(validator: Any, taken: list[str]) -> None:
    """ContainsOnly and ContainsNoneOf of a text see its characters."""
    schema, post = _posting(fields.Str(validate=validator))
    values = ["", "a", "b", "ba-", "a]", "c^", "é", "long"]
    assert {each for each in values if post(each) == 204} >= {*taken} & {*values}
    checker = Draft202012Validator(schema)
    for each in values:
        assert checker.is_valid(each) is (post(each) == 204), each


def test_a_predicate_is_said_in_words() -> None:
    schema, post = _posting(fields.Str(validate=validate.Predicate("isalpha")))
    assert schema["description"] == "`isalpha` must be true of it."
    assert (post("a"), post("1")) == (204, 422)
