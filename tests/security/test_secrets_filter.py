"""SecretsFilter: no credentials in logs, with the values of the schemes themselves."""

from __future__ import annotations

import base64
import io
import json
import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from restkit import App, DeclarationError, Request
from restkit.security import APIKey, HTTPBasic, HTTPBearer, SecretsFilter
from restkit.testing import Client

KEY, TOKEN, PASSWORD = "k3y-0123456789/abc", "t0ken.abc-def_ghi", "pa55 word"
BASIC = base64.b64encode(f"ada:{PASSWORD}".encode()).decode()


def service() -> App:
    scheme = (
        HTTPBearer({TOKEN: "ada"}.get)
        | HTTPBasic(lambda name, password: name)
        | APIKey(header="X-API-Key", keys={KEY: "ada"}, name="header")
        | APIKey(cookie="key", keys={KEY: "ada"}, name="cookie")
        | APIKey(query="key", keys={KEY: "ada"}, name="query")
    )
    app = App("Orders", security=scheme)

    @app.get("/me")
    def me(request: Request) -> dict[str, str]:
        logging.getLogger("shop").warning("environ %r", request.environ)
        logging.getLogger("shop").warning("headers %r of %s", request.headers, request.url)
        logging.getLogger("shop").warning("args %s cookies %s", request.args, request.cookies)
        logging.getLogger("shop").warning("basic %s", request.authorization)
        raise RuntimeError(f"{request.headers} {request.url} {dict(request.cookies)}")

    return app


