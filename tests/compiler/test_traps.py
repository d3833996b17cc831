"""Each trap that was found by experiment: where a fast way is tempting and means something else
than marshmallow.

Every test compares with marshmallow itself, so that it holds for whatever tier takes the field.
"""

from __future__ import annotations

import copy
import datetime as dt
import gc
import json
import types
import uuid
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from marshmallow import (
    EXCLUDE,
    INCLUDE,
    RAISE,
    Schema,
    ValidationError,
    fields,
    missing,
    post_load,
    pre_load,
    validate,
    validates,
)

from restkit import compiler

from .comparison import differences, outcome
from .custom_fields import patch
from .equality import ENCODERS
from .objects import Attrs, Color, DictSub, Getitem, IntSub, ListSub, Mapped, StrSub
from .recording import check, hook
from .subject import compile_schema
from .vocabulary import bound

_Made = Callable[[], Schema]


def agree(way: str, make: _Made, data: Callable[[], Any], **arguments: Any) -> Any:
    """Call plain and compiled with equal inputs, see that they agree,
    and return marshmallow's value or exception.
    """
    plain = outcome(getattr(make(), way), data(), arguments)
    compiled = outcome(getattr(compile_schema(make()), way), data(), arguments)
    assert differences(plain, compiled) == []
    return plain.value if plain.error is None else plain.error


def loads(field: fields.Field[Any], *values: Any, **arguments: Any) -> list[Any]:
    """Load each value by a schema with one field ``x`` on both ways, alone and in a list,
    and return what came.
    """
    kind = type("OneField", (Schema,), {"x": field})
    return [_loaded(kind, value, arguments) for value in values]


def _loaded(kind: type[Schema], value: Any, arguments: dict[str, Any]) -> Any:
    agree("load", kind, lambda: [{"x": value}, {"x": value}], many=True, **arguments)
    found = agree("load", kind, lambda: {"x": value}, **arguments)
    if isinstance(found, ValidationError):
        return found.messages["x"]
    return found if isinstance(found, Exception) else found["x"]


def dumps(field: fields.Field[Any], *values: Any) -> list[Any]:
    """Dump each value by a schema with one field ``x`` on both ways, from dicts and objects."""
    kind = type("OneField", (Schema,), {"x": field})
    return [_dumped(kind, value) for value in values]


def _dumped(kind: type[Schema], value: Any) -> Any:
    agree("dump", kind, lambda: Attrs({"x": value}))
    agree("dump", kind, lambda: [{"x": value}], many=True)
    found = agree("dump", kind, lambda: {"x": value})
    return found if isinstance(found, Exception) else found["x"]


# numbers


def test_a_decimal_that_is_no_number_is_refused() -> None:
    """NaN and Infinity are refused by Decimal unless it allows them,
    and a signalling NaN becomes a quiet one.
    """
    special = ["Special numeric values (nan or infinity) are not permitted."]
    texts = ("NaN", "Infinity", "-Infinity", "sNaN", "-nan", "inf")
    assert loads(fields.Decimal(), *texts, float("nan"), Decimal("Infinity")) == [special] * 8
    assert [str(value) for value in loads(fields.Decimal(allow_nan=True), *texts)][:4] == [
        "NaN",
        "Infinity",
        "-Infinity",
        "NaN",
    ]


def test_a_decimal_goes_through_the_text_of_a_float() -> None:
    """0.10 in JSON is the float 0.1, and so the Decimal 0.1; the text "0.10" keeps its digit."""
    loaded = loads(
        fields.Decimal(),
        0.1,
        json.loads("0.10"),
        "0.10",
        1,
        1e22,
        1.0,
        10**25,
        "1_0",
        " 1 ",
        True,
        "",
    )
    assert list(map(str, loaded[:7])) == ["0.1", "0.1", "0.10", "1", "1E+22", "1.0", "1" + "0" * 25]


def test_decimal_places_quantize() -> None:
    """``places`` and ``rounding`` change the loaded and the dumped value."""
    field = fields.Decimal(places=2, rounding="ROUND_UP")
    assert list(map(str, loads(field, "1.001", 3, 0.5))) == ["1.01", "3.00", "0.50"]
    dumps(field, Decimal("1.001"), 2, "3.14159", None, Decimal("NaN"))
    dumps(fields.Decimal(places=-1, as_string=True), Decimal(123), Decimal("1E+3"))


def test_an_integer_takes_what_int_takes() -> None:
    """Texts, floats and Decimals load as integers unless strict;
    booleans, and texts of too many digits, never.
    """
    values = (
        1,
        1.9,
        "7",
        " 7 ",
        "1_0",
        "٣",
        Decimal("2.5"),
        True,
        "1.5",
        2**63,
        -(2**70),
        float("nan"),
        float("inf"),
        "9" * 5000,
    )
    assert loads(fields.Integer(), *values)[:7] == [1, 1, 7, 7, 10, 3, 2]
    loads(fields.Integer(strict=True), *values, IntSub(3), 1.0)


def test_a_float_takes_integers_and_refuses_nan() -> None:
    """An integer loads as a float, too large a one is refused,
    and NaN is refused in every spelling.
    """
    loads(fields.Float(), 1, 2**53 + 1, 10**400, "1e5", "nan", float("inf"), -0.0, True, "1_0")
    loads(fields.Float(allow_nan=True), float("inf"), "nan", "-inf")


def test_a_range_refuses_what_compares_badly() -> None:
    """A number at, within and beyond a limit, and a limit of another type,
    are judged as by Range itself.
    """
    for limit in (
        validate.Range(min=0, max=3),
        validate.Range(min=0, min_inclusive=False),
        validate.Range(max=Decimal("2.5")),
    ):
        loads(fields.Integer(validate=limit), -1, 0, 1, 3, 4, "2")
        loads(fields.Float(validate=limit, allow_nan=True), 0.0, 3.0, 2.5, "nan", -0.0)


# dates and times


