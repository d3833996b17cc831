"""What a browser sends: checkboxes, empty values, line breaks, restkit's own fields."""

from __future__ import annotations

import enum
import re
from datetime import date, datetime, time
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from marshmallow import INCLUDE, Schema, fields, validate

from restkit import App, Upload, takes
from restkit.openapi import build
from restkit.testing import Client

FORMS = ("urlencoded", "multipart")
Field = fields.Field[Any]


class Color(enum.Enum):
    RED = "red"


def client_of(schema: Any, method: str = "POST") -> Client:
    """Return a client of that App."""
    return Client(app_of(schema, method))


def app_of(schema: Any, method: str = "POST") -> App:
    """Return an App that responds with what a form loads, as text."""
    app = App("Forms")

    @takes(form=schema)
    def read(form: dict[str, Any]) -> dict[str, str]:
        return {name: repr(value) for name, value in form.items()}

    add = app.patch if method == "PATCH" else app.post
    add("/form")(read)
    return app


def send(client: Client, data: Any, kind: str = "urlencoded", method: str = "POST") -> Any:
    """Send a form as one of its two media types."""
    if kind == "urlencoded":
        return client.request(method, "/form", data=data)
    boundary = "x"
    pairs = data.items() if isinstance(data, dict) else data
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in pairs
    ]
    return client.request(
        method,
        "/form",
        content="".join([*parts, f"--{boundary}--\r\n"]).encode(),
        content_type=f"multipart/form-data; boundary={boundary}",
    )


def loaded(field: Field, text: str | None, kind: str = "urlencoded") -> Any:
    """Return what a field loads of a text; None for no value."""
    data = {"other": "a"} if text is None else {"other": "a", "it": text}
    response = send(client_of({"it": field, "other": fields.Str()}), data, kind)
    assert response.status == 200, response.text
    return response.json.get("it", "absent")


@pytest.mark.parametrize("kind", FORMS)
@pytest.mark.parametrize("field", [fields.Bool(), fields.Bool(required=True)])
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on", "True"),
        ("true", "True"),
        ("1", "True"),
        ("yes", "True"),
        ("off", "False"),
        ("false", "False"),
        ("0", "False"),
        ("no", "False"),
        ("", "False"),
        (None, "False"),
    ],
)
def test_a_checkbox(field: Field, text: str | None, value: str, kind: str) -> None:
    """HTML's default value of a checkbox is on; an absent one is not checked."""
    assert loaded(field, text, kind) == value


def test_a_checkbox_that_is_checked_by_default_can_be_unchecked() -> None:
    """The default of a Boolean is for JSON: a browser sends nothing for what is not checked."""
    assert loaded(fields.Bool(load_default=True), None) == "False"


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        (fields.Bool(allow_none=True), "", "None"),
        (fields.Bool(allow_none=True), "on", "True"),
        (fields.Bool(allow_none=True), None, "absent"),
        (fields.Bool(allow_none=True, load_default=True), None, "True"),
        (fields.Bool(truthy={"ja"}, falsy={"nein"}), "ja", "True"),
        (fields.Bool(truthy={"ja"}, falsy={"nein"}), None, "False"),
    ],
)
def test_a_boolean_with_more_choices(field: Field, text: str | None, value: str) -> None:
    """A Boolean that may be null is no checkbox; one with texts of its own keeps them."""
    assert loaded(field, text) == value


def test_a_required_check_is_asked_for_by_a_validator() -> None:
    """Terms that must be accepted: an absent checkbox is false, which the validator rejects."""
    client = client_of({"terms": fields.Bool(required=True, validate=validate.Equal(True))})
    response = send(client, {"csrf_token": "a"})
    assert response.status == 422
    assert response.problem["errors"][0]["pointer"] == "/terms"
    assert send(client, {"terms": "on"}).json == {"terms": "True"}


@pytest.mark.parametrize("text", ["ON", "True", "2", " on", "ja", "y", "t"])
def test_other_texts_are_no_boolean(text: str) -> None:
    """What the document does not name is a 422."""
    response = send(client_of({"it": fields.Bool()}), {"it": text})
    assert response.problem["errors"][0]["pointer"] == "/it"


