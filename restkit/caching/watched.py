"""A request that notes the values that a method reads, so that nothing outside the key decides.

SECURITY: a response that depends on a header which is not in the key would be sent to clients with
another value of the header. Such a response is not stored.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from werkzeug.datastructures import EnvironHeaders

from ..http.authorization import parse_authorization
from ..request import Request

__all__ = ["unkeyed", "watched"]

T = TypeVar("T")
_EVERY = "every request header"
# Values of these attributes come from headers, and are made again while the request is watched.
_MADE = frozenset(
    (
        *("headers", "cookies", "authorization", "remote_addr", "access_route", "user_agent"),
        *("accept_charsets", "accept_encodings", "accept_languages", "accept_mimetypes"),
        *("cache_control", "pragma", "range", "referrer", "origin", "content_type", "mimetype"),
        *("if_match", "if_none_match", "if_modified_since", "if_unmodified_since", "if_range"),
    )
)
# RFC 9110: these say nothing of a GET without content, or are in every key.
_HARMLESS = frozenset({"host", "content-length", "content-type", "connection", "transfer-encoding"})


class _WatchedHeaders(EnvironHeaders):
    """The headers of a request, which note the names that are read."""

    if not TYPE_CHECKING:  # the types are those of the base

        def __init__(self, environ: dict[str, object], notes: set[str]) -> None:
            super().__init__(environ)
            self._notes = notes

        def __getitem__(self, key: str) -> object:
            self._notes.add(str(key).lower())
            return super().__getitem__(key)

        def __contains__(self, key: object) -> bool:
            self._notes.add(str(key).lower())
            return super().__contains__(key)

        def __iter__(self) -> Iterator[tuple[str, str]]:
            self._notes.add(_EVERY)
            return super().__iter__()

        def get(self, key: str, default: object = None, type: object = None) -> object:
            """Return the value of a header, or the default."""
            self._notes.add(key.lower())
            return super().get(key, default, type)

        def getlist(self, key: str, type: object = None) -> list[object]:
            """Return all values of a header."""
            self._notes.add(key.lower())
            return EnvironHeaders(self.environ).getlist(key, type)


class _WatchedRequest(Request):
    """A request while a response is made that may be stored."""

    _notes: set[str]
    _shadow: dict[str, object]
    _outer: frozenset[type]
    _is_shared: bool

    if not TYPE_CHECKING:  # the types are those of the base

        @property
        def headers(self) -> EnvironHeaders:
            """The headers."""
            return _WatchedHeaders(self.environ, self._notes)

        @property
        def authorization(self) -> object:
            """The credentials."""
            self._notes.add("authorization")
            return parse_authorization(self.environ.get("HTTP_AUTHORIZATION", ""))

        @property
        def remote_addr(self) -> object:
            """The address of the client."""
            self._notes.add("the address of the client")
            return self.environ.get("REMOTE_ADDR")

        @property
        def caller(self) -> object:
            """The caller."""
            if self._is_shared:
                self._notes.add("the caller")
            return self.__dict__.get("caller")

        @caller.setter
        def caller(self, value: object) -> None:
            self.__dict__["caller"] = value

    def state(self, kind: type[T]) -> T:
        """Return the object of a class; one that middleware has made counts as read."""
        if kind in self._outer:
            self._notes.add(f"request.state({kind.__qualname__})")
        return super().state(kind)

    def __getattr__(self, name: str) -> object:
        shadow = self.__dict__.get("_shadow", {})
        if name not in shadow:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        self._notes.add(f"request.{name}")
        return shadow[name]


@contextmanager
def watched(request: Request, *, is_shared: bool) -> Generator[set[str]]:
    """Watch which values of a request are read in the context; yield the notes.

    Args:
        request: The request.
        is_shared: Whether the response is for all callers, so that it must not depend on one.
    """
    own = vars(request)
    hidden = {name: own.pop(name) for name in [*own] if _is_foreign(name)}
    made = {name: own.pop(name) for name in _MADE.intersection(own)}
    notes: set[str] = set()
    outer = frozenset(own.get("_state", ()))
    more = {"_notes": notes, "_shadow": hidden, "_outer": outer, "_is_shared": is_shared}
    own.update(more)
    kind = type(request)
    request.__class__ = _WatchedRequest
    try:
        yield notes
    finally:
        request.__class__ = kind
        for name in (*more, *_MADE.intersection(own)):
            own.pop(name, None)
        for name, value in {**made, **hidden}.items():
            own.setdefault(name, value)


def unkeyed(notes: Collection[str], keyed: Collection[str]) -> list[str]:
    """Return the values of a request that were read and are not in the key of its response.

    Args:
        notes: The values that were read.
        keyed: The names of the headers in the key, in lower case.
    """
    return sorted(each for each in notes if each not in keyed and each not in _HARMLESS)


def _is_foreign(name: str) -> bool:
    """Return whether an attribute of a request is one that middleware has set."""
    return not (name.startswith("_") or name in _KNOWN or hasattr(Request, name))


_KNOWN = frozenset({"environ", "path_parameters", "provided", "form_parsed", "caller", "app"})
