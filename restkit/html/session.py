"""`Session`: the values that a browser brings back with its next request."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from types import MappingProxyType
from typing import Any

from ..contract import Operation
from ..environ_keys import ON_FLASH
from ..errors import DeclarationError
from ..request import Request
from .session_fields import (
    CATEGORY,
    CREATED,
    EPOCH,
    FLASHES,
    REFRESHED,
    REMEMBERED,
    SESSION,
    TOKEN,
    USER,
    Fields,
    Flash,
    dumped,
)

__all__ = ["Flash", "Session", "has_sessions"]

_FROM_LOGIN = (USER, EPOCH, REMEMBERED)
Value = Any  # a JSON value, whose type the program knows
_NO_TEXTS: Mapping[str, str] = MappingProxyType({})


class Session(MutableMapping[str, Value]):
    """The session of a request: a mapping of texts to JSON values, kept between requests.

    A parameter with this annotation gets it::

        @app.post("/cart/<int:book_id>")
        def add(book_id: int, session: Session) -> SeeOther:
            session["cart"] = [*session.get("cart", []), book_id]
            session.flash("It is in your cart.", "success")
            return SeeOther("/cart")

    Nothing is loaded before the first use, and nothing is written if nothing changed. A value that
    is changed in place (``session["cart"].append(3)``) counts as changed. If a problem is raised,
    the changes are dropped, as those of the database are; a response that is returned keeps them,
    whatever its status.
    """

    def __init__(self, request: Request, load: Callable[[Request, Session], Fields]) -> None:
        """Make a session that is loaded on first use.

        Args:
            request: Its request.
            load: A function of the two that returns its fields, ``{}`` for a new one.
        """
        # PERF: the other attributes are those of the class until there is something to note.
        self._request = request
        self._load = load

    identifier: bytes | None = None
    is_renewed = False
    is_stale = False
    _loaded: Fields | None = None
    _shown = 0
    _is_closed = False
    _written: frozenset[str] = frozenset()
    _texts: Mapping[str, str] = _NO_TEXTS

    @classmethod
    def from_request(cls, request: Request, /) -> Session:
        """Return the session of a request.

        Raises:
            DeclarationError: The operation does not declare that it uses the session.
        """
        session: Session | None = request.environ.get(SESSION)
        if session is None:
            raise DeclarationError(
                "This operation does not declare that it uses the session. Give its method a "
                "parameter session: Session, and install Sessions(...) in the App."
            )
        return session

    @classmethod
    def check_operation(cls, operation: Operation, /) -> None:
        """Reject a parameter for which no `Sessions` is installed.

        Raises:
            DeclarationError: There is no Sessions in the App or around it.
        """
        if not has_sessions(operation):
            raise DeclarationError(
                f"{operation.declared_at} takes a Session, but the App has no Sessions. Write "
                "app.install(Sessions(keys=settings.session_keys))."
            )

    # the mapping

    def __getitem__(self, name: str) -> Value:
        value = self._fields[f":{name}"]
        # PERF: to ask for both types in one isinstance costs twice as much.
        kind = type(value)
        return value if kind is str or kind is int else self._own(f":{name}", value)

    def get(self, name: str, default: Value = None, /) -> Value:
        """Return a value, or the default if there is none."""
        # PERF: a mapping's own method raises and catches a KeyError.
        return self[name] if f":{name}" in self._fields else default

    def __setitem__(self, name: str, value: object) -> None:
        if not isinstance(name, str):
            raise TypeError(f"The name of a value in the session must be a string, not {name!r}.")
        fields = self._changeable()
        dumped(f":{name}", value)
        self._check_size({**fields, f":{name}": value}, f":{name}")
        fields[f":{name}"] = value
        self._written |= {f":{name}"}

    def __delitem__(self, name: str) -> None:
        del self._changeable()[f":{name}"]
        self._written |= {f":{name}"}

    def __iter__(self) -> Iterator[str]:
        return (name[1:] for name in list(self._fields) if name.startswith(":"))

    def __len__(self) -> int:
        return sum(name.startswith(":") for name in self._fields)

    def __repr__(self) -> str:
        names = "not loaded" if self._loaded is None else ", ".join(map(repr, self))
        return f"<Session {names}>"

    # flash messages and CSRF

    def flash(self, message: object, category: str = CATEGORY) -> None:
        """Keep a message for the next page, which shows it once.

        Args:
            message: The text.
            category: The kind, for the page: ``"success"``, ``"error"``.

        Raises:
            ContentTooLarge: A cookie cannot hold it.
        """
        fields = self._changeable()
        found = fields.get(FLASHES)
        kept = list(found) if isinstance(found, list) else []
        flashes = [*kept, [str(message), str(category)]]
        self._check_size({**fields, FLASHES: flashes}, FLASHES)
        fields[FLASHES] = flashes
        self._written |= {FLASHES}
        on_flash = self._request.environ.get(ON_FLASH)
        if on_flash is not None:
            on_flash(self._request, str(message), str(category))

    def flashes(self) -> list[Flash]:
        """Return the messages that were kept, in order.

        They are forgotten with the response, unless it is one that no browser shows: that of a
        HEAD request, a redirect or a 304.
        """
        found = self._fields.get(FLASHES)
        if not isinstance(found, list):
            return []
        self._shown = len(found)
        return [Flash(message, category) for message, category in found]

    @property
    def csrf_token(self) -> str:
        """The secret that shows that a form comes from a page of this session."""
        token = self._fields.get(TOKEN)
        if not isinstance(token, str):
            token = secrets.token_urlsafe(32)
            self._changeable()[TOKEN] = token
            self._written |= {TOKEN}
        return token

    def has_csrf_token(self, token: str) -> bool:
        """Return whether a text is the secret of this session."""
        known = self._fields.get(TOKEN)
        if not isinstance(known, str):
            return False
        return secrets.compare_digest(known.encode(), token.encode("utf-8", "surrogateescape"))

    # login

    @property
    def user_id(self) -> str | None:
        """The id that `login` was given, None if nobody is logged in."""
        found = self._fields.get(USER)
        return found if isinstance(found, str) else None

    @property
    def epoch(self) -> str:
        """The epoch that `login` was given, "" without one."""
        return str(self._fields.get(EPOCH, ""))

    def login(self, user_id: object, *, remember: bool = False, epoch: object = "") -> None:
        """Log a user in. Everything that the session had is dropped, and its id is renewed.

        SECURITY: whoever planted a session in the browser before knows nothing of the new one
        (session fixation).

        Args:
            user_id: The user's id: a text, or a value whose text the loader of the user knows.
            remember: Whether the session outlasts the browser.
            epoch: A text that changes when all sessions of the user must end, see `Sessions`.

        Raises:
            TypeError: The id is None, a truth value or empty.
        """
        if user_id is None or isinstance(user_id, (bool, bytes)) or str(user_id) == "":
            raise TypeError(f"session.login() expects the id of a user, got {user_id!r}.")
        self._renew()
        fields = self._changeable()
        fields[USER] = str(user_id)
        if str(epoch):
            fields[EPOCH] = str(epoch)
        if remember:
            fields[REMEMBERED] = 1
        self._check_size(fields, USER)
        self._written |= {*_FROM_LOGIN}

    def logout(self) -> None:
        """Log the user out, and drop everything that the session had."""
        self._renew()

    def _renew(self) -> None:
        fields = self._changeable()
        fields.clear()
        self.is_renewed = True
        self._texts = _NO_TEXTS
        self._written = frozenset()
        self._shown = 0

    # for Sessions

    def is_settled(self) -> bool:
        """Return whether there is nothing to write."""
        # PERF: a property costs 300 instructions more.
        if self._loaded is None:
            return True
        is_changed = self._written or self._texts or self.is_renewed
        return not (is_changed or self._shown or self.is_stale)

    @property
    def _fields(self) -> Fields:
        fields = self._loaded
        if fields is None:
            fields = self._loaded = self._load(self._request, self)
        return fields

    def _changeable(self) -> Fields:
        if self._is_closed:
            raise RuntimeError(
                "The session cannot be changed after the response has begun. Change it before the "
                "first part of a stream."
            )
        return self._fields

    def _check_size(self, fields: Fields, name: str) -> None:
        """Reject content that cannot be stored; `CookieSession` has a limit."""

    def _own(self, name: str, value: object) -> object:
        """Return a list or dict as a copy of this request's own, whose changes are found later."""
        if not isinstance(value, (list, dict)) or name in self._written or name in self._texts:
            return value
        text = dumped(name, value)
        self._texts = {**self._texts, name: text}
        copied = self._fields[name] = json.loads(text)
        return copied

    def revert(self) -> None:
        """Drop the changes, but for the token that a page has got and the messages it shows."""
        if not (self._written or self._texts or self.is_renewed):
            return
        token, shown = self._fields.get(TOKEN), self._shown
        is_new = TOKEN in self._written and not self.is_renewed
        self.is_renewed = False
        self._written = frozenset()
        self._texts = _NO_TEXTS
        fields = self._loaded = self._load(self._request, self)
        self._shown = shown
        if is_new:
            fields[TOKEN] = token
            self._written |= {TOKEN}

    def stamp(self, now: int) -> None:
        """Set the times of a session that is written.

        Args:
            now: The seconds of the clock.
        """
        fields = self._fields
        fields[REFRESHED] = now
        self._written |= {REFRESHED}
        if CREATED not in fields:
            fields[CREATED] = now
            self._written |= {CREATED}

    def close(self, *, is_shown: bool) -> None:
        """End the changes, before the response begins.

        Args:
            is_shown: Whether the response is a page that shows the messages which were read.
        """
        if is_shown and self._shown:
            self._forget_shown()
        for name, text in self._texts.items():
            if name in self._fields and dumped(name, self._fields[name]) != text:
                self._written |= {name}
        self._is_closed = True

    def _forget_shown(self) -> None:
        found = self._fields.pop(FLASHES, None)
        if isinstance(found, list) and len(found) > self._shown:
            self._fields[FLASHES] = found[self._shown :]
        self._written |= {FLASHES}

    @property
    def fields(self) -> Fields:
        """The content as it is stored."""
        return self._fields

    @property
    def changes(self) -> dict[str, str | None]:
        """The fields that were set, as JSON, and None for those that were removed."""
        fields = self._fields
        names = set(fields) if self.is_renewed else self._written
        found: dict[str, str | None] = dict.fromkeys(names)
        for name in names & fields.keys():
            found[name] = dumped(name, fields[name])
        return found

    @property
    def is_changed(self) -> bool:
        """Whether there is anything to write."""
        return self.is_renewed or bool(self._written)


def has_sessions(operation: Operation) -> bool:
    """Return whether the middleware of a `Sessions` surrounds an operation."""
    owners = (getattr(each, "__self__", None) for each in operation.middleware)
    return any(hasattr(each, "has_session") for each in owners)
