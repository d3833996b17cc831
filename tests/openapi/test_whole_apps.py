"""Documents of random Apps: mounts, inputs, streams, headers, formats and security, all versions.

``RESTKIT_TEST_WHOLE_APPS=2000`` draws that many Apps; CI draws what fits in half a minute.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from marshmallow import Schema, fields, validate
from openapi_spec_validator import validate as validate_document

from restkit import (
    HTML_ERRORS,
    PROBLEM_DETAILS,
    App,
    Conflict,
    Contribution,
    ErrorFormat,
    Header,
    Request,
    Resource,
    Response,
    Unauthorized,
    raises,
    returns,
    takes,
)
from restkit.openapi import build, to_json, to_yaml
from restkit.openapi.shared_components import expanded
from restkit.testing import Client

EXAMPLES = int(os.environ.get("RESTKIT_TEST_WHOLE_APPS") or 20)
VERSIONS = ("3.0.4", "3.1.1", "3.2.0")

# Values as JSON, and the texts that clients write for them.
VALUES: list[object] = [
    *("", "a", "abc", "a b", "é", "2020-01-02", "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "1.5"),
    *(0, 1, -1, 5, 7, 2**62, True, False, 0.5, ["a"], ["a", "b"], [1, 2], []),
]
FIELDS: dict[str, Callable[[dict[str, Any]], fields.Field[Any]]] = {
    "text": lambda options: fields.Str(**options),
    "short": lambda options: fields.Str(validate=validate.Length(1, 3), **options),
    "choice": lambda options: fields.Str(validate=validate.OneOf(["a", "abc"]), **options),
    "number": lambda options: fields.Int(**options),
    "bounded": lambda options: fields.Int(validate=validate.Range(0, 5), **options),
    "float": lambda options: fields.Float(**options),
    "flag": lambda options: fields.Bool(**options),
    "date": lambda options: fields.Date(**options),
    "uuid": lambda options: fields.UUID(**options),
    "decimal": lambda options: fields.Decimal(**options),
    "texts": lambda options: fields.List(fields.Str(), **options),
    "numbers": lambda options: fields.List(fields.Int(), **options),
}
# Values that a field of a type probably accepts.
LIKELY: dict[type, list[object]] = {
    fields.String: ["a", "abc", "é", "a b", "b"],
    fields.Integer: [0, 1, 5, 7, 2**62],
    fields.Float: [0.5, 1, -1],
    fields.Boolean: [True, False],
    fields.Date: ["2020-01-02"],
    fields.UUID: ["6ba7b810-9dad-11d1-80b4-00c04fd430c8"],
    fields.Decimal: ["1.5"],
    fields.List: [["a"], ["a", "b"], [1, 2]],
}
NAMES = ("alpha", "beta", "gamma")
LOCATIONS = ("query", "headers", "cookies", "form", "body")


class MessageSchema(Schema):
    message = fields.Str(required=True)


class NumberSchema(Schema):
    number = fields.Int(required=True)


class CatSchema(Schema):
    kind = fields.Constant("cat", required=True)
    lives = fields.Int(required=True, validate=validate.Range(0, 9))


class DogSchema(Schema):
    kind = fields.Constant("dog", required=True)
    name = fields.Str()


ANIMAL = CatSchema | DogSchema
ANIMALS: list[dict[str, object]] = [
    {"kind": "cat", "lives": 9},
    {"kind": "cat", "lives": 10},
    {"kind": "cat"},
    {"kind": "dog"},
    {"kind": "dog", "name": "Rex"},
    {"kind": "dog", "lives": 9},
    {"lives": 9},
]


class Token:
    """A scheme that accepts one token."""

    def __init__(self, name: str) -> None:
        self.name = name

    def document(self) -> dict[str, object]:
        return {"type": "apiKey", "in": "header", "name": f"X-{self.name}"}

    def authenticate(self, request: Request, scopes: Sequence[str]) -> object:
        if request.headers.get(f"X-{self.name}") != "right":
            raise Unauthorized("Send the token.", headers={"WWW-Authenticate": "Token"})
        return self.name


class Limited:
    """A middleware that declares a header, and adds it to each response."""

    def __init__(self, name: str) -> None:
        self.name = name

    def contribute(self, operation: Any) -> Contribution:
        return Contribution(headers=(Header(self.name, "A limit.", {"type": "integer"}),))

    def __call__(self, request: Request, proceed: Callable[[Request], Response]) -> Response:
        response = proceed(request)
        response.headers[self.name] = "5"
        return response


FORMATS: dict[str, Any] = {
    "default": None,
    "message": ErrorFormat(
        "application/json", MessageSchema, lambda problem: {"message": problem.title}
    ),
    "pages": [PROBLEM_DETAILS, HTML_ERRORS],
}
TOKENS = {name: Token(name) for name in ("Outer", "Inner", "Own")}


@st.composite
def _inputs(draw: st.DrawFn) -> dict[str, Any]:
    """Draw schemas by location; a form and a body exclude each other."""
    chosen = draw(st.sets(st.sampled_from(LOCATIONS), max_size=4))
    if "form" in chosen:
        chosen -= {"body"}
    made: dict[str, Any] = {}
    for location in sorted(chosen):
        kinds = sorted(FIELDS)
        if location == "cookies":  # a cookie that is repeated has no order
            kinds = [kind for kind in kinds if kind not in ("texts", "numbers")]
        members: dict[str, Any] = {}
        for name in draw(st.sets(st.sampled_from(NAMES), min_size=1)):
            options: dict[str, Any] = {"required": draw(st.booleans())}
            if location == "headers":
                options["data_key"] = f"X-{name.title()}"
            members[name] = FIELDS[draw(st.sampled_from(kinds))](options)
        name = f"{location.title()}{draw(st.integers(1, 10**9))}Schema"
        made[location] = type(name, (Schema,), members)
    if "body" in made and draw(st.booleans()):
        made["body"] = ANIMAL
    return made


RESOURCES = st.fixed_dictionaries(
    {
        "inputs": _inputs(),
        "content": st.sampled_from(["none", "object", "lines", "events", "many"]),
        "security": st.sampled_from([None, None, "Own", "public"]),
        "variable": st.sampled_from(["", "", "<int:key>", "<key>", "<path:key>", "<uuid:key>"]),
    }
)
LEVELS = st.fixed_dictionaries(
    {
        "resources": st.lists(RESOURCES, min_size=1, max_size=2),
        "errors": st.sampled_from(sorted(FORMATS)),
        "middleware": st.booleans(),
        "security": st.booleans(),
        # Whether the two stand on the mount in place of the mounted App.
        "said_on_mount": st.booleans(),
    }
)
APPS = st.lists(LEVELS, min_size=1, max_size=4)
KEYS = {
    "": "",
    "<int:key>": "7",
    "<key>": "a b",
    "<path:key>": "a/b",
    "<uuid:key>": "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
}


# In each App, since few drawn bodies are unions.
UNION = {"inputs": {"body": ANIMAL}, "content": "many", "security": None, "variable": ""}


def _resource(drawn: Mapping[str, Any], name: str) -> type[Resource]:
    content = drawn["content"]

    def respond(self: Any, **inputs: Any) -> Any:
        if content == "none":
            return None
        if content in ("object", "many"):
            return [{"number": 1}] if content == "many" else {"number": 1}
        return streamed()

    def streamed() -> Iterator[Any]:
        yield "data: 1\n\n" if content == "events" else {"number": 1}

    if content == "none":
        respond = returns(None, 204)(respond)
    else:
        media_types = {"lines": "application/x-ndjson", "events": "text/event-stream"}
        respond = returns(
            None if content == "events" else NumberSchema,
            200,
            media_types=[media_types.get(content, "application/json")],
            many=content in ("lines", "many"),
        )(respond)
    if drawn["inputs"]:
        respond = takes(**drawn["inputs"])(respond)
    members: dict[str, Any] = {"post": raises(Conflict)(respond)}
    if drawn["security"] == "public":
        members["public"] = True
    elif drawn["security"]:
        members["security"] = [TOKENS[drawn["security"]]]
    return type(name, (Resource,), members)


def _app(levels: Sequence[Mapping[str, Any]]) -> tuple[App, list[tuple[str, Mapping[str, Any]]]]:
    """Return an App, mounted within each other, and the path of each of its resources."""
    outermost: App | None = None
    app: App | None = None
    found: list[tuple[str, Mapping[str, Any]]] = []
    for depth, level in enumerate(levels):
        options: dict[str, Any] = {}
        if level["security"]:
            options["security"] = [TOKENS["Outer" if depth == 0 else "Inner"]]
        options["errors"] = FORMATS[level["errors"]]
        on_mount = options if depth and level["said_on_mount"] else {}
        inner = App(f"Level{depth}", **({} if on_mount else options))
        if level["middleware"]:
            inner.middleware(Limited(f"X-Limit-{depth}"))
        for index, drawn in enumerate([*level["resources"], *([] if depth else [UNION])]):
            path = f"/r{depth}{index}"
            rule = f"{path}/{drawn['variable']}".rstrip("/")
            inner.add(rule, _resource(drawn, f"R{depth}{index}"))
            found.append((f"{'/inner' * depth}{path}", drawn))
        if app is None:
            outermost = inner
        else:
            app.mount("/inner", inner, **on_mount)
        app = inner
    assert outermost is not None
    return outermost, found


def _texts(value: object) -> object:
    return "true" if value is True else "false" if value is False else value


def _candidate(draw: Any, schema: Any) -> dict[str, object]:
    """Draw values of a schema's members, by their names on the wire."""
    if schema == ANIMAL:
        return dict(draw(st.sampled_from(ANIMALS)))
    values: dict[str, object] = {}
    for name, field in schema._declared_fields.items():
        if field.required or draw(st.booleans()):
            likely = LIKELY[type(field)] if draw(st.integers(0, 5)) else VALUES
            values[field.data_key or name] = draw(st.sampled_from(likely))
    return values