def test_a_hidden_input_before_a_checkbox() -> None:
    """The last value counts, as it does where a hidden input says what unchecked means."""
    client = client_of({"it": fields.Bool()})
    assert send(client, [("it", "0"), ("it", "1")]).json == {"it": "True"}
    assert send(client, [("it", "false")]).json == {"it": "False"}


def test_a_patch_changes_only_what_is_sent() -> None:
    """In a PATCH an absent checkbox is absent, and nothing is required."""
    schema = {"it": fields.Bool(required=True), "n": fields.Int(required=True)}
    client = client_of(schema, "PATCH")
    assert send(client, {"n": "3"}, method="PATCH").json == {"n": "3"}
    assert send(client, {"it": "false"}, method="PATCH").json == {"it": "False"}
    assert send(client, {"n": ""}, method="PATCH").status == 422


def test_a_partial_schema_requires_no_checkbox() -> None:
    """`partial` says which fields may be absent without a meaning."""
    schema = Schema.from_dict({"a": fields.Bool(required=True), "b": fields.Bool()})
    assert send(client_of(schema(partial=("a",))), {"b": "on"}).json == {"b": "True"}
    assert send(client_of(schema(partial=True)), {"csrf_token": "t"}).json == {}


EMPTY: list[tuple[Field, str]] = [
    (fields.Int(), "absent"),
    (fields.Int(allow_none=True), "None"),
    (fields.Int(load_default=7), "7"),
    (fields.Int(allow_none=True, load_default=7), "None"),
    (fields.Float(), "absent"),
    (fields.Decimal(), "absent"),
    (fields.Date(), "absent"),
    (fields.DateTime(allow_none=True), "None"),
    (fields.Time(), "absent"),
    (fields.TimeDelta(), "absent"),
    (fields.UUID(), "absent"),
    (fields.IP(), "absent"),
    (fields.Enum(Color), "absent"),
    (fields.Enum(Color, by_value=True), "absent"),
    (fields.Email(), "absent"),
    (fields.Url(allow_none=True), "None"),
    (fields.Str(validate=validate.OneOf(["a"])), "absent"),
    (fields.Str(validate=validate.OneOf(["", "a"])), "''"),
    (fields.Str(validate=validate.Length(min=1)), "absent"),
    (fields.Str(validate=validate.And(validate.Regexp("[a-z]+"))), "absent"),
    (fields.Str(), "''"),
    (fields.Str(load_default="a"), "''"),
    (fields.Str(required=True, validate=validate.Length(0, 5)), "''"),
    (fields.Str(required=True, validate=validate.OneOf(["", "a"])), "''"),
    (fields.Str(required=True, allow_none=True), "None"),
    (fields.Str(allow_none=True), "None"),
    (fields.Str(validate=validate.Length(max=5)), "''"),
    (fields.Nested(Schema.from_dict({"a": fields.Int()})), "absent"),
    (fields.Dict(allow_none=True), "None"),
    (fields.List(fields.Int()), "[]"),
    (fields.List(fields.Str()), "[]"),
    (fields.Pluck(Schema.from_dict({"id": fields.Int()}), "id"), "absent"),
]


@pytest.mark.parametrize("kind", FORMS)
@pytest.mark.parametrize(("field", "value"), EMPTY)
def test_an_empty_value(field: Field, value: str, kind: str) -> None:
    """What nobody filled in is nothing, unless an empty text is a value of the field."""
    assert loaded(field, "", kind) == value


@pytest.mark.parametrize(
    "field",
    [
        fields.Int(required=True),
        fields.Date(required=True),
        fields.Enum(Color, required=True),
        fields.Email(required=True),
        fields.Str(required=True),
        fields.Str(required=True, validate=validate.Length(max=5)),
        fields.Pluck(Schema.from_dict({"name": fields.Str()}), "name", required=True),
        fields.Field(required=True),
        fields.Str(required=True, validate=validate.Length(min=1)),
        fields.Str(required=True, validate=validate.OneOf(["a"])),
    ],
)
@pytest.mark.parametrize("kind", FORMS)
def test_an_empty_required_field_is_missing(field: Field, kind: str) -> None:
    """The error is the one of a field that was not sent."""
    (error,) = send(client_of({"it": field}), {"it": ""}, kind).problem["errors"]
    assert error == {
        "pointer": "/it",
        "detail": "Missing data for required field.",
        "code": "required",
    }


