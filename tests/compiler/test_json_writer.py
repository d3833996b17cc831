"""What goes straight to JSON is the same bytes as what marshmallow dumps, written:
natively and as text.
"""

from __future__ import annotations

import datetime as dt
import enum
import ipaddress
import json
import math
import uuid
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest
from marshmallow import Schema, fields, post_dump

from restkit.compiler import COUNTS, Encoder, JSONWriter, compile_schema, json_writer_of
from restkit.encoding import dumps_json

from .equality import ENCODERS
from .objects import Attrs, Color, DictSub, Getitem, Level, Mapped, StrSub

ways = pytest.mark.parametrize("way", ENCODERS)


def _writer(schema: Schema, way: str) -> JSONWriter:
    found = json_writer_of(compile_schema(schema), ENCODERS[way])
    assert found is not None
    return found


def _same(schema: type[Schema], value: Any, way: str) -> bytes:
    """Write a value straight, alone, paired and in lists,
    and see that it is what marshmallow's dump is, written.
    """
    expected = ENCODERS[way].dumps(schema().dump(value))
    found = _writer(schema(), way)
    assert found.one(value) == expected
    assert found.many([value] * 3) == b"[" + b",".join([expected] * 3) + b"]"
    assert found.many(iter([])) == b"[]"
    data, written = found.pair(value)
    assert written == expected
    assert dumps_json(data) == expected
    return expected


# numbers


_INNER = Schema.from_dict({"x": fields.Float()})
_FLOATS: list[tuple[Callable[[], fields.Field[Any]], Callable[[Any], Any]]] = [
    (fields.Float, lambda value: value),
    (lambda: fields.Float(attribute="p.q"), lambda value: value),
    (lambda: fields.List(fields.Float()), lambda value: [1.0, value]),
    (lambda: fields.List(fields.List(fields.Float())), lambda value: [[value]]),
    (lambda: fields.Nested(_INNER), lambda value: {"x": value}),
    (lambda: fields.Nested(_INNER), lambda value: OrderedDict(x=value)),
    (lambda: fields.Nested(_INNER, many=True), lambda value: [Attrs({"x": value})]),
    (lambda: fields.List(fields.Nested(_INNER)), lambda value: [{"x": value}]),
    (fields.Boolean, lambda value: value),
    (lambda: fields.Float(dump_default=math.inf), lambda value: value),
]


@ways
@pytest.mark.parametrize("number", range(len(_FLOATS)))
@pytest.mark.parametrize("make", [dict, DictSub, Mapped, Attrs, Getitem])
def test_no_float_passes_that_json_cannot_hold(
    way: str, number: int, make: Callable[[Any], Any]
) -> None:
    """From dicts, mappings and objects, nested, listed or by a dotted attribute,
    NaN and infinity raise ValueError.
    """
    field, around = _FLOATS[number]
    kind = Schema.from_dict({"a": field()})
    for value in (math.nan, math.inf, -math.inf, 1.5, 1e-5, -0.0, 10**400 if number == 8 else 2.5):
        found = around(value)
        obj = make({"a": found, "p": {"q": found}})
        if isinstance(value, int) or math.isfinite(value):
            _same(kind, obj, way)
        else:
            with pytest.raises(ValueError, match="JSON"):
                _writer(kind(), way).one(obj)


@ways
def test_integers_of_any_size_are_written(way: str) -> None:
    """An integer over 64 bits is written beside a date and a UUID, which orjson alone cannot."""
    kind = Schema.from_dict({"a": fields.Integer(), "b": fields.UUID(), "c": fields.DateTime()})
    for number in (0, -1, 2**63, 2**64, -(2**200)):
        _same(
            kind,
            {"a": number, "b": uuid.UUID(int=7), "c": dt.datetime(2024, 5, 6, tzinfo=dt.UTC)},
            way,
        )


# moments


def _moments() -> list[dt.datetime]:
    zones = [
        None,
        dt.UTC,
        *(
            dt.timezone(dt.timedelta(seconds=seconds))
            for seconds in (7200, -34200, 86340, 1172, -1, 3601)
        ),
        dt.timezone(dt.timedelta(microseconds=1)),
        ZoneInfo("Europe/Berlin"),
        ZoneInfo("UTC"),
    ]
    return [
        dt.datetime(year, 1, 2, 3, 4, 5, fraction, tzinfo=zone)
        for year in (1, 999, 1850, 1970, 2024, 9999)
        for fraction in (0, 1, 70_054, 999_999)
        for zone in zones
    ]


