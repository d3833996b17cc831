"""`Idempotency`: a request with an Idempotency-Key takes effect once, however often it is sent.

The header follows the IETF's draft-ietf-httpapi-idempotency-key-header-07: the client generates a
key for an operation, and sends the same key with each retry.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Collection, Generator, Sequence
from typing import Protocol, cast

from ..contract import Failure, Header
from ..declaration_checks import texts_of
from ..dependencies import Provided
from ..errors import DeclarationError
from ..problems import BadRequest, Conflict, UnprocessableContent
from ..request import Request
from ..response import Outgoing, PlainResponse, discard, is_stream
from .request_identity import (
    caller_of,
    credentials,
    digest_of,
    fingerprint,
    replay_identity,
)

__all__ = ["Idempotency", "Storage"]

_NAME = "Idempotency-Key"
_ENVIRON = "HTTP_IDEMPOTENCY_KEY"
_REPLAYED = Header(
    "Idempotent-Replayed", "`true` if this is the stored response of an earlier request."
)
_REPLAY = ("Idempotent-Replayed", "true")
# The other methods are idempotent already (RFC 9110, section 9.2.2).
_METHODS = ("POST", "PATCH")
# A String of RFC 9651, section 3.3.3, or the same without quotes, as many clients send it.
_QUOTED = r'"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\]){1,%d}"'
_BARE = r"[!#-'*+.0-9:=@A-Z^-z|~/_-]{1,%d}"


class Storage(Protocol):
    """The storage of responses by key, for a limited time; all workers of a service share it.

    Attributes:
        transactional: Whether `keep` is part of the request's unit of work, and is called before
            the commit. Otherwise it is called after the commit.
        failures: The problems that it may cause, for the document.
    """

    @property
    def transactional(self) -> bool:
        """Whether `keep` is committed with the request's unit of work."""
        ...

    @property
    def failures(self) -> Sequence[Failure]:
        """The problems that it may cause."""
        ...

    def claim(self, request: Request, key: str, mark: bytes, seconds: float, /) -> bytes | None:
        """Return the stored bytes of a key; store a mark and return None if there are none.

        Args:
            request: The request.
            key: The key, 64 hexadecimal digits. Its last 16 digits are those of the caller.
            mark: The bytes that stand for a request in progress.
            seconds: The seconds after which the mark expires.

        Returns:
            The stored response, the mark of another request, or ``b""`` if another request with
            the key is known to be in progress.
        """
        ...

    def keep(self, request: Request, key: str, mark: bytes, data: bytes, seconds: float, /) -> None:
        """Replace the mark by data, for a number of seconds."""
        ...

    def release(self, request: Request, key: str, mark: bytes, /) -> None:
        """Remove the mark, so that the client can retry."""
        ...


class Idempotency:
    """Idempotency keys for POST and PATCH: set ``idempotency = Idempotency(storage)`` in a class.

    The response of the first request with a key is stored together with the write. A retry gets
    that response with ``Idempotent-Replayed: true``, or 409 while the first request is in progress.
    A different request with the same key gets 422. Problems are not stored: a request that raised
    one has changed nothing, so the client can retry it.

    Keys belong to a caller, a URL pattern and a host. If nobody says who calls, the header
    Authorization does. A retry must have the same declared inputs as the first request.

    Attributes:
        methods: The methods that accept a key.
        header: The request header.
        replayed: The header of repeated responses.
        failures: The problems that it may cause.
    """

    def __init__(
        self,
        storage: Storage,
        *,
        required: bool = False,
        expiry: float = 24 * 3600,
        lease: float = 60,
        max_length: int = 255,
        caller: Callable[[Request], str] | None = None,
        methods: Collection[str] = _METHODS,
    ) -> None:
        """Check and keep the options.

        Args:
            storage: The storage of the responses.
            required: Whether requests without a key get a 400.
            expiry: The seconds for which a response is stored.
            lease: The seconds after which a request in progress counts as lost, because its worker
                has died. A transactional storage notices at once.
            max_length: The maximum length of a key.
            caller: A function that identifies the caller, whose keys are separate from those of
                other callers. By default, it is the caller of the security scheme: a string, a
                number, a UUID, its ``id``, or the ``sub`` of a token.
            methods: The methods that accept a key: POST, PATCH or both. Other methods ignore it.

        Raises:
            DeclarationError: The storage is not a storage, a number is not positive, or a method
                is not supported.
        """
        if not callable(getattr(storage, "claim", None)):
            raise DeclarationError(
                "The storage of Idempotency must be a Storage such as MemoryStorage(), got "
                f"{storage!r}."
            )
        if min(expiry, lease, max_length) <= 0:
            raise DeclarationError("Idempotency: expiry, lease and max_length must be above 0.")
        self.methods = frozenset(texts_of(methods, "Idempotency(methods=...)"))
        if not self.methods or not self.methods <= {*_METHODS}:
            raise DeclarationError(
                f"Idempotency(methods=...) must contain POST, PATCH or both, got {methods!r}."
            )
        self._storage = storage
        self._required = required
        self._expiry = expiry
        self._lease = lease
        self._caller = caller or caller_of
        quoted, bare = _QUOTED % max_length, _BARE % max_length
        self._syntax = re.compile(f"(?:{quoted}|{bare})")
        description = "A key that the client generates, and repeats with each retry."
        schema = {"type": "string", "pattern": f"^(?:{quoted}|{bare})$"}
        self.header = Header(_NAME, description, schema, required)
        self.replayed = _REPLAYED
        missing = " or missing" if required else ""
        self.failures: Sequence[Failure] = (
            Failure(BadRequest, "idempotency", f"The Idempotency-Key is malformed{missing}."),
            Failure(
                Conflict,
                "idempotency",
                "A request with the same Idempotency-Key is in progress.",
            ),
            Failure(
                UnprocessableContent,
                "idempotency",
                "This Idempotency-Key was already used with a different request.",
            ),
            *storage.failures,
        )

    def check(self, request: Request, /) -> None:
        """Reject a request whose key is malformed, or missing although it is required.

        Raises:
            BadRequest: The key is malformed or missing.
        """
        given = request.environ.get(_ENVIRON)
        if given is None:
            if self._required:
                raise _refused(
                    BadRequest,
                    "This request requires a key. Send the header Idempotency-Key.",
                    "required",
                )
        elif not self._syntax.fullmatch(given):
            raise _refused(BadRequest, "The Idempotency-Key is malformed or too long.", "format")

    def begin(self, request: Request, /) -> _Attempt | None:
        """Return the attempt of a request with a key, None for a request without one.

        Raises:
            Conflict: Another request with the key is in progress.
            UnprocessableContent: The key was already used with a different request.
        """
        given = request.environ.get(_ENVIRON)
        if given is None:
            return None
        operation = request.operation
        caller = self._caller(request) or credentials(request)
        parts = [
            request.app.name,
            operation.host and request.host.lower(),  # its variables may name a tenant
            operation.path,
            caller,
            replay_identity(request),
            _bare(given),
        ]
        key = digest_of(parts)[:48] + digest_of([request.app.name, caller])[:16]
        attempt = _Attempt(self._storage, request, key, fingerprint(request), self._expiry)
        attempt.claim(self._lease)
        return attempt


