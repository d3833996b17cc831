"""Wire forms: what each field type takes from JSON and from text,
and that its JSON Schema says the same.
"""

from __future__ import annotations

import enum
import json
from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from marshmallow import Schema, fields, validate

from restkit.errors import DeclarationError
from restkit.openapi.conversion import json_schema
from restkit.schemas.bound import BoundSchema, Invalid, View, bind
from restkit.schemas.wire_formats import INT64_MAX, INT64_MIN, wire_of


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.Enum):
    LOW = 1
    HIGH = 2.5
    NO = False


MOMENT = "2024-02-29T12:30:00"
ZEROS = "00000000-0000-0000-0000-000000000000"

# field, JSON taken, JSON refused, text taken, text refused
TABLE: dict[str, tuple[fields.Field[Any], list[Any], list[Any], list[str], list[str]]] = {
    "Integer": (
        fields.Int(),
        [0, -5, 5.0, -0.0, INT64_MAX, INT64_MIN, 1e15],
        ["5", 5.5, True, None, [], {}, INT64_MAX + 1, INT64_MIN - 1, 1e300, ""],
        ["0", "-5", "007", str(INT64_MAX), str(INT64_MIN)],
        [
            "",
            " 5",
            "5 ",
            "+5",
            "5.0",
            "1e3",
            "1_000",
            "0x1",
            "\u0661",
            "9" * 19,
            "9" * 5000,
            "-",
            "true",
        ],
    ),
    "Float": (
        fields.Float(),
        [0, 1.5, -1e308, 5],
        ["1.5", True, None, [], "NaN"],
        ["0", "-1.5", "1e3", "1E-3", "0.1"],
        ["", ".5", "5.", "NaN", "inf", "1e400", "1_0", "+1", "01", "0x1p3", "1" * 401, "\u0661"],
    ),
    "Decimal": (
        fields.Decimal(),
        ["1.50", "-0", "007", 1.5, 3],
        ["1e5", "NaN", "Infinity", ".5", "", " 1", True, None, [], "1" * 41, "\u0661"],
        ["1.50", "-3"],
        ["1e5", "NaN", "", "1,5", "1" * 41],
    ),
    "Boolean": (
        fields.Bool(),
        [True, False],
        ["true", 1, 0, None, "on", [], 1.0],
        ["true", "false"],
        ["True", "1", "0", "on", "yes", "", "TRUE"],
    ),
    "String": (
        fields.Str(),
        ["", "a", "\u20ac", " "],
        [5, True, None, [], {}, 1.5],
        ["", "a", "\u20ac"],
        ["\0", "a\0b"],
    ),
    "UUID": (
        fields.UUID(),
        [ZEROS, ZEROS.replace("0", "A"), ZEROS.replace("0", "f")],
        [
            ZEROS.replace("-", ""),
            "{" + ZEROS + "}",
            "urn:uuid:" + ZEROS,
            "",
            5,
            None,
            ZEROS + "0",
            ZEROS[:-1] + "g",
        ],
        [ZEROS],
        [ZEROS.replace("-", ""), "", ZEROS + "\n"],
    ),
    "DateTime": (
        fields.DateTime(),
        [
            MOMENT + "Z",
            MOMENT + "+02:00",
            MOMENT.lower() + "z",
            MOMENT + ".123456Z",
            MOMENT + "-23:59",
        ],
        [
            MOMENT,
            "2024-02-29",
            "2023-02-29T12:30:00Z",
            "2024-02-29 12:30:00Z",
            0,
            None,
            "",
            "2024-02-29T24:00:00Z",
            MOMENT + "+2",
            MOMENT + "+0200",
            "0000-01-01T00:00:00Z",
        ],
        [MOMENT + "Z"],
        [MOMENT, "", MOMENT + " 02:00"],
    ),
    "NaiveDateTime": (
        fields.NaiveDateTime(),
        [MOMENT, MOMENT + ".5"],
        [MOMENT + "Z", MOMENT + "+02:00", "2024-02-29", 5, None, "", "2024-02-29t12:30:00"],
        [MOMENT],
        [MOMENT + "Z", ""],
    ),
    "AwareDateTime": (
        fields.AwareDateTime(),
        [MOMENT + "Z"],
        [MOMENT, "", 5],
        [MOMENT + "+00:00"],
        [MOMENT],
    ),
    "Date": (
        fields.Date(),
        ["2024-02-29", "0001-01-01", "9999-12-31"],
        [
            "2023-02-29",
            "20240229",
            "2024-2-9",
            "2024-W09-4",
            MOMENT,
            "",
            5,
            None,
            "0000-01-01",
            "2024-13-01",
        ],
        ["2024-02-29"],
        ["20240229", "", "2024-02-30"],
    ),
    "Time": (
        fields.Time(),
        ["12:30:00", "23:59:59.999", "00:00:00Z", "12:30:00+02:00"],
        ["12:30", "24:00:00", "123000", "12", "", 5, None, "12:60:00"],
        ["12:30:00"],
        ["12:30", ""],
    ),
    "TimeDelta": (
        fields.TimeDelta(),
        [0, 5, -5, 1.5],
        ["5", True, None, 1e300, -1e300],
        ["5", "-1.5"],
        ["", "x", "1e300"],
    ),
    "IP": (
        fields.IP(),
        ["1.2.3.4", "::1"],
        ["1.2.3", "1.2.3.4/8", "fe80::1%eth0", "", 5, None, "01.2.3.4"],
        ["::1"],
        ["x", ""],
    ),
    "IPv4": (fields.IPv4(), ["1.2.3.4"], ["::1", "1.2.3.256", 16909060, ""], ["1.2.3.4"], ["::1"]),
    "IPv6": (
        fields.IPv6(),
        ["::1", "::ffff:1.2.3.4"],
        ["1.2.3.4", "::1%1", ":::", ""],
        ["::1"],
        ["1.2.3.4"],
    ),
    "Enum": (
        fields.Enum(Color),
        ["RED", "BLUE"],
        ["red", "", 5, None, "GREEN"],
        ["RED"],
        ["red", ""],
    ),
    "Enum by value": (
        fields.Enum(Color, by_value=True),
        ["red", "blue"],
        ["RED", "", 5, None, ["red"], {"red": 1}],
        ["red"],
        ["RED", ""],
    ),
    "Enum of numbers": (
        fields.Enum(Level, by_value=True),
        [1, 2.5, False, 1.0],
        [True, 0, "1", None, 2],
        ["1", "2.5", "false"],
        ["1.0", "False", "0", ""],
    ),
    "Constant": (fields.Constant(1), [1, 1.0], [True, "1", 2, None, 1.5], ["1"], ["2", "true", ""]),
    "Constant true": (
        fields.Constant(True),
        [True],
        [1, "true", False, None],
        ["true"],
        ["True", "1"],
    ),
    "Email": (
        fields.Email(),
        ["a@example.com"],
        ["a", "", 5, None, "a@b"],
        ["a@example.com"],
        ["a", ""],
    ),
    "Url": (
        fields.Url(),
        ["http://example.com/"],
        ["x", "", 5, None, "javascript:alert(1)"],
        ["https://example.com"],
        ["x"],
    ),
    "List": (
        fields.List(fields.Int()),
        [[], [1, 2]],
        [["1"], 1, {"a": 1}, None, "1", [None]],
        [],
        [],
    ),
    "Tuple": (
        fields.Tuple((fields.Int(), fields.Str())),
        [[1, "a"]],
        [[1], [1, "a", 2], ["1", "a"], {}, None],
        [],
        [],
    ),
    "Dict": (
        fields.Dict(keys=fields.Str(validate=validate.Length(max=2)), values=fields.Int()),
        [{}, {"a": 1}],
        [[], {"a": "1"}, {"abc": 1}, None, 5],
        [],
        [],
    ),
    "nullable": (fields.Int(allow_none=True), [None, 1], ["", "null"], ["1"], ["", "null"]),
}