def test_a_datetime_matches_fromisoformat() -> None:
    """The seventh digit is cut and not rounded, a lowercase z is refused,
    a date alone or a basic form is taken.
    """
    texts = (
        *(
            "2024-02-29T12:30:45.1234567",
            "2024-02-29T12:30:45.9999999",
            "2024-02-29T12:30:45z",
            "2024-02-29T12:30:45Z",
        ),
        *(
            "2024-02-29",
            "20240229T123045",
            "2024-02-29t12:30",
            "2024-W09-4",
            "2024-02-29T24:00:00",
            "2024-02-30T00:00",
        ),
        *(
            "2024-02-29T12:30:45+00",
            "2024-02-29T12:30:45-05:30:15",
            "2024-02-29T12:30:60Z",
            "1709209845",
            "",
        ),
    )
    for kind in (
        fields.DateTime,
        fields.Date,
        fields.Time,
        fields.NaiveDateTime,
        fields.AwareDateTime,
    ):
        loads(
            kind(),
            *texts,
            *(text.partition("T")[2] for text in texts),
            1709209845,
            1.5,
            None,
            True,
            StrSub(texts[3]),
        )
    assert loads(fields.DateTime(), texts[0])[0].microsecond == 123456


def test_utc_is_written_as_an_offset() -> None:
    """An aware datetime in UTC ends with +00:00, never with Z,
    and microseconds show where they are.
    """
    moment = dt.datetime(2024, 2, 29, 12, tzinfo=dt.UTC)
    assert dumps(fields.DateTime(), moment) == ["2024-02-29T12:00:00+00:00"]
    dumps(fields.DateTime(), moment.replace(microsecond=120000), moment.replace(tzinfo=None), None)
    dumps(fields.Time(), moment.timetz(), moment.time())


def test_utc_is_written_as_an_offset_in_json_too() -> None:
    """The bytes of an answer say +00:00, whichever encoder writes the moment."""
    moment = dt.datetime(2024, 2, 29, 12, tzinfo=dt.UTC)
    compiled = compiler.compile_schema(Schema.from_dict({"x": fields.DateTime()})())
    assert ENCODERS
    for encoder in ENCODERS.values():
        way = compiler.json_writer_of(compiled, encoder)
        assert way is not None
        assert way.one({"x": moment}) == b'{"x":"2024-02-29T12:00:00+00:00"}'


def test_the_wrong_kind_of_date_raises_what_marshmallow_raises() -> None:
    """A date in a DateTime field, a datetime in a Date field, and a text in either,
    dump or raise alike.
    """
    values = (dt.date(2024, 2, 29), dt.datetime(2024, 2, 29, 1), dt.time(1), "2024-02-29", 5)
    for kind in (fields.DateTime, fields.Date, fields.Time):
        dumps(kind(), *values)
        loads(kind(), *values)


def test_naive_and_aware_datetimes_check_and_convert() -> None:
    """NaiveDateTime drops or refuses a zone and AwareDateTime adds or demands one."""
    texts = ("2024-02-29T12:00:00", "2024-02-29T12:00:00+02:00", "2024-02-29T12:00:00Z")
    for field in (
        fields.NaiveDateTime(),
        fields.NaiveDateTime(timezone=dt.UTC),
        fields.AwareDateTime(),
    ):
        loads(field, *texts)
    loads(fields.AwareDateTime(default_timezone=dt.timezone(dt.timedelta(hours=3))), *texts)


def test_a_format_of_a_field_or_of_meta_decides() -> None:
    """``format``, and Meta's dateformat, datetimeformat and timeformat,
    rule loading and dumping.
    """

    class Formats(Schema):
        a = fields.DateTime()
        b = fields.Date()
        c = fields.Time()
        d = fields.DateTime(format="iso")

        class Meta:
            datetimeformat = "timestamp"
            dateformat = "%d/%m/%Y"
            timeformat = "%Hh"

    moment = dt.datetime(2024, 2, 29, 12)
    agree(
        "dump", Formats, lambda: {"a": moment, "b": moment.date(), "c": moment.time(), "d": moment}
    )
    agree("load", Formats, lambda: {"a": 0, "b": "29/02/2024", "c": "12h", "d": "2024-02-29"})
    agree("load", Formats, lambda: {"a": "2024-02-29", "b": "2024-02-29", "c": "12:00", "d": 0})


# texts and their kin


def test_subclasses_of_str_are_taken() -> None:
    """A str subclass loads and dumps as the plain str that marshmallow makes of it,
    in each field that takes text.
    """
    text = StrSub("12345678-1234-5678-1234-567812345678")
    loads(fields.String(), text, b"bytes", b"\xff", "\ud800", 5, None)
    assert type(loads(fields.String(), text)[0]) is str
    assert type(dumps(fields.String(), text)[0]) is str
    loads(
        fields.UUID(),
        text,
        b"0123456789abcdef",
        uuid.UUID(int=1),
        "{" + text + "}",
        "urn:uuid:" + text,
        5,
        text[:-1],
    )
    loads(fields.Boolean(), StrSub("true"), 1.0, 0.0, "ON", 2, [], None)
    loads(fields.Enum(Color), StrSub("red"), "RED", Color.red, 1, [])


def test_a_pattern_matches_at_the_start_alone() -> None:
    """Regexp uses ``re.match``: what follows the match is free,
    and a dollar sign admits a last newline.
    """
    loads(fields.String(validate=validate.Regexp("a")), "abc", "ba", "", "a\n")
    loads(fields.String(validate=validate.Regexp("^[a-z]+$")), "abc\n", "abc", "ABC", "abc\nd")
    loads(
        fields.String(validate=validate.Regexp("é", 2, error="{input} against {regex}")), "É", "e"
    )


def test_length_counts_characters() -> None:
    """A length is counted in code points, a lone surrogate as one."""
    loads(fields.String(validate=validate.Length(equal=2)), "é", "éé", "👍🏽", "\ud83d\udc4d", "ab")