@ways
def test_a_datetime_is_its_isoformat(way: str) -> None:
    """UTC ends with +00:00, an offset keeps its seconds, a zone has that of the day;
    offsets that were seen too.
    """
    kind = Schema.from_dict(
        {"a": fields.DateTime(), "b": fields.Date(), "c": fields.List(fields.AwareDateTime())}
    )
    moments = _moments()
    assert len(moments) > 3
    for moment in moments * 2:
        written = json.loads(
            _same(kind, {"a": moment, "b": moment.date(), "c": [moment, None]}, way)
        )
        assert written == {
            "a": moment.isoformat(),
            "b": moment.date().isoformat(),
            "c": [moment.isoformat(), None],
        }


@ways
def test_a_time_is_its_isoformat(way: str) -> None:
    """A time keeps the zeros of its fraction, which orjson loses, and its offset,
    which orjson refuses.
    """
    assert orjson.dumps(dt.time(1, 2, 3, 70_054)) != b'"01:02:03.070054"', (
        "orjson has been mended; leave times to it"
    )
    kind = Schema.from_dict({"a": fields.Time()})
    for time in (dt.time(1, 2, 3, 70_054), dt.time(1), dt.time(1, tzinfo=dt.UTC), None):
        _same(kind, {"a": time}, way)


# texts and the rest


@dataclass
class Everything:
    a: Any = None
    b: Any = None


@ways
@pytest.mark.parametrize(
    ("field", "values"),
    [
        (
            fields.String,
            ["plain", 'é"\\\n\x00\x1f\x7f\u2028</', "", StrSub("sub"), 5, b"bytes", "1e-05 e-06"],
        ),
        (
            fields.Boolean,
            [
                True,
                False,
                1,
                "yes",
                dt.time(1, 2, 3, 70_054),
                dt.datetime(2024, 1, 1),
                [dt.date.min],
                {"a": 1},
            ],
        ),
        (lambda: fields.Decimal(), [Decimal("1.10"), 3, "0.1", Decimal("NaN")]),
        (lambda: fields.Decimal(as_string=True, places=2), [Decimal("1.105"), 3]),
        (fields.IPv4, [ipaddress.ip_address("127.0.0.1")]),
        (lambda: fields.Enum(Color), [Color.red, Color.Blue]),
        (lambda: fields.Enum(Level, by_value=True), [Level.LOW]),
        (lambda: fields.Enum(Color, by_value=True), [Color.red]),
        (fields.UUID, [uuid.UUID(int=1), "text"]),
        (lambda: fields.List(fields.String()), [["a", None, 5], (), ("x",), []]),
        (lambda: fields.List(fields.UUID()), [[uuid.UUID(int=1)]]),
        (lambda: fields.Integer(data_key="{v0} %s 'key'"), [1]),
        (lambda: fields.Integer(dump_default=7), [1]),
        (lambda: fields.Nested(_INNER, many=True), [[{"x": 1.5}], []]),
    ],
)
def test_every_kind_of_value_is_written_as_it_is_dumped(
    way: str, field: Callable[[], Any], values: list[Any]
) -> None:
    """Each certain kind of field, from dicts, objects and dataclasses,
    with null and absent values around it.
    """
    kind = Schema.from_dict(
        {"a": field(), "b": field()} if field().data_key is None else {"a": field()}
    )
    for value in [*values, None]:
        for obj in (
            {"a": value, "b": value},
            {"a": value},
            {"b": value},
            Attrs({"b": value}),
            Everything(value, value),
        ):
            _same(kind, obj, way)


@ways
def test_what_is_no_unicode_is_refused(way: str) -> None:
    """A lone surrogate raises ValueError, as it does anywhere."""
    found = _writer(Schema.from_dict({"a": fields.String()})(), way)
    with pytest.raises(ValueError, match="surrogate"):
        found.one({"a": "\ud800"})


@ways
@pytest.mark.parametrize("count", [0, 1, 255, 256, 257, 1000])
def test_lists_are_written_in_chunks(way: str, count: int) -> None:
    """A list, or an iterable, of any length is one array;
    and no more objects than a chunk has are dumped at a time.
    """
    kind = Schema.from_dict({"a": fields.Integer(), "b": fields.Date()})
    rows = [{"a": number, "b": dt.date(2024, 1, 1)} for number in range(count)]
    expected = ENCODERS[way].dumps(kind(many=True).dump(rows))
    assert _writer(kind(), way).many(rows) == _writer(kind(), way).many(iter(rows)) == expected


# where there is no straight way


class _Hooked(Schema):
    a = fields.Integer()

    @post_dump
    def change(self, data: Any, **kwargs: Any) -> Any:
        return data


class _Itself(Schema):
    next = fields.Nested(lambda: _Itself)


class _Reading(Schema):
    a = fields.Integer()

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        return 5


class _Flags(enum.Flag):
    A = 1
    B = 2