def takes(bound: BoundSchema, value: Any) -> bool:
    try:
        bound.load({"v": value})
    except Invalid:
        return False
    return True


@pytest.mark.parametrize("name", TABLE)
def test_json_values(name: str) -> None:
    """Each field type takes from JSON exactly what its document will say."""
    field, taken, refused, _, _ = TABLE[name]
    bound = bind({"v": field}, View.REQUEST, declared_at="here")
    assert [value for value in taken if not takes(bound, value)] == []
    assert [value for value in refused if takes(bound, value)] == []


@pytest.mark.parametrize("name", [name for name in TABLE if TABLE[name][3]])
def test_text_values(name: str) -> None:
    """Each field type takes from a query, header, cookie or form one spelling of each value."""
    field, _, _, taken, refused = TABLE[name]
    bound = bind({"v": field}, View.REQUEST, declared_at="here", source="text")
    assert [value for value in taken if not takes(bound, value)] == []
    assert [value for value in refused if takes(bound, value)] == []


@pytest.mark.parametrize("name", TABLE)
def test_the_table_agrees_with_the_json_schema(name: str) -> None:
    """What a document's reader concludes from the JSON Schema is what loading does."""
    field, taken, refused, _, _ = TABLE[name]
    checks = validator(bind({"v": field}, View.REQUEST, declared_at="here"))
    assert [value for value in taken if not checks.is_valid({"v": value})] == []
    assert [
        value for value in refused if checks.is_valid({"v": value}) and not known(name, value)
    ] == []