def _is_sendable(location: str, value: object) -> bool:
    """Return whether a value has one text in a location."""
    if location == "body":
        return True
    if isinstance(value, list):
        return bool(value) and location != "headers"
    if location in ("headers", "cookies"):
        return isinstance(value, (int, float)) or (str(value).isascii() and " " not in str(value))
    return True


def _schemas(operation: Mapping[str, Any], location: str) -> dict[str, Any]:
    """Return the documented schemas of a location's members, and which are required."""
    place = {"query": "query", "headers": "header", "cookies": "cookie"}[location]
    found = [each for each in operation.get("parameters", ()) if each["in"] == place]
    return {
        "type": "object",
        "properties": {each["name"]: each["schema"] for each in found},
        "required": [each["name"] for each in found if each.get("required")],
    }


def _options(values: Mapping[str, dict[str, object]]) -> dict[str, Any]:
    """Return the options of a test request that sends values by location."""
    options: dict[str, Any] = {"headers": {f"X-{name}": "right" for name in TOKENS}}
    for location, members in values.items():
        texts = {name: _texts(value) for name, value in members.items()}
        if location == "query":
            options["query"] = texts
        elif location == "headers":
            options["headers"] |= {name: str(value) for name, value in texts.items()}
        elif location == "cookies":
            options["cookies"] = {name: str(value) for name, value in texts.items()}
        else:
            options["data" if location == "form" else "json"] = (
                texts if location == "form" else members
            )
    return options


