"""Content at its edges: escapes in JSON, forms of own fields, variants, undeclared responses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from marshmallow import Schema, fields, validate

from restkit import (
    App,
    DeclarationError,
    Parameter,
    Resource,
    SeeOther,
    SettingError,
    Settings,
    returns,
    takes,
)
from restkit.contributor import Contribution
from restkit.json_parsing import loads_json
from restkit.openapi import build
from restkit.problems import BadRequest
from restkit.testing import Client


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (rb'{"a": "\u003a"}', {"a": ":"}),
        (rb'{"a\u003a": 1}', {"a:": 1}),
        (rb'{"a": "\u0030"}', {"a": "0"}),
        (rb'{"a": "\\u0000"}', {"a": "\\u0000"}),
        (rb'{"a": "\u00e4"}', {"a": "ä"}),
        (rb'["\u0041\u003c"]', ["A<"]),
        (rb'{"a": "\\"}', {"a": "\\"}),
        (rb'{"a": "\ud83d\ude00"}', {"a": "\U0001f600"}),
    ],
)
def test_escapes_are_the_characters_that_they_mean(text: bytes, value: Any) -> None:
    """A colon may be escaped, and a backslash before u0000 makes it five characters."""
    assert loads_json(text) == value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (rb'{"a": "\u0000"}', "a NUL character"),
        (rb'{"a\u0000": 1}', "a NUL character"),
        (rb'{"a": "x\\\u0000"}', "a NUL character"),
        (rb'{"a": "\ud83d"}', "a lone surrogate"),
        (rb'{"a": "\ude00\ud83d"}', "a lone surrogate"),
        (rb'{"a": 1, "\u0061": 2}', "duplicate"),
        (rb'{"a": 1, "b": "\u003a", "a": 2}', "duplicate"),
        (rb'{"b": "\u003A", "a": 1, "a": 2}', "duplicate"),
        (rb'{"a": 1, "b": {"\u003a": 1, "\u003a": 2}}', "duplicate"),
    ],
)
def test_escapes_hide_nothing(text: bytes, words: str) -> None:
    """NUL, lone surrogates and duplicate names are found behind escapes, compact or not."""
    with pytest.raises(BadRequest) as raised:
        loads_json(text)
    assert words in str(raised.value.detail)
    with pytest.raises(BadRequest) as raised:
        loads_json(text.replace(b": ", b":").replace(b", ", b","))
    assert words in str(raised.value.detail)


@pytest.mark.parametrize("number", ["9223372036854775807", "-9223372036854775808", "1" * 18])
def test_integers_of_64_bits_are_read(number: str) -> None:
    """The largest and the smallest too, wherever they stand."""
    assert loads_json(f"[{number}]".encode()) == [int(number)]
    beside = f'{{"a":{number},"b":"{"1" * 30}"}}'
    assert loads_json(beside.encode()) == {"a": int(number), "b": "1" * 30}


@pytest.mark.parametrize("number", ["9223372036854775808", "-9223372036854775809", "1" * 20])
@pytest.mark.parametrize("text", ["[{}]", '{{"a":{}}}', "[0.5,{}]"])
def test_longer_integers_are_refused(number: str, text: str) -> None:
    """One more is too much."""
    with pytest.raises(BadRequest):
        loads_json(text.format(number).encode())


class ThingSchema(Schema):
    name = fields.Str(required=True)


def test_each_variant_of_a_negotiated_resource_varies() -> None:
    """Caches must tell the redirect of one media type from that of another one too."""
    app = App("T")
    app.add("/<any(old,new):which>", type("Lines", (Resource,), {"get": _get}))
    client = Client(app)
    assert client.get("/new").headers["Vary"] == "Accept"
    redirect = client.get("/old")
    assert redirect.status == 303
    assert redirect.headers["Vary"] == "Accept"


@returns(ThingSchema, many=True, media_types=("application/json", "application/x-ndjson"))
def _get(self: Any, which: str) -> list[Any] | SeeOther:
    return SeeOther("/new") if which == "old" else []


@dataclass(frozen=True, kw_only=True)
class Mail(Settings):
    mail_host: str
    mail_port: int


@dataclass(frozen=True, kw_only=True)
class Host(Settings):
    mail_host: str


def test_one_setting_without_a_value_is_named() -> None:
    """With its variable, its keyword and the remedy."""
    with pytest.raises(SettingError) as raised:
        Host.load(environ={}, dotenv=False)
    message = str(raised.value)
    assert "The setting mail_host of Host has no value." in message
    assert "MAIL_HOST" in message
    assert "pass mail_host=..." in message


def test_several_settings_without_a_value_are_named_together() -> None:
    """In the order of the class."""
    with pytest.raises(SettingError) as raised:
        Mail.load(environ={}, dotenv=False)
    message = str(raised.value)
    assert "The settings mail_host, mail_port of Mail have no value." in message
    assert "pass mail_host=..., mail_port=..." in message


def test_the_items_of_a_field_are_not_changed_for_others() -> None:
    """`ContainsNoneOf` on a list is about its own items, not those of a shared field."""
    shared = fields.Str()
    schema = {
        "a": fields.List(shared, validate=validate.ContainsNoneOf(["x"])),
        "b": fields.List(shared),
    }
    app = App("T")

    @app.get("/x")
    @returns(schema)
    def read() -> Any:
        return {}

    content = build(app)["paths"]["/x"]["get"]["responses"]["200"]["content"]
    found = content["application/json"]["schema"]["properties"]
    assert found["a"]["items"]["not"] == {"enum": ["x"]}
    assert "not" not in found["b"]["items"]


class Upper(fields.Str):
    def _deserialize(self, value: Any, *args: Any, **options: Any) -> Any:
        return super()._deserialize(value, *args, **options).upper()


def test_a_field_of_ones_own_gets_the_text_of_a_form() -> None:
    """Also as a member of an object and of the rows of a list."""
    app = App("T")
    inner: dict[str, fields.Field[Any]] = {"word": Upper(), "number": fields.Int(allow_none=True)}

    @app.post("/x")
    @takes(form={"a": fields.Nested(inner), "rows": fields.Nested(inner, many=True)})
    @returns(None)
    def respond(form: Any) -> Any:
        return form

    sent = {"a[word]": "x", "a[number]": "1", "rows[0][word]": "y", "rows[0][number]": ""}
    assert Client(app).post("/x", data=sent).json == {
        "a": {"word": "X", "number": 1},
        "rows": [{"word": "Y", "number": None}],
    }


def _started(app: App, function: Any) -> int:
    app.post("/x")(function)
    return Client(app).post("/x", data={"a": "b"}).status


def test_a_form_of_another_media_type_is_refused_at_start() -> None:
    """The two types of forms are named."""
    app = App("T")

    @takes(form={"a": fields.Str()}, media_types=["text/csv"])
    @returns(None)
    def respond(form: Any) -> Any:
        return form

    with pytest.raises(DeclarationError, match=r"text/csv; a form is .*x-www-form-urlencoded"):
        _started(app, respond)


def test_contributed_parameters_have_their_words() -> None:
    """A description if there is one, and ``required`` if it is."""

    class Reading:
        def __call__(self, request: Any, proceed: Any) -> Any:
            return proceed(request)

        def contribute(self, operation: Any) -> Contribution:
            return Contribution(
                parameters=(
                    Parameter("X-One", "header", "One."),
                    Parameter("X-Two", required=True),
                )
            )

    app = App("T")
    app.middleware(Reading())
    app.get("/x")(lambda: {})
    found = {each["name"]: each for each in build(app)["paths"]["/x"]["get"]["parameters"]}
    assert found["X-One"] == {
        "name": "X-One",
        "in": "header",
        "description": "One.",
        "schema": {"type": "string"},
    }
    assert found["X-Two"] == {
        "name": "X-Two",
        "in": "header",
        "required": True,
        "schema": {"type": "string"},
    }
