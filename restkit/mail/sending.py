"""`send_mail`: a mail that leaves after the commit, or from the outbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from ..dependencies import after_commit
from ..request import Request
from ..task_queue import TaskQueue
from .extension import Mail
from .message import mail_values, message_of

__all__ = ["deliver", "send_mail"]


class _App(Protocol):
    """The part of an App that mails use."""

    def extension(self, kind: type[Mail], /) -> Mail:
        """Return the installed extension of a class."""
        ...


def send_mail(
    to: str | Sequence[str], subject: str, text: str, *, html: str = "", reply_to: str = ""
) -> None:
    """Send a mail after the commit of the current request; if the request fails, there is none.

    ::

        send_mail(customer.email, "Your ticket", "It is solved.")

    The response waits for the mail server. An error, such as an invalid address, is only logged.
    With ``Outbox(database, tasks=[deliver])`` the mail is a row of the same transaction instead,
    which ``restkit worker`` sends, and tries again.

    Args:
        to: An address, or several in one mail, which all of them see.
        subject: The subject; line breaks become blanks.
        text: The content as text.
        html: The same content as HTML, if there is any.
        reply_to: The address for replies.

    Raises:
        RuntimeError: There is no current request.
        LookupError: The App has no `Mail`.
        ValueError: There is no receiver.
    """
    request = Request.current()
    mail = request.app.extension(Mail)
    values = mail_values(to, subject, text, html, reply_to, mail.sender)
    queues = (each for each in request.app.extensions if isinstance(each, TaskQueue))
    outbox = next((each for each in queues if each.declares(deliver)), None)
    if outbox is None:
        after_commit(deliver, values, request.app)
    else:
        outbox.take(deliver, (values,), {}, request)


def deliver(mail: Mapping[str, object], app: _App) -> None:
    """Send a mail of the outbox; a task for `restkit.events.Outbox`.

    Args:
        mail: The mail, as `send_mail` has written it.
        app: The App, which the worker passes.

    Raises:
        ValueError: An address is invalid.
    """
    extension = app.extension(Mail)
    extension.send(message_of(mail, extension.sender))
