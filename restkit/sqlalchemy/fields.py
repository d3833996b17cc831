"""Fields and validators that marshmallow lacks: bytes, times without a zone, datetimes in UTC."""

from __future__ import annotations

import base64
import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, cast

from marshmallow import ValidationError, fields, validate

__all__ = ["Base64", "InUTC", "LocalTime", "Rectangular"]

_BASE64 = "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$"
_TIME = r"^([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?$"
_base64, _time = re.compile(_BASE64), re.compile(_TIME, re.ASCII)


class Base64(fields.Field[bytes]):
    """A field of bytes as canonical Base64 (RFC 4648, section 4)."""

    dumps_value_alone = True  # for the compiler; a subclass may use the whole object
    json_schema: ClassVar[dict[str, object]] = {
        "type": "string",
        "contentEncoding": "base64",
        "pattern": _BASE64,
    }

    def _serialize(
        self, value: bytes | None, attr: str | None, obj: Any, **options: Any
    ) -> str | None:
        return None if value is None else base64.b64encode(value).decode("ascii")

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any
    ) -> bytes:
        if not isinstance(value, str) or not _base64.fullmatch(value):
            raise ValidationError("Not bytes in Base64.")
        return base64.b64decode(value, validate=True)


class LocalTime(fields.Field[dt.time]):
    """A field of times without a time zone, which columns of times do not store."""

    dumps_value_alone = True  # for the compiler; a subclass may use the whole object
    json_schema: ClassVar[dict[str, object]] = {
        "type": "string",
        "format": "time-local",
        "pattern": _TIME,
    }

    def _serialize(
        self, value: dt.time | None, attr: str | None, obj: Any, **options: Any
    ) -> str | None:
        return None if value is None else value.isoformat()

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any
    ) -> dt.time:
        if not isinstance(value, str) or not _time.fullmatch(value):
            raise ValidationError("Not a valid time.")
        return dt.time.fromisoformat(value)


class InUTC(validate.Validator):
    """A validator of datetimes that stay within the years 1 to 9999 in UTC."""

    def __call__(self, value: Any) -> Any:
        """Return the datetime.

        Raises:
            ValidationError: The datetime is outside these years.
        """
        try:
            cast("dt.datetime", value).astimezone(dt.UTC)
        except OverflowError:
            raise ValidationError("Not within the years 1 to 9999 in UTC.") from None
        return value


class Rectangular(validate.Validator):
    """A validator of lists in lists, as an array of PostgreSQL holds them.

    The lists of one depth have the same length, and only the outermost one may be empty.
    """

    def __call__(self, value: Sequence[object]) -> Sequence[object]:
        """Return the list.

        Raises:
            ValidationError: The lists differ in length, or an inner one is empty.
        """
        level = value
        while inner := [each for each in level if isinstance(each, list)]:
            if not inner[0] or any(len(each) != len(inner[0]) for each in inner):
                raise ValidationError("The inner lists must have the same length, at least 1.")
            level = [item for each in inner for item in each]
        return value
