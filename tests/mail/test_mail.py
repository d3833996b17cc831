"""Mails leave after the commit of a request, by the transport of a URL."""

from __future__ import annotations

import json
import logging
import ssl
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path

import pytest
import sqlalchemy as sa
from certificates import certificate
from markupsafe import Markup
from smtp_server import mail_server
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from restkit import App, Conflict, DeclarationError, Request, raises
from restkit.events import Outbox, Worker, outbox_metadata
from restkit.mail import Mail, deliver, send_mail
from restkit.sqlalchemy import Database, session
from restkit.testing import Client

OUTBOX = outbox_metadata.tables["restkit_outbox"]


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "order"

    id: Mapped[int] = mapped_column(primary_key=True)


def shop(*extensions: object, **mail: object) -> App:
    """Return an App whose POST sends a mail."""
    app = App("Shop", extensions=list(extensions))  # type: ignore[arg-type]  # any of them
    words: dict[str, object] = {"to": "ada@example.org", "subject": "Hi", "text": "Yes.", **mail}

    @app.post("/mails/<int:is_good>")
    @raises(Conflict)
    def send(is_good: int) -> dict[str, str]:
        send_mail(**words)  # type: ignore[arg-type]  # of each test
        if not is_good:
            raise Conflict("No.")
        return {}

    return app


def sent(app: App) -> list[EmailMessage]:
    """Send a mail, and return the messages of the App's Mail."""
    assert Client(app).post("/mails/1").status == 200
    return app.extension(Mail).sent


def recorded(sender: str = "shop@example.org") -> Mail:
    return Mail("memory:", sender=sender)


def test_a_mail_leaves_after_the_commit() -> None:
    app = shop(recorded("Shop <shop@example.org>"), reply_to="help@example.org")

    assert Client(app).post("/mails/0").status == 409
    (message,) = sent(app)

    assert message["From"] == "Shop <shop@example.org>"
    assert message["To"] == "ada@example.org"
    assert message["Reply-To"] == "help@example.org"
    assert message["Subject"] == "Hi"
    assert message["Date"]
    assert message["Message-ID"].endswith("@example.org>")
    assert message.get_content() == "Yes.\n"


def test_a_mail_has_text_and_html() -> None:
    (message,) = sent(shop(recorded(), html="<p>Yes.</p>"))

    assert message.get_content_type() == "multipart/alternative"
    kinds = [each.get_content_type() for each in message.iter_parts()]
    assert kinds == ["text/plain", "text/html"]


def test_a_mail_has_several_receivers() -> None:
    (message,) = sent(shop(recorded(), to=["ada@example.org", '"B, C" <bob@example.org>']))

    assert [each.addr_spec for each in message["To"].addresses] == [
        "ada@example.org",
        "bob@example.org",
    ]


@pytest.mark.parametrize(
    "subject",
    [
        "One\r\nBcc: eve@example.org",
        "One\nTwo",
        "Ünï\u2028cödé \U0001f525",
        "\x01\x1f\x85",
        "x" * 900,
        "=?utf-8?q?One=0D=0ABcc:_eve=40example.org?=",
        "\0 \ud800",
    ],
    ids=["crlf", "lf", "unicode", "control", "long", "encoded", "unstorable"],
)
def test_a_subject_is_one_header(subject: str) -> None:
    (message,) = sent(shop(recorded(), subject=subject))

    read = BytesParser(policy=default).parsebytes(message.as_bytes())
    assert {each.lower() for each in read} >= {"from", "to", "subject"}
    assert read["Bcc"] is None
    assert read.get_content() == "Yes.\n"


@pytest.mark.parametrize(
    "to",
    [
        *(
            "ada",
            "@example.org",
            "ada@",
            "a@b@c",
            "a b@example.org",
            "a@b.example\nBcc: e@b.example",
        ),
        *("a@b.example, e@b.example", "a@b.example>, <e@b.example", "a@b.example; e@b.example"),
        *("All: a@b.example;", "Doe, Jane <a@b.example>", "a@b.example <e@b.example>"),
        *("=?utf-8?q?a=40b.example=2C?= <e@b.example>", "a@b .example", "\0@b.example"),
    ],
)
def test_an_invalid_address_is_an_error_of_the_delivery(
    caplog: pytest.LogCaptureFixture, to: str
) -> None:
    """It may come from a client: the data is stored, and no mail goes to somebody else."""
    app = shop(recorded(), to=to)

    assert sent(app) == []

    assert "failed after the commit" in caplog.text


def test_a_mail_needs_a_receiver() -> None:
    app = shop(recorded(), to=[])

    with pytest.raises(ValueError, match="address"):
        Client(app).post("/mails/1")


def test_an_app_without_mail_is_told() -> None:
    with pytest.raises(LookupError, match="no Mail"):
        Client(shop()).post("/mails/1")


def test_an_app_has_one_mail() -> None:
    with pytest.raises(DeclarationError, match="has a Mail already"):
        shop(recorded(), recorded())


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("imap://user:s3cret@mail.example", "'imap'"),
        ("smtp://", "host None"),
        ("mail.example", "scheme ''"),
        ("smtp://user:s3cret@mail.example:many", "port"),
        ("smtp://user:s3cret\u2100@mail.example", "invalid URL"),
        ("smtp://user:s3cret[@mail.example", "invalid URL"),
    ],
)
def test_a_url_that_names_no_transport_is_rejected(url: str, says: str) -> None:
    """The message does not show the password."""
    with pytest.raises(DeclarationError, match=says) as caught:
        Mail(url, sender="shop@example.org")

    assert "s3cret" not in str(caught.value)


