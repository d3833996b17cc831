"""The forms and responses of the token endpoint: what they need, and how long texts may be."""

from __future__ import annotations

from typing import Any

import pytest
from marshmallow import Schema

from restkit.security.token_resources import (
    KeySetSchema,
    RevocationFormSchema,
    TokenFormSchema,
    TokenSchema,
)

ISSUED = {"access_token": "a", "token_type": "Bearer", "expires_in": 60, "refresh_token": "r"}


@pytest.mark.parametrize(
    ("schema", "name", "most", "least"),
    [
        (TokenFormSchema, "grant_type", 100, 0),
        (TokenFormSchema, "username", 1024, 1),
        (TokenFormSchema, "password", 1024, 1),
        (TokenFormSchema, "refresh_token", 1024, 1),
        (TokenFormSchema, "scope", 1024, 0),
        (TokenFormSchema, "client_id", 1024, 0),
        (TokenFormSchema, "client_secret", 1024, 0),
        (RevocationFormSchema, "token", 1024, 1),
        (RevocationFormSchema, "token_type_hint", 100, 0),
    ],
)
def test_how_long_texts_may_be(schema: type[Schema], name: str, most: int, least: int) -> None:
    """They are bounded before a password is hashed or a token is looked up."""
    given = {"grant_type": "password"} if schema is TokenFormSchema else {"token": "t"}
    for length in (least, most):
        assert schema().validate({**given, name: "x" * length}) == {}
    for length in {most + 1, max(least - 1, 0)} - {least}:
        assert list(schema().validate({**given, name: "x" * length})) == [name]


@pytest.mark.parametrize(
    ("schema", "given", "required"),
    [
        (TokenFormSchema, {"grant_type": "password"}, {"grant_type"}),
        (RevocationFormSchema, {"token": "t"}, {"token"}),
        (TokenSchema, ISSUED, set(ISSUED)),
        (KeySetSchema, {"keys": [{"kty": "EC"}]}, {"keys"}),
    ],
)
def test_what_is_required(schema: type[Schema], given: dict[str, Any], required: set[str]) -> None:
    assert schema().validate(given) == {}
    assert set(schema().validate({})) == required


@pytest.mark.parametrize(
    ("schema", "given"),
    [
        (TokenSchema, {**ISSUED, "token_type": "bearer"}),
        (TokenSchema, {**ISSUED, "expires_in": "soon"}),
        (KeySetSchema, {"keys": [1]}),
        (KeySetSchema, {"keys": [{1: "a"}]}),
    ],
)
def test_what_no_response_is(schema: type[Schema], given: dict[str, Any]) -> None:
    assert schema().validate(given) != {}
