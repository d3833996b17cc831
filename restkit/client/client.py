"""`Client`: another service, whose operations are methods."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Self, cast

from ..contract import Failure, Operation
from ..contributor import Contribution
from ..declaration_checks import texts_of
from ..errors import DeclarationError, MissingExtraError
from ..limits.deadline import seconds_left
from ..problems import BadGateway, GatewayTimeout, Problem, ServiceUnavailable
from ..request import Request, current_request
from .arguments import Arranged
from .breaker import Breaker, State
from .client_options import DocumentLike, HeadersLike, check_options
from .content import Content, encode
from .deadline import HEADER, Deadline
from .keys import idempotency_key
from .method import Method
from .passing_on import headers_passed_on
from .peer_operation import PeerOperation
from .peer_problems import PeerFailed, own_problems, problem_of
from .reply import Reply
from .retries import can_repeat

try:
    import httpx2

    from .peer import Peer
    from .sending import Received, Sender
except ModuleNotFoundError as error:
    raise MissingExtraError("restkit.client", "client") from error

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

__all__ = ["Client"]

_log = logging.getLogger("restkit.client")
_EMPTY = Content()
_MOST_RETRIES = 10
_FAILURES = (
    Failure(BadGateway, "provide", "Another service responded with an error."),
    Failure(ServiceUnavailable, "provide", "Another service cannot be reached, or is busy."),
    Failure(GatewayTimeout, "provide", "Another service did not respond in time."),
)
# What a gateway or an overloaded service responds with, whether declared or not.
_OF_GATEWAYS = frozenset({429, 502, 503, 504})


class Client:
    """Another service, whose operations are methods: ``stock.reserve(sku="a", quantity=2)``.

    The methods are the operationIds of the service's OpenAPI document, as Python writes names:
    ``listItems`` is ``list_items``. The document is fetched once, before the first call.

    In a resource class, ``stock = provide(stock)`` provides it: the operations of the class declare
    the 502, 503 and 504 of the other service, and its problems that no method declares are a 502.
    One client serves all threads of a process.
    """

    def __init__(
        self,
        target: str | WSGIApplication,
        *,
        timeout: float = 5.0,
        operations: Sequence[str] = (),
        problems: Sequence[type[Problem]] = (),
        headers: HeadersLike | None = None,
        forward: Sequence[str] = (),
        document: DocumentLike | None = None,
        document_url: str = "/openapi.json",
        name: str | None = None,
        retries: int = 2,
        breaker: Breaker | bool = True,
        deadline_header: str = HEADER,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        """Make a client; no request is sent yet.

        Args:
            target: The URL of the service; or an App, or another WSGI application, in this process.
            timeout: The longest time of a call in seconds, with all its tries. A call has no more
                than the rest of the deadline of the current request.
            operations: The operationIds that the program uses; `check` rejects others.
            problems: Problem classes of the service that no method declares with `raises`.
            headers: Headers of each request, or a function that returns them, such as credentials.
            forward: The names of headers of the current request that go along: Authorization is the
                caller's.
            document: The OpenAPI document, or the path of its file, to fetch none.
            document_url: The path of the document below the URL of the service.
            name: The name of the service in messages; by default the host, or the name of the App.
            retries: The most retries of a call that may be repeated: one that changes nothing, PUT,
                DELETE, and others with an Idempotency-Key.
            breaker: Whether a service that has failed often is left alone for a while, or how.
            deadline_header: The header that says how many milliseconds the client waits.
            transport: A transport of httpx2, for proxies, client certificates or caches. It obeys
                time-outs by the rules of httpx2, which bound each read alone.

        Raises:
            DeclarationError: An argument is none of these, or an operation is not in the document,
                if that is known without a request.
        """
        check_options(timeout, headers, problems, breaker)
        if not document_url.startswith("/"):
            raise DeclarationError(
                f"Client(document_url={document_url!r}): it must be a path: '/openapi.json'."
            )
        self._peer = Peer(target, name, document, transport)
        if type(retries) is not int or not 0 <= retries <= _MOST_RETRIES:
            raise DeclarationError(
                f"Client(retries={retries!r}): it must be from 0 to {_MOST_RETRIES}."
            )
        made = Breaker() if breaker is True else breaker
        self._breaker = made if isinstance(made, Breaker) else None
        self._sender = Sender(
            self._peer.name,
            self._peer.transport,
            timeout=timeout,
            retries=retries,
            breaker=self._breaker,
        )
        self._timeout = float(timeout)
        self._deadline_header = deadline_header
        self._uses = texts_of(operations, "Client(operations=...)")
        self._forward = texts_of(forward, "Client(forward=...)")
        self._headers = headers
        self._problems = tuple(problems)
        self._document_url = document_url
        self._methods: dict[str, Method] = {}
        if self._peer.know(_OWN_NAMES):
            self._check_uses()

    def __repr__(self) -> str:
        return f"<Client of {self._peer.name}: {self._peer.url}>"

    def __getattr__(self, name: str) -> Method:
        """Return the method of an operation.

        Raises:
            AttributeError: The service has no such operation.
            Problem: The document cannot be fetched.
        """
        if name.startswith("_"):
            raise AttributeError(f"{type(self).__qualname__!r} object has no attribute {name!r}")
        try:
            return self.operation(name)
        except LookupError as error:
            raise AttributeError(str(error), name=name, obj=self) from None

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._peer.names})

    def operation(self, operation_id: str) -> Method:
        """Return the method of an operation, by its operationId or its name in Python.

        Raises:
            LookupError: The service has no such operation.
            Problem: The document cannot be fetched.
        """
        found = self._methods.get(operation_id)
        if found is None:
            self._know()
            operation = self._peer.operation(operation_id)
            made = Method(self._peer.name, self._peer.url, operation, self._perform)
            found = self._methods[operation_id] = made
        return found

    # in a resource

    def __call__(self, request: Request, /) -> Iterator[Self]:
        """Yield the client, as a factory of `provide`."""
        with own_problems(request):
            yield self

    def contribute(self, operation: Operation, /) -> Contribution:
        """Declare the problems that the other service may cause."""
        return Contribution(failures=_FAILURES)

    @property
    def breaker_state(self) -> State:
        """The state of the breaker: ``"closed"``, ``"open"`` or ``"half-open"``."""
        return "closed" if self._breaker is None else self._breaker.state

    # starting and stopping

    def check(self) -> bool:
        """Return whether the service responds, and has the operations that the program uses.

        It is a check of a `Service`, and a function for `App.on_start`: a service that cannot be
        reached must not keep this one from starting, and is logged.

        Raises:
            DeclarationError: The service has no such operation.
        """
        try:
            if self._peer.is_known:
                reply = self._fetch("HEAD", self._document_url, Deadline(self._timeout))
                if reply.status >= 500:  # perhaps of the proxy before it
                    raise PeerFailed(f"It responded with {reply.status}.")
            else:
                self._know()
        except Problem as error:
            _log.warning("The service %s does not respond properly: %s", self._peer.name, error)
            return False
        self._check_uses()
        return True

    def close(self) -> None:
        """Close the connections; the next call makes new ones."""
        self._peer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    # requests

    def _check_uses(self) -> None:
        for each in self._uses:
            try:
                self._peer.operation(each)
            except LookupError as error:
                raise DeclarationError(f"Client(operations=...): {error}") from None

    def _know(self) -> None:
        if not self._peer.is_known:
            deadline = self._deadline()
            self._peer.learn_once(self._fetched_document, deadline, _OWN_NAMES)

    def _fetched_document(self, deadline: Deadline) -> Mapping[str, object]:
        reply = self._fetch("GET", self._document_url, deadline)
        if reply.status != 200 or not isinstance(reply.data, Mapping):
            raise PeerFailed(
                f"{self._peer.url}{self._document_url} responded with {reply.status}, not with an "
                "OpenAPI document. Give the client document= or document_url=."
            )
        return cast("Mapping[str, object]", reply.data)

    def _fetch(self, method: str, path: str, deadline: Deadline) -> Reply:
        arranged = Arranged(path)
        arranged.headers["Accept"] = "application/json"
        make = partial(self._request, method, arranged, _EMPTY)
        return self._sender.send(make, deadline, can_repeat=True).reply

    def _deadline(self) -> Deadline:
        return Deadline(seconds_left(self._timeout) or 0)

    def _perform(self, method: Method, arranged: Arranged) -> Reply:
        operation = method.operation
        arranged.headers["Accept"] = operation.accept
        content = encode(operation, arranged.body) if arranged.has_body else _EMPTY
        if operation.takes_key:
            given = content.data if isinstance(content.data, bytes) else None
            key = idempotency_key(self._peer.name, operation, arranged.target, given)
            arranged.headers.setdefault("Idempotency-Key", key)
        make = partial(self._request, operation.method, arranged, content)
        repeatable = content.can_repeat and can_repeat(operation)
        received = self._sender.send(make, self._deadline(), can_repeat=repeatable)
        return self._checked(operation, received)

    def _checked(self, operation: PeerOperation, received: Received) -> Reply:
        """Return a response that is no error.

        Raises:
            Problem: It is one.
        """
        reply = received.reply
        if reply.status < 300 or reply.status == 304:
            return reply
        media_type = reply.headers.get("Content-Type", "").partition(";")[0]
        is_known = reply.status in operation.statuses or reply.status in _OF_GATEWAYS
        if reply.status < 400 or not (is_known or media_type == "application/problem+json"):
            raise PeerFailed(f"The service {self._peer.name} responded with {reply.status}.")
        raise problem_of(self._peer.name, reply, self._known_problems()) from received.error

    def _known_problems(self) -> Iterator[type[Problem]]:
        yield from self._problems
        request = current_request.get(None)
        operation: Operation | None = None if request is None else request.operation
        for failure in () if operation is None else operation.failures:
            yield failure.problem

    def _request(
        self, method: str, arranged: Arranged, content: Content, deadline: Deadline
    ) -> httpx2.Request:
        given = self._headers() if callable(self._headers) else self._headers
        headers = httpx2.Headers({"User-Agent": "restkit"})
        for each in (headers_passed_on(self._forward), given or {}, arranged.headers):
            headers.update(each)
        headers[self._deadline_header] = deadline.milliseconds
        if content.media_type:
            headers["Content-Type"] = content.media_type
        return httpx2.Request(
            method,
            arranged.url or f"{self._peer.url}{arranged.target}",
            headers=headers,
            content=content.data,
            data=content.fields,
            files=content.files,
        )


_OWN_NAMES = frozenset(name for name in dir(Client) if not name.startswith("_"))
