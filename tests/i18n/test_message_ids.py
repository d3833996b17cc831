"""The texts of a catalog are those that marshmallow and restkit say."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import pytest
from marshmallow import Schema, ValidationError, fields, validate

from restkit.i18n.message_ids import message_ids

# A validator, a value that it refuses, and the message with its placeholders.
VALIDATORS: list[tuple[validate.Validator, Any, str]] = [
    (validate.URL(), "x", "Not a valid URL."),
    (validate.Email(), "x", "Not a valid email address."),
    (validate.Length(1, 2), "xxx", "Length must be between {min} and {max}."),
    (validate.Length(min=2), "x", "Shorter than minimum length {min}."),
    (validate.Length(max=2), "xxx", "Longer than maximum length {max}."),
    (validate.Length(equal=2), "x", "Length must be {equal}."),
    (validate.Range(1, 2), 3, "Must be greater than or equal to {min} and less than or equal to"),
    (validate.Range(min=1), 0, "Must be greater than or equal to {min}."),
    (validate.Range(max=1), 2, "Must be less than or equal to {max}."),
    (
        validate.Range(1, 2, min_inclusive=False, max_inclusive=False),
        1,
        "Must be greater than {min} and less than {max}.",
    ),
    (validate.Equal(1), 2, "Must be equal to {other}."),
    (validate.Regexp("a"), "b", "String does not match expected pattern."),
    (validate.OneOf([1]), 2, "Must be one of: {choices}."),
    (validate.NoneOf([1]), 1, "Invalid input."),
    (validate.ContainsOnly([1]), [2], "One or more of the choices you made was not in: {choices}."),
]


@pytest.mark.parametrize(("validator", "value", "expected"), VALIDATORS)
def test_the_messages_of_validators(
    validator: validate.Validator, value: Any, expected: str
) -> None:
    found = [each for each in message_ids() if each.startswith(expected)]
    assert found
    with pytest.raises(ValidationError) as raised:
        validator(value)
    (said,) = raised.value.messages
    options = {name: getattr(validator, name, None) for name in ("min", "max", "equal")}
    others = {"other": 1, "choices": "1"}
    assert said in [each.format(**options, **others) for each in found]


def test_what_else_is_said() -> None:
    known = message_ids()
    for made in (Schema(), fields.Int(), fields.Bool(), fields.Date(), fields.Nested(Schema)):
        assert {each for each in made.error_messages.values() if "{input" not in each} <= {*known}
    assert HTTPStatus.NOT_FOUND.phrase in known
    assert HTTPStatus.BAD_REQUEST.phrase in known
    assert HTTPStatus.OK.phrase not in known
    assert "Please correct the form:" in known
    assert not [each for each in known if "{input" in each or "{{" in each or "{min_op" in each]
    assert len(known) == len(set(known))