def test_a_sender_is_an_address() -> None:
    with pytest.raises(DeclarationError, match="sender"):
        Mail("log:", sender="the shop")


def test_a_function_is_a_transport() -> None:
    messages: list[EmailMessage] = []

    assert sent(shop(Mail(messages.append, sender="shop@example.org"))) == []

    assert [each["Subject"] for each in messages] == ["Hi"]


def test_the_log_is_a_transport(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "restkit.mail"):
        sent(shop(Mail("log:", sender="shop@example.org"), html="<p>Yes.</p>"))

    assert "Mail to ada@example.org: Hi\nYes.\n" in caplog.text


def trusted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """Return the context of a server whose certificate clients trust."""
    path = certificate(folder, "localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    return context


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_server_gets_the_mail_over_tls(
    scheme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = trusted(tmp_path, monkeypatch)
    with mail_server(context, from_start=scheme == "smtps") as server:
        url = f"{scheme}://shop%40example.org:s3cret@localhost:{server.port}"
        sent(shop(Mail(url, sender="shop@example.org")))

    assert server.secure == [True]
    assert server.logins == [("shop@example.org", "s3cret")]
    assert b"Subject: Hi" in server.messages[0]


def test_a_server_without_tls_gets_no_password(caplog: pytest.LogCaptureFixture) -> None:
    with mail_server() as server:
        sent(shop(Mail(f"smtp://shop:s3cret@localhost:{server.port}", sender="shop@example.org")))

    assert server.logins == []
    assert server.messages == []
    assert "offers no TLS" in caplog.text
    assert "s3cret" not in caplog.text


def test_a_server_without_tls_gets_mails_without_a_login() -> None:
    with mail_server() as server:
        sent(shop(Mail(f"smtp://localhost:{server.port}", sender="shop@example.org")))

    assert server.secure == [False]


def test_the_certificate_is_verified(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(tmp_path, "localhost"))
    with mail_server(context) as server:
        sent(shop(Mail(f"smtp://localhost:{server.port}", sender="shop@example.org")))

    assert server.messages == []
    assert "CERTIFICATE_VERIFY_FAILED" in caplog.text


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(f"sqlite:///{tmp_path / 'shop.db'}", create=Base.metadata)


def test_a_mail_of_an_outbox_belongs_to_the_transaction(database: Database) -> None:
    app = shop(database, recorded(), Outbox(database, tasks=[deliver]))
    assert Client(app).post("/mails/0").status == 409
    assert sent(app) == []

    assert Worker(app).run_due() == 1

    assert [each["Subject"] for each in app.extension(Mail).sent] == ["Hi"]
    database.close()


def test_a_mail_that_is_sent_again_has_the_same_id(database: Database) -> None:
    """A server that fails is tried again by the worker; the two messages are one."""
    messages: list[EmailMessage] = []

    def fail_once(message: EmailMessage) -> None:
        messages.append(message)
        if len(messages) == 1:
            raise ConnectionError("The mail server is away.")

    mail = Mail(fail_once, sender="shop@example.org")
    app = shop(database, mail, Outbox(database, tasks=[deliver]))
    assert Client(app).post("/mails/1").status == 200

    Worker(app).run_due()
    with database.engine.begin() as connection:
        (error,) = connection.scalars(sa.select(OUTBOX.c.error))
        connection.execute(sa.update(OUTBOX).values(due_at=0))
    Worker(app).run_due()

    assert "away" in error
    assert len(messages) == 2
    assert messages[0]["Message-ID"] == messages[1]["Message-ID"]
    database.close()


def test_a_row_has_the_mail_as_json(database: Database) -> None:
    app = shop(database, recorded(), Outbox(database, tasks=[deliver]))
    sent(app)

    with database.engine.begin() as connection:
        (body,) = connection.scalars(sa.select(OUTBOX.c.body))

    (mail,) = json.loads(body)["args"]
    assert mail["to"] == ["ada@example.org"]
    database.close()


def test_an_outbox_holds_every_mail(database: Database) -> None:
    """A text of a client, such as one with a NUL, does not fail the request."""
    mail = {"subject": "\0Hi\ud800", "text": "\0", "html": Markup("<p>\ud800</p>")}
    app = shop(database, recorded(), Outbox(database, tasks=[deliver]), **mail)
    sent(app)

    Worker(app).run_due()

    (message,) = app.extension(Mail).sent
    assert message["Subject"] == "\ufffdHi\ufffd"
    assert [each.get_content() for each in message.iter_parts()] == ["\ufffd\n", "<p>\ufffd</p>\n"]
    database.close()


def test_a_mail_in_a_savepoint_is_dropped_with_it(database: Database) -> None:
    app = App("Shop", extensions=[database, recorded()])

    @app.post("/orders")
    def create() -> dict[str, str]:
        opened = session(Request.current())
        with opened.begin_nested() as savepoint:
            send_mail("ada@example.org", "Hi", "No.")
            savepoint.rollback()
        send_mail("ada@example.org", "Hi", "Yes.")
        return {}

    assert Client(app).post("/orders").status == 200

    assert [each.get_content() for each in app.extension(Mail).sent] == ["Yes.\n"]
    database.close()
