"""`EndpointSchema`: the fields that owners of endpoints may send and see."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

__all__ = ["EndpointSchema"]

_LABEL = "[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?"
_PORT = "([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
_URL = rf"^https?://{_LABEL}(\.{_LABEL})*(:{_PORT})?([/?][!-\"$-~]*)?\Z"
# 24 to 64 bytes in Base64, with or without padding
_FOUR, _TWO, _THREE = "([A-Za-z0-9+/]{4})", "[A-Za-z0-9+/]{2}(==)?", "[A-Za-z0-9+/]{3}=?"
_SECRET = f"^(whsec_)?({_FOUR}{{8,20}}({_TWO}|{_THREE})?|{_FOUR}{{21}}({_TWO})?)\\Z"
_TYPE = r"^(\*|[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*)\Z"
_LONGEST_URL, _MOST_SECRETS, _MOST_EVENTS = 2000, 5, 100


class EndpointSchema(Schema):
    """The fields of an `EndpointRecord`, for a CRUDResource of endpoints.

    The secrets are symmetric ones, which are never shown: the private key of a pair is that of the
    sender. ``disabled_at`` is only read. The address of the URL is checked when a webhook is sent,
    since a name may get another one. Derive your schema from it::

        class OwnEndpointSchema(EndpointSchema):
            id = fields.Int(dump_only=True)
    """

    url = fields.Str(
        required=True,
        validate=[
            validate.Length(max=_LONGEST_URL),
            validate.Regexp(_URL, error="Not an https URL with a host name."),
        ],
        metadata={
            "description": "An https URL with a host name in ASCII, without user name and password."
        },
    )
    secrets = fields.List(
        fields.Str(
            validate=validate.Regexp(_SECRET, error="A secret is 24 to 64 bytes in Base64.")
        ),
        required=True,
        load_only=True,
        validate=validate.Length(1, _MOST_SECRETS),
        metadata={
            "description": "The secrets that sign, the newest first: each is 24 to 64 random bytes "
            "in Base64, with the prefix `whsec_` or without."
        },
    )
    events = fields.List(
        fields.Str(validate=validate.Regexp(_TYPE)),
        required=True,
        validate=validate.Length(max=_MOST_EVENTS),
        metadata={"description": "The types of the events, or `*` for all."},
    )
    disabled_at = fields.AwareDateTime(
        dump_only=True,
        allow_none=True,
        metadata={"description": "The time since which nothing is sent, null while it is in use."},
    )
