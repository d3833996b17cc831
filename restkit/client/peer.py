"""`Peer`: another service as a client knows it: its URL, its operations, the way to it."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Collection, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast
from urllib.parse import urlsplit

import httpx2

from ..errors import DeclarationError
from .client_options import DocumentLike
from .deadline import Deadline
from .in_process import InProcessTransport
from .peer_document import operations_of
from .peer_operation import PeerOperation
from .peer_problems import PeerTimeout
from .python_names import names_of
from .sockets import SocketTransport

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

__all__ = ["Peer"]

_IN_PROCESS = "http://localhost"


class _Described(Protocol):
    """An App: it has operations, of which a document can be built."""

    name: str

    def freeze(self) -> object: ...

    def operations(self) -> object: ...


class Peer:
    """Another service.

    Attributes:
        name: Its name, for messages.
        url: Its URL, without a slash at the end.
    """

    def __init__(
        self,
        target: str | WSGIApplication,
        name: str | None,
        document: DocumentLike | None,
        transport: httpx2.BaseTransport | None,
    ) -> None:
        """Check and keep the facts about the service.

        Raises:
            DeclarationError: The target is neither a URL nor an application.
        """
        self.url = _url_of(target)
        self._app = None if isinstance(target, str) else target
        self.name = name or _name_of(target, self.url)
        self._lock, self._fetching = threading.Lock(), threading.Lock()
        self._process = os.getpid()
        self._given = transport
        self._transport: httpx2.BaseTransport | None = transport
        self._operations: dict[str, PeerOperation] | None = None
        self._names: dict[str, list[str]] = {}
        self._document = document

    def transport(self) -> httpx2.BaseTransport:
        """Return the way to the service; a process that was forked gets connections of its own."""
        found = self._transport
        if found is not None and self._process == os.getpid():
            return found
        with self._lock:
            if self._transport is None or self._process != os.getpid():
                self._process = os.getpid()
                self._transport = self._given or self._made()
            return self._transport

    def _made(self) -> httpx2.BaseTransport:
        if self._app is not None:
            return InProcessTransport(self._app)
        return SocketTransport(is_tls=self.url.startswith("https:"))

    def close(self) -> None:
        """Close the connections; the next request makes new ones."""
        with self._lock:
            found, self._transport = self._transport, None
        if found is not None:
            found.close()

    @property
    def is_known(self) -> bool:
        """Whether the operations are known already."""
        return self._operations is not None

    def know(self, taken: Collection[str]) -> bool:
        """Read the operations without a request, if that is possible.

        Args:
            taken: The names of the client itself.
        """
        if self._document is not None:
            self.learn(_read(self._document), taken)
        elif hasattr(self._app, "operations") and hasattr(self._app, "freeze"):
            from ..openapi.document import Documented, build  # cold start: apispec

            app = cast("_Described", self._app)
            app.freeze()
            self.learn(build(cast("Documented", app)), taken)
        return self.is_known

    def learn(self, document: Mapping[str, object], taken: Collection[str]) -> None:
        """Read the operations of a document."""
        found = operations_of(document)
        self._names = names_of(found, taken)
        self._operations = found

    def learn_once(
        self,
        fetch: Callable[[Deadline], Mapping[str, object]],
        deadline: Deadline,
        taken: Collection[str],
    ) -> None:
        """Fetch the document if the operations are not known; other threads wait for it.

        Raises:
            PeerTimeout: Another thread still waits for it at the deadline.
        """
        if self.is_known:
            return
        if not self._fetching.acquire(timeout=deadline.left()):
            raise PeerTimeout(f"The service {self.name} has not sent its OpenAPI document in time.")
        try:
            if not self.is_known:
                self.learn(fetch(deadline), taken)
        finally:
            self._fetching.release()

    def operation(self, name: str) -> PeerOperation:
        """Return an operation that is known.

        Args:
            name: Its operationId, or that as a name of Python.

        Raises:
            LookupError: There is no such operation, or the name is that of several.
        """
        operations = self._operations or {}
        if name in operations:
            return operations[name]
        ids = self._names.get(name, [])
        if len(ids) == 1:
            return operations[ids[0]]
        if ids:
            raise LookupError(
                f"{name!r} is the name of several operations of {self.name}: {', '.join(ids)}. "
                f"Write client.operation({ids[0]!r})."
            )
        near = get_close_matches(name, [*self._names, *operations], n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise LookupError(f"The service {self.name} has no operation {name!r}.{hint}")

    @property
    def names(self) -> list[str]:
        """The names of the operations in Python."""
        return sorted(self._names)


def _url_of(target: object) -> str:
    if not isinstance(target, str):
        if isinstance(target, type) or not callable(target):
            raise DeclarationError(
                f"Client() expects the URL of a service, or an App in this process, got {target!r}."
            )
        return _IN_PROCESS
    try:
        parts = urlsplit(target)
        is_url = parts.scheme in ("http", "https") and bool(parts.hostname)
        has_more = bool(parts.query or parts.fragment or parts.username)
        parts.port  # noqa: B018  # raises for a port that is no number
    except ValueError:
        is_url, has_more = False, False
    if not is_url or has_more:
        raise DeclarationError(
            f"Client() expects the URL of a service, such as 'http://stock:8000', got {target!r}. "
            "It has no query, fragment or credentials."
        )
    return target.rstrip("/")


def _name_of(target: object, url: str) -> str:
    own: object = getattr(target, "name", None)
    return own if isinstance(own, str) else urlsplit(url).netloc


def _read(document: DocumentLike) -> Mapping[str, object]:
    """Return a document: as it is given, or that of a file."""
    if isinstance(document, Mapping):
        return document
    path = Path(document)
    try:
        text = path.read_text("utf-8")
        if path.suffix.lower() in (".yaml", ".yml"):
            import yaml  # cold start

            # YAML has dates and numbers as names besides what JSON has.
            text = json.dumps(yaml.safe_load(text), default=str)
        return cast("Mapping[str, object]", json.loads(text))
    except (OSError, ValueError) as error:
        raise DeclarationError(f"The document {document!s} cannot be read: {error}") from error