EMPTIED = {"name": ""}, {"one[name]": ""}, {"rows[0][name]": "", "rows[0][n]": "1"}


@pytest.mark.parametrize("data", EMPTIED)
@pytest.mark.parametrize("kind", FORMS)
def test_a_patch_does_not_empty_what_is_required(data: dict[str, str], kind: str) -> None:
    """An absent field changes nothing, and an empty text is an error."""
    row = Schema.from_dict({"name": fields.Str(required=True), "n": fields.Int()})
    objects = {"one": fields.Nested(row, required=True), "rows": fields.List(fields.Nested(row))}
    client = client_of({"name": fields.Str(required=True), **objects}, "PATCH")
    response = send(client, data, kind, "PATCH")
    assert response.status == 422
    (error,) = response.problem["errors"]
    pointer = "/" + next(iter(data)).replace("[", "/").replace("]", "")
    assert error["pointer"] == pointer
    assert error["code"] == "required"
    assert send(client, {"rows[0][name]": "a"}, kind, "PATCH").status == 200


def test_the_message_of_a_missing_field_is_that_of_its_field() -> None:
    needed = fields.Str(required=True, error_messages={"required": "Say your name."})
    for method in ("POST", "PATCH"):
        response = send(client_of({"name": needed}, method), {"name": ""}, method=method)
        (error,) = response.problem["errors"]
        assert error["detail"] == "Say your name."


def test_json_may_have_an_empty_text() -> None:
    """The rule is that of forms: a body of JSON takes what its schema says."""
    app = App("Forms")
    types = ["application/json", "application/x-www-form-urlencoded"]

    @app.post("/form")
    @takes(body={"name": fields.Str(required=True)}, media_types=types)
    def read(body: dict[str, Any]) -> dict[str, Any]:
        return body

    client = Client(app)
    assert client.post("/form", json={"name": ""}).json == {"name": ""}
    assert client.post("/form", data={"name": ""}).status == 422
    content = build(app)["paths"]["/form"]["post"]["requestBody"]["content"]
    found = content["application/x-www-form-urlencoded"]["schema"]["properties"]["name"]
    assert found["minLength"] == 1


TEXTS = [
    fields.Str(),
    fields.Str(required=True),
    fields.Str(required=True, validate=validate.Length(0, 9)),
    fields.Str(required=True, validate=validate.Length(2)),
    fields.Str(required=True, validate=validate.OneOf(["", "abc"])),
    fields.Str(required=True, validate=validate.OneOf(["abc"])),
    fields.Email(required=True),
    fields.Field(required=True),
]


@pytest.mark.parametrize("field", TEXTS)
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_the_document_says_whether_a_required_text_may_be_empty(field: Field, method: str) -> None:
    app = app_of({"it": field}, method)
    content = build(app)["paths"]["/form"][method.lower()]["requestBody"]["content"]
    schema = content["application/x-www-form-urlencoded"]["schema"]["properties"]["it"]
    sent = send(Client(app), {"it": ""}, method=method)
    validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    assert validator.is_valid("") is (sent.status == 200)


def test_an_empty_value_of_a_field_of_your_own_is_its_own() -> None:
    """What an empty text means to a field of another class is unknown."""

    class Shout(fields.Field[str]):
        def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
            return f"{value}!"

    assert loaded(Shout(), "") == "'!'"


def test_empty_items_of_a_list_are_left_out() -> None:
    """A hidden empty input lets a browser say that no checkbox of a list is checked."""
    client = client_of({"n": fields.List(fields.Int(), required=True)})
    assert send(client, [("n", ""), ("n", "1"), ("n", "2")]).json == {"n": "[1, 2]"}
    assert send(client, [("n", "")]).json == {"n": "[]"}
    assert send(client, {"csrf_token": "a"}).status == 422


@pytest.mark.parametrize("kind", FORMS)
def test_line_breaks(kind: str) -> None:
    """A browser sends CR LF for each line break of a textarea."""
    assert loaded(fields.Str(), "a\r\n\r\nb", kind) == r"'a\n\nb'"