def known(name: str, value: Any) -> bool:
    """Whether the JSON Schema cannot say that a value is refused:
    formats that its readers do not look into.
    """
    if not isinstance(value, str):
        return False
    return name in ("Email", "Url") or (name in ("NaiveDateTime", "Time") and value[:4] == "0000")


def validator(bound: BoundSchema) -> Any:
    return Draft202012Validator(
        json_schema(bound), format_checker=Draft202012Validator.FORMAT_CHECKER
    )


class Inner(Schema):
    a = fields.Int(required=True)


FUZZED: dict[str, fields.Field[Any]] = {
    **{
        name: row[0]
        for name, row in TABLE.items()
        if name not in ("Email", "Url", "NaiveDateTime", "Time")
    },
    "Integer in a range": fields.Int(validate=validate.Range(0, 10, min_inclusive=False)),
    "Float in a range": fields.Float(validate=validate.Range(0, 1, max_inclusive=False)),
    "String of a length": fields.Str(validate=validate.Length(2, 3)),
    "String of a pattern": fields.Str(validate=validate.Regexp(r"[a-c]+\Z")),
    "String one of": fields.Str(validate=validate.OneOf(["a", "b"])),
    "String none of": fields.Str(validate=validate.NoneOf(["a", "b"])),
    "String equal": fields.Str(validate=validate.Equal("a")),
    "List of a length": fields.List(fields.Str(), validate=validate.Length(1, 2)),
    "List of only": fields.List(fields.Int(), validate=validate.ContainsOnly([1, 2])),
    "Nested": fields.Nested(Inner),
    "Nested many": fields.Nested(Inner, many=True),
    "Pluck": fields.Pluck(Inner, "a"),
    "timestamp": fields.DateTime(format="timestamp"),
    "timestamp_ms": fields.DateTime(format="timestamp_ms"),
    "TimeDelta in milliseconds": fields.TimeDelta(precision="milliseconds"),
    "TimeDelta in weeks": fields.TimeDelta(precision="weeks"),
    "Decimal in a range": fields.Decimal(validate=validate.Range(0, 5)),
    "Decimal with places": fields.Decimal(places=2),
}

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(INT64_MIN, INT64_MAX) | st.integers(-3, 12),
    st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([0.5, 1.0, 2.5, 1e15]),
    st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=5),
    st.text("abc012-:.TZ+", max_size=12),
    st.sampled_from(
        [
            each
            for row in TABLE.values()
            for each in (*row[1], *row[2])
            if isinstance(each, (str, int, float))
        ]
    ),
    st.dates().map(str),
    st.datetimes().map(lambda moment: moment.isoformat() + "Z"),
    st.uuids().map(str),
    st.ip_addresses().map(str),
    st.decimals(allow_nan=False, allow_infinity=False, places=3).map(str),
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "key", "abc"]), inner, max_size=2)
    ),
    max_leaves=4,
)


