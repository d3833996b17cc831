"""Where the content of sessions is: in the signed cookie itself, or in a store of the server."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import secrets
from collections.abc import Mapping, Sequence
from typing import Protocol

from ..contract import Failure
from ..problems import ContentTooLarge
from ..request import Request
from .session import Session
from .session_cookie import MOST_CHARACTERS
from .session_fields import CREATED, FLASHES, REFRESHED, TOKEN, USER, Fields
from .session_signing import signer_of, unsigned

__all__ = ["CookieSession", "CookieStorage", "ServerStorage", "SessionStore", "Storage"]

_log = logging.getLogger("restkit")
_MOST_VERIFIED = 1000
_SIGNATURE = 44
# What restkit itself adds to a session later: the times, and the token of forms.
_ADDED = {CREATED: 10**10, REFRESHED: 10**10, TOKEN: "-" * 43}
_FULL = Failure(
    ContentTooLarge,
    "session",
    f"The session would have more than the {MOST_CHARACTERS} characters that a cookie holds.",
)


class SessionStore(Protocol):
    """A store of sessions on the server.

    A session is a mapping of names to JSON texts under a key. The key is a hash, from which nobody
    can make the cookie of the session.

    Attributes:
        failures: The problems of the store.
    """

    failures: Sequence[Failure]

    def load(self, request: Request, key: str, /) -> Mapping[str, str] | None:
        """Return the fields of a session, None if there is none or it has expired."""
        ...

    def create(
        self, request: Request, key: str, fields: Mapping[str, str], seconds: int, /
    ) -> None:
        """Store a new session, for a number of seconds."""
        ...

    def change(
        self, request: Request, key: str, changes: Mapping[str, str | None], seconds: int, /
    ) -> None:
        """Set some fields of a session, and remove those that are None.

        The other fields stay as they are, since another request may have changed them. A session
        that was removed in the meantime stays removed.
        """
        ...

    def remove(self, request: Request, key: str, /) -> None:
        """Remove a session, if there is one."""
        ...


class Storage(Protocol):
    """The part of a storage that sessions need."""

    @property
    def session_class(self) -> type[Session]:
        """The class of sessions."""
        ...

    @property
    def failures(self) -> Sequence[Failure]:
        """The problems of the storage."""
        ...

    def read(self, request: Request, value: str, session: Session) -> Fields:
        """Return the fields of a session by the value of its cookie, ``{}`` if it is not valid."""
        ...

    def write(self, request: Request, session: Session, seconds: int) -> str:
        """Store a session, and return the value of its cookie."""
        ...

    def remove(self, request: Request, session: Session) -> None:
        """Remove the stored session whose cookie the request has."""
        ...


class CookieSession(Session):
    """A session whose content is in the cookie, which browsers drop if it is too large."""

    def _check_size(self, fields: Fields, name: str) -> None:
        """Reject content that the cookie cannot hold.

        Raises:
            ContentTooLarge: The cookie would be too large (413).
        """
        size = -(-len(_dumps({**_ADDED, **fields})) * 4 // 3) + _SIGNATURE
        if size > MOST_CHARACTERS:
            raise _too_large(size, name)


class CookieStorage:
    """Sessions whose content is in the cookie, signed: whoever has the cookie can read it."""

    failures: Sequence[Failure] = (_FULL,)
    session_class = CookieSession

    def __init__(self, keys: Sequence[bytes]) -> None:
        """Make the storage; the first key signs."""
        self._signer = signer_of(keys, "session")
        self._verified: dict[str, Fields] = {}

    def read(self, request: Request, value: str, session: Session) -> Fields:
        """Return the fields in the cookie."""
        # PERF: to verify and decode a cookie costs 60 thousand instructions.
        found = self._verified.get(value)
        if found is None:
            text = unsigned(self._signer, value)
            if text is None:
                return {}
            found = _loads(base64.urlsafe_b64decode(text + b"=="))
            if len(self._verified) >= _MOST_VERIFIED:
                self._verified = {}  # SECURITY: clients have as many valid cookies as they like
            self._verified[value] = found
        return found.copy()

    def write(self, request: Request, session: Session, seconds: int) -> str:
        """Return the cookie with all fields.

        Raises:
            ContentTooLarge: Values were changed in place, and it is too large now (413).
        """
        content = base64.urlsafe_b64encode(_dumps(session.fields)).rstrip(b"=")
        value = self._signer.sign(content).decode()
        if len(value) > MOST_CHARACTERS:
            sizes = {name: len(_dumps({name: each})) for name, each in session.fields.items()}
            raise _too_large(len(value), max(sizes, key=sizes.__getitem__))
        return value

    def remove(self, request: Request, session: Session) -> None:
        """Do nothing: the cookie is the session."""


class ServerStorage:
    """Sessions in a store; the cookie has a random id of 256 bits, whose hash the store knows."""

    session_class = Session

    def __init__(self, keys: Sequence[bytes], store: SessionStore) -> None:
        """Make the storage; the first key signs the ids."""
        self._signer = signer_of(keys, "session-id")
        self._store = store

    @property
    def failures(self) -> Sequence[Failure]:
        """The problems of the store."""
        return self._store.failures

    def read(self, request: Request, value: str, session: Session) -> Fields:
        """Return the stored fields, and note the key of the session."""
        found = unsigned(self._signer, value)
        if found is None:
            return {}
        texts = self._store.load(request, _key(found))
        if texts is None:
            return {}
        session.identifier = found
        return {name: json.loads(text) for name, text in texts.items()}

    def write(self, request: Request, session: Session, seconds: int) -> str:
        """Store the changes, under a new id after a login."""
        identifier = session.identifier
        if identifier is None or session.is_renewed:
            self.remove(request, session)
            identifier = secrets.token_urlsafe(32).encode()
            texts = {name: json.dumps(value) for name, value in session.fields.items()}
            self._store.create(request, _key(identifier), texts, seconds)
        else:
            self._store.change(request, _key(identifier), session.changes, seconds)
        return self._signer.sign(identifier).decode()

    def remove(self, request: Request, session: Session) -> None:
        """Remove the session of the request's cookie."""
        if session.identifier is not None:
            self._store.remove(request, _key(session.identifier))


def _key(name: bytes) -> str:
    return hashlib.sha256(name).hexdigest()


def _dumps(fields: Fields) -> bytes:
    text = json.dumps(fields, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8", "surrogatepass")  # which `json.loads` reads


def _too_large(size: int, name: str) -> ContentTooLarge:
    """Log which content is too large, and return the problem for the client."""
    own = {FLASHES: "The flash messages make", USER: "The id of the user makes"}
    # SECURITY: a client may have chosen the name. A line break would let it write log lines.
    begin = own.get(name, f"session[{ascii(name[1:])[:100]}] makes")
    _log.warning(
        "%s the cookie of the session %d characters long, but browsers keep at most %d. The "
        "response is a 413. Store less, or keep sessions on the server: "
        "Sessions(store=RedisStore(...)).",
        begin,
        size,
        MOST_CHARACTERS,
    )
    return ContentTooLarge(
        "The session has no room for what this request adds to it. Send less, or remove "
        "something from the session first."
    )


def _loads(text: bytes) -> Fields:
    loaded: object = json.loads(text)
    return loaded if isinstance(loaded, dict) else {}
