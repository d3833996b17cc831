"""Keyword arguments of a call as the parts of a request."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import TypeVar
from urllib.parse import quote, urlencode

from ..http.uris import DOT_SEGMENTS
from .parameter_texts import header_text, path_text, query_pairs
from .peer_operation import PeerOperation, PeerParameter
from .python_names import python_name

__all__ = ["Arguments", "Arranged", "argument_names"]

T = TypeVar("T")

BODY = "body"
_NOT_PARAMETERS = ("self", BODY)
_HEADERS = {
    "if_match": PeerParameter("If-Match", "header", style="simple"),
    "if_none_match": PeerParameter("If-None-Match", "header", style="simple"),
}
_KEY = {"idempotency_key": PeerParameter("Idempotency-Key", "header", style="simple")}


class Arranged:
    """The parts of a request.

    Attributes:
        path: The path, percent-encoded.
        query: The names and values of the query.
        headers: The headers; Cookie is one of them.
        body: The whole content, if ``has_body``.
        has_body: Whether there is content.
        url: The URL, if it is not that of path and query.
    """

    def __init__(self, path: str) -> None:
        """Begin with a template of the path."""
        self.path = path
        self.query: list[tuple[str, str]] = []
        self.headers: dict[str, str] = {}
        self.body: object = None
        self.has_body = False
        self.url: str | None = None
        self._cookies: list[str] = []

    def at(self, url: str) -> Arranged:
        """Return the same request at another URL."""
        made = Arranged(self.path)
        made.headers, made.body, made.has_body = dict(self.headers), self.body, self.has_body
        made.url = url
        return made

    @property
    def target(self) -> str:
        """The path with the query."""
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path

    def put(self, parameter: PeerParameter, value: object) -> None:
        """Put the value of a parameter in its place.

        Raises:
            TypeError: The value cannot be written there.
        """
        if parameter.location == "path":
            text = path_text(parameter, value)
            # SECURITY: these would be another URL (RFC 3986, section 5.2.4).
            if text in ("", *DOT_SEGMENTS):
                raise TypeError(f"{text!r} cannot be a part of a path")
            quoted = quote(text, safe="!$&'()*+,:;=@")
            self.path = self.path.replace(f"{{{parameter.name}}}", quoted)
        elif parameter.location == "query":
            self.query += query_pairs(parameter, value)
        elif parameter.location == "header":
            self.headers[parameter.name] = header_text(parameter, value)
        else:
            self._cookies.append(f"{parameter.name}={quote(path_text(parameter, value))}")
            self.headers["Cookie"] = "; ".join(self._cookies)


def argument_names(operation: PeerOperation) -> dict[str, PeerParameter]:
    """Return the parameters of an operation by their names in Python.

    If a parameter has the name of one of the path, its location comes first: ``query_note_id``.
    """
    found: dict[str, PeerParameter] = {}
    for each in sorted(operation.parameters, key=lambda one: one.location != "path"):
        name = python_name(each.name)
        name = f"{name}_" if name in _NOT_PARAMETERS else name
        found[f"{each.location}_{name}" if name in found else name] = each
    return found


def _by_name(found: Mapping[str, T]) -> dict[str, T]:
    """Return values by their names in the document, and by these as Python writes them."""
    return {**{python_name(name): each for name, each in found.items()}, **found}


class Arguments:
    """The arguments that one operation takes, by their names in Python.

    An argument is a parameter, or else a member of the content; ``body`` is the whole content. Each
    has its name as in the document, or that name as Python writes it (`python_name`).
    """

    def __init__(self, called: str, operation: PeerOperation) -> None:
        """Read the names.

        Args:
            called: The call as messages name it, ``stock.reserve()``.
            operation: The operation.
        """
        self._called = called
        self._operation = operation
        self.parameters = argument_names(operation)
        for each in operation.parameters:
            if each.name not in _NOT_PARAMETERS:
                self.parameters.setdefault(each.name, each)
        names = [name for content in operation.contents for name in content.members]
        self.members = _by_name({name: name for name in names})
        for name, each in {**_HEADERS, **(_KEY if operation.takes_key else {})}.items():
            if name not in self.members:
                self.parameters.setdefault(name, each)
        self._required = [each for each in operation.parameters if each.required]

    def arrange(self, given: Mapping[str, object]) -> Arranged:
        """Return the parts of a request.

        Args:
            given: The arguments. A parameter that is None is left out; a member is null.

        Raises:
            TypeError: An argument is unknown or missing, or cannot be written.
        """
        made = Arranged(self._operation.path)
        members: dict[str, object] = {}
        written: set[PeerParameter] = set()
        for name, value in given.items():
            if name in self.parameters:
                if value is not None:
                    written.add(self.parameters[name])
                    self._put(made, name, value)
            elif name == BODY and self._operation.contents:
                made.body, made.has_body = value, True
            elif name in self.members:
                members[self.members[name]] = value
            else:
                raise TypeError(self._unknown(name))
        for each in self._required:
            if each not in written:
                raise TypeError(f"{self._called} lacks the argument {python_name(each.name)!r}.")
        self._put_members(made, members)
        return made

    def _put(self, made: Arranged, name: str, value: object) -> None:
        try:
            made.put(self.parameters[name], value)
        except TypeError as error:
            raise TypeError(f"{self._called}, argument {name!r}: {error}") from None

    def _put_members(self, made: Arranged, members: Mapping[str, object]) -> None:
        if members and made.has_body:
            raise TypeError(
                f"{self._called} has both body= and {min(members)!r}, which is a member of it."
            )
        if members:
            made.body, made.has_body = dict(members), True
        if not made.has_body and self._operation.needs_content:
            if not any(each.members for each in self._operation.contents):
                raise TypeError(f"{self._called} lacks the argument 'body'.")
            made.body, made.has_body = {}, True  # the other service says which members it lacks

    def _unknown(self, name: str) -> str:
        known = {*self.parameters, *self.members, *([BODY] if self._operation.contents else [])}
        near = difflib.get_close_matches(name, known, n=1)
        if near:
            return f"{self._called} has no argument {name!r}. Did you mean {near[0]!r}?"
        shown = ", ".join(sorted({python_name(each) for each in known})) or "none"
        return f"{self._called} has no argument {name!r}. It takes: {shown}."