class _Patched(Schema):
    a = fields.Decimal()

    def on_bind_field(self, field_name: str, field_obj: Any) -> None:
        field_obj._serialize = lambda *args, **kwargs: object()


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        (Schema.from_dict({"a": fields.Raw()}), "a: Raw may dump values that are not JSON"),
        (
            Schema.from_dict({"a": fields.Nested(Schema.from_dict({"b": fields.Dict()}))}),
            "a: b: Dict may dump",
        ),
        (Schema.from_dict({"a": fields.List(fields.Raw())}), "a: Raw may dump"),
        (
            Schema.from_dict({"a": fields.Nested("nowhere.Nothing")}),
            "a: its schema cannot be created yet",
        ),
        (Schema.from_dict({"a": fields.Integer(data_key="\n")}), "its keys"),
        (Schema.from_dict({"a": fields.Enum(_Flags)}), "a: a flag may have no name"),
        (
            Schema.from_dict({"a": fields.Enum(enum.Enum("E", {"x": (1,)}), by_value=True)}),
            "a: its values may not be JSON",
        ),
        (_Hooked, "the schema has pre_dump or post_dump hooks"),
        (_Itself, "next: the schema nests itself"),
        (_Reading, "the schema overrides get_attribute"),
        (_Patched, "a: Decimal may dump"),
    ],
)
def test_what_is_not_certain_says_why(schema: type[Schema], reason: str) -> None:
    """A schema whose data may not be JSON, or that has hooks, gets no JSON writer, and says why."""
    compiled = compile_schema(schema())
    assert compiled.uncertain.startswith(reason)
    assert json_writer_of(compiled, ENCODERS["native"]) is None
    assert compiled.dump_source("text") == ""


# counting


@ways
def test_a_counter_shows_which_tier_served(way: str) -> None:
    """Nothing is counted until it is switched on; then each load and dump is, by its tier."""

    class Left(Schema):
        a = fields.Integer()

        def load(self, *args: Any, **kwargs: Any) -> Any:
            return super().load(*args, **kwargs)

        def dump(self, *args: Any, **kwargs: Any) -> Any:
            return super().dump(*args, **kwargs)

    made, left = compile_schema(Schema.from_dict({"a": fields.Integer()})()), compile_schema(Left())
    written = json_writer_of(made, ENCODERS[way])
    assert written is not None

    def use() -> None:
        for each in (made, left):
            each.load({"a": 1})
            each.dump({"a": 1})
        written.one({"a": 1})
        written.many([{"a": 1}])

    COUNTS.clear()
    use()
    assert not COUNTS.loads
    assert not COUNTS.dumps
    COUNTS.on = True
    try:
        use()
        assert COUNTS.loads == {"generated": 1, "marshmallow": 1}
        kind = "text" if way == "text" else "native"
        assert COUNTS.dumps == {"generated": 1, "marshmallow": 1, kind: 2}
    finally:
        COUNTS.on = False
        COUNTS.clear()


def test_each_encoder_writes_nested_schemas_too() -> None:
    """A second encoder of one schema instance also writes the values of schemas that it nests."""
    inner = Schema.from_dict({"x": fields.Decimal(as_string=True)})
    schema = Schema.from_dict({"n": fields.Nested(inner), "l": fields.List(fields.Nested(inner))})()
    value = {"n": {"x": 1}, "l": [{"x": 2}]}
    written = []
    for mark in ("first", "second"):
        encoder = Encoder(
            False,
            ENCODERS["text"].dumps,
            ENCODERS["text"].native,
            lambda value, mark=mark: f'"{mark} {value}"',
            ENCODERS["text"].finish,
        )
        found = json_writer_of(compile_schema(schema), encoder)
        assert found is not None
        written.append(json.loads(found.one(value)))
    assert written == [
        {"n": {"x": f"{mark} 1"}, "l": [{"x": f"{mark} 2"}]} for mark in ("first", "second")
    ]


class _Weight(enum.Enum):
    LIGHT = 0.5
    HEAVY = 3e20


_POINT = Schema.from_dict({"x": fields.Float(), 'say "x"': fields.Integer()})
_RECORDS: list[tuple[Callable[[], fields.Field[Any]], list[Any]]] = [
    (fields.Float, [1e15, -1e15, 1e16, -1e16, 1e17, 1.5e300, 1e-7, -0.0, 9999999999999998.0]),
    (fields.Float, ["1e20", "2.5", Decimal("1e17")]),
    (lambda: fields.List(fields.Float()), [[1e16, 1.0], (1e16, "1e17")]),
    (lambda: fields.Dict(fields.Str(), fields.Float()), [{"a": 1e16, 'a"b\\': 2.0}]),
    (lambda: fields.Tuple((fields.Float(), fields.DateTime())), [(1e16, dt.datetime.now(dt.UTC))]),
    (lambda: fields.Constant(1e17), [None]),
    (lambda: fields.Enum(_Weight, by_value=True), [None]),
    (lambda: fields.Enum(_Weight, by_value=fields.Float()), list(_Weight)),
    (lambda: fields.TimeDelta(precision="microseconds"), [dt.timedelta.max, dt.timedelta.min]),
    (fields.Integer, [2**63, 2**64, -(2**63) - 1, 10**40, True]),
    (fields.Boolean, [True, "on", None]),
    (lambda: fields.Pluck(_POINT, "x"), [{"x": 1e16}, {"x": 1.5}, {"x": 1.5, 'say "x"': 2}]),
    (lambda: fields.Pluck(_INNER, "x", many=True), [[{"x": 1e16}, {"x": 2}], [Attrs({"x": 1.5})]]),
    (lambda: fields.Nested(_POINT), [{"x": 1e16, 'say "x"': 1}, {"x": "1"}, {}, Attrs({"x": 1.0})]),
]


