"""Where unsafe requests of operations with a session must come from (CSRF)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import marshmallow as ma
import pytest

from restkit import App, Request, Response, Scheme, Unauthorized, takes
from restkit.html import Session, Sessions, Templates
from restkit.testing import Client, TestResponse

MakeTemplates = Callable[..., Templates]
KEY = "key of the sessions, never guessed"
FORM = "application/x-www-form-urlencoded"


class Transfer(ma.Schema):
    amount = ma.fields.Int(required=True)


class Bearer(Scheme):
    name = "bearer"

    def document(self) -> dict[str, object]:
        return {"type": "http", "scheme": "bearer"}

    def authenticate(self, request: Request, scopes: Any) -> object:
        if request.headers.get("Authorization") != "Bearer good":
            raise Unauthorized
        return "a program"


def bank(**options: Any) -> tuple[App, list[object]]:
    app = App("Bank")
    app.install(Sessions([KEY], **options))
    done: list[object] = []

    @app.get("/token")
    def token(session: Session) -> dict[str, str]:
        return {"token": session.csrf_token}

    @app.post("/json")
    @takes(body=Transfer)
    def by_json(body: dict[str, int], session: Session) -> None:
        done.append(body["amount"])

    @app.post("/form")
    @takes(form=Transfer)
    def by_form(form: dict[str, int], session: Session) -> None:
        done.append(form["amount"])

    @app.post("/login")
    def login(session: Session) -> None:
        session.login(1)
        done.append("login")

    @app.delete("/account")
    def delete(session: Session) -> None:
        done.append("deleted")

    @app.get("/read")
    def read(session: Session) -> None: ...

    @app.post("/free")
    @takes(body=Transfer)
    def free(body: dict[str, int]) -> None:
        done.append("free")

    return app, done


def client_of(app: App, **options: Any) -> Client:
    return Client(app, same_origin=False, **options)


SENDERS: dict[str, Callable[[Client, dict[str, str]], TestResponse]] = {
    "json": lambda client, headers: client.post("/json", json={"amount": 1}, headers=headers),
    "form": lambda client, headers: client.post("/form", data={"amount": 1}, headers=headers),
    "multipart": lambda client, headers: client.post(
        "/form",
        content=b'--b\r\nContent-Disposition: form-data; name="amount"\r\n\r\n1\r\n--b--\r\n',
        headers={**headers, "Content-Type": "multipart/form-data; boundary=b"},
    ),
    "login": lambda client, headers: client.post("/login", headers=headers),
    "delete": lambda client, headers: client.delete("/account", headers=headers),
}
REFUSED: list[dict[str, str]] = [
    {},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
    {"Sec-Fetch-Site": ""},
    {"Sec-Fetch-Site": "Same-Origin"},
    {"Sec-Fetch-Site": "same-origin, cross-site"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "https://localhost"},
    {"Origin": "http://localhost:8080"},
    {"Origin": "http://localhost.evil.example"},
    {"Origin": "http://evil.example"},
    {"Origin": "http://sub.localhost"},
    {"Origin": "http://localhost/"},
    {"Origin": "http://localhost, http://evil.example"},
    {"Origin": "http://evil.example", "X-Forwarded-Host": "evil.example"},
    {"Origin": "http://evil.example", "Forwarded": "host=evil.example"},
    {"Origin": "https://localhost", "X-Forwarded-Proto": "https"},
    {"Referer": "http://localhost/form"},
    {"X-CSRF-Token": ""},
    {"X-CSRF-Token": "made-up"},
    {"X-Requested-With": "XMLHttpRequest"},
    {"X-HTTP-Method-Override": "GET"},
    {"Authorization": "Basic YTpi"},
    {"Authorization": "Negotiate YTpi"},
]
TAKEN: list[dict[str, str]] = [
    {"Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "none"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "http://other.example"},
    {"Origin": "http://localhost"},
]


@pytest.mark.parametrize("sender", SENDERS)
@pytest.mark.parametrize("headers", REFUSED, ids=str)
def test_a_request_from_elsewhere_is_refused(sender: str, headers: dict[str, str]) -> None:
    app, done = bank()
    client = client_of(app)
    client.get("/token")
    response = SENDERS[sender](client, headers)

    assert response.status == 403
    assert done == []
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("sender", SENDERS)
@pytest.mark.parametrize("headers", TAKEN, ids=str)
def test_a_request_from_a_page_of_the_app_is_taken(sender: str, headers: dict[str, str]) -> None:
    app, done = bank()

    assert SENDERS[sender](client_of(app), headers).status == 204
    assert len(done) == 1


@pytest.mark.parametrize("sender", SENDERS)
def test_a_token_counts_where_a_client_says_nothing(sender: str) -> None:
    app, done = bank()
    client = client_of(app)
    token = client.get("/token").json["token"]

    assert SENDERS[sender](client, {"X-CSRF-Token": token}).status == 204
    foreign = {"X-CSRF-Token": token, "Origin": "http://evil.example"}
    assert SENDERS[sender](client, foreign).status == 403, "a token never helps another origin"
    cross = {"X-CSRF-Token": token, "Sec-Fetch-Site": "cross-site"}
    assert SENDERS[sender](client, cross).status == 403
    assert len(done) == 1


def test_the_token_may_be_a_field_of_the_form() -> None:
    app, done = bank()
    client = client_of(app)
    token = client.get("/token").json["token"]
    other = client_of(app).get("/token").json["token"]

    assert client.post("/form", data={"amount": 1, "csrf_token": other}).status == 403
    assert client.post("/form", data={"amount": 1, "csrf_token": "é"}).status == 403
    assert client.post("/form", data={"amount": 1, "csrf_token": token}).status == 204
    assert client_of(app).post("/form", data={"amount": 1, "csrf_token": token}).status == 403
    content = (
        '--b\r\nContent-Disposition: form-data; name="amount"\r\n\r\n1\r\n'
        f'--b\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{token}\r\n--b--\r\n'
    )
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    assert client.post("/form", content=content.encode(), headers=headers).status == 204
    assert done == [1, 1]


def test_a_login_renews_the_token() -> None:
    app, _ = bank()
    client = client_of(app)
    token = client.get("/token").json["token"]
    assert client.post("/login", headers={"X-CSRF-Token": token}).status == 204

    assert client.delete("/account", headers={"X-CSRF-Token": token}).status == 403
    renewed = client.get("/token").json["token"]
    assert client.delete("/account", headers={"X-CSRF-Token": renewed}).status == 204


def test_content_of_a_wrong_type_is_a_415_first() -> None:
    app, done = bank()
    for media_type in ("text/plain", "text/plain;charset=utf-8", FORM, "application/octet-stream"):
        response = client_of(app).post(
            "/json",
            content=b'{"amount": 1}',
            headers={"Content-Type": media_type, "Sec-Fetch-Site": "cross-site"},
        )
        assert response.status == 415
    assert done == []


def test_safe_methods_and_operations_without_a_session_are_not_asked() -> None:
    app, done = bank()
    client = client_of(app)
    headers = {"Sec-Fetch-Site": "cross-site", "Origin": "null"}

    assert client.get("/read", headers=headers).status == 204
    assert client.head("/read", headers=headers).status == 204
    assert client.options("/json", headers=headers).status == 204
    assert client.post("/free", json={"amount": 1}, headers=headers).status == 204
    assert done == ["free"]


def test_the_method_is_not_overridden() -> None:
    app, done = bank()
    client = client_of(app)
    for headers, path in (
        ({"X-HTTP-Method-Override": "DELETE"}, "/account"),
        ({"X-HTTP-Method": "DELETE"}, "/account?_method=DELETE"),
    ):
        response = client.post(path, data={"_method": "DELETE"}, headers=headers)
        assert response.status == 405
    assert done == []


def test_trusted_origins_may_send_requests() -> None:
    app, done = bank(trusted_origins=["https://app.example", "http://localhost:3000"])
    client = client_of(app)
    trusted = [
        {"Origin": "https://app.example"},
        {"Origin": "https://app.example", "Sec-Fetch-Site": "same-site"},
        {"Origin": "http://localhost:3000", "Sec-Fetch-Site": "cross-site"},
    ]
    for headers in trusted:
        assert client.post("/login", headers=headers).status == 204
    for origin in (
        "http://app.example",
        "https://app.example:444",
        "https://a.app.example",
        "null",
    ):
        assert client.post("/login", headers={"Origin": origin}).status == 403
    assert len(done) == 3


@pytest.mark.parametrize(
    ("base_url", "origin", "status"),
    [
        ("https://shop.example", "https://shop.example", 204),
        ("https://shop.example", "http://shop.example", 403),
        ("https://shop.example:8443", "https://shop.example:8443", 204),
        ("https://shop.example:8443", "https://shop.example", 403),
        ("http://SHOP.example:80", "http://shop.example", 204),
        ("http://[::1]:8000", "http://[::1]:8000", 204),
    ],
)
def test_the_origin_is_scheme_host_and_port(base_url: str, origin: str, status: int) -> None:
    app, _ = bank()
    client = client_of(app, base_url=base_url)

    assert client.post("/login", headers={"Origin": origin}).status == status


def test_behind_a_proxy_that_ends_tls() -> None:
    app, _ = bank(secure=True)
    client = client_of(app, base_url="http://shop.example")

    assert client.post("/login", headers={"Origin": "https://shop.example"}).status == 204
    assert client.post("/login", headers={"Origin": "http://shop.example"}).status == 403


def test_own_credentials_without_a_cookie_are_not_asked() -> None:
    app, done = bank()
    client = client_of(app)
    headers = {"Authorization": "Bearer good"}

    assert client.post("/login", headers=headers).status == 204
    assert client.delete("/account", headers=headers).status == 403, "the client has a cookie now"
    assert done == ["login"]


def test_pages_have_the_field(templates: MakeTemplates) -> None:
    app, done = bank()
    app.install(templates({"form.html": '<form method="post">{{ csrf() }}</form>'}))

    @app.get("/page", template="form.html")
    def page() -> dict[str, str]:
        return {}

    client = client_of(app)
    text = client.get("/page").text
    before, _, after = text.partition('<input type="hidden" name="csrf_token" value="')
    token = after.partition('"')[0]
    assert before == '<form method="post">'
    assert client.get("/token").json["token"] == token

    assert client.post("/form", data={"amount": 1, "csrf_token": token}).status == 204
    assert done == [1]


# flash messages


def flashing(templates: MakeTemplates) -> Client:
    app = App("Flashes")
    app.install(Sessions([KEY]))
    shown = "{% for each in flashes() %}[{{ each.category }}: {{ each.message }}]{% endfor %}"
    app.install(templates({"page.html": shown, "errors/error.html": f"error {shown}"}))

    @app.post("/flash/<message>")
    def flash(message: str, session: Session) -> None:
        session.flash(message)
        session.flash(7, "success")

    @app.get("/page", template="page.html")
    def page() -> dict[str, str]:
        return {}

    @app.get("/status/<int:status>")
    def status(status: int, session: Session) -> Response:
        assert session.flashes()
        return Response(status=status, headers={"Location": "/page"})

    @app.get("/fail", template="page.html")
    def fail(session: Session) -> dict[str, str]:
        session["a"] = 1
        raise Unauthorized

    return Client(app, contract=False)


def test_a_message_is_shown_once(templates: MakeTemplates) -> None:
    client = flashing(templates)
    client.post("/flash/<b>")

    page = client.get("/page")
    assert page.text == "[info: &lt;b&gt;][success: 7]"
    assert page.headers["Cache-Control"] == "no-store"
    assert client.get("/page").text == ""


@pytest.mark.parametrize("status", [301, 302, 303, 304, 307])
def test_a_response_without_a_page_forgets_none(templates: MakeTemplates, status: int) -> None:
    client = flashing(templates)
    client.post("/flash/a")
    client.head("/page")
    client.get(f"/status/{status}")

    assert client.get("/page").text == "[info: a][success: 7]"


def test_an_error_page_shows_them_too(templates: MakeTemplates) -> None:
    client = flashing(templates)
    client.post("/flash/a")
    page = client.get("/fail", headers={"Accept": "text/html"})

    assert (page.status, page.text) == (401, "error [info: a][success: 7]")
    assert client.get("/page").text == ""
    assert client.get("/nowhere", headers={"Accept": "text/html"}).text == "error "
