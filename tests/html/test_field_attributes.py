"""What a field says of its control: type, bounds, step, lengths, files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from marshmallow import Schema, fields, validate
from parsed_pages import HTML, Parsed

from restkit import App, SeeOther, Upload, takes
from restkit.html import HTMLResource, Templates
from restkit.testing import Client

Shown = Callable[..., Parsed]
EAST = timezone(timedelta(hours=2))
NOON = datetime(2024, 6, 1, 12, tzinfo=EAST)
NAIVE = datetime(2024, 6, 1, 12)
OUTSIDE = {"min_inclusive": False, "max_inclusive": False}


def control(shown: Shown, field: fields.Field[Any]) -> dict[str, str | None]:
    """Return the attributes of the control of a field."""
    schema = Schema.from_dict({"it": field})
    return shown(schema).control("it").attributes


def between(low: Any, high: Any, **options: Any) -> validate.Range:
    return validate.Range(low, high, **options)


@pytest.mark.parametrize(
    ("field", "low", "high"),
    [
        (fields.DateTime(validate=between(NOON, None)), "2024-06-01T10:00:00", None),
        (fields.DateTime(validate=between(None, NOON)), None, "2024-06-01T10:00:00"),
        (
            fields.AwareDateTime(
                default_timezone=EAST, validate=between(NOON.astimezone(UTC), None)
            ),
            "2024-06-01T12:00:00",
            None,
        ),
        (fields.NaiveDateTime(validate=between(NAIVE, NAIVE)), *("2024-06-01T12:00:00",) * 2),
        (
            fields.Date(validate=between(date(2024, 2, 28), date(2024, 3, 1))),
            *("2024-02-28", "2024-03-01"),
        ),
        (
            fields.Date(validate=between(date(2024, 2, 28), date(2024, 3, 1), **OUTSIDE)),
            *("2024-02-29", "2024-02-29"),
        ),
        (
            fields.Time(validate=between(time(9, 30, tzinfo=UTC), time(17, tzinfo=UTC))),
            *("09:30:00", "17:00:00"),
        ),
        (fields.Int(validate=between(1, 9)), "1", "9"),
        (fields.Int(validate=between(1, 9, **OUTSIDE)), "2", "8"),
        (fields.Int(validate=between(1.5, 8.5)), "2", "8"),
        (fields.Int(validate=between(1.5, 8.5, **OUTSIDE)), "2", "8"),
        (fields.Float(validate=between(0.5, float("inf"))), "0.5", None),
        (fields.Float(validate=between(0.5, 8.5, **OUTSIDE)), "0.5", "8.5"),
        (fields.TimeDelta(validate=between(timedelta(1), None)), None, None),
        (fields.Date(format="%d.%m.%Y", validate=between(date(2024, 2, 28), None)), None, None),
        (fields.Str(validate=between("a", "b")), None, None),
    ],
)
def test_bounds_are_inclusive_and_local(
    shown: Shown, field: fields.Field[Any], low: str | None, high: str | None
) -> None:
    found = control(shown, field)
    assert (found.get("min"), found.get("max")) == (low, high)


@pytest.mark.parametrize(
    ("field", "step"),
    [
        (fields.Int(), "1"),
        (fields.Float(), "any"),
        (fields.Decimal(), "any"),
        (fields.Decimal(places=2), "0.01"),
        (fields.Decimal(places=0), "1"),
        (fields.Decimal(places=2, validate=between(Decimal("0.10"), 9)), "0.01"),
        (fields.Decimal(places=2, validate=between(None, Decimal("0.005"))), "0.01"),
        (fields.Decimal(places=2, validate=between(1, None)), "0.01"),
        # Browsers count steps from the lowest value.
        (fields.Decimal(places=2, validate=between(Decimal("0.005"), None)), "any"),
        (fields.Decimal(places=2, validate=between(0.5, None)), "any"),
        (
            fields.Decimal(places=2, validate=[between(1, None), between(Decimal("1.001"), None)]),
            "any",
        ),
        (fields.TimeDelta(), "any"),
        (fields.Date(), None),
    ],
)
def test_the_step_of_a_number(shown: Shown, field: fields.Field[Any], step: str | None) -> None:
    assert control(shown, field).get("step") == step


@pytest.mark.parametrize(
    ("field", "kind"),
    [
        (fields.Time(), "time"),
        (fields.Time(format="iso"), "time"),
        (fields.DateTime(format="iso8601"), "datetime-local"),
        (fields.DateTime(format="timestamp"), "text"),
        (fields.Url(), "url"),
        (fields.Url(relative=True), "text"),
        (fields.TimeDelta(), "number"),
        (fields.UUID(), "text"),
    ],
)
def test_the_type_of_an_input(shown: Shown, field: fields.Field[Any], kind: str) -> None:
    assert control(shown, field)["type"] == kind


@pytest.mark.parametrize(
    ("validators", "lowest", "most"),
    [
        ([validate.Length(0, 5)], None, "5"),
        ([validate.Length(min=1)], "1", None),
        ([validate.Length(max=0)], None, "0"),
        ([validate.Length(equal=4)], "4", "4"),
        ([validate.And(validate.Length(2), validate.Length(max=3))], "2", "3"),
    ],
)
def test_lengths(shown: Shown, validators: Any, lowest: str | None, most: str | None) -> None:
    for metadata in ({}, {"control": "textarea"}, {"control": "password"}):
        found = control(shown, fields.Str(validate=validators, metadata=metadata))
        assert (found.get("minlength"), found.get("maxlength")) == (lowest, most)


def test_lists_and_selects_have_no_lengths(shown: Shown) -> None:
    listed = fields.List(fields.Str(), validate=validate.Length(1, 2))
    chosen = fields.Str(validate=[validate.Length(1, 2), validate.OneOf(["a", "b"])])
    for field in (listed, chosen):
        assert not {"minlength", "maxlength"} & control(shown, field).keys()


def test_a_textarea_has_no_pattern(shown: Shown) -> None:
    only = validate.Regexp("[a-z]+$")
    area = control(shown, fields.Str(validate=only, metadata={"control": "textarea", "rows": 9}))
    assert "pattern" not in area
    assert area["rows"] == "9"
    assert "type" not in area
    assert control(shown, fields.Str(validate=only))["pattern"]


def test_the_control_of_a_file(templates: Callable[..., Templates]) -> None:
    app = App("Files")
    app.install(templates({"form.html": "{{ form }}"}))

    @app.route("/form")
    class Files(HTMLResource):
        template = "form.html"

        def get(self) -> None:
            return None

        @takes(
            files={
                "one": Upload(media_types=["image/png", "image/jpeg"]),
                "many": fields.List(Upload()),
            }
        )
        def post(self, files: dict[str, Any]) -> SeeOther:
            return SeeOther(Files)

    page = Parsed(Client(app).get("/form").text)
    one, many = page.control("one"), page.control("many")
    assert (one["type"], one["accept"]) == ("file", "image/png,image/jpeg")
    assert "multiple" not in one
    assert "multiple" in many
    assert "accept" not in many


@pytest.mark.parametrize(
    ("field", "value", "step"),
    [
        (fields.Time(), "09:30:00", "1"),
        (fields.Time(), "09:30:15", "1"),
        (fields.Time(), "09:30:15.250", "any"),
        (fields.Time(), "09:30", None),
        (fields.NaiveDateTime(), "2024-06-01T12:00:15", "1"),
        (fields.NaiveDateTime(), "2024-06-01T12:00:15.5", "any"),
        (fields.Str(), "1:2:3", None),
    ],
)
def test_the_step_of_a_time_is_that_of_its_value(
    templates: Callable[..., Templates], field: fields.Field[Any], value: str, step: str | None
) -> None:
    """Browsers reject seconds if the step is a minute."""
    page = _again(templates, field, value)
    assert page.control("it").attributes.get("step") == step


def test_the_wrong_items_of_a_list_are_marked(templates: Callable[..., Templates]) -> None:
    """The others have the help text alone, and each has a label of its own."""
    helped = {"description": "One a line."}
    listed = fields.List(fields.Int(), metadata=helped)
    page = _again(templates, listed, "1", "x", "3")
    items = [each for each in page.all("input") if each.attributes.get("name") == "it[]"]
    described = [each.attributes.get("aria-describedby") for each in items[:3]]
    assert [each.attributes.get("aria-invalid") for each in items[:3]] == [None, "true", None]
    assert described == ["field-it-help", "field-it-help field-it-error", "field-it-help"]
    assert [each.attributes["aria-label"] for each in items[:3]] == ["It 1", "It 2", "It 3"]


def _again(templates: Callable[..., Templates], field: fields.Field[Any], *values: str) -> Parsed:
    """Return the page of a form that was sent with a mistake in another field."""
    app = App("Again")
    app.install(templates({"form.html": "{{ form }}"}))

    @app.route("/form")
    class Form(HTMLResource):
        template = "form.html"

        def get(self) -> None:
            return None

        @takes(form=Schema.from_dict({"it": field, "number": fields.Int()}))
        def post(self, form: dict[str, Any]) -> SeeOther:
            return SeeOther(Form)

    data = [*(("it[]" if len(values) > 1 else "it", each) for each in values), ("number", "x")]
    return Parsed(Client(app).post("/form", data=data, headers=HTML).text)