@ways
@pytest.mark.parametrize("number", range(len(_RECORDS)))
@pytest.mark.parametrize("make", [dict, DictSub, Mapped, Attrs, Getitem])
def test_records_are_written_as_dicts_are(
    way: str, number: int, make: Callable[[Any], Any]
) -> None:
    """Large floats, datetimes in UTC, results of own methods and names with quotes."""
    field, values = _RECORDS[number]
    for name in ("a", "first part", 'say "a"'):
        for value in values:
            declared: dict[str, Any] = {name: field(), "z": fields.Integer()}
            schema = Schema.from_dict(declared)
            if json_writer_of(compile_schema(schema()), ENCODERS[way]) is None:
                continue
            _same(schema, make({name: value, "z": 1}), way)
            _same(schema, make({name: value}), way)


@pytest.mark.parametrize("zone", [dt.UTC, dt.timezone(dt.timedelta(0)), ZoneInfo("Etc/UTC")])
def test_utc_in_a_list_of_records_is_an_offset(zone: dt.tzinfo) -> None:
    """UTC by any name is ``+00:00``, the first time and after."""
    schema = Schema.from_dict({"at": fields.AwareDateTime(), "n": fields.Integer()})
    value = {"at": dt.datetime(2026, 3, 1, 9, 30, tzinfo=zone), "n": 1}
    for _ in range(2):
        assert b'"2026-03-01T09:30:00+00:00"' in _same(schema, value, "records")


@ways
def test_a_plucked_member_may_be_absent(way: str) -> None:
    """The error is marshmallow's, of records and of what marshmallow reads itself."""
    inner = Schema.from_dict({"x": fields.Float(load_only=True), "y": fields.Float()})
    for key, value in (("x", {"x": 1.0}), ("y", {}), ("y", "text"), ("y", Mapped({"x": 1}))):
        schema = Schema.from_dict({"a": fields.Pluck(inner, key)})
        with pytest.raises(KeyError, match=key):
            schema().dump({"a": value})
        with pytest.raises(KeyError, match=key):
            _writer(schema(), way).one({"a": value})
    schema = Schema.from_dict({"a": fields.Pluck(inner, "y")})
    for found in (Mapped({"y": 1e17}), Getitem({"y": 2.5}), DictSub({"y": "1e20"})):
        _same(schema, {"a": found}, way)


@ways
def test_of_two_values_that_are_not_json_the_same_is_named(way: str) -> None:
    """A lone surrogate before an object: the error is about what the encoder of dicts names."""
    inner = Schema.from_dict({"x": fields.String(), "y": fields.Boolean()})
    schema = Schema.from_dict({"a": fields.Nested(inner), "b": fields.List(fields.Nested(inner))})
    value = {"x": "\ud800", "y": ...}
    for found in ({"a": value}, {"b": [value, value]}, {"a": value, "b": [Attrs(value)]}):
        with pytest.raises(TypeError, match="ellipsis is not JSON"):
            _writer(schema(), way).one(found)
    with pytest.raises(UnicodeError):
        _writer(schema(), way).one({"a": {"x": "\ud800", "y": True}})


def test_the_first_contents_are_written_without_records_in_the_same_bytes() -> None:
    """A program that starts often and responds once does not load msgspec."""
    schema = Schema.from_dict({"made": fields.AwareDateTime(), "name": fields.Str()})()
    written: list[object] = []

    def native(value: object) -> bytes:
        written.append(value)
        return orjson.dumps(value)

    encoder = Encoder(True, dumps_json, native, str, str.encode, uses_records=True, records_after=2)
    writer = json_writer_of(compile_schema(schema), encoder)
    assert writer is not None
    value = {"made": dt.datetime(2026, 1, 2, 3, 4, tzinfo=dt.UTC), "name": "é"}
    texts = [writer.one(value), writer.many([value])[1:-1], writer.one(value), writer.one(value)]
    assert texts == ['{"made":"2026-01-02T03:04:00+00:00","name":"é"}'.encode()] * 4
    assert len([each for each in written if isinstance(each, (dict, list))]) == 2
