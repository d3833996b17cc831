"""The cookie of a session: its name, its value in a request, and how it is set."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..errors import DeclarationError

__all__ = ["MOST_CHARACTERS", "SessionCookie"]

MOST_CHARACTERS = 3800
"""The longest value: browsers refuse cookies above 4096 bytes, name and attributes included."""

_NAME = r"[A-Za-z0-9_-]+"
_EXPIRED = "Thu, 01 Jan 1970 00:00:00 GMT"


class SessionCookie:
    """The cookie that a browser keeps for a session.

    Under TLS its name begins with ``__Host-``, so that no subdomain and no plain connection can
    plant one (RFC 6265bis, section 4.1.3.2). Browsers refuse that name over plain HTTP, where the
    plain name is used. A request is read for one of the two names, never for both.
    """

    def __init__(self, name: str, *, same_site: str, is_secure: bool | None) -> None:
        """Choose the name and the attributes.

        Args:
            name: The plain name.
            same_site: ``"Lax"`` or ``"Strict"``.
            is_secure: Whether clients connect by TLS; None if the scheme of the request says so.

        Raises:
            DeclarationError: The name or the attribute is none.
        """
        if not re.fullmatch(_NAME, name) or name.startswith("__"):
            raise DeclarationError(
                f"The name of the session cookie must be letters, digits, '-' and '_', not "
                f"{name!r}. The prefix __Host- is added under TLS."
            )
        if same_site not in ("Lax", "Strict"):
            raise DeclarationError(
                f"same_site of Sessions must be 'Lax' or 'Strict', not {same_site!r}."
            )
        self._is_secure = is_secure
        self._names = {True: f"__Host-{name}", False: name}
        begins = [f"{self._names[is_tls]}=" for is_tls in (False, True)]
        self._begins = begins if is_secure is None else [begins[is_secure]] * 2
        self._attributes = f"; Path=/; HttpOnly; SameSite={same_site}"

    @property
    def names(self) -> list[str]:
        """The names that the cookie may have, the usual one first."""
        if self._is_secure is None:
            return list(self._names.values())
        return [self._names[self._is_secure]]

    def is_secure(self, environ: Mapping[str, object]) -> bool:
        """Return whether a request came by TLS."""
        if self._is_secure is not None:
            return self._is_secure
        return bool(environ.get("wsgi.url_scheme") == "https")

    def read(self, environ: Mapping[str, object]) -> str | None:
        """Return the value in a request, None without one.

        SECURITY: several cookies of the name are none, for one of them was planted from another
        path or host.
        """
        header = environ.get("HTTP_COOKIE")
        if type(header) is not str:
            return None
        # PERF: to parse all cookies costs 15 thousand instructions.
        begin = self._begins[environ.get("wsgi.url_scheme") == "https"]
        before, found, rest = header.partition(begin)
        if not found:
            return None
        if begin not in rest and (not before or before.endswith("; ")):
            return rest.partition(";")[0].rstrip(" \t")
        parts = [each.strip(" \t") for each in header.split(";")]
        values = [each for each in parts if each.startswith(begin)]
        return values[0][len(begin) :] if len(values) == 1 else None

    def is_sent(self, environ: Mapping[str, object]) -> bool:
        """Return whether a request has a cookie of the name, valid or not."""
        begin = self._begins[environ.get("wsgi.url_scheme") == "https"]
        return begin in str(environ.get("HTTP_COOKIE", ""))

    def header(self, environ: Mapping[str, object], value: str, seconds: int | None) -> str:
        """Return the Set-Cookie header that stores a value.

        Args:
            environ: The request.
            value: The value.
            seconds: How long the browser keeps it; None until it is closed.
        """
        lasting = "" if seconds is None else f"; Max-Age={seconds}"
        return self._header(environ, value + lasting)

    def removal(self, environ: Mapping[str, object]) -> str:
        """Return the Set-Cookie header that removes the cookie."""
        return self._header(environ, f"; Expires={_EXPIRED}; Max-Age=0")

    def _header(self, environ: Mapping[str, object], rest: str) -> str:
        is_secure = self.is_secure(environ)
        end = "; Secure" if is_secure else ""
        return f"{self._names[is_secure]}={rest}{self._attributes}{end}"
