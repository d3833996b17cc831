"""`Idempotency`: a request with an Idempotency-Key is done once, however often it comes.

The header is that of the IETF's draft-ietf-httpapi-idempotency-key-header-07: a key that a client makes up for what it
wants done, and sends again with each repetition of it.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from typing import Any, Protocol, cast
from uuid import UUID

from ..contract import Failure, Header
from ..declaration_checks import texts_of
from ..dependencies import Provided
from ..errors import DeclarationError
from ..problems import BadRequest, Conflict, UnprocessableContent
from ..request import Request
from ..response import Outgoing, PlainResponse, discard, is_stream

__all__ = ["Idempotency", "Storage"]

_NAME = "Idempotency-Key"
_ENVIRON = "HTTP_IDEMPOTENCY_KEY"
_REPLAYED = Header(
    "Idempotent-Replayed", "`true` where the answer is the one that the key had before."
)
_REPLAY = ("Idempotent-Replayed", "true")
_CHUNK = 64 * 1024
# The others are idempotent by themselves (RFC 9110, section 9.2.2).
_METHODS = ("POST", "PATCH")
# A String of RFC 9651, section 3.3.3, as the draft has it; or the same bare, as many clients send it.
_QUOTED = r'"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\]){1,%d}"'
_BARE = r"[!#-'*+.0-9:=@A-Z^-z|~/_-]{1,%d}"


class Storage(Protocol):
    """Keeps bytes under keys, for a time; all workers of a service see the same.

    Attributes:
        transactional: Whether `keep` is a part of the request's unit of work, and so is called before that is
            committed. What is not, is called when it is committed.
        failures: The problems that it may answer, for the document.
    """

    @property
    def transactional(self) -> bool:
        """Whether what is kept is committed with the request's unit of work."""
        ...

    @property
    def failures(self) -> Sequence[Failure]:
        """The problems that it may answer."""
        ...

    def claim(self, request: Request, key: str, mark: bytes, seconds: float, /) -> bytes | None:
        """Return what is kept under a key; put a mark there, and return None, where nothing is.

        Args:
            request: For whom.
            key: The key, at most 64 letters and digits.
            mark: Stands there until something is kept or it is released, for so many seconds at the most.
            seconds: How long the mark holds.

        Returns:
            What was kept, the mark of another request, or ``b""`` where another one is known to be at it.
        """
        ...

    def keep(self, request: Request, key: str, mark: bytes, data: bytes, seconds: float, /) -> None:
        """Put data where the mark is, for so many seconds."""
        ...

    def release(self, request: Request, key: str, mark: bytes, /) -> None:
        """Take the mark away, so that the next one may try."""
        ...