@pytest.mark.parametrize("kind", FORMS)
def test_times_without_seconds(kind: str) -> None:
    """HTML's inputs of times leave out seconds of 0 and have no offset."""
    moment = datetime(2024, 2, 29, 10, 30)
    assert loaded(fields.NaiveDateTime(), "2024-02-29T10:30", kind) == repr(moment)
    aware = loaded(fields.AwareDateTime(), "2024-02-29T10:30", kind)
    assert aware == loaded(fields.DateTime(), "2024-02-29T10:30:00Z")
    assert loaded(fields.Time(), "10:30", kind) == repr(time(10, 30))
    assert loaded(fields.Date(), "2024-02-29", kind) == repr(date(2024, 2, 29))
    for text in ("2024-02-29T10", "2024-02-29T24:00", "2024-02-30T10:30", "10:30"):
        assert send(client_of({"it": fields.DateTime()}), {"it": text}, kind).status == 422


@pytest.mark.parametrize("kind", FORMS)
def test_fields_of_the_framework_are_known(kind: str) -> None:
    """The token and the method of a form are no fields of the schema."""
    data = {"it": "a", "csrf_token": "t", "_method": "PUT"}
    assert send(client_of({"it": fields.Str()}), data, kind).json == {"it": "'a'"}
    response = send(client_of({"it": fields.Str()}), {"csrf_tokens": "t"}, kind)
    assert response.problem["errors"][0]["code"] == "unknown"

    class Open(Schema):
        class Meta:
            unknown = INCLUDE

    assert send(client_of(Open), {"b": "c", **data}, kind).json == {"it": "'a'", "b": "'c'"}
    own = client_of({"_method": fields.Str()})
    assert send(own, {"_method": "a"}, kind).json == {"_method": "'a'"}


def test_fields_of_the_framework_beside_files_alone() -> None:
    """A form of files alone may have a token too."""
    app = App("Forms")

    @app.post("/form")
    @takes(files={"photo": Upload()})
    def read(files: dict[str, Any]) -> dict[str, int]:
        return {"files": len(files)}

    client = Client(app)
    photo = {"photo": ("a.png", b"a", "image/png")}
    assert client.post("/form", files=photo, data={"csrf_token": "t"}).json == {"files": 1}
    assert client.post("/form", files=photo, data={"other": "t"}).status == 422


def test_a_body_that_may_be_a_form_follows_the_form_only() -> None:
    """The same operation takes strict JSON."""
    app = App("Forms")
    types = ["application/json", "application/x-www-form-urlencoded"]

    @app.post("/form")
    @takes(body={"done": fields.Bool(), "year": fields.Int()}, media_types=types)
    def read(body: dict[str, Any]) -> dict[str, Any]:
        return body

    client = Client(app)
    assert client.post("/form", data={"done": "on", "year": ""}).json == {"done": True}
    assert client.post("/form", json={"year": 1}).json == {"year": 1}
    assert client.post("/form", json={"done": "on"}).status == 422


def test_a_query_keeps_its_strict_rules() -> None:
    """A parameter is no checkbox, and an empty one is no number."""
    app = App("Query")

    @app.get("/")
    @takes(query={"done": fields.Bool(), "year": fields.Int()})
    def read(query: dict[str, Any]) -> dict[str, Any]:
        return query

    client = Client(app)
    assert client.get("/?done=true").json == {"done": True}
    for query in ("done=on", "done=1", "year=", "done="):
        assert client.get(f"/?{query}").status == 422


def test_the_document_says_what_a_form_takes() -> None:
    """Each documented value is taken, no other one, and an absent checkbox is its default."""
    schema = {
        "done": fields.Bool(load_default=True),
        "must": fields.Bool(required=True),
        "terms": fields.Bool(validate=validate.Equal(True)),
        "maybe": fields.Bool(allow_none=True),
        "year": fields.Int(required=True),
    }
    app = app_of(schema)
    client = Client(app)
    content = build(app)["paths"]["/form"]["post"]["requestBody"]["content"]
    found = content["application/x-www-form-urlencoded"]["schema"]
    assert found == content["multipart/form-data"]["schema"]
    members = found["properties"]
    assert sorted(found["required"]) == ["terms", "year"]
    assert "empty value" in found["description"]
    assert members["done"]["default"] is False
    assert members["must"]["default"] is False
    assert "default" not in members["terms"]
    assert "default" not in members["maybe"]
    for text in ("true", "on", "1", "yes", "false", "off", "0", "no", "On", "y", "2"):
        value = {"true": True, "false": False}.get(text, text)
        for name, given in (("done", {"terms": "on"}), ("terms", {})):
            sent = send(client, {"year": "1", **given, name: text})
            is_documented = Draft202012Validator(members[name]).is_valid(value)
            assert (sent.status == 200) is is_documented, (name, text)