class _Attempt:
    """One request with a key."""

    def __init__(
        self, storage: Storage, request: Request, key: str, fingerprint: str, expiry: float
    ) -> None:
        self.kept: PlainResponse | None = None
        self._storage = storage
        self._request = request
        self._key = key
        self._fingerprint = fingerprint
        self._expiry = expiry
        self._mark = _packed(fingerprint, PlainResponse(0, [("token", secrets.token_hex(8))]))
        self._data: bytes | None = None

    def claim(self, lease: float) -> None:
        """Claim the key, or take its stored response."""
        found = self._storage.claim(self._request, self._key, self._mark, lease)
        if found is not None:
            self.kept = self._response_of(found)
        elif not self._storage.transactional:
            if self._request.provided is None:
                self._request.provided = Provided()
            settling = self._settled()
            next(settling)
            self._request.provided.outlast(settling)

    def _response_of(self, found: bytes) -> PlainResponse:
        fingerprint, response = self._fingerprint, PlainResponse(0, [])
        if found:
            fingerprint, response = _unpacked(found)
        if fingerprint != self._fingerprint:
            raise _refused(
                UnprocessableContent,
                "This Idempotency-Key was already used with a different request.",
                "reused",
            )
        if not response.status:
            raise Conflict("A request with the same Idempotency-Key is in progress. Retry later.")
        return PlainResponse(response.status, [*response.headers, _REPLAY], response.body)

    def _settled(self) -> Generator[None, None, None]:
        """Store the response after all provided values are closed and the write is committed."""
        try:
            yield
        except BaseException:
            self._storage.release(self._request, self._key, self._mark)
            raise
        if self._data is None:
            self._storage.release(self._request, self._key, self._mark)
        else:
            self._storage.keep(self._request, self._key, self._mark, self._data, self._expiry)

    def keep(self, response: Outgoing, /) -> Outgoing:
        """Store a response, a stream as a whole; server errors are not stored."""
        gathered = _gathered(response)
        if gathered.status < 500:
            self._data = _packed(self._fingerprint, gathered)
            if self._storage.transactional:
                self._storage.keep(self._request, self._key, self._mark, self._data, self._expiry)
        return response if not is_stream(response) else gathered


def _refused(kind: type[BadRequest | UnprocessableContent], detail: str, code: str) -> Exception:
    return kind(
        detail, errors=[{"parameter": _NAME, "location": "header", "detail": detail, "code": code}]
    )


def _bare(given: str) -> str:
    """Return the key without quotes."""
    return re.sub(r"\\(.)", r"\1", given[1:-1]) if given.startswith('"') else given


def _gathered(response: Outgoing) -> PlainResponse:
    """Return a response with its whole content as bytes."""
    if isinstance(response, PlainResponse):
        if isinstance(response.body, bytes):
            return response
        status, headers, parts = response.status, response.headers, response.body
    else:
        status, headers, parts = (
            response.status_code,
            list(response.headers.items()),
            response.iter_encoded(),
        )
    try:
        body = b"".join(parts)
    finally:
        if is_stream(response):
            discard(response)
    return PlainResponse(status, headers, body)


def _packed(fingerprint: str, response: PlainResponse) -> bytes:
    head = json.dumps([fingerprint, response.status, response.headers]).encode()
    return head + b"\n" + cast("bytes", response.body)


def _unpacked(data: bytes) -> tuple[str, PlainResponse]:
    head, _, body = data.partition(b"\n")
    fingerprint, status, headers = json.loads(head)
    return fingerprint, PlainResponse(status, [(name, value) for name, value in headers], body)