_accepted: list[str] = []


def _check_requests(app: App, found: Sequence[tuple[str, Mapping[str, Any]]], draw: Any) -> None:
    """Send requests that the document allows; the contract check judges the responses."""
    document = expanded(json.loads(to_json(build(app, version="3.1.1"))))
    client = Client(app)
    for path, drawn in found:
        (template,) = [
            each for each in document["paths"] if each == path or each.startswith(f"{path}/")
        ]
        operation = document["paths"][template]["post"]
        for _ in range(4):
            values = {
                location: _candidate(draw, schema) for location, schema in drawn["inputs"].items()
            }
            if not _is_allowed(values, operation, document["components"]):
                continue
            url = f"{path}/{quote(KEYS[drawn['variable']])}".rstrip("/")
            response = client.post(url, **_options(values))
            assert response.status in (200, 204), (values, operation, response.text)
            _accepted.extend([drawn["content"], *values])
            if drawn["inputs"].get("body") == ANIMAL:
                _accepted.append("union")


def _is_allowed(
    values: Mapping[str, dict[str, object]], operation: Mapping[str, Any], components: Any
) -> bool:
    for location, members in values.items():
        if not all(_is_sendable(location, value) for value in members.values()):
            return False
        if location in ("form", "body"):
            (media,) = [
                each["schema"]
                for name, each in operation["requestBody"]["content"].items()
                if location == "body" or name == "application/x-www-form-urlencoded"
            ]
            schema = {**media, "components": components}
        else:
            schema = {**_schemas(operation, location), "components": components}
        checker = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
        if not checker.is_valid(members):
            return False
    return True


@settings(
    max_examples=EXAMPLES,
    phases=[Phase.generate],
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
@given(APPS, st.data())
def _check_app(levels: list[Any], data: st.DataObject) -> None:
    app, found = _app(levels)
    for version in VERSIONS:
        document = build(app, version=version)
        validate_document(document)
        written = to_json(document)
        assert yaml.safe_load(to_yaml(document)) == json.loads(written)
        assert to_json(build(app, version=version)) == written
    _check_requests(app, found, data.draw)


def test_documents_of_random_apps_are_valid_and_true() -> None:
    """What a document allows is accepted, in every location, and every response is declared."""
    _accepted.clear()
    _check_app()
    assert {*LOCATIONS, "none", "object", "lines", "events", "many", "union"} <= {*_accepted}