def test_a_uuid_is_what_uuid_takes() -> None:
    """Hyphens anywhere, braces, prefixes and capitals load as ever,
    whatever a quicker parser takes of them.
    """
    plain = "6f1c2c3e-8c1f-4a55-9d33-0a4c3b1f9e77"
    texts = (
        *(
            plain,
            plain.upper(),
            plain.replace("-", ""),
            "{" + plain + "}",
            "urn:uuid:" + plain,
            "uuid:" + plain,
        ),
        *(
            "urn:" + plain.replace("-", ""),
            "6f1c2c3e8c1f-4a55-9d33-0a4c3b1f9e77-",
            "-" * 4 + plain.replace("-", ""),
        ),
        *(
            plain[:-1],
            plain + "0",
            plain[:-1] + "g",
            plain[:-1] + "\u0661",
            " " + plain,
            plain + "\n",
            "",
            "\ud800" * 36,
        ),
        *(
            "0x" + plain.replace("-", "")[2:],
            "+" + plain[1:],
            "_".join(plain.split("-")),
            plain.replace("-", "\u2010"),
        ),
    )
    loaded = loads(fields.UUID(), *texts)
    assert [type(value) for value in loaded[:9]] == [uuid.UUID] * 9
    assert all(
        type(value) is not uuid.UUID or value.is_safe is uuid.SafeUUID.unknown for value in loaded
    )
    kind = Schema.from_dict({"x": fields.UUID()})
    for text in texts:
        agree("load", lambda: bound(kind(), "json", strict=True), lambda text=text: {"x": text})


# unknown keys


def test_skipped_values_may_be_anything() -> None:
    """An unknown value is skipped unseen,
    be it text that is no UTF-8 or an integer of 5,000 digits.
    """

    class Known(Schema):
        a = fields.Integer()

        class Meta:
            unknown = EXCLUDE

    for value in ("\ud800", 10**5000, float("nan"), object, missing):
        agree("load", Known, lambda value=value: {"a": 1, "b": value})
        agree("load", Known, lambda value=value: {"a": 1, "b": value}, unknown=INCLUDE)
        agree("load", Known, lambda value=value: {"a": 1, "b": value}, unknown=RAISE)


def test_unknown_keys_come_in_the_order_of_the_data() -> None:
    """Included and refused keys come where marshmallow has them, in the order of the data and not
    of a set, keys that are no text too.
    """
    data = {
        1: "x",
        "zeta": 1,
        "a": 1,
        None: 2,
        "b": 3,
        (1, 2): 4,
        **{f"k{number}": number for number in range(20)},
    }
    kind = Schema.from_dict({"a": fields.Integer(), "missing": fields.Integer(load_default=7)})
    for unknown in (INCLUDE, EXCLUDE, RAISE, "bogus"):
        agree("load", kind, lambda: dict(data), unknown=unknown)
        agree("load", kind, lambda: [dict(data)] * 2, unknown=unknown, many=True)
    unknown_keys = [key for key in data if key != "a"]
    assert list(agree("load", kind, lambda: data, unknown=INCLUDE)) == [
        "a",
        "missing",
        *unknown_keys,
    ]
    assert list(agree("load", kind, lambda: data).messages) == unknown_keys


def test_the_unknown_of_a_nested_field_is_its_own() -> None:
    """``unknown`` of load reaches the outermost schema alone;
    below, the field's and the nested schema's rule.
    """
    inner = Schema.from_dict({"a": fields.Integer()})
    kinds = [
        Schema.from_dict({"n": fields.Nested(inner), "l": fields.List(fields.Nested(inner))}),
        Schema.from_dict(
            {
                "n": fields.Nested(inner, unknown=INCLUDE),
                "l": fields.List(fields.Nested(inner, unknown=EXCLUDE)),
            }
        ),
        Schema.from_dict(
            {"n": fields.Nested(inner(unknown=INCLUDE)), "l": fields.Nested(inner, many=True)}
        ),
    ]
    for kind in kinds:
        for unknown in (None, INCLUDE, EXCLUDE, RAISE):
            agree(
                "load",
                kind,
                lambda: {"n": {"a": 1, "b": 2}, "l": [{"a": "x", "b": 1}, {}], "o": 1},
                unknown=unknown,
            )


# keys and attributes


def test_two_load_fields_may_share_a_data_key() -> None:
    """Both fields load from the one key, and both report their errors under it."""

    class Shared(Schema):
        number = fields.Integer(data_key="v", load_only=True, validate=validate.Range(max=5))
        text = fields.String(data_key="v", validate=validate.Length(max=1))
        boolean = fields.Boolean(data_key="v", load_only=True)

    for value in (1, "1", "x", "77", None, [], missing):
        agree("load", Shared, lambda value=value: {"v": value})
    agree("load", Shared, dict)


def test_a_dotted_attribute_nests() -> None:
    """A dotted attribute loads into nested dicts and dumps from nested objects;
    a clash raises ValueError.
    """

    class Dotted(Schema):
        a = fields.Integer(attribute="p.q")
        b = fields.Integer(attribute="p.r.s", load_default=5)
        c = fields.Integer(attribute="t", dump_default=9)

    agree("load", Dotted, lambda: {"a": 1, "b": 2, "c": 3})
    agree("load", Dotted, lambda: {"a": "x"})
    for obj in (
        {"p": {"q": 1, "r": Attrs({"s": 2})}, "t": 3},
        Attrs({"p": {"q": 1}}),
        {"p": None},
        {},
        {"p.q": 1},
    ):
        agree("dump", Dotted, lambda obj=obj: obj)

    class Clash(Schema):
        a = fields.Integer(attribute="p")
        b = fields.Integer(attribute="p.q")

    assert isinstance(agree("load", Clash, lambda: {"a": 1, "b": 2}), ValueError)
    agree("load", Clash, lambda: {"b": 2})


def test_a_dotted_name_and_an_empty_attribute() -> None:
    """A name with a dot nests without any attribute;
    an empty attribute is none for loading, and a key for dumping.
    """
    kind = Schema.from_dict({"x.y": fields.Integer(), "b": fields.Integer(attribute="")})
    agree("load", kind, lambda: {"x.y": 1, "b": 2})
    agree("dump", kind, lambda: {"x": {"y": 1}, "b": 2, "": 3})
    agree("dump", kind, lambda: {"x.y": 1, "b": 2})


def test_dict_methods_are_no_keys_until_they_are_missing() -> None:
    """A field called items reads the key;
    where the key is absent marshmallow finds the method, and so must we.
    """
    kind = Schema.from_dict(
        {"items": fields.Raw(), "keys": fields.List(fields.Integer()), "get": fields.String()}
    )
    agree("dump", kind, lambda: {"items": 1, "keys": [1], "get": "x"})
    agree("dump", kind, lambda: {"items": 1, "keys": [1]})
    agree("dump", Schema.from_dict({"items": fields.Integer()}), dict)
    agree("dump", Schema.from_dict({"real": fields.Raw()}), lambda: 5)
    agree(
        "dump",
        Schema.from_dict({"items": fields.String(dump_default="d")}),
        lambda: {"items": missing},
    )


