"""An object with one member for every field type that marshmallow has."""

from __future__ import annotations

import enum
from typing import Any

__all__ = ["Color", "Rank", "faulty_specimen", "specimen", "written_specimen"]

VERSION = "v1"


class Color(enum.Enum):
    """Colors, whose names are their values: some programs write the name, others the value."""

    RED = "RED"
    GREEN = "GREEN"
    BLUE = "BLUE"


class Rank(enum.Enum):
    FIRST = "first"
    SECOND = "second"


def specimen() -> dict[str, Any]:
    """Return the object as a client sends it."""
    return {
        "text": "The quick brown fox",
        "integer": 42,
        "number": 2.5,
        "truth": True,
        "amount": "1234.56",
        "rounded": "19.90",
        "key": "6f1c2c3e-8c1f-4a55-9d33-0a4c3b1f9e77",
        "moment": "2026-03-01T09:30:15+02:00",
        "aware": "2026-03-01T09:30:15.250000+02:00",
        "naive": "2026-03-01T09:30:15",
        "day": "2026-03-01",
        "clock": "09:30:15",
        "span": 5400,
        "email": "ada.lovelace@mail.example.com",
        "link": "https://www.example.com/books/42?format=epub#notes",
        "address": "192.0.2.17",
        "ipv4": "198.51.100.4",
        "ipv6": "2001:db8::8a2e:370:7334",
        "interface": "192.0.2.17/24",
        "interface4": "198.51.100.4/28",
        "interface6": "2001:db8::1/64",
        "color": "GREEN",
        "rank": "second",
        "raw": {"any": ["thing", 1, None]},
        "version": VERSION,
        "integers": [1, 2, 3, 5, 8],
        "pair": ["left", 2],
        "counts": {"red": 3, "green": 5},
        "weights": {"red": 0.5, "green": 1.25},
        "nested": {"name": "first", "size": 3},
        "many": [{"name": "second", "size": 4}, {"name": "third", "size": 5}],
        "plucked": "fourth",
        "optional": None,
    }


def written_specimen() -> dict[str, Any]:
    """Return the object as it is answered: two members are computed."""
    content = specimen()
    return {**content, "loud": content["text"].upper(), "length": len(content["text"])}


def faulty_specimen() -> dict[str, Any]:
    """Return the object with a fault in each member but those that take anything."""
    content: dict[str, Any] = dict.fromkeys(specimen(), "?" * 60)
    wrong = {"text": 7, "plucked": 7, "optional": 7, "color": "PURPLE", "rank": "third"}
    return {**content, **wrong, "raw": None, "version": VERSION}
