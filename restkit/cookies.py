"""`cookie`: the value of a Set-Cookie header, with attributes that are safe by default."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Literal

from werkzeug.http import dump_cookie

from .request import current_request

__all__ = ["cookie", "expired_cookie"]

_MOST_BYTES = 4096
_NAME = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
# SECURITY: Werkzeug escapes all control characters but these, which servers refuse with a 500.
_UNESCAPED = r"[\x1a-\x1f]"
SameSite = Literal["Lax", "Strict", "None"]


def cookie(
    name: str,
    value: str,
    *,
    max_age: timedelta | int | None = None,
    path: str = "/",
    domain: str | None = None,
    http_only: bool = True,
    same_site: SameSite = "Lax",
    secure: bool | None = None,
) -> str:
    """Return the value of a Set-Cookie header (RFC 6265bis).

    ::

        return {"theme": "dark"}, 200, {"Set-Cookie": cookie("theme", "dark")}

    Clients can read and change the value: keep protected data in a `restkit.html.Session`.

    Args:
        name: The name: letters, digits and some signs.
        value: The value; characters that a cookie cannot have are quoted.
        max_age: How long the browser keeps it, in seconds if it is a number; None until the browser
            is closed.
        path: The path below which it is sent.
        domain: The domain, its subdomains included; None for this host alone.
        http_only: Whether scripts cannot read it.
        same_site: Whether requests of other sites have it.
        secure: Whether it is sent by TLS alone; None if the current request came by TLS, or there
            is none.

    Raises:
        ValueError: Browsers would refuse the cookie: its name is invalid, it is too large, or its
            attributes contradict each other or the prefix of its name.
    """
    is_secure = _came_by_tls() if secure is None else secure
    _check(name, path, domain, same_site, is_secure)
    made = dump_cookie(
        name,
        value,
        max_age=max_age,
        path=path,
        domain=domain,
        secure=is_secure,
        httponly=http_only,
        samesite=same_site,
        max_size=0,
        sync_expires=False,
    )
    made = re.sub(_UNESCAPED, _escape, made)
    if len(made) > _MOST_BYTES:
        raise ValueError(
            f"The cookie {name!r} has {len(made)} bytes, more than the {_MOST_BYTES} that browsers "
            "take. Keep the value in a session with a store."
        )
    return made


def expired_cookie(name: str, *, path: str = "/", domain: str | None = None) -> str:
    """Return the value of a Set-Cookie header that removes a cookie from the browser.

    Args:
        name: Its name.
        path: The path that it was set with.
        domain: The domain that it was set with.
    """
    return cookie(name, "", max_age=0, path=path, domain=domain)


def _escape(found: re.Match[str]) -> str:
    return f"\\{ord(found[0]):03o}"


def _came_by_tls() -> bool:
    request = current_request.get(None)
    return request is None or request.scheme == "https"


def _check(name: str, path: str, domain: str | None, same_site: str, is_secure: bool) -> None:
    """Reject a cookie that browsers would drop without a word."""
    if not name or not _NAME.issuperset(name):
        raise ValueError(f"{name!r:.80} cannot be the name of a cookie.")
    if any(each in path for each in ";\r\n\x00") or not path.startswith("/"):
        raise ValueError(f"The path of the cookie {name!r} must begin with '/', not {path!r:.80}.")
    _check_security(name, path, domain, same_site, is_secure)


def _check_security(
    name: str, path: str, domain: str | None, same_site: str, is_secure: bool
) -> None:
    if same_site not in ("Lax", "Strict", "None"):
        raise ValueError(f"same_site of the cookie {name!r} must be Lax, Strict or None.")
    if not is_secure and (same_site == "None" or name.startswith(("__Host-", "__Secure-"))):
        raise ValueError(
            f"The cookie {name!r} needs secure=True: browsers refuse it otherwise, because of "
            "SameSite=None or the prefix of its name."
        )
    if name.startswith("__Host-") and (path != "/" or domain is not None):
        raise ValueError(f"The cookie {name!r} must have the path '/' and no domain.")