def test_hostile_names_are_only_names() -> None:
    """Quotes, braces, percent signs, line ends and keywords in names,
    keys and attributes break nothing.
    """
    names = (
        "'",
        '"',
        "\\",
        "\n",
        "{v}",
        "{",
        "%s",
        "class",
        "a b",
        "é",
        "\ufb01",  # an identifier that source code reads as "fi"
        "__class__x",
        "v",
        "result",
        "data",
        "store",
        "None",
        "",
    )
    for name in names:
        for more in ({}, {"data_key": name + "k"}, {"attribute": name + "t"}):
            for field in (
                fields.Integer(**more),
                fields.String(required=True, **more),
                fields.Raw(load_default=name, **more),
            ):
                kind = Schema.from_dict({name: field, "other": fields.Integer()})
                agree(
                    "load",
                    kind,
                    lambda name=name, more=more: {more.get("data_key", name): "7", "other": 1},
                )
                agree("load", kind, lambda: {"other": "x"})
                agree("dump", kind, lambda name=name, more=more: {more.get("attribute", name): 7})
                agree(
                    "dump",
                    kind,
                    lambda name=name, more=more: Attrs({more.get("attribute", name): 7}),
                )


def test_a_failing_attribute_is_absent_only_when_marshmallow_says_so() -> None:
    """AttributeError means absent; other exceptions pass,
    unless a key was asked for and KeyError came first.
    """

    class Failing:
        def __init__(self, error: type[Exception]) -> None:
            self.error = error

        @property
        def x(self) -> Any:
            raise self.error("no")

    class Both(Failing):
        def __getitem__(self, key: str) -> Any:
            raise self.error("no item")

    for kind in (
        fields.Integer(),
        fields.String(dump_default="d"),
        fields.Nested(Schema.from_dict({"x": fields.Integer()})),
    ):
        schema = Schema.from_dict({"x": kind})
        for error in (AttributeError, KeyError, IndexError, TypeError, ValueError):
            agree("dump", schema, lambda error=error: Failing(error))
            agree("dump", schema, lambda error=error: Both(error))
    agree("dump", Schema.from_dict({"x": fields.Integer()}), lambda: Getitem({"x": "7"}))


# partial


def test_a_partial_collection_reaches_below() -> None:
    """``partial`` as a collection names fields by dots, at load or in a nested schema of its own;
    True reaches all.
    """
    leaf = Schema.from_dict(
        {"a": fields.Integer(required=True), "b": fields.Integer(required=True)}
    )
    made: list[_Made] = [
        Schema.from_dict(
            {
                "n": fields.Nested(leaf, required=True),
                "l": fields.List(fields.Nested(leaf)),
                "c": fields.Integer(required=True),
            }
        ),
        Schema.from_dict(
            {
                "n": fields.Nested(leaf(partial=("a",))),
                "l": fields.Nested(leaf(partial=True), many=True),
            }
        ),
    ]
    made += [
        lambda: made[0](partial=("n.a", "l.b")),
        lambda: made[0](partial=True),
        lambda: made[1](partial=False),
    ]  # type: ignore[call-arg]
    chosen = (
        None,
        True,
        False,
        (),
        ("n",),
        ["n.a", "c"],
        {"n.a", "n.b"},
        ("l.a", "l.b", "c", "n"),
        "n",
        0,
    )
    for each in made:
        for partial in chosen:
            for data in (
                {},
                {"n": {}, "l": [{}]},
                {"n": {"a": 1}, "l": [{"b": 2}]},
                {"n": None, "c": None},
            ):
                agree("load", each, lambda data=data: data, partial=partial)


# validators, hooks, overrides


def test_custom_validators_run_once() -> None:
    """A validator that counts is called once a value, in order, whether the value, another,
    or the whole fails.
    """

    class Counting(Schema):
        a = fields.Integer(
            validate=[check("first", "pass"), validate.Range(max=3), check("last", "text")]
        )
        b = fields.List(
            fields.String(validate=check("item", "dict")), validate=check("list", "list")
        )
        c = fields.Nested(
            Schema.from_dict({"d": fields.Integer(validate=check("inner", "text"))}),
            validate=check("nested", "pass"),
        )
        e = fields.Integer(load_default=1, validate=check("default", "always"))

    for a, b, d, e in (
        (1, ["x"], 1, 2),
        (2, ["ab", "a"], 3, missing),
        (9, "x", "y", "z"),
        (None, None, None, None),
    ):
        for many in (False, True):
            item = {"a": a, "b": b, "c": {"d": d}, "e": e}
            agree(
                "load",
                Counting,
                lambda item=item, many=many: [item, item] if many else item,
                many=many,
            )


def test_a_message_that_is_made_late_is_made_each_time() -> None:
    """A message that is no plain text, such as a translation, or that names the input,
    is asked for each time.
    """
    said: list[str] = []

    class Late(str):
        def format(self, *args: Any, **kwargs: Any) -> str:
            said.append("asked")
            return f"{len(said)}"

    for made in (
        lambda error: validate.Length(min=3, error=error),
        lambda error: validate.Range(min=3, error=error),
        lambda error: validate.OneOf(["abc"], error=error),
        lambda error: validate.Regexp("abc", error=error),
    ):
        field = fields.Integer if isinstance(made(""), validate.Range) else fields.String
        compiled = compile_schema(Schema.from_dict({"x": field(validate=made(Late("late")))})())
        found = [_messages(compiled, 1 if field is fields.Integer else "a") for _ in range(3)]
        assert found == [[f"{len(said) - 2}"], [f"{len(said) - 1}"], [f"{len(said)}"]]
        loads(field(validate=made("{input} is wrong")), 1, 2) if field is fields.Integer else loads(
            field(validate=made("{input} is wrong")), "a", "b"
        )


def _messages(compiled: Any, value: Any) -> Any:
    with pytest.raises(ValidationError) as caught:
        compiled.load({"x": value})
    return caught.value.messages["x"]


