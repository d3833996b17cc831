"""`Server`: the methods of MCP, each request by itself."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Protocol, cast

from ..client.arguments import Arranged
from ..contract import Operation
from ..openapi.audience import Audience, source_of
from ..openapi.document import Documented
from ..request import Request
from ..schemas.json_values import watch_lazy_texts
from .calls import OutermostApp, Reply, Undeliverable, call_tool
from .messages import INVALID_PARAMS, METHOD_NOT_FOUND, Message, MessageError
from .protocol_versions import SERVER_INFO, SUPPORTED, negotiated
from .results import failed, result_of
from .tool import Tool
from .toolbox import make_tools

if TYPE_CHECKING:
    from ..settings import Settings

__all__ = ["Server", "Unauthenticated"]

_Result = dict[str, object]
_LISTED_MS, _DISCOVERED_MS = 300_000, 3_600_000
_MOST_AUDIENCES = 16


class _App(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def settings(self) -> Settings: ...


class Unauthenticated(Exception):
    """Raised when the App answers a call with 401, which becomes the response of the endpoint.

    Attributes:
        reply: The response.
    """

    def __init__(self, reply: Reply) -> None:
        """Keep the response."""
        super().__init__()
        self.reply = reply


class Server:
    """The tools of an App, and the methods that list and call them.

    Attributes:
        operations: The Operations that are tools, known once everything is declared.
    """

    def __init__(self, url: str, instructions: str, largest: int) -> None:
        """Keep the options of `MCP`."""
        self._url = url
        self._instructions = instructions
        self._largest = largest
        self.operations: Sequence[Operation] = ()
        self._lock = threading.Lock()
        self._known: dict[Audience | None, dict[str, Tool]] = {}
        self._methods: Mapping[str, Callable[[Message, Request, bool], _Result]] = {
            "initialize": self._initialize,
            "ping": self._ping,
            "server/discover": self._discover,
            "tools/list": self._list,
            "tools/call": self._call,
        }

    def respond(self, message: Message, request: Request, *, is_stateless: bool) -> _Result:
        """Return the result of a request.

        Args:
            message: The message.
            request: The request with it.
            is_stateless: Whether its version is 2026-07-28 or later.

        Raises:
            MessageError: There is no such method, or a parameter is invalid.
            Unauthenticated: A tool needs credentials.
        """
        other_era = ("initialize", "ping") if is_stateless else ("server/discover",)
        method = self._methods.get(message.method)
        if method is None or message.method in other_era:
            known = [each for each in self._methods if each not in other_era]
            raise MessageError(
                METHOD_NOT_FOUND, f"There is no such method. Known: {', '.join(known)}."
            )
        result = method(message, request, is_stateless)
        if not is_stateless:
            return result
        meta = {SERVER_INFO: self._info(request)}
        return {"resultType": "complete", **result, "_meta": meta}

    # methods

    def _initialize(self, message: Message, request: Request, is_stateless: bool) -> _Result:
        version = negotiated(message.params.get("protocolVersion"))
        return {
            "protocolVersion": version,
            "capabilities": {"tools": {}},
            "serverInfo": self._info(request),
            **self._guidance(),
        }

    def _ping(self, message: Message, request: Request, is_stateless: bool) -> _Result:
        return {}

    def _discover(self, message: Message, request: Request, is_stateless: bool) -> _Result:
        return {
            "supportedVersions": list(SUPPORTED),
            "capabilities": {"tools": {}},
            **self._guidance(),
            **self._caching(request, _DISCOVERED_MS),
        }

    def _list(self, message: Message, request: Request, is_stateless: bool) -> _Result:
        if message.params.get("cursor") is not None:
            raise MessageError(INVALID_PARAMS, "There is one page of tools, which has no cursor.")
        tools = self._tools(request).values()
        if not is_stateless:
            return {"tools": [each.former for each in tools]}
        return {
            "tools": [each.definition for each in tools],
            **self._caching(request, _LISTED_MS),
        }

    def _call(self, message: Message, request: Request, is_stateless: bool) -> _Result:
        name = message.params.get("name")
        arguments = message.params.get("arguments")
        if not isinstance(name, str) or not isinstance(arguments, (Mapping, type(None))):
            raise MessageError(INVALID_PARAMS, "A call has a name, and an object of arguments.")
        tools = self._tools(request)
        if name not in tools:
            near = get_close_matches(name[:64], tools, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else "tools/list has the tools."
            raise MessageError(INVALID_PARAMS, f"Unknown tool. {hint}")
        tool = tools[name]
        try:
            parts = tool.arrange(cast("Mapping[str, object]", arguments or {}))
        except TypeError as error:
            return failed(str(error))
        try:
            reply = self._called(request, tool, parts)
        except Undeliverable as error:
            return failed(str(error))
        if reply.status == 401:
            raise Unauthenticated(reply)
        needs_tag = any("If-Match" in each.parameters for each in tools.values())
        return result_of(reply, is_stateless=is_stateless, shows_tag=needs_tag)

    def _called(self, request: Request, tool: Tool, parts: Arranged) -> Reply:
        app = cast("_Registered", request.app)._registry.root.app
        return call_tool(app, request, self._url, tool, parts, self._largest)

    # tools

    def _tools(self, request: Request) -> dict[str, Tool]:
        """Return the tools by name, those of the caller if the document is by caller."""
        source, audience = source_of(request)
        with self._lock:
            known = self._known
            if audience in known:
                return known[audience]
            with watch_lazy_texts() as lazy:
                tools = self._made(request, source if audience is not None else None)
            if not lazy:
                if len(known) >= _MOST_AUDIENCES:
                    known.clear()
                known[audience] = tools
            return tools

    def _made(self, request: Request, source: Documented | None) -> dict[str, Tool]:
        operations = self.operations
        if source is not None:
            names = {each.operation_id for each in operations}
            operations = [each for each in source.operations() if each.operation_id in names]
        return make_tools(request.app.name, request.app.settings, operations)

    def _info(self, request: Request) -> _Result:
        app = cast("_App", request.app)
        return {"name": str(app.name), "version": str(app.version)}

    def _guidance(self) -> _Result:
        return {"instructions": self._instructions} if self._instructions else {}

    @staticmethod
    def _caching(request: Request, milliseconds: int) -> _Result:
        """Return for how long a result may be kept, and whether for other callers too."""
        operation: Operation | None = request.operation
        is_private = request.app.settings.docs_by_caller or bool(operation and operation.security)
        return {"ttlMs": milliseconds, "cacheScope": "private" if is_private else "public"}


class _Registered(Protocol):
    @property
    def _registry(self) -> _Registry: ...


class _Registry(Protocol):
    @property
    def root(self) -> _Root: ...


class _Root(Protocol):
    @property
    def app(self) -> OutermostApp: ...