class RowSchema(Schema):
    title = fields.Str(required=True, validate=validate.Length(min=1))
    n = fields.Int(allow_none=True)
    done = fields.Bool()
    tags = fields.List(fields.Int())
    day = fields.Date()
    color = fields.Enum(Color, by_value=True)


class OrderSchema(Schema):
    one = fields.Nested(RowSchema)
    rows = fields.List(fields.Nested(RowSchema))
    many = fields.Nested(RowSchema, many=True)
    deep = fields.Nested({"row": fields.Nested(RowSchema)})


def orders() -> Client:
    """Return a client of an App that keeps what a form with objects loads."""
    app = App("Orders")

    @app.post("/form")
    @takes(form=OrderSchema)
    def read(form: dict[str, Any]) -> dict[str, str]:
        return {name: repr(value) for name, value in form.items()}

    return Client(app)


@pytest.mark.parametrize("kind", FORMS)
def test_the_members_of_an_object(kind: str) -> None:
    """They follow the rules of a form: numbers, checkboxes, empty values, lists."""
    sent = [
        ("one[title]", "a\r\nb"),
        ("one[n]", ""),
        ("one[done]", "on"),
        ("one[tags]", "1"),
        ("one[tags]", "2"),
        ("one[tags]", ""),
        ("one[day]", "2024-02-29"),
        ("one[color]", "red"),
        ("deep[row][title]", "x"),
    ]
    assert send(orders(), sent, kind).json == {
        "one": repr(
            {
                "title": "a\nb",
                "n": None,
                "done": True,
                "tags": [1, 2],
                "day": date(2024, 2, 29),
                "color": Color.RED,
            }
        ),
        "deep": repr({"row": {"title": "x", "done": False}}),
    }


@pytest.mark.parametrize("name", ["rows", "many"])
def test_the_rows_of_a_list(name: str) -> None:
    """Rows are in the order of their numbers; one that nobody filled in is none."""
    sent = [
        (f"{name}[10][title]", "b"),
        (f"{name}[2][title]", "a"),
        (f"{name}[3][title]", ""),
        (f"{name}[3][n]", ""),
    ]
    rows = [{"title": "a", "done": False}, {"title": "b", "done": False}]
    assert send(orders(), sent).json == {name: repr(rows)}
    assert send(orders(), sent[2:]).json == {name: "[]"}
    assert send(orders(), [(f"{name}[999999][title]", "a")]).json == {name: repr(rows[:1])}


@pytest.mark.parametrize(
    ("sent", "pointer"),
    [
        ([("one[title]", "a"), ("one[n]", "x")], "/one/n"),
        ([("one[title]", ""), ("one[n]", "1")], "/one/title"),
        ([("one[title]", "a"), ("one[nam]", "")], "/one/nam"),
        ([("rows[0][title]", "a"), ("rows[1][n]", "x")], "/rows/1/n"),
        ([("rows[a][title]", "a")], "/rows"),
        ([("rows[title]", "a")], "/rows"),
        ([("rows[9999999][title]", "a")], "/rows"),
        ([("one", '{"title": "a"}'), ("one[title]", "a")], "/one"),
        ([("one[title][x]", "a")], "/one/title"),
        ([("one[title]", "\0")], "/one"),
        ([("two[title]", "a")], "/two[title]"),
        ([("one[" * 9 + "]" * 9, "a")], ""),
        ([("one[]", "a")], "/one"),
        ([("one[title]", "a"), ("one[title][x]", "b")], "/one/title"),
        ([("one[title]", "a"), ("one[title]", "b")], "/one/title"),
        ([("rows[0]", "a")], "/rows"),
        ([("rows[]", "a")], "/rows"),
        ([("rows[0][title]", "a"), ("rows[0][title][x]", "a")], "/rows/0/title"),
        ([("rows[0][title]", "a"), ("rows[0][x][y]", "a")], "/rows/0/x"),
        ([("deep[row]", "a")], "/deep/row"),
        ([("deep[row][x][y]", "a")], "/deep/row/x"),
    ],
)
@pytest.mark.parametrize("kind", FORMS)
def test_members_that_cannot_be_meant(sent: Any, pointer: str, kind: str) -> None:
    """Each is a 422 that names the place."""
    response = send(orders(), sent, kind)
    assert response.status == 422
    assert any(each["pointer"].startswith(pointer) for each in response.problem["errors"])