def test_messages_are_nobody_elses() -> None:
    """What a program does to the messages that it caught shows in no other error,
    and in nobody's own messages.
    """
    own = {"x": ["own"]}

    def refuse(value: Any) -> None:
        raise ValidationError(own)

    class Held(Schema):
        a = fields.String(validate=validate.Length(min=3))
        b = fields.List(fields.String(), validate=validate.Length(min=3))
        c = fields.Nested(Schema.from_dict({"d": fields.Integer(validate=refuse)}))
        e = fields.List(fields.Nested(Schema.from_dict({"f": fields.Integer(validate=[refuse])})))

    compiled = compile_schema(Held())
    data = {"a": "x", "b": ["x"], "c": {"d": 1}, "e": [{"f": 1}, {"f": 2}]}
    expected = agree("load", Held, lambda: data).messages
    for _ in range(3):
        with pytest.raises(ValidationError) as caught:
            compiled.load(data)
        messages: Any = caught.value.messages
        assert messages == expected
        messages["a"].append("changed")
        messages["c"]["d"][0]["x"].append("changed")
        messages["e"][0]["f"][0]["x"].append("changed")
        messages["new"] = ["changed"]
    assert own == {"x": ["own"]}
    assert compiled.load({}) == {}


def test_invalid_data_is_not_loaded_again() -> None:
    """Each value is converted once, in order, where it, another,
    or one of a nested schema is refused.
    """
    seen: list[str] = []

    class Seen(fields.Integer):
        def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
            seen.append(value)
            return super()._deserialize(value, attr, data, **kwargs)

    inner = Schema.from_dict({"s": Seen(), "t": fields.UUID()})

    class Watched(Schema):
        a = Seen()
        n = fields.Nested(inner)
        m = fields.List(fields.Nested(inner))
        listed = fields.List(Seen())
        z = fields.Integer(validate=validate.Range(max=3))
        needed = fields.String(required=True)

    data = {
        "a": "1",
        "n": {"s": "2", "t": "no"},
        "m": [{"s": "x"}, {"s": "3"}],
        "listed": ["4", "y"],
        "z": 9,
    }
    found = agree("load", Watched, lambda: data)
    assert set(found.messages) == {"n", "m", "listed", "z", "needed"}
    for load in (
        compile_schema(Watched()).load,
        compiler.compile_schema(Watched()).loader(
            many=False, partial=None, refusal=ValidationError
        ),
    ):
        seen.clear()
        with pytest.raises(ValidationError) as caught:
            load(data)
        assert caught.value.messages == found.messages
        assert seen == ["1", "2", "x", "3", "4", "y"]


def test_values_that_msgspec_reads_differently_are_not_left_to_it() -> None:
    """Decimals, dates, times, and what has functions or validators of its own,
    never load on the first tier.
    """
    left: list[fields.Field[Any]] = [
        *(
            fields.Decimal(),
            fields.Decimal(places=2),
            fields.Decimal(allow_nan=True),
            fields.Integer(),
            fields.Float(),
        ),
        *(
            fields.DateTime(),
            fields.NaiveDateTime(),
            fields.AwareDateTime(),
            fields.Date(),
            fields.Time(),
        ),
        *(
            fields.String(),
            type("Own", (fields.UUID,), {})(),
        ),
    ]
    if hasattr(fields.UUID(), "pre_load"):  # NOTE: since marshmallow 4.2
        left += [fields.UUID(pre_load=str.strip), fields.UUID(post_load=str)]
    for field in left:
        (found,) = compiler.explain(Schema.from_dict({"x": field})()).fields
        assert found.load in ("generated", "marshmallow"), field


def test_field_functions_run_in_order() -> None:
    """A field's pre_load comes before null is judged again, its post_load after the validators."""

    class Stepped(Schema):
        a = fields.String(
            pre_load=[str.strip, str.upper], validate=validate.Equal("X"), post_load=str.lower
        )
        b = fields.Integer(allow_none=True, pre_load=lambda value: None, post_load=lambda value: 5)
        c = fields.Integer(pre_load=lambda value: None)

    for value in (" x ", "y", None, 5, missing):
        agree("load", Stepped, lambda value=value: {"a": value, "b": value, "c": value})


def test_hooks_see_what_they_always_saw() -> None:
    """Hooks of each kind get data, original, many, partial and unknown as ever,
    in nested schemas too.
    """

    class Inner(Schema):
        a = fields.Integer()
        before = pre_load(hook("inner before", "copy"))
        after = post_load(hook("inner after", "object"))

    class Outer(Schema):
        n = fields.Nested(Inner)
        m = fields.List(fields.Nested(Inner))
        before = pre_load(pass_collection=True)(hook("before", "pass"))
        after = post_load(pass_original=True)(hook("after", "pass"))

        @validates("n")
        def check_n(self, value: Any, data_key: str) -> None:
            if value is None:
                raise ValidationError("none")

    for data in (
        {"n": {"a": 1}, "m": [{"a": 2}, {"a": "x"}]},
        {"n": {"a": 1}, "m": [{"a": 2}]},
        {"n": 5},
        [],
        None,
    ):
        agree("load", Outer, lambda data=data: data, unknown=EXCLUDE, partial=("n.a",))
        agree("load", Outer, lambda data=data: [data, data], many=True)


def test_overridden_methods_are_called() -> None:
    """A subclass, or an instance with a method of its own,
    is never replaced by what its parent would do.
    """

    class Shout(fields.String):
        def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
            return super()._deserialize(value, attr, data, **kwargs).upper()

        def _serialize(self, value: Any, attr: Any, obj: Any, **kwargs: Any) -> Any:
            return f"{attr} {value}"

    assert loads(Shout(), "a", 5)[0] == "A"
    assert dumps(Shout(), "a", None)[0] == "x a"
    for name in ("deserialize", "_deserialize", "serialize", "_serialize", "get_value"):
        field: Any = fields.Integer()
        setattr(field, name, lambda *args, name=name, **kwargs: name)
        loads(field, 1, "x", None)
        dumps(field, 1, None)
    agree("load", Schema.from_dict({"x": fields.List(Shout())}), lambda: {"x": ["a", 5]})
    agree("dump", Schema.from_dict({"x": fields.List(Shout())}), lambda: {"x": ["a", 5]})


