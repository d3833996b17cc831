"""Login by a session: who is the caller, what a login renews, where a browser is sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import marshmallow as ma
import pytest

from restkit import (
    App,
    DeclarationError,
    Forbidden,
    Request,
    Resource,
    Scheme,
    SeeOther,
    Unauthorized,
    anonymous,
    raises,
    takes,
)
from restkit.html import LocalURL, LoggedIn, Session, Sessions
from restkit.openapi.shared_components import expanded
from restkit.testing import Client, TestResponse

KEY = "key of the sessions, never guessed"
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@dataclass
class User:
    id: int
    epoch: int = 0
    scopes: list[str] = field(default_factory=list)


class Credentials(ma.Schema):
    user = ma.fields.Int(required=True)
    remember = ma.fields.Bool(load_default=False)


class Next(ma.Schema):
    next = LocalURL(load_default="/")


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class Keys(Scheme):
    name = "keys"

    def document(self) -> dict[str, object]:
        return {"type": "apiKey", "in": "header", "name": "X-Key"}

    def authenticate(self, request: Request, scopes: Any) -> object:
        if request.headers.get("X-Key") != "good":
            raise Unauthorized
        return "a key"


def blog(users: dict[int, User], store: Any = None, **options: Any) -> App:
    def load(user_id: str, request: Request) -> User | None:
        assert request.app is not None
        return users.get(int(user_id))

    sessions = Sessions([KEY], store=store, **options)
    user = LoggedIn(
        load,
        login_page="login",
        epoch=lambda user: user.epoch,
        scopes=lambda user: user.scopes,
    )
    app = App("Blog", security=user)
    app.install(sessions)

    @app.get("/me")
    def me() -> dict[str, int]:
        return {"id": Request.current().caller.id}

    @app.get("/admin", security=user.scopes("admin"))
    def admin() -> dict[str, int]:
        return {}

    @app.get("/hello", security=user | anonymous)
    def hello() -> dict[str, object]:
        caller = Request.current().caller
        return {"id": None if caller is None else caller.id}

    @app.get("/either", security=Keys() | user)
    def either() -> dict[str, str]:
        return {"caller": str(Request.current().caller)}

    @app.route("/login", name="login", public=True)
    class Login(Resource):
        @takes(query=Next)
        def get(self, query: dict[str, str], session: Session) -> dict[str, object]:
            session["seen"] = True
            return {"token": session.csrf_token, **query}

        @takes(body=Credentials)
        @raises(Unauthorized)
        def post(self, body: dict[str, Any], session: Session) -> SeeOther:
            if body["user"] not in users:
                raise Unauthorized("The name or the password is wrong.")
            epoch = users[body["user"]].epoch
            session.login(body["user"], remember=body["remember"], epoch=epoch)
            return SeeOther("/me")

    @app.post("/logout", public=True)
    def logout(session: Session) -> SeeOther:
        session.logout()
        return SeeOther("/hello")

    @app.get("/content", public=True)
    def content(session: Session) -> dict[str, object]:
        return {**session, "user": session.user_id}

    return app


def log_in(client: Client, user: int = 1, **more: object) -> TestResponse:
    return client.post("/login", json={"user": user, **more})


def test_the_caller_is_the_user() -> None:
    client = Client(blog({1: User(1)}))
    assert client.get("/me").status == 401
    assert log_in(client).status == 303

    assert client.get("/me").json == {"id": 1}
    assert client.get("/hello").json == {"id": 1}
    assert client.post("/logout").status == 303
    assert client.get("/me").status == 401
    assert client.get("/hello").json == {"id": None}
    assert client.get_cookie("session") is None


def test_wrong_credentials_log_nobody_in() -> None:
    client = Client(blog({1: User(1)}))

    assert log_in(client, 2).status == 401
    assert client.get("/me").status == 401


def test_a_login_drops_what_was_there() -> None:
    client = Client(blog({1: User(1)}))
    token = client.get("/login").json["token"]
    before = client.get_cookie("session")
    assert client.get("/content").json == {"seen": True, "user": None}
    log_in(client)

    assert client.get("/content").json == {"user": "1"}
    assert client.get("/login").json["token"] != token
    assert client.get_cookie("session") != before


def test_an_old_cookie_is_not_logged_in_by_a_login() -> None:
    """A planted session stays what it was: a login is in the new cookie alone."""
    client = Client(blog({1: User(1)}))
    client.get("/login")
    planted = client.get_cookie("session")
    log_in(client)
    assert planted is not None

    attacker = Client(client._app)
    attacker.set_cookie("session", planted)
    assert attacker.get("/me").status == 401


def test_a_user_who_is_gone_is_nobody() -> None:
    users = {1: User(1)}
    client = Client(blog(users))
    log_in(client)
    del users[1]

    assert client.get("/me").status == 401
    assert client.get("/hello").json == {"id": None}


def test_a_new_epoch_ends_every_session_of_the_user() -> None:
    users = {1: User(1), 2: User(2)}
    app = blog(users)
    one, copied, other = Client(app), Client(app), Client(app)
    log_in(one)
    copied.set_cookie("session", str(one.get_cookie("session")))
    log_in(other, 2)
    one.post("/logout")
    assert copied.get("/me").status == 200, "a signed cookie outlives the logout"
    users[1].epoch += 1

    assert copied.get("/me").status == 401
    assert other.get("/me").status == 200
    log_in(one)
    assert one.get("/me").status == 200


def test_scopes_are_those_of_the_user() -> None:
    client = Client(blog({1: User(1), 2: User(2, scopes=["admin"])}))
    log_in(client)
    assert client.get("/admin").status == 403
    log_in(client, 2)
    assert client.get("/admin").status == 200


def test_a_remembered_login_outlasts_the_browser() -> None:
    clock = Clock()
    app = blog({1: User(1)}, clock=clock, remember=timedelta(days=30))
    short, long = Client(app), Client(app)
    assert "Max-Age" not in log_in(short).headers["Set-Cookie"]
    assert "; Max-Age=2592000;" in log_in(long, remember=True).headers["Set-Cookie"]
    clock.now += timedelta(days=29).total_seconds()

    assert short.get("/me").status == 401
    assert long.get("/me").status == 200
    again = long.get("/login")
    assert "; Max-Age=86400;" in again.headers["Set-Cookie"], "a change does not make it longer"
    clock.now += timedelta(days=1, seconds=1).total_seconds()
    assert long.get("/me").status == 401


@pytest.mark.parametrize("user_id", [None, True, False, "", b"1"])
def test_an_id_is_a_text_or_a_number(user_id: object) -> None:
    app = App("Ids")
    app.install(Sessions([KEY]))

    @app.post("/login")
    def login(session: Session) -> None:
        session.login(user_id)

    with pytest.raises(TypeError, match="expects the id of a user"):
        Client(app).post("/login")


# the login page


def test_a_browser_is_sent_to_the_login_page() -> None:
    client = Client(blog({1: User(1)}))
    response = client.get("/me?a=b%20c&d=%2F", headers=BROWSER)

    assert response.status == 303
    assert response.headers["Location"] == "/login?next=%2Fme%3Fa%3Db%2520c%26d%3D%252F"
    assert response.headers["Cache-Control"] == "no-store"
    assert "Cookie" in response.headers["Vary"]
    assert client.get(response.headers["Location"]).json["next"] == "/me?a=b%20c&d=%2F"
    assert client.head("/me", headers=BROWSER).status == 303
    log_in(client)
    assert client.get("/me", headers=BROWSER).status == 200


@pytest.mark.parametrize(
    "accept", [None, "*/*", "application/json", "application/json, text/html;q=0.9", "image/png"]
)
def test_any_other_client_gets_a_401(accept: str | None) -> None:
    headers = {} if accept is None else {"Accept": accept}
    response = Client(blog({})).get("/me", headers=headers)

    assert response.status == 401
    assert "Location" not in response.headers


def test_another_scheme_lets_in_without_a_redirect() -> None:
    client = Client(blog({}))

    assert client.get("/either", headers={**BROWSER, "X-Key": "good"}).json == {"caller": "a key"}
    assert client.get("/either", headers=BROWSER).status == 303


def test_the_prefix_is_in_both_urls() -> None:
    outer = App("Outer")
    outer.mount("/blog", blog({}))
    response = Client(outer, base_url="http://localhost/sites").get("/blog/me", headers=BROWSER)

    assert response.headers["Location"] == "/sites/blog/login?next=%2Fsites%2Fblog%2Fme"


def test_a_login_page_must_be_public() -> None:
    sessions = Sessions([KEY])
    app = App("Blog", security=LoggedIn(lambda user_id, request: None, login_page="in"))
    app.install(sessions)

    @app.get("/login", name="in")
    def login() -> dict[str, str]:
        return {}

    with pytest.raises(DeclarationError, match="/login is not public"):
        Client(app).get("/login", headers=BROWSER)


def test_a_login_page_may_let_everybody_in() -> None:
    """A wrong password is its own 401; another page that demands a login itself is a redirect."""
    sessions = Sessions([KEY])
    user = LoggedIn(lambda user_id, request: None, login_page="login")
    app = App("Blog", security=user | anonymous)
    app.install(sessions)

    @app.post("/login", name="login")
    @raises(Unauthorized)
    def login() -> None:
        raise Unauthorized("The name or the password is wrong.")

    @app.delete("/posts/1")
    @raises(Unauthorized)
    def delete() -> None:
        raise Unauthorized("Log in.")

    client = Client(app)
    wrong = client.post("/login", headers=BROWSER)
    assert wrong.status == 401
    assert "password is wrong" in wrong.text
    assert client.delete("/posts/1").status == 401
    redirect = client.delete("/posts/1", headers=BROWSER)
    assert (redirect.status, redirect.headers["Location"]) == (303, "/login")


# declarations


def test_the_document_has_the_scheme() -> None:
    client = Client(blog({1: User(1)}))
    log_in(client)
    document = expanded(client.get("/openapi.json").json)

    assert document["components"]["securitySchemes"]["session"] == {
        "type": "apiKey",
        "in": "cookie",
        "name": "__Host-session",
        "description": "The session of a user who has logged in. Over plain HTTP the cookie is "
        "called session.",
    }
    responses = document["paths"]["/me"]["get"]["responses"]
    assert {"200", "303", "401", "403"} <= set(responses)
    assert {"Location", "Vary"} <= set(responses["303"]["headers"])
    assert "303" not in document["paths"]["/content"]["get"]["responses"]


def test_the_document_is_guarded_too() -> None:
    assert Client(blog({})).get("/openapi.json").status == 401


def test_the_scheme_needs_its_sessions() -> None:
    app = App("Blog")
    user = LoggedIn(lambda user_id, request: None)

    @app.get("/me", security=user)
    def me() -> dict[str, str]:
        return {}

    with pytest.raises(DeclarationError, match="guarded by LoggedIn, but the App has no Sessions"):
        Client(app)


@pytest.mark.parametrize(
    ("load", "message"),
    [
        (
            Sessions([KEY]),
            r"takes no Sessions.* Write LoggedIn\(load_user",
        ),
        (None, "The loader of LoggedIn"),
        (lambda user_id: None, "The loader of LoggedIn"),
    ],
)
def test_the_loader_is_checked(load: Any, message: str) -> None:
    with pytest.raises(DeclarationError, match=message):
        LoggedIn(load)


def test_one_scheme_has_one_cookie() -> None:
    """The document names one cookie, so that a scheme of two Apps has the same in both."""
    user = LoggedIn(lambda user_id, request: None)
    outer, inner = App("Outer"), App("Inner")
    for app, name in ((outer, "outer"), (inner, "inner")):
        app.install(Sessions([KEY], name=name))
        app.get("/me", security=user)(lambda: {})
    outer.mount("/inner", inner)
    with pytest.raises(
        DeclarationError, match=r"'__Host-outer' and '__Host-inner'\. Make one for each Sessions"
    ):
        outer.freeze()


def test_the_document_names_the_cookie_of_the_app() -> None:
    """A scheme that is made before the sessions knows their cookie all the same."""
    user = LoggedIn(lambda user_id, request: None)
    app = App("Blog")
    app.get("/me", security=user)(lambda: {})
    app.install(Sessions([KEY], name="blog"))
    schemes = Client(app).get("/openapi.json").json["components"]["securitySchemes"]
    assert schemes["session"]["name"] == "__Host-blog"
    assert "called blog" in schemes["session"]["description"]


def test_scopes_need_a_function() -> None:
    sessions = Sessions([KEY])
    user = LoggedIn(lambda user_id, request: user_id)
    app = App("Blog")
    app.install(sessions)

    @app.get("/me", security=user.scopes("a"))
    def me() -> dict[str, str]:
        return {}

    @app.post("/login", public=True)
    def login(session: Session) -> None:
        session.login("Ada")

    client = Client(app)
    client.post("/login")
    with pytest.raises(DeclarationError, match="scopes of LoggedIn, which knows none"):
        client.get("/me")


# LocalURL

ELSEWHERE = [
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r/evil.example",
    "\t//evil.example",
    " //evil.example",
    "/ /evil.example\\",
    "https://evil.example",
    "https:evil.example",
    "http:///evil.example",
    "HTTPS://evil.example",
    "javascript:alert(1)",
    "data:text/html,a",
    "evil.example",
    "@evil.example",
    ".evil.example",
    "?next=//evil.example",
    "",
    "/\u2028/evil.example",
    "/a\n",
    "/a\r\nSet-Cookie: a=b",
    "/\x00/evil.example",
    "/\x7f",
    "/\u00a0//evil.example",
    "/a\\b",
]


@pytest.mark.parametrize("url", ELSEWHERE)
def test_a_url_of_another_server_is_invalid(url: str) -> None:
    client = Client(blog({}))

    assert client.get("/login", query={"next": url}).status == 422


@pytest.mark.parametrize("url", ["/", "/a/b?c=d&e=%2F#f", "/é", "/%5Cevil.example", "/a//b", "/@a"])
def test_a_path_of_this_server_is_valid(url: str) -> None:
    assert Client(blog({})).get("/login", query={"next": url}).json["next"] == url


def test_the_document_has_the_pattern() -> None:
    app = App("Next")

    @app.get("/next")
    @takes(query=Next)
    def show(query: dict[str, str]) -> dict[str, str]:
        return query

    (parameter,) = Client(app).get("/openapi.json").json["paths"]["/next"]["get"]["parameters"]
    assert parameter["schema"]["pattern"].startswith("^\\/(?!\\/)")


def test_a_validator_may_be_added() -> None:
    checked = LocalURL(validate=ma.validate.Length(max=3))

    assert checked.deserialize("/ab") == "/ab"
    for text in ("/abc", "//a"):
        with pytest.raises(ma.ValidationError):
            checked.deserialize(text)


def test_forbidden_is_not_redirected() -> None:
    client = Client(blog({1: User(1)}))
    log_in(client)

    assert client.get("/admin", headers=BROWSER).status == Forbidden.status


def test_an_unsafe_request_is_not_repeated_after_the_login() -> None:
    app = blog({})

    @app.post("/posts")
    def post() -> None:
        raise AssertionError("nobody is logged in")

    sent = Client(app).post("/posts", headers=BROWSER)
    assert sent.status == 303
    assert sent.headers["Location"] == "/login"