@pytest.mark.parametrize("name", FUZZED)
def test_json_schema_and_loading_agree(name: str) -> None:
    """For any value, the JSON Schema that is documented allows just what loading takes."""
    bound = bind({"v": FUZZED[name]}, View.REQUEST, declared_at="here")
    checks = validator(bound)

    @settings(
        max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    @given(values)
    def agree(value: Any) -> None:
        assume(
            not (type(value) is int and not INT64_MIN <= value <= INT64_MAX)
        )  # the JSON door stops these
        told = json.loads(json.dumps(value))
        assert checks.is_valid({"v": told}) == takes(bound, told), value

    agree()


@pytest.mark.parametrize("sign", [1, -1])
def test_the_largest_number_that_has_its_places(sign: int) -> None:
    """With 20 of 28 digits behind the point and one to spare, seven are left before it."""
    bound = bind({"v": fields.Decimal(places=20)}, View.REQUEST, declared_at="here")
    checks = validator(bound)
    for number, expected in ((10**7, True), (10**7 + 1, False), (10**7 - 0.5, True)):
        assert takes(bound, sign * number) is expected
        assert checks.is_valid({"v": sign * number}) is expected


def test_subclasses_and_odd_options_keep_their_own_meaning() -> None:
    """A subclass, and a field whose options change what it takes, have no wire form."""
    kinds: list[Any] = [fields.Int, fields.Decimal, fields.Boolean, fields.DateTime, fields.UUID]
    own: list[Any] = [type("Own", (each,), {})() for each in kinds]
    own.append(type("Own", (fields.Constant,), {})("a"))
    own.append(type("Own", (fields.Enum,), {})(Color))
    own.append(type("Own", (fields.Enum,), {})(Color, by_value=True))
    for field in (
        *own,
        fields.Raw(),
        fields.Email(),
        fields.Bool(truthy={"ja"}),
        fields.Date(format="%d %B %Y"),
        fields.Date(format="%"),
        fields.Time(format="%X"),
        fields.DateTime(format="%c"),
        fields.NaiveDateTime(format="rfc"),
        fields.AwareDateTime(format="%Y"),
        fields.Enum(Color),
    ):
        Schema.from_dict({"v": field})().fields["v"]
        assert wire_of(field) is None, field


@pytest.mark.parametrize("source", ["json", "text"])
def test_moments_that_leave_the_calendar_are_refused(source: Any) -> None:
    """A moment that a time zone would put before the year 1 or after 9999 is invalid,
    not an exception.
    """
    bound = bind(
        {"v": fields.NaiveDateTime(timezone=UTC)}, View.REQUEST, declared_at="here", source=source
    )
    assert bound.load({"v": "2024-02-29T12:30:00+02:00"})["v"] == datetime(2024, 2, 29, 10, 30)
    assert takes(bound, "9999-12-31T23:59:59")
    for moment in (
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-23:59",
        "2023-02-29T00:00:00Z",
    ):
        assert not takes(bound, moment)


def test_one_wire_form_for_all_fields_of_a_simple_type() -> None:
    """The forms of simple types are made once."""
    assert wire_of(fields.Int()) is wire_of(fields.Int())
    assert wire_of(fields.Str()) is wire_of(fields.Str())


NAIVE, AWARE = datetime(2000, 1, 1), datetime(2000, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "field",
    [
        fields.DateTime(validate=validate.Range(min=NAIVE)),
        fields.AwareDateTime(validate=validate.And(validate.Range(max=NAIVE))),
        fields.NaiveDateTime(validate=validate.Range(min=AWARE)),
        fields.DateTime(format="timestamp", validate=validate.Range(min=AWARE)),
        fields.DateTime(format="rfc", validate=validate.Range(min=NAIVE)),
        fields.DateTime(format="%Y-%m", validate=validate.Range(min=AWARE)),
        fields.Date(validate=validate.Range(min=NAIVE)),
        fields.Time(validate=validate.Range(NAIVE.time(), AWARE.timetz())),
        fields.Time(format="%H:%M", validate=validate.Range(min=AWARE.timetz())),
    ],
    ids=str,
)
def test_bounds_that_no_moment_can_be_held_against_are_refused(field: fields.Field[Any]) -> None:
    """A range of local moments for moments with a zone, or the other way round,
    would fail for each value.
    """
    with pytest.raises(
        DeclarationError,
        match=r"DaySchema.at: validate.Range has the bound .* give one of that kind",
    ):
        bind(
            type("DaySchema", (Schema,), {"at": field}),
            View.REQUEST,
            declared_at="days",
            strict=True,
        )


@pytest.mark.parametrize(
    ("zone", "taken", "refused"), [(None, "12:00:00", "12:00:00Z"), (UTC, "12:00:00z", "12:00:00")]
)
def test_times_in_a_range_have_a_zone_where_its_bounds_have(
    zone: Any, taken: str, refused: str
) -> None:
    """A time of another kind than the bounds could not be compared with them:
    it is invalid, not a failure.
    """
    field = fields.Time(validate=validate.Range(min=time(8, tzinfo=zone)))
    bound = bind(
        type("DaySchema", (Schema,), {"at": field}), View.REQUEST, declared_at="days", strict=True
    )
    assert bound.load({"at": taken})["at"] == time(12, tzinfo=zone)
    for wrong in (refused, taken.replace("12", "07")):
        with pytest.raises(Invalid):
            bound.load({"at": wrong})


@pytest.mark.parametrize(
    "field",
    [
        fields.Time(format="%H", validate=validate.Range(min=5)),
        fields.Time(validate=validate.Range(min=5)),
        fields.Date(validate=validate.Range(max="2024")),
        fields.DateTime(validate=validate.Range(min=date(2024, 1, 1))),
    ],
    ids=["formatted time", "time", "date", "datetime"],
)
def test_a_bound_of_another_type_is_refused(field: fields.Field[Any]) -> None:
    """A range whose bound no value can be compared with is refused where the schema is bound."""
    with pytest.raises(DeclarationError, match="Range"):
        bind({"v": field}, View.REQUEST, declared_at="here")


@pytest.mark.parametrize(
    ("field", "shown"),
    [
        (fields.DateTime(), "datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)"),
        (fields.AwareDateTime(), "datetime.datetime(1970, 1, 1, 0, 0, tzinfo="),
        (fields.NaiveDateTime(), "datetime.datetime(1970, 1, 1, 0, 0);"),
        (fields.Date(), "datetime.date(1970, 1, 1);"),
    ],
)
def test_bounds_of_another_kind_are_refused(field: fields.Field[Any], shown: str) -> None:
    """A bound that no value of the field can be compared with is shown beside a value."""
    for bounds in ({"min": "2024"}, {"max": "2024"}):
        copied = type(field)(validate=validate.Range(**bounds))
        with pytest.raises(DeclarationError) as refused:
            bind({"it": copied}, View.REQUEST, declared_at="test").load({})
        assert "validate.Range has the bound '2024', which cannot be compared" in str(refused.value)
        assert f"such as {shown}" in str(refused.value)
