"""Declared JSON Schemas become JSON values, or are refused with the keyword's name."""

from __future__ import annotations

from decimal import Decimal

import pytest

from restkit.schemas.schema_values import schema_value


@pytest.mark.parametrize(
    ("number", "written"),
    [(Decimal("2.0"), 2), (Decimal("2.5"), 2.5), (2.5, 2.5), (3, 3), (Decimal(-1), -1)],
)
def test_numbers_of_keywords(number: Decimal | float, written: float) -> None:
    """A whole Decimal is written as an integer, another one as a float."""
    found = schema_value({"maximum": number})
    assert found == {"maximum": written}
    assert isinstance(found, dict)
    assert type(found["maximum"]) is type(written)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("3", "an instance of str is not a number"),
        (True, "an instance of bool is not a number"),
        (float("nan"), "nan is not a JSON number"),
        (float("-inf"), "-inf is not a JSON number"),
    ],
)
def test_what_is_no_number_is_refused(value: object, reason: str) -> None:
    """The message names the keyword."""
    with pytest.raises(ValueError, match="maximum") as raised:
        schema_value({"maximum": value})
    assert str(raised.value) == f"maximum must be a number: {reason}"