def test_items_may_be_called_with_brackets() -> None:
    """``tags[]`` is an item of the list ``tags``, in a form and in its objects."""
    client = client_of({"n": fields.List(fields.Int()), "one": fields.Nested(RowSchema)})
    sent = [("n[]", "1"), ("n", "2"), ("one[title]", "a"), ("one[tags][]", "3")]
    found = send(client, [*sent, ("n[]", ""), ("one[tags][]", "4")]).json
    assert found["n"] == "[1, 2]"
    assert "'tags': [3, 4]" in found["one"]
    both = [("one[title]", "a"), ("one[tags]", "1"), ("one[tags][]", "1")]
    (error,) = send(client, both).problem["errors"]
    assert (error["pointer"], error["code"]) == ("/one/tags", "repeated")
    assert send(client, {"n[0]": "1"}).status == 422
    assert send(client, {"one[title][]": "1"}).status == 422


def test_the_document_has_the_names_in_brackets() -> None:
    """A name is valid by the schema of the form exactly if it is none that is unknown."""
    app = App("Names")

    @app.post("/form")
    @takes(form={"one": fields.Nested(RowSchema), "rows": fields.List(fields.Nested(RowSchema))})
    def form(form: dict[str, Any]) -> dict[str, Any]:
        return {}

    for version in ("3.0.4", "3.1.1"):
        document = build(app, version=version)
        content = document["paths"]["/form"]["post"]["requestBody"]["content"]
        schema = content["application/x-www-form-urlencoded"]["schema"]
        if version == "3.0.4":
            assert "additionalProperties" not in schema
            continue
        patterns = [re.compile(each) for each in schema["patternProperties"]]
        assert schema["additionalProperties"] is False
        client = Client(app)
        for name in NAMES:
            response = client.post("/form", data={name: ""})
            errors = response.problem["errors"] if response.status == 422 else []
            unknown = any(each["code"] in ("unknown", "type") for each in errors)
            known = any(each.fullmatch(name) for each in patterns) or name in schema["properties"]
            assert known is not unknown, name


NAMES = [
    *("one[title]", "one[n]", "one[tags]", "one[tags][]", "rows[0][title]", "rows[7][tags][]"),
    *("one[]", "one[x]", "one[title][]", "one[title][x]", "one[tags][0]", "rows[][title]"),
    *("rows[0]", "rows[]", "rows[x][title]", "rows[0][x]", "rows[1234567][title]", "two[title]"),
]


def test_an_object_that_nobody_filled_in() -> None:
    """It is nothing if it may be absent; a required one has the errors of its members."""
    assert send(orders(), {"one[title]": "", "one[n]": ""}).json == {}
    maybe = client_of({"it": fields.Nested(RowSchema, allow_none=True)})
    assert send(maybe, {"it[title]": ""}).json == {"it": "None"}
    must = client_of({"it": fields.Nested(RowSchema, required=True)})
    (error,) = send(must, {"it[title]": ""}).problem["errors"]
    assert (error["pointer"], error["code"]) == ("/it/title", "required")


def test_an_object_is_still_json() -> None:
    """A part of JSON keeps the strict rules of JSON."""
    found = send(orders(), {"one": '{"title": "a", "done": true}'}).json
    assert found == {"one": repr({"title": "a", "done": True})}
    assert send(orders(), {"one": '{"title": "a", "done": "on"}'}).status == 422


def test_many_members_are_bounded() -> None:
    """A form has at most 1,000 names, and names at most 12 levels."""
    sent = [(f"rows[{at}][title]", "a") for at in range(1000)]
    assert send(orders(), sent).json["rows"].count("title") == 1000
    assert send(orders(), [*sent, ("one[title]", "a")]).status == 422
    assert send(orders(), [("one" + "[a]" * 13, "a")]).status == 422