def test_a_schema_that_overrides_its_steps_is_obeyed() -> None:
    """get_attribute, handle_error, dict_class,
    error_messages and index_errors keep their meaning.
    """

    class Own(Schema):
        dict_class = OrderedDict
        error_messages = {"unknown": "what?", "type": "no mapping"}
        a = fields.Integer(data_key="A")

        def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
            return "5" if attr == "a" else default

        def handle_error(
            self, error: ValidationError, data: Any, *, many: bool, **kwargs: Any
        ) -> None:
            raise LookupError(str(error.messages))

    class Flat(Schema):
        a = fields.Integer()

        class Meta:
            index_errors = False

    agree("dump", Own, dict)
    for data in ({"A": 1}, {"A": "x", "b": 1}, 5):
        agree("load", Own, lambda data=data: data)
    agree("load", Flat, lambda: [{"a": "x"}, {"a": 1}, {"b": 1}, 5], many=True)


# shapes of data


def test_mappings_and_sequences_of_every_make() -> None:
    """Mappings that are no dict and sequences that are no list load;
    generators and texts are no sequences.
    """
    inner = Schema.from_dict({"a": fields.Integer(required=True)})
    kind = Schema.from_dict(
        {
            "n": fields.Nested(inner),
            "l": fields.List(fields.Integer()),
            "d": fields.Dict(values=fields.Integer()),
        }
    )

    def walk() -> Iterator[Any]:
        yield {"n": {"a": 1}}

    for make in (dict, DictSub, Mapped, OrderedDict):
        agree(
            "load",
            kind,
            lambda make=make: make({"n": make({"a": "1"}), "l": (1, "2"), "d": make({"k": "1"})}),
        )
    for sequence in (list, tuple, ListSub, iter, set, "".join):
        agree("load", kind, lambda sequence=sequence: sequence([]), many=True)
        agree("load", kind, lambda sequence=sequence: {"l": sequence([])})
    agree("load", kind, walk, many=True)
    agree("dump", kind, walk, many=True)
    agree("dump", kind, lambda: {"l": iter([1, "2"]), "d": Mapped({"k": "1"})})


def test_null_is_judged_by_each_field() -> None:
    """None is refused, allowed, or the default's implication,
    and marshmallow's missing counts as absent.
    """
    for options in (
        {},
        {"allow_none": True},
        {"load_default": None},
        {"load_default": None, "allow_none": False},
        {"required": True},
    ):
        for field in (
            fields.Integer(**options),
            fields.String(**options),
            fields.List(fields.Raw(**options), **options),
        ):
            loads_one = Schema.from_dict({"x": field})
            for value in (None, missing, [None], [missing]):
                agree("load", loads_one, lambda value=value: {"x": value})
                agree("dump", loads_one, lambda value=value: {"x": value})
            agree("load", loads_one, dict)


def test_a_recursive_schema_compiles() -> None:
    """A schema that nests itself is compiled when data reaches it, not for ever."""

    class Tree(Schema):
        value = fields.Integer(required=True)
        left = fields.Nested(lambda: Tree, allow_none=True)
        children = fields.List(fields.Nested(lambda: Tree(exclude=("left",))))

    data = {
        "value": 1,
        "left": {"value": 2, "left": {"value": "x"}},
        "children": [{"value": 3, "children": [{"value": 4}]}, {}],
    }
    agree("load", Tree, lambda: data)
    agree("dump", Tree, lambda: data | {"left": None})


def test_a_long_chain_of_nested_schemas_compiles() -> None:
    """Data as deep as marshmallow takes makes no schema that cannot be compiled again."""

    class Chain(Schema):
        next = fields.Nested(lambda: Chain)

    schema = Chain()
    for depth in (10, 40, 70):
        data: dict[str, Any] = {}
        for _ in range(depth):
            data = {"next": data}
        for way in ("load", "dump"):
            one, other = (
                outcome(getattr(made, way), data, {}) for made in (Chain(), compile_schema(schema))
            )
            assert one.error is None
            assert differences(one, other) == []


def test_a_nested_schema_that_cannot_be_made_fails_when_it_is_used() -> None:
    """Compiling raises nothing; the first value that reaches the nested field does, be it None;
    an absent one not.
    """

    class Clash(Schema):
        a = fields.Integer(data_key="k")
        b = fields.Integer(data_key="k")

    for nested in ("nowhere.Nothing", Clash, lambda: Clash, 5):
        for field in (
            fields.Nested(nested),
            fields.List(fields.Nested(nested)),
            fields.Pluck(nested, "a"),
        ):
            kind = Schema.from_dict({"n": field, "o": fields.Integer()})
            for value in (None, {}, [], [{}], [None], {"a": 1}, 5):
                agree("load", kind, lambda value=value: {"n": value, "o": 1})
                agree("dump", kind, lambda value=value: {"n": value, "o": 1})
            agree("load", kind, lambda: {"o": 1})
            agree("dump", kind, lambda: {"o": 1})
    agree(
        "load",
        lambda: Schema.from_dict({"n": fields.Nested(Clash(only=("a",)), only=("z",))})(),
        lambda: {"n": 1},
    )


def test_a_guard_over_an_override_keeps_the_override() -> None:
    """A wire form set before a field whose deserialize is its instance's own does not replace
    it.
    """

    def made(source: str) -> Schema:
        schema = Schema.from_dict(
            {"a": fields.Integer(), "b": fields.Enum(Color, by_value=True), "c": fields.UUID()}
        )()
        patch(schema, "a", "deserialize")
        patch(schema, "c", "deserialize")
        return bound(schema, source, strict=True)

    for source in ("json", "text"):
        for value in (
            1,
            "1",
            " 1",
            "2",
            True,
            None,
            missing,
            "12345678-1234-5678-1234-567812345678",
        ):
            data = {"a": value, "b": value, "c": value}
            agree("load", lambda source=source: made(source), lambda data=data: data)


