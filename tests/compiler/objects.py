"""What the differential test loads and dumps beside plain JSON values:
subclasses, mappings, objects of every make.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
from collections import namedtuple
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

__all__ = [
    "Attrs",
    "BytesSub",
    "Color",
    "Defaulting",
    "DictSub",
    "Dynamic",
    "Endless",
    "FloatSub",
    "Getitem",
    "IntSub",
    "Iterable_",
    "Level",
    "ListSub",
    "Made",
    "Mapped",
    "Nullable",
    "Odd",
    "Raises",
    "Slots",
    "StrSub",
    "Stripped",
    "data",
    "generate",
    "named",
    "properties",
]


class Color(enum.Enum):
    red = 1
    green = 2
    Blue = 3


class Level(enum.StrEnum):
    LOW = "low"
    HIGH = "high"


class Nullable(enum.Enum):
    nothing = None
    one = 1
    two = "two"


class IntSub(int):
    pass


class FloatSub(float):
    pass


class StrSub(str):
    pass


class BytesSub(bytes):
    pass


class ListSub(list):
    pass


class DictSub(dict):
    pass


class Defaulting(dict):
    """A dict that has every key, as a defaultdict does."""

    def __missing__(self, key: Any) -> Any:
        return "7"


class Stripped(list):
    """A list that marshmallow takes for a string, because it has a method ``strip``."""

    def strip(self) -> None:
        """Do nothing."""


class Odd:
    """An object that is nothing in particular."""

    def __repr__(self) -> str:
        return "Odd()"

    def __str__(self) -> str:
        return "odd"


class Made:
    """What a post_load hook makes of its data."""

    def __init__(self, content: Any) -> None:
        self.content = content

    def __repr__(self) -> str:
        return "Made"


class Raises:
    """Says what reading the attribute or key that holds it raises."""

    def __init__(self, kind: type[Exception]) -> None:
        self.kind = kind

    def __repr__(self) -> str:
        return f"Raises({self.kind.__name__})"


def _given(value: Any) -> Any:
    if type(value) is Raises:
        raise value.kind("reading")
    return value


class Mapped(Mapping[Any, Any]):
    """A Mapping that is no dict."""

    def __init__(self, content: dict[Any, Any]) -> None:
        self.content = content

    def __getitem__(self, key: Any) -> Any:
        return _given(self.content[key])

    def __iter__(self) -> Iterator[Any]:
        return iter(self.content)

    def __len__(self) -> int:
        return len(self.content)


class Attrs:
    """An object with attributes."""

    def __init__(self, content: dict[Any, Any]) -> None:
        for key, value in content.items():
            self.__dict__[str(key)] = value


class Slots:
    """An object with slots, some of them empty."""

    __slots__ = ("a", "b", "c", "d", "items", "keys", "real", "value")

    def __init__(self, content: dict[Any, Any]) -> None:
        for key, value in content.items():
            if key in self.__slots__:
                setattr(self, key, value)


class Getitem:
    """An object with ``__getitem__`` alone."""

    def __init__(self, content: dict[Any, Any]) -> None:
        self._content = content

    def __getitem__(self, key: Any) -> Any:
        return _given(self._content[key])


class Dynamic:
    """An object that answers for its attributes with ``__getattr__``."""

    def __init__(self, content: dict[Any, Any]) -> None:
        self.__dict__["_content"] = content

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            return _given(self._content[name])
        except KeyError:
            raise AttributeError(name) from None


@functools.cache
def _properties(names: tuple[str, ...]) -> type:
    def read(name: str) -> property:
        return property(lambda self: _given(self._content[name]))

    def start(self: Any, content: dict[Any, Any]) -> None:
        self._content = content

    return type("Properties", (), {"__init__": start} | {name: read(name) for name in names})


def properties(content: dict[Any, Any]) -> Any:
    """Return an object that has each key as a property."""
    return _properties(tuple(str(key) for key in content))(
        {str(key): value for key, value in content.items()}
    )


@functools.cache
def _data(names: tuple[str, ...]) -> type:
    return dataclasses.make_dataclass("Data", names)


@functools.cache
def _named(names: tuple[str, ...]) -> type:
    return namedtuple("Named", names)  # noqa: PYI024  # its fields are drawn


def _plain(content: dict[Any, Any]) -> dict[str, Any]:
    return {
        key: value
        for key, value in content.items()
        if key in ("a", "b", "c", "d", "e", "real", "value")
    }


def data(content: dict[Any, Any]) -> Any:
    """Return an instance of a dataclass with the keys that may be fields."""
    content = _plain(content)
    return _data(tuple(content))(**content)


def named(content: dict[Any, Any]) -> Any:
    """Return a namedtuple with the keys that may be fields."""
    content = _plain(content)
    return _named(tuple(content))(**content)


def generate(items: Iterable[Any]) -> Iterator[Any]:
    """Yield items."""
    yield from items


class Iterable_:
    """An object that can be iterated over and nothing else."""

    def __init__(self, content: list[Any]) -> None:
        self.content = content

    def __iter__(self) -> Iterator[Any]:
        return iter(self.content)


class Endless:
    """An object that has every attribute, and no item."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return name