@pytest.fixture
def logged() -> Iterator[Any]:
    """Log everything into a text, through a handler with the filter."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    root = logging.getLogger()
    root.addHandler(handler)

    def start(app: App | None = None) -> io.StringIO:
        handler.addFilter(SecretsFilter(app))
        return text

    yield start
    root.removeHandler(handler)


def test_an_installed_filter() -> None:
    """It filters the handlers of the root logger from the start of the App to its end."""
    text, root, app = io.StringIO(), logging.getLogger(), service()
    app.install(SecretsFilter())
    handler = logging.StreamHandler(text)
    root.addHandler(handler)
    try:
        with app:
            client = Client(app, raise_errors=False)
            assert client.get("/me", headers={"X-API-Key": KEY}).status == 500
        assert "environ" in text.getvalue()
        assert KEY not in text.getvalue()
        assert handler.filters == []
    finally:
        root.removeHandler(handler)


def test_a_filter_is_of_one_app() -> None:
    shared = SecretsFilter()
    App("A").install(shared)
    with pytest.raises(DeclarationError, match="of an App already"):
        App("B").install(shared)


SENT: list[tuple[str, dict[str, Any]]] = [
    (TOKEN, {"headers": {"Authorization": f"Bearer {TOKEN}"}}),
    (PASSWORD, {"headers": {"Authorization": f"Basic {BASIC}"}}),
    (BASIC, {"headers": {"Authorization": f"basic {BASIC}"}}),
    (KEY, {"headers": {"X-API-Key": KEY}}),
    (KEY, {"headers": {"Cookie": f"theme=dark; key={KEY}"}}),
    (KEY, {"query": {"key": KEY}}),
]


@pytest.mark.parametrize(("secret", "sent"), SENT)
def test_the_credentials_of_a_request(secret: str, sent: dict[str, Any], logged: Any) -> None:
    app = service()
    text = logged(app)
    assert Client(app, raise_errors=False).get("/me", **sent).status == 500
    written = text.getvalue()
    assert "RuntimeError" in written
    assert "[hidden]" in written
    assert secret not in written
    assert secret.replace("/", "%2F") not in written


@pytest.mark.parametrize(
    "line",
    [
        f'"GET /me?key={KEY} HTTP/1.1" 200',
        f'"GET /me?page=2&key={KEY}&x=1 HTTP/1.1" 200',
        f"Authorization: Bearer {TOKEN}",
        f"{{'HTTP_AUTHORIZATION': 'Basic {BASIC}', 'x': 1}}",
        f"('Cookie', 'session={TOKEN}')",
        f"Set-Cookie: session={TOKEN}; Path=/",
        f"called with bearer {TOKEN}",
    ],
)
def test_lines_outside_of_requests(line: str, logged: Any) -> None:
    """An access log is written when the request is over."""
    text = logged(service())
    logging.getLogger("gunicorn.access").warning("%s", line)
    written = text.getvalue()
    assert not any(each in written for each in (KEY, TOKEN, BASIC))
    assert "[hidden]" in written


@pytest.mark.parametrize("line", ["GET /books?key_id=7", "the bearer of a key", "Basic 1", "100 %"])
def test_other_lines_stay(line: str, logged: Any) -> None:
    text = logged(service())
    logging.getLogger("shop").warning(line)
    assert text.getvalue() == f"{line}\n"


def test_a_record_that_cannot_be_formatted() -> None:
    """It is the handler that reports it."""
    reported: list[logging.LogRecord] = []

    class Handler(logging.StreamHandler[io.StringIO]):
        def handleError(self, record: logging.LogRecord) -> None:
            reported.append(record)

    handler = Handler(io.StringIO())
    handler.addFilter(SecretsFilter())
    logger = logging.getLogger("shop.broken")
    logger.propagate = False
    logger.addHandler(handler)
    logger.warning("%d", "x")
    assert [each.msg for each in reported] == ["%d"]
    assert handler.stream.getvalue() == ""


ODD = "p\"'ss\\wörd & /"


@pytest.mark.parametrize(
    "spell",
    [
        *(str, repr, ascii, json.dumps, quote, quote_plus),
        lambda text: quote(text, safe=""),
        lambda text: json.dumps(text, ensure_ascii=False),
    ],
    ids=["str", "repr", "ascii", "json", "quote", "quote_plus", "quote all", "json in UTF-8"],
)
def test_a_password_in_any_spelling(spell: Callable[[str], str], logged: Any) -> None:
    app = App("Orders", security=HTTPBasic(lambda name, password: name))

    @app.get("/me")
    def me() -> dict[str, str]:
        logging.getLogger("shop").warning("sent %s.", spell(ODD))
        return {}

    text = logged(app)
    credentials = base64.b64encode(f"ada:{ODD}".encode()).decode()
    headers = {"Authorization": f"Basic {credentials}"}
    assert Client(app).get("/me", headers=headers).status == 200
    written = text.getvalue()
    assert written.strip("\"'\n").replace("sent ", "").strip("\"'.") == "[hidden]"


def test_a_scheme_that_logs_while_its_names_are_found(logged: Any) -> None:
    class Wordy(APIKey):
        def document(self) -> Mapping[str, object]:
            logging.getLogger("shop").warning("described")
            return super().document()

    app = App("Orders", security=Wordy(query="secret", keys={KEY: "ada"}))
    app.get("/me")(lambda: {})
    app.operations()
    text = logged(app)
    logging.getLogger("shop").warning("GET /me?secret=%s", KEY)
    assert KEY not in text.getvalue()
    assert "GET /me?secret=[hidden]" in text.getvalue()


@pytest.mark.parametrize("header", ["Basic %%%%%%%%", "opaque-token-123", "Basic YWRh"])
def test_credentials_that_cannot_be_read(header: str, logged: Any) -> None:
    app = App("Orders")

    @app.get("/me")
    def me(request: Request) -> dict[str, str]:
        logging.getLogger("shop").warning("sent <%s>", request.environ["HTTP_AUTHORIZATION"])
        return {}

    text = logged(app)
    assert Client(app).get("/me", headers={"Authorization": header}).status == 200
    assert text.getvalue() == "sent <[hidden]>\n"


@pytest.mark.parametrize(("key", "shown"), [("k3y7", "[hidden]"), ("k3y", "k3y")])
def test_a_text_of_three_characters_stays(key: str, shown: str, logged: Any) -> None:
    """It would hide parts of ordinary words."""
    app = App("Orders")

    @app.get("/me")
    def me(request: Request) -> dict[str, str]:
        logging.getLogger("shop").warning("theme %s", request.cookies["theme"])
        return {}

    text = logged(app)
    assert Client(app).get("/me", headers={"Cookie": f"theme={key}"}).status == 200
    assert text.getvalue() == f"theme {shown}\n"
