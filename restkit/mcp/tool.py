"""`Tool`: an Operation as an agent sees and calls it."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from types import MappingProxyType
from urllib.parse import unquote, urlsplit

from ..client.arguments import Arranged
from ..client.peer_operation import PeerParameter
from ..contract import Operation
from ..http.uris import quote_path
from ..records import Record

__all__ = ["BODY", "NEXT", "Tool", "environ_key"]

BODY = "body"
"""The argument that is the whole content, if its members cannot be arguments."""

NEXT = "next"
"""The argument that is the URL of the next page, as the page before has it."""


class Tool(Record):
    """One Operation as a tool.

    Attributes:
        operation: The Operation.
        definition: The tool as ``tools/list`` has it (MCP 2026-07-28, server features, tools).
        former: The same for earlier versions, whose structured content is always an object.
        parameters: The parameters by the names of the arguments.
        members: The arguments that are members of the content.
        media_type: The media type of the content, "" without any.
        needs_content: Whether each call must have content.
        accept: The value of Accept.
        constants: Headers that each call has, such as that of the version.
        credentials: The keys of the headers that say who calls, in the environ of WSGI.
        has_pages: Whether the argument `NEXT` reads the page after another one.
    """

    operation: Operation
    definition: Mapping[str, object]
    former: Mapping[str, object]
    parameters: Mapping[str, PeerParameter] = MappingProxyType({})
    members: frozenset[str] = frozenset()
    media_type: str = ""
    needs_content: bool = False
    accept: str = "*/*"
    has_pages: bool = False
    constants: Mapping[str, str] = MappingProxyType({})
    credentials: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name of the tool."""
        return self.operation.operation_id

    def arrange(self, given: Mapping[str, object]) -> Arranged:
        """Return the parts of the request that arguments stand for.

        Args:
            given: The arguments. A parameter that is null is left out.

        Raises:
            TypeError: An argument is unknown or missing, or cannot be written.
        """
        made = Arranged(self.operation.path)
        made.headers.update(self.constants)
        if self.has_pages and given.get(NEXT) is not None:
            return made.at(_page_url(given[NEXT]))
        known = frozenset(self._names)
        if unknown := [name for name in given if name not in known]:
            raise TypeError(self._unknown(unknown[0]))
        for name, each in self.parameters.items():
            if given.get(name) is not None:
                self._put(made, name, given[name])
            elif each.required:
                raise TypeError(f"The argument {name!r} is missing.")
        self._put_content(made, given)
        return made

    @property
    def _names(self) -> list[str]:
        """The names of all arguments."""
        whole = [BODY] if self.media_type and not self.members else []
        pages = [NEXT] if self.has_pages else []
        return [*self.parameters, *self.members, *whole, *pages]

    def _put_content(self, made: Arranged, given: Mapping[str, object]) -> None:
        if self.members:
            made.body = {name: value for name, value in given.items() if name in self.members}
            made.has_body = True
        elif self.media_type and BODY in given:
            made.body, made.has_body = given[BODY], True
        elif self.needs_content:
            raise TypeError(f"The argument {BODY!r} is missing.")

    def _put(self, made: Arranged, name: str, value: object) -> None:
        try:
            made.put(self.parameters[name], value)
        except TypeError as error:
            raise TypeError(f"The argument {name!r}: {error}.") from None

    def _unknown(self, name: str) -> str:
        known = self._names
        if near := get_close_matches(name[:64], known, n=1):
            return f"There is no argument of this name. Did you mean {near[0]!r}?"
        return f"There is no argument of this name. Known: {', '.join(sorted(known)) or 'none'}."


def _page_url(given: object) -> str:
    """Return the URL of a page: its path and query, whatever host it names."""
    try:
        parts = urlsplit(given if isinstance(given, str) else "")
    except ValueError:
        parts = urlsplit("")
    if not parts.path.startswith("/"):
        raise TypeError(f"The argument {NEXT!r} is the URL of a page, as the page before has it.")
    path = quote_path(unquote(parts.path))
    return f"{path}?{parts.query}" if parts.query else path


def environ_key(header: str) -> str:
    """Return the key of a header in the environ of WSGI."""
    return f"HTTP_{header.upper().replace('-', '_')}"
