"""Values read by hand: each function returns what a JSON value means, or raises ValueError."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

__all__ = [
    "Reader",
    "aware",
    "choice",
    "decimal",
    "email",
    "identifier",
    "integer",
    "items",
    "link",
    "nested",
    "nullable",
    "number",
    "read",
    "text",
    "truth",
]

Reader = Callable[[Any], Any]
_email = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+").fullmatch
_link = re.compile(r"https?://[\w.-]+(:\d+)?(/[^\s]*)?").fullmatch


def read(shape: Mapping[str, Reader], data: Any, faults: list[str], place: str = "") -> Any:
    """Return the members of an object as their readers read them, and note what is wrong."""
    if type(data) is not dict:
        faults.append(place)
        return None
    found = {}
    for name, reader in shape.items():
        try:
            found[name] = reader(data[name])
        except KeyError:
            faults.append(f"{place}/{name}")
        except Faulty as faulty:
            faults += [f"{place}/{name}{each}" for each in faulty.faults]
        except (ValueError, TypeError, InvalidOperation):
            faults.append(f"{place}/{name}")
    faults += [f"{place}/{name}" for name in data.keys() - shape.keys()]
    return found


class Faulty(Exception):
    """Raised when an object inside another has faults."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__(faults)
        self.faults = faults


def nested(shape: Mapping[str, Reader]) -> Reader:
    def read_nested(value: Any) -> Any:
        faults: list[str] = []
        found = read(shape, value, faults)
        if faults:
            raise Faulty(faults)
        return found

    return read_nested


def items(reader: Reader, high: int, low: int = 0) -> Reader:
    def read_items(value: Any) -> Any:
        if type(value) is not list or not low <= len(value) <= high:
            raise ValueError
        found, faults = [], []
        for number, each in enumerate(value):
            try:
                found.append(reader(each))
            except Faulty as faulty:
                faults += [f"/{number}{fault}" for fault in faulty.faults]
            except (ValueError, TypeError, InvalidOperation):
                faults.append(f"/{number}")
        if faults:
            raise Faulty(faults)
        return found

    return read_items


def text(low: int, high: int) -> Reader:
    def read_text(value: Any) -> Any:
        if type(value) is str and low <= len(value) <= high:
            return value
        raise ValueError

    return read_text


def integer(low: int, high: int) -> Reader:
    def read_integer(value: Any) -> Any:
        if type(value) is int and low <= value <= high:
            return value
        raise ValueError

    return read_integer


def number(value: Any) -> Any:
    if type(value) is float or type(value) is int:
        return value
    raise ValueError


def truth(value: Any) -> Any:
    if value is True or value is False:
        return value
    raise ValueError


def decimal(low: int, high: int) -> Reader:
    def read_decimal(value: Any) -> Any:
        found = Decimal(value)
        if found.is_finite() and low <= found <= high:
            return found
        raise ValueError

    return read_decimal


def email(value: Any) -> Any:
    if type(value) is str and _email(value):
        return value
    raise ValueError


def link(value: Any) -> Any:
    if type(value) is str and _link(value):
        return value
    raise ValueError


def aware(value: Any) -> Any:
    found = dt.datetime.fromisoformat(value)
    if found.tzinfo is None:
        raise ValueError
    return found


def identifier(value: Any) -> Any:
    if type(value) is str:
        return uuid.UUID(value)
    raise ValueError


def choice(values: Any) -> Reader:
    found = frozenset(values)

    def read_choice(value: Any) -> Any:
        if type(value) is str and value in found:
            return value
        raise ValueError

    return read_choice


def nullable(reader: Reader) -> Reader:
    return lambda value: None if value is None else reader(value)
