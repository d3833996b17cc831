"""The inline code that loads dates, times, durations, decimals, UUIDs and addresses."""

from __future__ import annotations

import datetime as dt
import decimal
import ipaddress
import uuid
from collections.abc import Callable
from functools import partial

from marshmallow import fields

from .accept import Accept, Make, converted
from .function_types import Validate
from .guard import Guard

__all__ = ["EXACT", "ISO"]

ISO = (None, "iso", "iso8601")
"""The formats of dates and times that are ISO 8601."""

_NUMBER = "(type(v) is int or type(v) is float)"
_TIMESTAMPS = ("timestamp", "timestamp_ms")
_Temporal = fields.DateTime | fields.Date | fields.Time


def _temporal(field: _Temporal, guard: Guard | None) -> Accept:
    form = field.format or field.DEFAULT_FORMAT
    parse: Validate | None = field.DESERIALIZATION_FUNCS.get(form)
    convert = parse or partial(field._make_object_from_format, data_format=form)
    if form not in _TIMESTAMPS:
        return converted(guard, convert)
    kinds = _NUMBER if guard is None or guard.typed else "type(v) is str"
    return converted(guard, convert, kinds)


def _naive(field: fields.NaiveDateTime, guard: Guard | None) -> Accept:
    accept = _temporal(field, guard)
    zone = field.timezone
    if zone is None:
        return _with_after(accept, "{w}.tzinfo is None")
    return accept._replace(
        made=f"{{naive}}({accept.made})", bound=accept.bound | {"naive": _in(zone)}
    )


def _in(zone: dt.tzinfo) -> Callable[[dt.datetime], dt.datetime]:
    """Return the function that leaves out the zone of a datetime, which is converted before."""
    combine = dt.datetime.combine

    def naive(value: dt.datetime) -> dt.datetime:
        if value.tzinfo is None:
            return value
        if value.tzinfo is not zone:
            value = value.astimezone(zone)
        # PERF: it takes 2 thousand instructions, and `replace` takes 10.
        return combine(value, value.time())

    return naive


def _aware(field: fields.AwareDateTime, guard: Guard | None) -> Accept:
    accept = _temporal(field, guard)
    zone = field.default_timezone
    accept = _with_after(accept, "type({w}.tzinfo) is {timezone}")
    bound = accept.bound | {"timezone": dt.timezone}
    if zone is None:
        return accept._replace(bound=bound)
    combine = dt.datetime.combine

    def aware(value: dt.datetime) -> dt.datetime:
        return combine(value, value.time(), zone) if value.tzinfo is None else value

    made = f"{{aware}}({accept.made})"
    return accept._replace(made=made, after="", bound=bound | {"aware": aware})


def _with_after(accept: Accept, after: str) -> Accept:
    return accept._replace(after=f"({accept.after}) and {after}" if accept.after else after)


_UNITS = (
    "days",
    "seconds",
    "microseconds",
    "milliseconds",
    "minutes",
    "hours",
    "weeks",
)


def _timedelta(field: fields.TimeDelta, guard: Guard | None) -> Accept:
    before = "0, " * _UNITS.index(field.precision)
    bound: dict[str, object] = {"timedelta": dt.timedelta}
    if guard is not None and not guard.typed:
        accept = converted(guard, None)
    else:
        # An integer of more digits would be rounded to a float first.
        exact = "type(v) is int and -9007199254740992 <= v <= 9007199254740992"
        accept = converted(guard, None, f"(type(v) is float or {exact})")
    made = f"{{timedelta}}({before}{accept.made})"
    return accept._replace(made=made, bound=accept.bound | bound)


def _uuid(field: fields.UUID, guard: Guard | None) -> Accept:
    # PERF: msgspec creates a UUID in 3.6 thousand instructions, uuid.UUID in 11. It accepts 32
    # digits with four hyphens or none; the field's own method loads braces and prefixes.
    try:
        import msgspec  # PERF: imported only here, since most programs load it for nothing
    except ImportError:
        return converted(guard, uuid.UUID)
    convert = partial(msgspec.convert, type=uuid.UUID)
    if guard is None or guard.inline is not None:
        accept = converted(guard, None, tier="native")
        bound = accept.bound | {"msgspec": msgspec.convert, "UUID": uuid.UUID}
        return accept._replace(made=f"{{msgspec}}({accept.made}, {{UUID}})", bound=bound)
    return converted(guard, convert)._replace(tier="native")


def _decimal(field: fields.Decimal, guard: Guard | None) -> Accept | None:
    if guard is not None and guard.inline is None:
        return None
    made = "{Decimal}(v if type(v) is str else repr(v))"
    is_text = guard is not None and not guard.typed
    kinds = "(type(v) is str or type(v) is float or type(v) is int)"
    kinds = "type(v) is str" if is_text else kinds
    accept = Accept(kinds, made, "{w}.is_finite()")
    if guard is not None and guard.inline is not None:
        inline = guard.inline
        after = inline.after or "True"
        accept = Accept(f"{kinds} and ({inline.test})", made, f"{{w}}.is_finite() and ({after})")
        accept = accept._replace(bound=dict(inline.names))
    bound = accept.bound | {"Decimal": decimal.Decimal}
    if field.places is None:
        return accept._replace(bound=bound)
    bound |= {"places": field.places, "rounding": field.rounding}
    then = "{w}.quantize({places}, {rounding})" if field.rounding else "{w}.quantize({places})"
    return accept._replace(then=then, bound=bound)


def _address(field: fields.IP, guard: Guard | None) -> Accept:
    from .addresses import PARSERS  # cold start: few schemas have addresses

    return converted(guard, PARSERS[type(field)])


def _interface(field: fields.IPInterface, guard: Guard | None) -> Accept:
    return converted(guard, field.DESERIALIZATION_CLASS or ipaddress.ip_interface)


EXACT: dict[type, Make] = {
    fields.DateTime: _temporal,
    fields.NaiveDateTime: _naive,
    fields.AwareDateTime: _aware,
    fields.Date: _temporal,
    fields.Time: _temporal,
    fields.TimeDelta: _timedelta,
    fields.UUID: _uuid,
    fields.Decimal: _decimal,
    fields.IP: _address,
    fields.IPv4: _address,
    fields.IPv6: _address,
    fields.IPInterface: _interface,
    fields.IPv4Interface: _interface,
    fields.IPv6Interface: _interface,
}
"""The makers of inline code by the exact class of the field."""
