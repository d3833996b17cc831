"""`Mail`: the extension that sends the mails of an App."""

from __future__ import annotations

from collections.abc import Sequence
from email.message import EmailMessage
from typing import Protocol

from ..declaration_checks import check_call
from ..errors import DeclarationError
from .message import check_address
from .transports import Transport, transport_of

__all__ = ["Mail"]


class _App(Protocol):
    """The part of an App that mails use."""

    name: str

    @property
    def extensions(self) -> Sequence[object]:
        """The installed extensions."""
        ...


class Mail:
    """The mails of an App: where they go, and who sends them.

    ::

        app.install(Mail(settings.mail_url, sender="Help desk <help@desk.example>"))

        class Orders(CRUDResource[Order]):
            def create(self, item: Order) -> Order:
                made = super().create(item)
                send_mail(made.email, "Your order", "We have it.")
                return made

    Attributes:
        sender: The address in From.
        sent: The messages that ``memory:`` has kept, for tests.
    """

    def __init__(self, transport: str | Transport, *, sender: str, timeout: float = 10) -> None:
        """Choose a transport.

        Args:
            transport: A URL: ``smtps://user:password@host`` (TLS, port 465 by default),
                ``smtp://user:password@host`` (STARTTLS if the server offers it, port 587 by
                default; without TLS no password is sent), ``log:`` for development, or ``memory:``
                for tests. Or a function that sends an ``email.message.EmailMessage``, for the API
                of a provider.
            sender: The address in From, with or without a name.
            timeout: The seconds that each step of the dialogue with an SMTP server may take.

        Raises:
            DeclarationError: The URL or the sender is invalid.
        """
        try:
            check_address(sender)
        except ValueError:
            raise DeclarationError(
                f"Mail(sender=...) must be an address such as 'help@desk.example', got {sender!r}."
            ) from None
        self.sender = sender
        self.sent: list[EmailMessage] = []
        if isinstance(transport, str):
            transport = transport_of(transport, timeout, self.sent.append)
        check_call(transport, ("message",), "The transport of Mail(...)")
        self._transport = transport

    def install(self, app: _App, /) -> None:
        """Check that the App has one Mail.

        Raises:
            DeclarationError: It has one already.
        """
        if any(isinstance(each, Mail) for each in app.extensions):
            raise DeclarationError(f"The App {app.name!r} has a Mail already. Install one.")

    def send(self, message: EmailMessage) -> None:
        """Send a message at once; see `send_mail` for the way after a commit."""
        self._transport(message)
