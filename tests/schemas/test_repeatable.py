"""Defaults and choices that are the same for each request and in every process."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from marshmallow import fields, validate

from restkit import App, returns, takes
from restkit.testing import Client


def client_of(field: fields.Field[Any], seen: list[Any] | None = None) -> Client:
    app = App("T")

    @app.post("/x")
    @takes(body={"a": field})
    @returns(None)
    def respond(body: dict[str, Any]) -> Any:
        if seen is not None:
            seen.append(body["a"])
        return {}

    return Client(app)


SET = {"d", "a", "c", "b", "e"}


@pytest.mark.parametrize(
    "validator",
    [
        validate.NoneOf(SET, error="None of {values}."),
        validate.And(validate.NoneOf(SET, error="None of {values}.")),
        validate.And(validate.And(validate.NoneOf(SET, error="None of {values}."))),
    ],
)
def test_forbidden_values_of_a_set_are_listed_in_order(validator: Any) -> None:
    """A message with the values of a set is the same in every process."""
    response = client_of(fields.Str(validate=validator)).post("/x", json={"a": "a"})
    assert response.status == 422
    assert response.json["errors"][0]["detail"] == "None of a, b, c, d, e."


@pytest.mark.parametrize("wrap", [validate.OneOf, lambda each: validate.And(validate.OneOf(each))])
def test_choices_of_a_set_are_listed_in_order(wrap: Any) -> None:
    """So are the choices."""
    response = client_of(fields.Str(validate=wrap(SET))).post("/x", json={"a": "z"})
    assert response.json["errors"][0]["detail"] == "Must be one of: a, b, c, d, e."


def test_a_default_that_is_changed_is_fresh_for_the_next_request() -> None:
    """Each request gets its own copy."""
    seen: list[Any] = []
    client = client_of(fields.List(fields.Int(), load_default=[1]), seen)
    client.post("/x", json={})
    seen[0].append(2)
    client.post("/x", json={})
    assert seen[1] == [1]


def test_a_default_that_cannot_be_copied_is_one_object() -> None:
    """A lock is meant to be shared."""
    seen: list[Any] = []
    lock = threading.Lock()
    client = client_of(fields.Raw(load_default=lock), seen)
    assert client.post("/x", json={}).status == 200
    assert seen[0] is lock
