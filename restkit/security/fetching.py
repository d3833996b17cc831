"""Fetch JSON documents of issuers: https only, bounded in size and time."""

from __future__ import annotations

import http.client
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import IO
from urllib.parse import urlsplit

from ..errors import DeclarationError
from ..json_parsing import loads_json

__all__ = ["check_url", "fetch_json", "fetcher"]

_MAX_SIZE = 512 * 1024
_CHUNK = 16 * 1024
_LOCAL = ("localhost", "127.0.0.1", "::1")


def check_url(url: object, declared_at: str) -> None:
    """Reject a URL from which keys must not be fetched.

    Raises:
        DeclarationError: It is not an https URL, nor an http URL of this machine.
    """
    if not isinstance(url, str) or not _is_safe(url):
        raise DeclarationError(
            f"{declared_at}: {url!r} is not an https URL. Whoever can change an answer over plain "
            "http can sign tokens."
        )


def _is_safe(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    if not host or parts.username is not None:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and host in _LOCAL)


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects to https URLs only."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        if not _is_safe(newurl):
            fp.close()
            raise urllib.error.URLError("the issuer redirects to a URL that is not https")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def fetcher(timeout: float) -> Callable[[str], object]:
    """Return a function of a URL that fetches its JSON value; see `fetch_json`.

    While a fetch goes on that took too long, the next one fails at once.
    """
    late: list[threading.Thread] = []

    def fetch(url: str) -> object:
        if any(thread.is_alive() for thread in late):
            raise TimeoutError("the issuer has not finished an earlier response")
        late.clear()
        return fetch_json(url, timeout, late)

    return fetch


def fetch_json(url: str, timeout: float, late: list[threading.Thread] | None = None) -> object:
    """Return the JSON value at a URL.

    Args:
        url: The URL; see `check_url`.
        timeout: How long the whole fetch may take, in seconds.
        late: Gets the thread of a fetch that took longer, and may still wait for the server.

    Raises:
        OSError: The server does not respond in time, not with a 200, or with more than 512 kB.
        ValueError: The URL is not safe.
        BadRequest: The content breaks a rule of restkit's strict parser.
    """
    if not _is_safe(url):
        raise ValueError(f"{url!r} is not an https URL")
    fetched: list[bytes] = []
    failed: list[str] = []

    def run() -> None:
        try:
            fetched.append(_fetch(url, timeout))
        except Exception as error:  # noqa: BLE001  # raised again below, in words
            # The exception itself would keep its frames, and so the socket, until they are found.
            failed.append(f"{type(error).__name__}: {error}")

    # Sockets bound each read alone: a server that sends a header byte by byte never ends.
    thread = threading.Thread(target=run, daemon=True, name="restkit-fetch")
    thread.start()
    thread.join(timeout)
    if failed:
        raise OSError(f"{url}: {failed[0]}")
    if not fetched:
        if late is not None:
            late.append(thread)
        raise TimeoutError(f"{url} took longer than {timeout} s")
    return loads_json(fetched[0])


def _fetch(url: str, timeout: float) -> bytes:
    """Return the content at a URL; a slow body ends with the time-out, a slow header may not."""
    until = time.monotonic() + timeout
    asked = urllib.request.Request(url, headers={"Accept": "application/json"})  # noqa: S310  # checked above
    opener = urllib.request.build_opener(_SafeRedirects())
    try:
        response = opener.open(asked, timeout=timeout)
    except urllib.error.HTTPError as error:
        error.close()
        raise OSError(f"{url} responds with {error.code}") from None
    with response:
        content = bytearray()
        # A server that sends a byte a second would keep each read below the time-out.
        while chunk := response.read1(_CHUNK):
            content += chunk
            if len(content) > _MAX_SIZE:
                raise ValueError(f"the content of {url} is larger than {_MAX_SIZE} bytes")
            if time.monotonic() > until:
                raise TimeoutError(f"{url} took longer than {timeout} s")
    return bytes(content)