def test_errors_keep_valid_data_and_order() -> None:
    """The exception's messages come in the order of the fields,
    and its valid_data holds what was good.
    """
    inner = Schema.from_dict({"a": fields.Integer(), "b": fields.Integer(required=True)})
    kind = Schema.from_dict(
        {
            "z": fields.Integer(required=True),
            "n": fields.Nested(inner),
            "l": fields.List(fields.Nested(inner)),
            "t": fields.Tuple((fields.Integer(), fields.String())),
            "d": fields.Dict(keys=fields.Integer(), values=fields.Nested(inner)),
            "y": fields.Integer(),
        }
    )
    bad = {
        "n": {"a": 1},
        "l": [{"a": 1}, {"b": 2}, 5],
        "t": [1, 2],
        "d": {"1": {"a": 1}, "x": {"b": 1}},
        "y": "x",
        "u": 1,
    }
    error = agree("load", kind, lambda: bad)
    assert list(error.messages) == ["z", "n", "l", "t", "d", "y", "u"]
    agree("load", kind, lambda: [bad, {"z": 1}, bad], many=True)


# the cache


def _raise_key_error(error: ValidationError, data: Any, **kwargs: Any) -> None:
    raise KeyError("own")


def test_a_changed_schema_is_compiled_anew() -> None:
    """What is changed on an instance after its first load counts from the next compile_schema
    on.
    """

    class Changing(Schema):
        a = fields.Integer()
        n = fields.Nested(Schema.from_dict({"b": fields.Integer()}))

    def changes(schema: Schema) -> Iterator[None]:
        yield
        schema.fields["a"].required = True
        yield
        schema.fields["a"].load_default = 5
        schema.fields["a"].required = False
        yield
        schema.fields["a"].data_key = "A"
        yield
        schema.load_fields["c"] = schema.dump_fields["c"] = schema.fields["c"] = fields.String()
        yield
        schema.fields["a"].validators.append(validate.Range(max=1))
        yield
        schema.fields["a"]._serialize = lambda value, attr, obj, **kwargs: "own"
        yield
        schema.fields["a"].error_messages["invalid"] = "changed"
        yield
        schema.fields["n"].schema.fields["b"].required = True
        yield
        schema.fields["n"].schema.unknown = INCLUDE
        yield
        for each in (schema.fields["n"].schema, schema):
            vars(each)["handle_error"] = _raise_key_error
            yield
            vars(each)["get_attribute"] = lambda obj, attr, default: 3
            yield
        schema.only = schema.set_class(["a"])
        schema._init_fields()
        yield
        schema.unknown, schema.many, schema.partial = EXCLUDE, True, True
        yield
        for name in ("dump", "load"):
            vars(schema)[name] = lambda data, **kwargs: "own"
            yield

    plain, compiled = Changing(), Changing()
    step = 0
    for step, _ in enumerate(zip(changes(plain), changes(compiled), strict=True)):
        for data in (
            {},
            {"a": 7, "n": {}},
            {"A": 7, "c": "x", "n": {"z": 1}},
            {"a": "x", "A": "x"},
            [{"A": 1}, {"u": 1}],
        ):
            for way in ("load", "dump"):
                one, other = (
                    outcome(getattr(plain, way), data, {}),
                    outcome(getattr(compile_schema(compiled), way), data, {}),
                )
                assert differences(one, other) == [], f"after change {step}, {way}"
    assert step > 10


def _replace_validators(schema: Schema, number: int) -> None:
    schema.fields["a"].validators = []
    schema.fields["a"].validators = [validate.Range(max=-number)]


def _replace_key(schema: Schema, number: int) -> None:
    schema.fields["a"].data_key = None
    schema.fields["a"].data_key = f"key{number}"


def _replace_attribute(schema: Schema, number: int) -> None:
    schema.fields["a"].attribute = None
    schema.fields["a"].attribute = f"key{number}"


def _replace_item_validators(schema: Schema, number: int) -> None:
    schema.fields["l"].inner.validators = []
    schema.fields["l"].inner.validators = [validate.Range(max=-number)]


def _replace_nested(schema: Schema, number: int) -> None:
    schema.fields["n"]._schema = None
    schema.fields["n"]._schema = Schema.from_dict({"b": fields.Integer(data_key=f"b{number}")})()


def _change_range(schema: Schema, number: int) -> None:
    schema.fields["r"].validators[0].max = -number


def _change_choices(schema: Schema, number: int) -> None:
    schema.fields["c"].validators[0].choices[:] = [f"key{number}"]


def _change_message(schema: Schema, number: int) -> None:
    schema.fields["r"].validators[0].max = -100
    schema.fields["r"].validators[0].error = f"Too large: {number}."


@pytest.mark.parametrize(
    "change",
    [
        _replace_validators,
        _replace_key,
        _replace_attribute,
        _replace_item_validators,
        _replace_nested,
        _change_range,
        _change_choices,
        _change_message,
    ],
)
def test_an_option_is_never_mistaken_for_one_that_was_freed(
    change: Callable[[Schema, int], None],
) -> None:
    """Options that are replaced or changed again and again count each time,
    also if a new one lies where a freed one lay in memory.
    """

    def made() -> Schema:
        return Schema.from_dict(
            {
                "a": fields.Integer(),
                "r": fields.Integer(validate=validate.Range(max=0)),
                "c": fields.String(validate=validate.OneOf(["z"])),
                "l": fields.List(fields.Integer()),
                "n": fields.Nested(Schema.from_dict({"b": fields.Integer()})),
            }
        )()

    plain, compiled = made(), made()
    for number in range(40):
        for schema in (plain, compiled):
            change(schema, number)
        if number % 2:  # every second change is compiled, but reaches no data
            compile_schema(compiled)
            continue
        for last in range(number - 2, number + 1):  # what an earlier state accepts
            data = {"a": -last, "r": -last, "c": f"key{last}", "l": [-last]}
            data |= {f"key{last}": last, "n": {f"b{last}": 1, "b": 2}}
            for way in ("load", "dump"):
                one = outcome(getattr(plain, way), data, {})
                other = outcome(getattr(compile_schema(compiled), way), data, {})
                assert differences(one, other) == [], f"after change {number}, {way}"


def test_the_same_instance_is_compiled_once() -> None:
    """compile_schema returns the same object while nothing changed."""
    schema = Schema.from_dict({"a": fields.Integer()})()
    assert compile_schema(schema) is compile_schema(schema)


