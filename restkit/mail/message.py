"""Mails as JSON values, which rows of the outbox hold, and as messages (RFC 5322)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from email.errors import NonASCIILocalPartDefect
from email.headerregistry import Address, AddressHeader, BaseHeader
from email.message import EmailMessage
from email.policy import default
from email.utils import formatdate, make_msgid, parseaddr

__all__ = ["check_address", "mail_values", "message_of"]

_unstorable = re.compile("[\0\ud800-\udfff]")  # what an outbox on PostgreSQL or UTF-8 cannot hold

_controls = re.compile("[\x01-\x1f\x7f-\x9f]")
_INVALID = "A mail has an address that is not like ada@example.org."


def mail_values(
    to: str | Sequence[str], subject: str, text: str, html: str, reply_to: str, sender: str
) -> dict[str, object]:
    """Return a mail as JSON values.

    Raises:
        ValueError: There is no receiver.
    """
    receivers = [to] if isinstance(to, str) else [*to]
    if not receivers:
        raise ValueError("send_mail() needs an address to send to.")
    return {
        "to": [_plain(each) for each in receivers],
        "subject": _subject(subject),
        "text": _plain(text),
        "html": _plain(html),
        "reply_to": _plain(reply_to),
        # The same id if a worker sends the mail again, so that receivers can drop the second one.
        "id": make_msgid(domain=parseaddr(sender)[1].partition("@")[2]),
        "date": formatdate(),
    }


def _plain(text: str) -> str:
    """Return a text, such as Markup, as a plain one that every outbox can hold."""
    return _unstorable.sub("\ufffd", str(text))


def _subject(text: str) -> str:
    """Return a subject as one line.

    SECURITY: subjects often come from clients. A line break would begin another header, and so
    would the line break in an encoded word (RFC 2047), which `EmailMessage` decodes.
    """
    line = " ".join(_controls.sub(" ", _plain(text)).split())
    return line.replace("=?", "= ?")


def check_address(address: str) -> Address:
    """Return a text that is one address, with or without a name.

    Raises:
        ValueError: It is not an address, or more than one.
    """
    # SECURITY: an address often comes from a client, and must not send the mail to others too.
    is_plain = address.isprintable() and not re.search("=\\?|\ufffd", address)
    header = default.header_factory("To", address) if is_plain else None
    if (
        not isinstance(header, BaseHeader)
        or not isinstance(header, AddressHeader)
        or not all(map(_is_mild, header.defects))
    ):
        raise ValueError(_INVALID)
    found, groups = header.addresses, header.groups
    if len(found) != 1 or groups[0].display_name is not None or not _is_whole(found[0]):
        raise ValueError(_INVALID)
    return found[0]


def _is_mild(defect: object) -> bool:
    """Return whether a defect is only that of an address of RFC 6531."""
    return isinstance(defect, NonASCIILocalPartDefect)


def _is_whole(address: Address) -> bool:
    parts = address.username, address.domain
    return all(parts) and re.search(r"[\s@]", "".join(parts)) is None


def message_of(values: Mapping[str, object], sender: str) -> EmailMessage:
    """Return the message of a mail.

    Args:
        values: The result of `mail_values`.
        sender: The address in From.

    Raises:
        ValueError: An address is invalid.
    """
    message = EmailMessage()
    message["From"] = check_address(sender)
    receivers = values["to"]
    assert isinstance(receivers, list)  # mail_values has made it
    reply_to = str(values["reply_to"])
    message["To"] = [check_address(each) for each in receivers]
    message["Subject"] = str(values["subject"])
    message["Message-ID"] = str(values["id"])
    message["Date"] = str(values["date"])
    if reply_to:
        message["Reply-To"] = check_address(reply_to)
    message.set_content(str(values["text"]))
    if values["html"]:
        message.add_alternative(str(values["html"]), subtype="html")
    return message
