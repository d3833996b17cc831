"""The names of templates that use the session: ``session``, ``flashes`` and ``csrf``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from markupsafe import Markup

from ..errors import DeclarationError
from ..request import Request
from .csrf import CSRF_FIELD
from .session import Flash, Session
from .session_fields import SESSION

__all__ = ["SESSION_GLOBALS"]


_FIELD = Markup('<input type="hidden" name="{}" value="{}">')


class _CurrentSession(Mapping[str, object]):
    """The session of the request that is being answered; empty on an error page without one."""

    def __getitem__(self, name: str) -> object:
        session = _current()
        if session is None:
            raise KeyError(name)
        return session[name]

    def __iter__(self) -> Iterator[str]:
        return iter(_current() or ())

    def __len__(self) -> int:
        return len(_current() or ())

    @property
    def user_id(self) -> str | None:
        """The id of the user who is logged in, None if nobody is."""
        session = _current()
        return None if session is None else session.user_id


def _current() -> Session | None:
    """Return the session of the current request.

    An error page may be that of an operation without a session, or of none.
    """
    request = Request.current()
    found = request.environ.get(SESSION)
    return found if isinstance(found, Session) else None


def _flashes() -> list[Flash]:
    session = _current()
    return [] if session is None else session.flashes()


def _csrf() -> Markup:
    """Return the hidden field of a form with the token of the session."""
    session = _current()
    if session is None:
        raise DeclarationError(
            "csrf() needs a session, but this operation has none. Give its method a parameter "
            "session: Session."
        )
    return _FIELD.format(CSRF_FIELD, session.csrf_token)


SESSION_GLOBALS: Mapping[str, object] = {
    "session": _CurrentSession(),
    "flashes": _flashes,
    "csrf": _csrf,
}
"""What templates know if Sessions are installed."""