def test_a_compiled_schema_is_freed_with_its_instance() -> None:
    """A program that makes a schema for each call does not grow:
    what was compiled dies with the schema.
    """
    schema = Schema.from_dict(
        {"a": fields.Integer(), "n": fields.Nested(Schema.from_dict({"b": fields.Integer()}))}
    )()
    compile_schema(schema).load({"a": 1, "n": {"b": 1}})
    compile_schema(schema).dump({"a": 1, "n": {"b": 1}})
    alive = weakref.ref(schema)
    del schema
    gc.collect()
    assert alive() is None


def test_a_copied_schema_is_another_schema() -> None:
    """A copy of a schema that was compiled is compiled for itself:
    its fields may be other fields.
    """

    def made(copied: Callable[[Any], Any]) -> Schema:
        schema = Schema.from_dict({"a": fields.Integer(), "b": fields.Integer()})()
        compile_schema(schema).load({"a": 1})
        other = copied(schema)
        other.fields["a"] = other.load_fields["a"] = fields.String()
        other.exclude = {"b"}
        if copied is copy.copy:
            other._init_fields()
        return other

    for copied in (copy.copy, copy.deepcopy):
        agree("load", lambda copied=copied: made(copied), lambda: {"a": 1, "b": 2})
        agree("dump", lambda copied=copied: made(copied), lambda: {"a": 1, "b": 2})


def test_a_deep_copy_uses_its_own_fields() -> None:
    """A deep copy of a compiled schema uses the copied fields and messages, not the original's."""
    schema = Schema.from_dict({"a": fields.Integer(), "b": fields.Decimal()})()
    compile_schema(schema).load({"a": 1})
    compile_schema(schema).dump({"b": 1})
    copied = copy.deepcopy(schema)
    copied.fields["a"].error_messages["invalid"] = "own"
    with pytest.raises(ValidationError) as raised:
        compile_schema(copied).load({"a": "x"})
    assert raised.value.messages == {"a": ["own"]}
    copied.fields["b"].as_string = True
    assert compile_schema(copied).dump({"b": 1}) == copied.dump({"b": 1}) == {"b": "1"}

    empty = Schema()
    compile_schema(empty).load({})
    other = copy.deepcopy(empty)
    other.error_messages["unknown"] = "own"
    with pytest.raises(ValidationError) as raised:
        compile_schema(other).load({"a": 1})
    assert raised.value.messages == {"a": ["own"]}


def _within_64_bits(value: Any) -> Any:
    if type(value) is int and not -(2**63) <= value < 2**63:
        raise ValueError("beyond 64 bits")
    return value


@pytest.mark.parametrize(
    "limits",
    [
        {},
        {"min": -(2**63), "max": 2**63 - 1},
        {"min": -(2**63) - 1, "max": 5},
        {"min": -5, "max": 2**63},
        {"min": -5},
        {"max": 5},
        {"min": -5.5, "max": 5.5},
        {"min": -(2**63), "max": 2**63 - 1, "min_inclusive": False, "max_inclusive": False},
    ],
)
def test_a_guard_rejects_integers_beyond_64_bits_within_any_range(limits: dict[str, Any]) -> None:
    """The bounds of a Range replace the guard's own bounds only if they are as narrow."""

    def made() -> Schema:
        field = fields.Integer(strict=True, validate=validate.Range(**limits))
        schema = Schema.from_dict({"a": field})()
        compiler.Guard(schema.fields["a"], _within_64_bits, "invalid", {}, typed=True)
        return schema

    for value in (-(2**63) - 1, -(2**63), -6, -5, 0, 5, 6, 2**63 - 1, 2**63, 2**64):
        found = agree("load", made, lambda value=value: {"a": value})
        if not -(2**63) <= value < 2**63:
            assert found.messages == {"a": ["Not a valid integer."]}


@pytest.mark.parametrize(
    "argument", [{"many": 1}, {"many": ""}, {"unknown": "bogus"}, {"partial": iter(())}]
)
def test_odd_arguments_mean_what_they_meant(argument: dict[str, Any]) -> None:
    """Arguments that are no booleans or no known word have the effect that they have in
    marshmallow.
    """
    kind = Schema.from_dict({"a": fields.Integer(required=True)})
    for data in ({}, [], [{}], {"a": 1, "b": 2}):
        agree("load", kind, lambda data=data: data, **argument)
        if "many" in argument:
            agree("dump", kind, lambda data=data: data, **argument)


@pytest.mark.parametrize("own", ["_validate_missing", "_deserialize", "deserialize"])
def test_a_method_of_one_instance_is_asked(own: str) -> None:
    """A method that stands on a field's instance is called, whatever its class would do."""

    def refuse(self: Any, value: Any, *rest: Any, **more: Any) -> Any:
        raise ValidationError("asked")

    schema = Schema.from_dict({"a": fields.Integer(), "b": fields.Integer()})()
    field = schema.fields["a"]
    setattr(field, own, types.MethodType(refuse, field))
    absent = {"b": 2} if own != "_deserialize" else {"a": 1}  # which absent values do not reach
    for data in ({"a": 1, "b": 2}, absent):
        with pytest.raises(ValidationError) as raised:
            compile_schema(schema).load(data)
        assert raised.value.messages == {"a": ["asked"]}


def test_a_validator_may_change_what_the_next_one_sees() -> None:
    """A validator that adds to a dict or list is called before the length is checked."""

    def add(value: Any) -> None:
        if isinstance(value, dict):
            value["more"] = 1
        else:
            value.append(1)

    length = validate.Length(equal=2)
    for field, value in (
        (fields.Dict(validate=[add, length]), {"a": 1, "b": 2}),
        (fields.Dict(fields.Str(), validate=[add, length]), {"a": 1}),
        (fields.List(fields.Int(), validate=[length, add]), [1, 2]),
        (fields.List(fields.Int(), validate=[add, length]), [1, 2]),
    ):
        schema = Schema.from_dict({"a": field})
        plain = _attempt(schema().load, {"a": copy.copy(value)})
        assert _attempt(compile_schema(schema()).load, {"a": copy.copy(value)}) == plain


def _attempt(load: Callable[[Any], Any], data: Any) -> tuple[str, Any]:
    try:
        return "loaded", load(data)
    except ValidationError as error:
        return "refused", error.messages
