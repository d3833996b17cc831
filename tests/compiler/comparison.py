"""Two outcomes are the same: values, types, order of keys, exceptions, the input afterwards,
each recorded call.
"""

from __future__ import annotations

import datetime as dt
import enum
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from decimal import Decimal
from typing import Any

import marshmallow.schema
import pytest
from marshmallow import ValidationError

from .recording import LOG

__all__ = ["Outcome", "differences", "outcome", "same"]

_EQUAL = frozenset({str, int, bool, bytes, type(None)})
_ADDRESS = re.compile(r" at 0x[0-9a-f]+", re.IGNORECASE)
_SHOWN = (float, complex, Decimal, dt.datetime, dt.time, dt.date, dt.timedelta)


def same(one: Any, other: Any) -> bool:
    """Return whether two values are equal and of equal type, all the way down, in equal order."""
    kind = type(one)
    if kind is not type(other):
        return False
    if kind in _EQUAL:
        return bool(one == other) or (
            kind is str
            and " at 0x" in one.lower()
            and _ADDRESS.sub("", one) == _ADDRESS.sub("", other)
        )
    if one is other:
        return True
    if isinstance(one, dict):
        return (
            len(one) == len(other)
            and all(map(same, one, other))
            and all(map(same, one.values(), other.values()))
        )
    if isinstance(one, (list, tuple, deque)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, _SHOWN):
        return repr(one) == repr(other)
    if isinstance(one, BaseException):
        return _same_exceptions(one, other)
    if isinstance(one, (str, bytes, int)):
        return bool(one == other)
    if isinstance(one, enum.Enum):
        return False  # they are singletons
    if isinstance(one, Iterator) or callable(one):
        return True  # made anew for each run; what they yield shows where they are read
    return _same_objects(one, other)


def _same_objects(one: Any, other: Any) -> bool:
    if isinstance(one, AbstractSet):
        return bool(one == other)
    if isinstance(one, Mapping) and not hasattr(one, "__dict__"):
        return same(dict(one), dict(other))
    if hasattr(one, "__dict__"):
        return same(vars(one), vars(other))
    slots = getattr(type(one), "__slots__", None)
    if isinstance(slots, tuple) and type(one).__module__.startswith(__package__ or "-"):
        return all(same(getattr(one, name, None), getattr(other, name, None)) for name in slots)
    return bool(one == other) or repr(one) == repr(other)


def _same_exceptions(one: Any, other: Any) -> bool:
    if isinstance(one, RecursionError):
        return True  # its message says where it struck
    if not same(one.args, other.args):
        return False
    if isinstance(one, ValidationError):
        return all(
            same(getattr(one, name), getattr(other, name))
            for name in ("messages", "field_name", "valid_data", "kwargs", "data")
        )
    return True


class Outcome:
    """Is what a call did: its value or its exception, its input afterwards,
    and the calls that it made.
    """

    __slots__ = ("data", "error", "holds_input", "log", "value")

    def __init__(self, value: Any, error: BaseException | None, data: Any, log: list[Any]) -> None:
        self.value = value
        self.error = error
        self.data = data
        self.log = log
        self.holds_input = getattr(error, "data", None) is data


class _DataOrder(set[Any]):
    """A set whose difference lists its members in the order in which they came."""

    def __init__(self, members: Any = ()) -> None:
        self._members = list(members)
        super().__init__(self._members)

    def __sub__(self, known: Any) -> Any:
        return [each for each in self._members if each not in known]


def outcome(call: Callable[..., Any], data: Any, arguments: dict[str, Any]) -> Outcome:
    """Call and return what came of it.

    marshmallow walks the keys that a schema does not know as ``set(data) - known``, in another
    order in each process. Here its set keeps the order of the data, which is the compiler's order,
    so that the rest of marshmallow decides each position, and the comparison stays strict.
    """
    LOG.clear()
    value, error = None, None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(marshmallow.schema, "set", _DataOrder, raising=False)
        try:
            value = call(data, **arguments)
        except Exception as caught:
            error = caught
    return Outcome(value, error, data, list(LOG))


def differences(plain: Outcome, compiled: Outcome) -> list[str]:
    """Return what differs, in words; nothing where the outcomes are the same."""
    if (plain.error is None) is not (compiled.error is None) or not same(
        plain.error, compiled.error
    ):
        return [f"marshmallow: {_told(plain)}", f"compiled:    {_told(compiled)}"]
    if isinstance(plain.error, RecursionError):
        return []  # how deep it came depends on the number of frames, and nobody can rely on that
    if not same(plain.value, compiled.value):
        return [f"marshmallow: {_told(plain)}", f"compiled:    {_told(compiled)}"]
    if plain.holds_input is not compiled.holds_input:
        return ["the exception's data is not the input itself"]
    if not same(plain.log, compiled.log):
        return [
            f"calls with marshmallow: {_text(plain.log)}",
            f"calls when compiled:    {_text(compiled.log)}",
        ]
    if not same(plain.data, compiled.data):
        return ["the input is left in another state"]
    return []


def _told(found: Outcome) -> str:
    error = found.error
    if error is None:
        return f"value {_text(found.value)}"
    if isinstance(error, ValidationError):
        more = (
            f" field_name={error.field_name!r} valid_data={_text(error.valid_data)} "
            f"kwargs={_text(error.kwargs)}"
        )
        return f"ValidationError {_text(error.messages)}{more}"
    return f"{type(error).__name__} {_text(error.args)}"


def _text(value: Any) -> str:
    try:
        text = repr(value)
    except Exception as error:
        return f"<{type(value).__name__} whose repr raises {type(error).__name__}>"
    return text if len(text) < 1500 else f"{text[:1500]}..."
