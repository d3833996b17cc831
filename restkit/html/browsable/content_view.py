"""The content of a response as markup: JSON with links, other text, the parts that are cut."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from markupsafe import Markup

from ...records import Record
from .exchange import Received

__all__ = ["Find", "Place", "json_markup", "plain_text"]


class Place(Record):
    """Where a value stands in JSON.

    Attributes:
        name: The name of the member that it is, or of the list that it is in.
        owner: The object that has the member, None for an item of a list.
        path: The names of the members that lead to that object.
    """

    name: str = ""
    owner: Mapping[str, object] | None = None
    path: tuple[str, ...] = ()


Find = Callable[[object, Place], str | None]
"""A function from a value and its place to a URL."""

_MOST_SHOWN = 100_000
_LONGEST = 2_000
_INDENT = "  "
# SECURITY: characters that change the direction of text could make a value look like another one.
_UNSEEN = re.compile("[\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_LINK = Markup('<a href="{}"{}>{}</a>')
_OTHER_SITE = Markup(' rel="noreferrer"')
_SPAN = Markup('<span class="{}">{}</span>')
_CUT = Markup('<span class="cut">… {} characters</span>')


def json_markup(data: object, find: Find) -> tuple[Markup, bool]:
    """Return a JSON value as indented text with links, and whether it is cut.

    Args:
        data: The value.
        find: Returns the URL that a value leads to.
    """
    found: list[str] = []
    size = 0
    for piece in _pieces(data, Place(), find, ""):
        found.append(piece)
        size += len(piece)
        if size > _MOST_SHOWN:
            return Markup("".join(found)), True  # noqa: S704  # the pieces are escaped
    return Markup("".join(found)), False  # noqa: S704  # as above


def plain_text(received: Received) -> tuple[str, bool]:
    """Return the text of a response that is no JSON, and whether it is cut; "" if it is no text."""
    if not _is_text(received):
        return "", bool(received.body)
    text = received.body.decode("utf-8", "replace")
    return _visible(text[:_MOST_SHOWN]), received.is_cut or len(text) > _MOST_SHOWN


def _is_text(received: Received) -> bool:
    kind = received.media_type
    is_named = kind.startswith("text/") or kind.endswith(("json", "xml", "yaml", "javascript"))
    return is_named and b"\0" not in received.body[:1000]


def _pieces(value: object, at: Place, find: Find, indent: str) -> Iterator[str]:
    """Yield the parts of a value as escaped markup."""
    if isinstance(value, Mapping):
        yield from _object(value, at, find, indent)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        yield from _array(value, at, find, indent)
    else:
        yield _scalar(value, at, find)


def _object(value: Mapping[str, object], at: Place, find: Find, indent: str) -> Iterator[str]:
    if not value:
        yield "{}"
        return
    inner = indent + _INDENT
    before = "{\n"
    path = (*at.path, at.name) if at.name else at.path
    for name, each in value.items():
        key = _visible(json.dumps(name, ensure_ascii=False))
        yield f"{before}{inner}{_SPAN.format('k', key)}: "
        yield from _pieces(each, Place(name, value, path), find, inner)
        before = ",\n"
    yield f"\n{indent}}}"


def _array(value: Sequence[object], at: Place, find: Find, indent: str) -> Iterator[str]:
    if not value:
        yield "[]"
        return
    inner = indent + _INDENT
    before = "[\n"
    for each in value:
        yield f"{before}{inner}"
        yield from _pieces(each, at._replace(owner=None), find, inner)
        before = ",\n"
    yield f"\n{indent}]"


def _scalar(value: object, at: Place, find: Find) -> str:
    is_text = isinstance(value, str)
    text = json.dumps(value, ensure_ascii=False)
    shown: Markup | str = _visible(text[:_LONGEST])
    if len(text) > _LONGEST:
        return _SPAN.format("s", shown) + _CUT.format(len(text) - _LONGEST)
    url = find(value, at)
    if url is not None:
        is_other = url.startswith(("http://", "https://"))
        return _LINK.format(url, _OTHER_SITE if is_other else "", shown)
    kind = "s" if is_text else "n"
    return _SPAN.format(kind, shown)


def _visible(text: str) -> str:
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