class Idempotency:
    """Lets POST and PATCH of a resource be repeated: write ``idempotency = Idempotency(storage)`` in its class.

    The first request with a key is answered as ever, and its answer is kept with the write. One that comes again gets
    that answer, with ``Idempotent-Replayed: true``; 409 while the first is not answered yet; and 422 where it is not
    the same request. A problem is not kept: what raised one has changed nothing, and may be tried again.

    Keys belong to their caller and to the URL pattern.

    Attributes:
        methods: The verbs that it is for.
        header: The header of requests.
        replayed: The header of answers that were kept.
        failures: The problems that it may answer.
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
        """Declare it.

        Args:
            storage: Where answers are kept.
            required: Whether a request without a key is refused (400).
            expiry: For how many seconds an answer is kept.
            lease: After how many seconds a request counts as lost, whose worker has died; in a storage that is
                transactional it is over at once.
            max_length: Of a key.
            caller: Names who calls, so that keys of different callers are different keys; by default what the
                security scheme says: a text, a number, a UUID, an ``id``, or the ``sub`` of a token.
            methods: The verbs that it is for, of POST and PATCH; a key that comes with another one is passed over.

        Raises:
            DeclarationError: The storage is none; a time or a length is not positive; a method is another one.
        """
        if not callable(getattr(storage, "claim", None)):
            raise DeclarationError(
                f"Idempotency wants a storage, such as MemoryStorage(), not {storage!r}."
            )
        if min(expiry, lease, max_length) <= 0:
            raise DeclarationError("Idempotency wants an expiry, a lease and a max_length above 0.")
        self.methods = frozenset(texts_of(methods, "Idempotency(methods=...)"))
        if not self.methods or not self.methods <= {*_METHODS}:
            raise DeclarationError(
                f"Idempotency is for POST and PATCH, or one of them, not for {methods!r}."
            )
        self._storage = storage
        self._required = required
        self._expiry = expiry
        self._lease = lease
        self._caller = caller or _caller
        quoted, bare = _QUOTED % max_length, _BARE % max_length
        self._syntax = re.compile(f"(?:{quoted}|{bare})")
        says = (
            "A key of the client's for what it wants done; the same one where it asks for it again."
        )
        schema = {"type": "string", "pattern": f"^(?:{quoted}|{bare})$"}
        self.header = Header(_NAME, says, schema, required)
        self.replayed = _REPLAYED
        missing = " or missing" if required else ""
        self.failures: Sequence[Failure] = (
            Failure(BadRequest, "idempotency", f"The Idempotency-Key is malformed{missing}."),
            Failure(
                Conflict,
                "idempotency",
                "A request with the same Idempotency-Key is being answered.",
            ),
            Failure(
                UnprocessableContent,
                "idempotency",
                "The Idempotency-Key came with another request before.",
            ),
            *storage.failures,
        )

    def check(self, request: Request, /) -> None:
        """Refuse a request whose key is malformed, or missing where one is demanded.

        Raises:
            BadRequest: It is.
        """
        given = request.environ.get(_ENVIRON)
        if given is None:
            if self._required:
                raise _refused(BadRequest, "Send an Idempotency-Key with the request.", "required")
        elif not self._syntax.fullmatch(given):
            raise _refused(BadRequest, "The Idempotency-Key is malformed, or too long.", "format")

    def begin(self, request: Request, /) -> _Attempt | None:
        """Return the attempt that a request with a key is, None for one without.

        Raises:
            Conflict: Another request with the key is being answered.
            UnprocessableContent: The key came with another request before.
        """
        given = request.environ.get(_ENVIRON)
        if given is None:
            return None
        operation = request.operation
        parts = [
            request.app.name,
            operation.host,
            operation.path,
            self._caller(request),
            _bare(given),
        ]
        key = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
        attempt = _Attempt(self._storage, request, key, _fingerprint(request), self._expiry)
        attempt.claim(self._lease)
        return attempt


class _Attempt:
    """Is one request with a key."""

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
        """Claim the key, or take the answer that it had."""
        found = self._storage.claim(self._request, self._key, self._mark, lease)
        if found is not None:
            self.kept = self._answer_of(found)
        elif not self._storage.transactional:
            if self._request.provided is None:
                self._request.provided = Provided()
            settling = self._settled()
            next(settling)
            self._request.provided.outlast(settling)

    def _answer_of(self, found: bytes) -> PlainResponse:
        fingerprint, response = (
            _unpacked(found) if found else (self._fingerprint, PlainResponse(0, []))
        )
        if fingerprint != self._fingerprint:
            raise _refused(
                UnprocessableContent,
                "The Idempotency-Key came with another request before.",
                "reused",
            )
        if not response.status:
            raise Conflict("A request with the same Idempotency-Key is being answered; try again.")
        return PlainResponse(response.status, [*response.headers, _REPLAY], response.body)

    def _settled(self) -> Generator[None, None, None]:
        """Keep the answer when all that was provided is closed, and with it the write committed."""
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
        """Keep an answer; what streams is gathered, and a failure of the server's is not kept."""
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
    """Return the key itself, the same one for both ways to write it."""
    return re.sub(r"\\(.)", r"\1", given[1:-1]) if given.startswith('"') else given


def _caller(request: Request) -> str:
    """Return who calls, as the security scheme says."""
    found: Any = request.caller
    if isinstance(found, Mapping):
        found = cast("Mapping[str, Any]", found).get("sub")
    elif not isinstance(found, (str, int, UUID)) and found is not None:
        found = getattr(found, "id", None)
    if isinstance(found, (str, int, UUID)):
        return f"{type(found).__name__} {found}"
    if request.caller is None:  # a public operation, or the anonymous caller of an optional scheme
        return ""
    # SECURITY: callers that are not told apart would be answered with each other's answers.
    raise DeclarationError(
        f"{request.operation.declared_at} has an Idempotency-Key, but who calls is {type(request.caller).__name__}, which "
        "does not say whom: write Idempotency(..., caller=lambda request: ...) and return a text that does."
    )


def _fingerprint(request: Request) -> str:
    """Return a digest of everything that makes a request the same: method, URL, media type and content."""
    environ = request.environ
    names = ("REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING")
    digest = hashlib.sha256(json.dumps([environ.get(name, "") for name in names]).encode())
    if request.form_read:  # its boundary may be another one each time
        digest.update(json.dumps(list(request.form.items(multi=True))).encode())
        for name, each in request.files.items(multi=True):
            digest.update(json.dumps([name, each.filename]).encode())
            while chunk := each.stream.read(_CHUNK):
                digest.update(chunk)
            each.stream.seek(0)
    elif any(each.media_types for each in request.operation.inputs):
        digest.update(environ.get("CONTENT_TYPE", "").encode() + b"\n")
        digest.update(request.get_data())
    return digest.hexdigest()


def _gathered(response: Outgoing) -> PlainResponse:
    """Return an answer whole, its content as bytes."""
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
    return (
        json.dumps([fingerprint, response.status, response.headers]).encode()
        + b"\n"
        + cast("bytes", response.body)
    )


def _unpacked(data: bytes) -> tuple[str, PlainResponse]:
    head, _, body = data.partition(b"\n")
    fingerprint, status, headers = json.loads(head)
    return fingerprint, PlainResponse(status, [(name, value) for name, value in headers], body)
