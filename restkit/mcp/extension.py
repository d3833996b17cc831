"""`MCP`: the extension that makes Operations tools of agents."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Protocol, cast

from ..contract import Failure, Operation
from ..contributor import Contribution
from ..declaration_checks import check_flag, texts_of
from ..decorators import takes
from ..errors import DeclarationError
from ..problems import Unauthorized
from ..request import Request
from ..resource import Resource
from ..security.origins import check_origin
from .selection import MOST_TOOLS, selected

if TYPE_CHECKING:
    from ..operations.registry import Registry
    from ..requirements import SecurityLike
    from ..settings import Settings

__all__ = ["MCP"]

_log = logging.getLogger("restkit")
_EXAMPLE = "MCP(tools=['listBooks'])"


class _App(Protocol):
    name: str
    settings: Settings
    _registry: Registry

    @property
    def extensions(self) -> Sequence[object]: ...

    def operations(self) -> tuple[Operation, ...]: ...

    def add(
        self,
        pattern: str,
        resource: type[Resource],
        /,
        *,
        security: SecurityLike = ...,
        public: bool = ...,
    ) -> object: ...


class MCP:
    """Chosen operations as tools of agents: ``app.install(MCP(tools=["listBooks", "getBook"]))``.

    ``POST /mcp`` speaks the Model Context Protocol, the versions 2025-03-26 to 2026-07-28, without
    sessions and streams, so that each request may go to another process.

    A tool is an operation: its name is the operationId, its arguments are the parameters and the
    members of the content. A call goes through the App itself, with the agent's Authorization and
    without cookies, so that security, limits and validation apply to agents as to everybody else.
    A problem is a result that says so, from which the model can learn.
    """

    def __init__(
        self,
        tools: Collection[str],
        *,
        writes: Collection[str] = (),
        url: str = "/mcp",
        instructions: str = "",
        origins: Collection[str] = (),
        authorization_servers: Collection[str] = (),
        security: SecurityLike | None = None,
        public: bool = False,
        documented: bool = False,
        largest_result: int = 1_000_000,
    ) -> None:
        """Check and keep the options.

        Args:
            tools: The operationIds and tags of operations that only read. Of a tag, the operations
                that write are left out.
            writes: The operationIds and tags of operations that write.
            url: The URL of the endpoint.
            instructions: Instructions for a model that uses the tools.
            origins: The origins of pages that may call the endpoint, besides those of ``cors`` and
                those of this machine: ``["https://agent.example"]``. Programs send no origin.
            authorization_servers: The URLs of the servers that issue tokens (RFC 9728); those of
                the security schemes by default.
            security: The security of the endpoint; that of the App by default.
            public: Whether the endpoint needs no credentials; those of each tool are asked for.
            documented: Whether the endpoint is in the OpenAPI document. Agents find the tools by
                the protocol.
            largest_result: The largest response of an operation, in bytes.

        Raises:
            DeclarationError: There is no name, or a value is malformed. Unknown names are found
                when the App is complete, before its first request.
        """
        self._tools = texts_of(tools, "MCP(tools=...)")
        self._writes = texts_of(writes, "MCP(writes=...)")
        if not (self._tools or self._writes):
            raise DeclarationError(
                f"MCP has no tools. Name operations by operationId or tag: {_EXAMPLE}."
            )
        self.url = _checked_url(url)
        self._origins = frozenset(texts_of(origins, "MCP(origins=...)"))
        for each in self._origins:
            check_origin(each, "MCP(origins=...)")
        self._servers = _checked_servers(authorization_servers)
        check_flag(documented, "MCP(documented=...)")
        check_flag(public, "MCP(public=...)")
        _check_values(instructions, largest_result)
        if security is not None and public:
            raise DeclarationError("MCP has security=... and public=True. Remove one of them.")
        self._security = security
        self._public, self._documented = public, documented
        self._largest, self._instructions = largest_result, instructions
        self._endpoint: type[Resource] | None = None
        self._app: _App | None = None
        self.operations: Sequence[Operation] = ()
        self._guarded: Sequence[Operation] = ()

    def install(self, app: _App, /) -> None:
        """Add the URLs.

        Raises:
            CollisionError: A resource has the URL.
        """
        from .endpoint import Endpoint  # cold start: marshmallow
        from .protected_resource import WELL_KNOWN, Challenges, Metadata
        from .server import Server

        self._app = app
        self._server = Server(self.url, self._instructions, self._largest)
        takes_message = takes(
            body=bytes, media_types=["application/json"], max_size=app.settings.max_body_size
        )
        self._endpoint = self._made(
            Endpoint,
            post=takes_message(vars(Endpoint)["post"]),
            server=self._server,
            origins=self._origins,
            middleware=(Challenges(self.url),),
        )
        if self._security is None:
            app.add(self.url, self._endpoint, public=self._public)
        else:
            app.add(self.url, self._endpoint, security=self._security)
        places = [WELL_KNOWN + self.url]
        if not any(isinstance(each, MCP) for each in app.extensions):
            places.append(WELL_KNOWN)
        for place in places:
            app.add(place, self._made(Metadata, endpoint=self, own_url=place))

    def _made(self, base: type[Resource], **members: object) -> type[Resource]:
        common = {
            "documented": self._documented,
            "__doc__": base.__doc__,
            "__module__": base.__module__,
        }
        return cast("type[Resource]", type(base.__name__, (base,), {**common, **members}))

    def contribute(self, operation: Operation, /) -> Contribution:
        """Document the headers of the endpoint, and the 401 of a tool."""
        if operation.resource is not self._endpoint:
            return Contribution()
        from .endpoint import HEADERS  # cold start, as above
        from .protected_resource import CHALLENGE

        words = "A tool needs credentials."
        failures = (Failure(Unauthorized, "extension", words, (CHALLENGE,)),)
        return Contribution(parameters=HEADERS, failures=failures if self._has_security() else ())

    def _has_security(self) -> bool:
        """Return whether something that the App has may need credentials."""
        if self._app is None:
            return False
        for _, app in self._app._registry.walk_apps():
            registry = app._registry
            surrounding = (registry.access, *(each.access for each in registry.mounts))
            if any(each.security for each in surrounding):
                return True
            if any(each.security for entry in registry.entries for each in entry.operations):
                return True
        return False

    def compose(self, app: _App, /) -> None:
        """Find the operations; called once, when everything is declared.

        Raises:
            DeclarationError: A name is none, or an operation cannot be a tool.
        """
        declared_at = f"MCP of the App {app.name!r}"
        others = [each for each in app.operations() if not _is_own(each)]
        found = selected(others, self._tools, self._writes, declared_at)
        if len(found) > MOST_TOOLS:
            _log.warning(
                "%s has %d tools. Agents read all of them in each turn, and choose worse among "
                "many: name fewer than %d, or install several with urls of their own",
                declared_at,
                len(found),
                MOST_TOOLS,
            )
        if self._public and app.settings.docs_by_caller:
            _check_are_public(found, declared_at)
        self.operations = self._server.operations = found
        called = {(each.resource, each.function) for each in found}
        self._guarded = [
            each
            for each in app._registry.root.app.operations()
            if each.resource is self._endpoint or (each.resource, each.function) in called
        ]

    # the protected resource

    def is_protected(self, request: Request) -> bool:
        """Return whether the endpoint or a tool takes tokens."""
        from .protected_resource import takes_tokens  # cold start, as above

        return bool(self._servers) or takes_tokens(self._guarded)

    def authorization_servers(self, request: Request) -> Sequence[str]:
        """Return the URLs of the servers that issue tokens."""
        from .protected_resource import issuers_of  # cold start, as above

        return self._servers or issuers_of(self._guarded)


def _check_are_public(operations: Sequence[Operation], declared_at: str) -> None:
    """Reject tools that nobody would see: an endpoint without security knows no caller.

    Raises:
        DeclarationError: One has security.
    """
    if any(each.security for each in operations):
        raise DeclarationError(
            f"{declared_at} has public=True, so that it knows no caller, and the setting "
            "docs_by_caller shows tools with security to callers only. Remove public=True."
        )


def _checked_url(url: object) -> str:
    if not isinstance(url, str) or not url.startswith("/") or any(each in url for each in "<?#"):
        raise DeclarationError(
            f"MCP(url=...) must be a path without variables, such as '/mcp', got {url!r}."
        )
    return url


def _checked_servers(servers: Collection[str]) -> tuple[str, ...]:
    found = texts_of(servers, "MCP(authorization_servers=...)")
    for each in found:
        if not each.startswith(("https://", "http://")):
            raise DeclarationError(
                f"MCP(authorization_servers=...) must have URLs, got {each!r}. Write the issuer, "
                "such as 'https://id.example'."
            )
    return found


def _check_values(instructions: object, largest: object) -> None:
    if type(largest) is not int or largest < 1:
        raise DeclarationError(
            f"MCP(largest_result=...) must be a number of bytes, got {largest!r}."
        )
    if not isinstance(instructions, str):
        raise DeclarationError(f"MCP(instructions=...) must be a text, got {instructions!r}.")


def _is_own(operation: Operation) -> bool:
    """Return whether an Operation is that of an endpoint of MCP, or of its metadata."""
    from .endpoint import Endpoint  # cold start, as above
    from .protected_resource import Metadata

    return issubclass(operation.resource, (Endpoint, Metadata))
