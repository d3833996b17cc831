"""Documents of random schemas on random resources: valid, the same each time, and kept."""

from __future__ import annotations

import datetime as dt
import enum
import json
from decimal import Decimal
from typing import Any

import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from marshmallow import EXCLUDE, INCLUDE, RAISE, Schema, fields, validate
from openapi_spec_validator import validate as validate_document

from restkit import App, Resource, returns, takes
from restkit.openapi import build, to_json, to_yaml
from restkit.testing import Client


class Colour(enum.Enum):
    red = "r"
    green = "g"


class LazyText:
    """A text that is looked up late."""

    def __str__(self) -> str:
        return "Words"

    def __getattr__(self, name: str) -> Any:
        return getattr("Words", name)


# Integers within 64 bits: the JSON parser rejects others with a 400, whatever a schema allows.
_VALUES = st.sampled_from(
    [
        *(None, True, 0, 1, -1, 5, 2**62, 0.5, "", "a", "abc", "r", "red", "1.50", "no@no.example"),
        *(
            "2020-01-02",
            "2020-01-02T03:04:05Z",
            "2020-01-02T03:04:05",
            "03:04:05",
            "https://a.example",
        ),
        *("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "127.0.0.1", "::1", "127.0.0.1/8", [], ["a"], {}),
        *([1, 2], {"a": 1}, ["a", 1], [["a"]]),
    ]
)
_VALIDATORS: dict[str, list[Any]] = {
    "String": [
        validate.Length(min=1, max=3),
        validate.OneOf({"a", "abc"}),
        validate.NoneOf(("a",)),
        validate.Regexp("^[a-c]*$"),
        validate.And(validate.Length(max=2), validate.OneOf(["a", "b"])),
    ],
    "Integer": [
        validate.Range(0, 5),
        validate.OneOf([1, 5]),
        validate.Range(min=0, min_inclusive=False),
    ],
    "Float": [validate.Range(max=1.5)],
    "Decimal": [validate.Range(min=Decimal("0.5"))],
}
_KINDS: dict[str, Any] = {
    **{name: getattr(fields, name) for name in _VALIDATORS},
    **{
        name: getattr(fields, name)
        for name in (
            *("Boolean", "Date", "DateTime", "NaiveDateTime", "AwareDateTime", "Time", "Email"),
            *("URL", "UUID", "IP", "IPv4", "IPv6", "IPInterface", "Raw", "Dict", "TimeDelta"),
        )
    },
    "Enum": lambda **options: fields.Enum(Colour, **options),
    "EnumValue": lambda **options: fields.Enum(Colour, by_value=True, **options),
    "Constant": lambda **options: fields.Constant("a", **options),
}
_METADATA: dict[str, Any] = {
    "description": LazyText(),
    "title": "Title",
    "example": dt.date(2020, 1, 2),
    "examples": {Decimal("1.5"), "a"},
    "deprecated": True,
    "x-value": (Colour.red, float("nan"), {"b", "a"}),
    "x_other": {dt.date(2020, 1, 2): b"".hex()},
    "unknown": object(),
}
_DEFAULTS: dict[str, list[Any]] = {
    "String": ["a", ""],
    "Integer": [0, 1],
    "Boolean": [False],
    "Decimal": [Decimal("0.50")],
    "Date": [dt.date(2020, 1, 2)],
    "Enum": [Colour.red],
    "Dict": [dict],
}


@st.composite
def _simple(draw: st.DrawFn) -> fields.Field[Any]:
    name = draw(st.sampled_from(sorted(_KINDS)))
    options: dict[str, Any] = {
        "allow_none": draw(st.sampled_from([True, False])),
        "metadata": {
            key: _METADATA[key]
            for key in draw(st.sets(st.sampled_from(sorted(_METADATA)), max_size=3))
        },
    }
    if draw(st.booleans()):
        options["validate"] = draw(st.sampled_from(_VALIDATORS.get(name, [None])))
    default = draw(st.sampled_from([None, *_DEFAULTS.get(name, [])]))
    if default is not None:
        options["load_default"] = options["dump_default"] = default
    elif draw(st.booleans()) and name != "Constant":
        options["required"] = True
    side = draw(st.sampled_from([None, None, "load_only", "dump_only"]))
    if side == "load_only" or (side and not options.get("required")):
        options[side] = True
    if draw(st.integers(0, 4)) == 0:
        options["data_key"] = draw(st.sampled_from(["x-key", "Key", "é"]))
    if options.get("validate") is None:
        options.pop("validate", None)
    made: fields.Field[Any] = _KINDS[name](**options)
    return made


def _holding(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    bare = inner.filter(lambda field: not (field.load_only or field.dump_only))
    return st.one_of(
        st.builds(fields.List, bare),
        st.builds(fields.Tuple, st.lists(bare, min_size=1, max_size=2).map(tuple)),
        st.builds(lambda values: fields.Dict(keys=fields.Str(), values=values), bare),
    )


def _schemas(members: st.SearchStrategy[Any]) -> st.SearchStrategy[type[Schema]]:
    def make(found: dict[str, Any], unknown: str | None, name: str) -> type[Schema]:
        keys: set[str] = set()
        for key, field in list(found.items()):
            wire = field.data_key or key
            if wire in keys:
                del found[key]
            keys.add(wire)
        meta: dict[str, Any] = (
            {} if unknown is None else {"Meta": type("Meta", (), {"unknown": unknown})}
        )
        return type(name, (Schema,), {**found, **meta, "__doc__": f"A {name}."})

    return st.builds(
        make,
        st.dictionaries(st.sampled_from("abcdef"), members, min_size=1, max_size=4),
        st.sampled_from([None, None, RAISE, EXCLUDE, INCLUDE]),
        st.sampled_from(["ThingSchema", "Thing", "ThingIn", "PartSchema"]),
    )


_FIELDS = st.one_of(_simple(), _holding(_simple()), _holding(_holding(_simple())))
_NESTED = st.builds(
    lambda schema, many, unknown: fields.Nested(schema, many=many, unknown=unknown),
    _schemas(_FIELDS),
    st.booleans(),
    st.sampled_from([None, EXCLUDE, INCLUDE]),
)
_WHOLE = _schemas(st.one_of(_FIELDS, _FIELDS, _NESTED))


@st.composite
def _instances(draw: st.DrawFn) -> Any:
    """Draw a schema as a declaration has it: a class, or an instance with options."""
    kind = draw(_WHOLE)
    names = sorted(kind._declared_fields)
    how = draw(st.sampled_from(["class", "class", "only", "exclude", "partial", "many", "unknown"]))
    if how == "only":
        return kind(only=draw(st.sets(st.sampled_from(names), min_size=1)))
    if how == "exclude" and len(names) > 1:
        return kind(exclude=draw(st.sets(st.sampled_from(names), max_size=len(names) - 1)))
    if how == "partial":
        return kind(partial=draw(st.sampled_from([True, (names[0],)])))
    if how == "many":
        return kind(many=True)
    if how == "unknown":
        return kind(unknown=draw(st.sampled_from([EXCLUDE, INCLUDE, RAISE])))
    return kind


def _app(schemas: list[Any]) -> App:
    app = App("Random", contract="off")
    for number, schema in enumerate(schemas):

        @takes(body=schema)
        def post(self: Any, body: Any) -> None:
            return None

        @returns(schema)
        def get(self: Any) -> Any:
            return {}

        name = f"Things{number}"
        members: dict[str, Any] = {"post": post, "get": get, "response": None}
        app.add(f"/things{number}", type(name, (Resource,), members))
    return app


def _candidates(draw: Any, schema: Any) -> list[Any]:
    """Return bodies with the names of the schema and values of every kind."""
    instance = schema() if isinstance(schema, type) else schema
    names = [field.data_key or name for name, field in instance.load_fields.items()]
    out: list[Any] = []
    for _ in range(6):
        found = {name: draw(_VALUES) for name in names}
        out += [found, {name: found[name] for name in names if draw(st.booleans())}]
    out += [{}, {**out[0], "more": 1}]
    return [[each] for each in out] if instance.many else out


_accepted: list[Any] = []


@settings(
    max_examples=50,
    phases=[Phase.generate],
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(_instances(), min_size=1, max_size=3), st.data())
def _check_program(schemas: list[Any], data: st.DataObject) -> None:
    """It is valid in each version, JSON and YAML agree, and the App takes what it allows."""
    app = _app(schemas)
    for version in ("3.0.4", "3.1.1"):
        document = build(app, version=version)
        validate_document(document)
        written = to_json(document)
        assert yaml.safe_load(to_yaml(document)) == json.loads(written)
        assert to_json(build(app, version=version)) == written
    document = json.loads(to_json(build(app, version="3.1.1")))
    client = Client(app)
    for number, schema in enumerate(schemas):
        content = document["paths"][f"/things{number}"]["post"]["requestBody"]["content"]
        checker = Draft202012Validator(
            {**content["application/json"]["schema"], "components": document["components"]},
            format_checker=Draft202012Validator.FORMAT_CHECKER,
        )
        for body in _candidates(data.draw, schema):
            if checker.is_valid(body):
                response = client.post(f"/things{number}", json=body)
                _accepted.append(body)
                assert response.status == 204, (body, response.text)


def test_random_documents_are_valid_and_kept() -> None:
    """Fifty random Apps keep what their documents say, and the documents allow many bodies."""
    _accepted.clear()
    _check_program()
    assert len(_accepted) > 30
