"""A dialogue with a mail server that goes wrong halfway loses no mail, and sends none twice."""

from __future__ import annotations

from email.message import EmailMessage

import pytest
from smtp_server import mail_server

from restkit.mail import Mail


def message_to(*receivers: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "shop@example.org"
    message["To"] = ", ".join(receivers)
    message["Message-ID"] = "<1@example.org>"
    message.set_content("Yes.")
    return message


def send(port: int, message: EmailMessage) -> None:
    Mail(f"smtp://localhost:{port}", sender="shop@example.org").send(message)


def test_refused_receivers_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    """An exception would send the mail to the others again."""
    with mail_server() as server:
        server.refused = {"bob@example.org"}
        send(server.port, message_to("ada@example.org", "bob@example.org"))

    assert len(server.messages) == 1
    assert "refused the receiver bob@example.org of <1@example.org>: 550" in caplog.text


def test_a_mail_without_an_accepted_receiver_is_an_error() -> None:
    with mail_server() as server:
        server.refused = {"bob@example.org"}
        with pytest.raises(OSError, match=r"bob@example\.org"):
            send(server.port, message_to("bob@example.org"))

    assert server.messages == []


@pytest.mark.parametrize("farewell", ["421 too busy", "nonsense", ""])
def test_a_mail_that_the_server_took_is_sent(farewell: str) -> None:
    """An error after it would send it again."""
    with mail_server() as server:
        server.farewell = farewell
        send(server.port, message_to("ada@example.org"))

    assert len(server.messages) == 1
