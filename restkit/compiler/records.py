"""Records: the data of a dump as msgspec structs, which msgspec writes as JSON objects.

PERF: to create a struct of six members and to write it takes 2.2 thousand instructions, a dict 3.9
with orjson. Structs are also unknown to the garbage collector.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

from marshmallow import missing

from .datetimes import native_datetime
from .value_forms import NATIVE, Forms, clean

if TYPE_CHECKING:
    from msgspec import Struct

__all__ = ["RECORDS", "has_msgspec", "record_class", "record_encoder", "record_member"]

_Native = Callable[[object], bytes]


class _Other:
    """A value that the native encoder writes."""

    __slots__ = ("value",)

    def __init__(self, value: object) -> None:
        self.value = value


# Values of these types are written alike; `missing` is no value.
_ALIKE = frozenset({str, int, bool, type(None), type(missing)})


def _safe(value: object) -> object:
    """Return the result of a field's own method such that it is written as `NATIVE` data is."""
    return value if type(value) in _ALIKE else _Other(clean(value))


_FLOAT = "{v} if -1e16 < {v} < 1e16 else other({v})"  # msgspec writes 1e16, orjson 1e+16
_DATETIME = (
    "{v} if (z := {v}.tzinfo) is None or type(z) is timezone and z in OFFSETS else moment({v})"
)
_MOST = 2048
_OFFSETS: set[object] = set()


def _moment(value: dt.datetime) -> object:
    """Return a datetime of a zone that is not in OFFSETS; msgspec writes UTC as ``Z``."""
    made = native_datetime(value)
    if made is not value:
        return made
    if not value.utcoffset():
        return _Other(value)
    if len(_OFFSETS) < _MOST:
        _OFFSETS.add(value.tzinfo)
    return value


RECORDS = Forms(
    "records",
    {
        **NATIVE.kinds,
        "float": (NATIVE.kinds["float"][0], _FLOAT),
        "datetime": (NATIVE.kinds["datetime"][0], _DATETIME),
        "time": ("type({v}) is time", "{v} if {v}.tzinfo is None else time_text({v})"),
    },
    "None",
    _safe,
    NATIVE.names | {"other": _Other, "moment": _moment, "OFFSETS": _OFFSETS},
)
"""The purpose of `record_encoder`: data that it writes as a native encoder writes `NATIVE` data."""


def has_msgspec() -> bool:
    """Return True if msgspec is installed."""
    return find_spec("msgspec") is not None


def record_class(keys: Sequence[str]) -> type[object] | None:
    """Return a struct class with the members of an object, None if msgspec rejects a key.

    Args:
        keys: The names of the members, in the order of the arguments of the class.
    """
    import msgspec  # PERF: imported only here, since most programs write no schema

    names = [f"v{number}" for number in range(len(keys))]
    try:
        return msgspec.defstruct(
            "Record", names, rename=dict(zip(names, keys, strict=True)), eq=False, gc=False
        )
    except ValueError:  # quotes, backslashes and control characters
        return None


def record_member(data: Struct | dict[str, object], key: str) -> object:
    """Return a member of a record, or of a dict in place of one.

    Raises:
        KeyError: There is no such member.
    """
    if isinstance(data, _Other) and isinstance(data.value, dict):  # marshmallow made it
        return _safe(data.value[key])
    if isinstance(data, dict):
        return data[key]
    keys = data.__struct_encode_fields__
    if key not in keys:
        raise KeyError(key)
    return getattr(data, data.__struct_fields__[keys.index(key)])


def record_encoder(native: _Native) -> Callable[[object], bytes] | None:
    """Return the function from data of `RECORDS` to bytes, None if msgspec is not installed.

    Args:
        native: The function from data of `NATIVE` to the same bytes.
    """
    if not has_msgspec():
        return None
    import msgspec  # PERF: as above

    raw = msgspec.Raw

    def other(value: object) -> object:
        return raw(native(value.value if type(value) is _Other else value))

    encode = msgspec.json.Encoder(enc_hook=other).encode

    def write(value: object) -> bytes:
        try:
            return encode(value)
        except Exception:  # noqa: BLE001, S110  # the native encoder raises below
            pass
        # Of several values that are not JSON, the native encoder may name another one.
        return native(_natives(value, msgspec.Struct))

    return write


def _natives(value: object, record: type[Struct]) -> object:
    """Return data of `RECORDS` as data of `NATIVE`."""
    if isinstance(value, _Other):
        return value.value
    if isinstance(value, record):
        names = zip(value.__struct_encode_fields__, value.__struct_fields__, strict=True)
        return {key: _natives(getattr(value, name), record) for key, name in names}
    if type(value) is dict:
        return {key: _natives(each, record) for key, each in value.items()}
    if type(value) is list or type(value) is tuple:
        return [_natives(each, record) for each in value]
    return value
