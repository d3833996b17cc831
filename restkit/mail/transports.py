"""How mails leave, by the scheme of a URL: SMTP, the log, or nowhere."""

from __future__ import annotations

import logging
import smtplib
import ssl
from collections.abc import Callable, Mapping
from email.message import EmailMessage
from typing import Protocol
from urllib.parse import SplitResult, unquote, urlsplit

from ..errors import DeclarationError

__all__ = ["Transport", "transport_of"]

_log = logging.getLogger("restkit.mail")
_EXAMPLE = "'smtps://user:password@mail.example', 'log:' or 'memory:'"


class Transport(Protocol):
    """A function that sends a message, and raises an exception if it could not."""

    def __call__(self, message: EmailMessage, /) -> object:
        """Send a message."""
        ...


def transport_of(url: str, timeout: float, keep: Callable[[EmailMessage], object]) -> Transport:
    """Return the transport that a URL names.

    Args:
        url: The URL: ``smtp://``, ``smtps://``, ``log:`` or ``memory:``.
        timeout: The seconds that each step of a dialogue with a server may take.
        keep: A function that keeps messages, for ``memory:``.

    Raises:
        DeclarationError: The URL is invalid.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        # SECURITY: the message of the error may have the password.
        raise DeclarationError(f"Mail(...) got an invalid URL. Write {_EXAMPLE}.") from None
    if parts.scheme in ("smtp", "smtps") and parts.hostname:
        return _SMTP(parts, timeout)
    if url == "log:":
        return _write_log
    if url == "memory:":
        return keep
    # SECURITY: the URL may have a password, which is not quoted.
    raise DeclarationError(
        f"Mail(...) got a URL with the scheme {parts.scheme!r} and the host {parts.hostname!r}. "
        f"Write {_EXAMPLE}."
    )


class _SMTP:
    """A connection to a server for each message (RFC 5321)."""

    def __init__(self, parts: SplitResult, timeout: float) -> None:
        self._host = parts.hostname or ""
        self._is_tls = parts.scheme == "smtps"
        try:
            self._port = parts.port or (465 if self._is_tls else 587)
        except ValueError:
            raise DeclarationError("Mail(...) got a URL whose port is not a number.") from None
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        self._timeout = timeout

    def __call__(self, message: EmailMessage, /) -> None:
        # RFC 8314, section 3: TLS from the first byte is preferred to STARTTLS.
        context = ssl.create_default_context()
        server = self._connected(context)
        try:
            server.ehlo()
            is_secure = self._is_tls
            if not is_secure and server.has_extn("starttls"):
                server.starttls(context=context)
                server.ehlo()
                is_secure = True
            if self._user:
                self._log_in(server, is_secure=is_secure)
            _report_refused(server.send_message(message), message)
        except BaseException:
            server.close()
            raise
        _leave(server)

    def _connected(self, context: ssl.SSLContext) -> smtplib.SMTP:
        at = (self._host, self._port)
        if self._is_tls:
            return smtplib.SMTP_SSL(*at, timeout=self._timeout, context=context)
        return smtplib.SMTP(*at, timeout=self._timeout)

    def _log_in(self, server: smtplib.SMTP, *, is_secure: bool) -> None:
        """Log in, but never send a password in the clear."""
        if not is_secure:
            raise ConnectionError(
                f"The mail server {self._host} offers no TLS, and the URL has a password. Use "
                "smtps://, or a server with STARTTLS."
            )
        server.login(self._user, self._password)


def _report_refused(refused: Mapping[str, tuple[int, bytes]], message: EmailMessage) -> None:
    """Log the receivers that the server has refused, while it took the mail for the others.

    An exception would send the mail to the others again.
    """
    for address, (status, words) in refused.items():
        _log.error(
            "The mail server refused the receiver %s of %s: %d %s",
            *(address, message["Message-ID"], status, words.decode(errors="replace")),
        )


def _leave(server: smtplib.SMTP) -> None:
    """End a dialogue; the server has the mail, so that no error may send it again."""
    try:
        server.quit()
    except (OSError, smtplib.SMTPException) as error:
        _log.info("The mail server took the mail, and ended the dialogue with %r", error)
    finally:
        server.close()


def _write_log(message: EmailMessage, /) -> None:
    body = message.get_body(("plain",))
    text = "" if body is None else body.get_content()
    _log.info("Mail to %s: %s\n%s", message["To"], message["Subject"], text)
