"""Values of parameters as texts (OpenAPI 3.1.1, section 4.8.12.3)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import cast
from uuid import UUID

from ..encoding import dumps_json
from .peer_operation import PeerParameter

__all__ = ["header_text", "path_text", "query_pairs", "text_of"]

_SEPARATORS = {"spaceDelimited": " ", "pipeDelimited": "|"}
_TEXTS = (int, float, Decimal, UUID)


def text_of(value: object) -> str:
    """Return a single value as a text.

    Raises:
        TypeError: It is no single value.
    """
    if isinstance(value, Enum):
        return text_of(value.value)
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, _TEXTS):
        return str(value)
    raise TypeError(f"a {type(value).__name__} cannot be written as a text")


def path_text(parameter: PeerParameter, value: object) -> str:
    """Return the text of a parameter of the path, a header or a cookie."""
    if parameter.is_json:
        return dumps_json(value).decode()
    if _is_object(value):
        members = cast("Mapping[str, object]", value).items()
        between = "=" if parameter.explode else ","
        return ",".join(f"{name}{between}{text_of(each)}" for name, each in members)
    return ",".join(map(text_of, _items(value)))


def header_text(parameter: PeerParameter, value: object) -> str:
    """Return the value of a header.

    Raises:
        TypeError: It has a control character, or one that is not ASCII.
    """
    text = path_text(parameter, value)
    # SECURITY: a line break would begin another header.
    if not (text.isascii() and text.isprintable()):
        raise TypeError("a header can have printable ASCII characters only")
    return text


def query_pairs(parameter: PeerParameter, value: object) -> list[tuple[str, str]]:
    """Return the names and values of the query that a parameter stands for."""
    name = parameter.name
    if parameter.is_json:
        return [(name, dumps_json(value).decode())]
    if _is_object(value):
        return _object_pairs(parameter, cast("Mapping[str, object]", value))
    texts = list(map(text_of, _items(value)))
    if parameter.explode or not _is_list(value):
        return [(name, text) for text in texts]
    return [(name, _SEPARATORS.get(parameter.style, ",").join(texts))] if texts else []


def _object_pairs(parameter: PeerParameter, value: Mapping[str, object]) -> list[tuple[str, str]]:
    members = [(key, text_of(each)) for key, each in value.items()]
    if parameter.style == "deepObject":
        return [(f"{parameter.name}[{key}]", text) for key, text in members]
    if parameter.explode:
        return members
    return [(parameter.name, ",".join(f"{key},{text}" for key, text in members))]


def _is_object(value: object) -> bool:
    return isinstance(value, Mapping)


def _is_list(value: object) -> bool:
    return isinstance(value, Collection) and not isinstance(value, (str, bytes))


def _items(value: object) -> Collection[object]:
    return cast("Collection[object]", value) if _is_list(value) else (value,)
