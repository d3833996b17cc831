"""The session in templates: on pages, on error pages, and where there is none."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from restkit import App, Conflict, DeclarationError, raises
from restkit.html import Session, Sessions, Templates
from restkit.testing import Client

MakeTemplates = Callable[..., Templates]
HTML = {"Accept": "text/html,*/*;q=0.8"}
KEY = "key of the sessions, never guessed"


def site(templates: MakeTemplates, error: str) -> Client:
    app = App("Site")
    app.install(Sessions([KEY]))
    app.install(templates({"page.html": "{{ session.a }}", "errors/error.html": error}))

    @app.get("/page", template="page.html")
    @raises(Conflict)
    def page(session: Session) -> dict[str, str]:
        session["a"] = 2
        raise Conflict

    @app.post("/set")
    def set_it(session: Session) -> None:
        session["a"] = 1

    @app.get("/token")
    def token(session: Session) -> dict[str, object]:
        session.flash("later")
        return {"token": session.csrf_token, "a": session.get("a")}

    return Client(app)


@pytest.mark.parametrize(
    ("error", "nowhere", "here"),
    [
        ("{{ session['a'] is defined }}", "False", "True"),
        ("{{ session['a'] }}", "", "1"),
        ("{{ session|list }}", "[]", "[&#39;a&#39;]"),
        ("{{ session|length }}{{ session.user_id }}", "0None", "1None"),
        ("{{ flashes()|length }}", "0", "0"),
    ],
)
def test_an_error_page_may_be_without_a_session(
    templates: MakeTemplates, error: str, nowhere: str, here: str
) -> None:
    client = site(templates, error)
    client.post("/set")
    if error != "{{ session['a'] }}":
        assert client.get("/nowhere", headers=HTML).text == nowhere
    assert client.get("/page", headers=HTML).text == here


def test_a_token_needs_a_session(
    templates: MakeTemplates, caplog: pytest.LogCaptureFixture
) -> None:
    client = site(templates, "own {{ csrf() }}")
    assert client.get("/page", headers=HTML).text.startswith("own <input")
    page = client.get("/nowhere", headers=HTML)
    assert page.status == 404
    assert not page.text.startswith("own")
    error = caplog.records[-1].exc_info
    assert error is not None
    assert isinstance(error[1], DeclarationError)
    assert "csrf() needs a session, but this operation has none" in str(error[1])


def test_the_token_of_an_error_page_stays(templates: MakeTemplates) -> None:
    """The other changes of the request that failed are dropped."""
    client = site(templates, "{{ csrf() }}")
    found = re.search('value="(.*?)"', client.get("/page", headers=HTML).text)
    assert found is not None
    assert client.get("/token").json == {"token": found[1], "a": None}


def test_a_message_that_follows_shown_ones_is_kept(templates: MakeTemplates) -> None:
    app = App("Site")
    app.install(Sessions([KEY]))
    app.install(templates({"page.html": "{{ texts|join(',') }}"}))

    @app.get("/", template="page.html")
    def page(session: Session) -> dict[str, object]:
        texts = [each.message for each in session.flashes()]
        session.flash(f"after {len(texts)}")
        return {"texts": texts}

    client = Client(app)
    assert [client.get("/").text for _ in range(3)] == ["", "after 0", "after 1"]


@pytest.mark.parametrize(
    ("given", "vary"),
    [
        ("Cookie", "Cookie"),
        ("accept, cookie", "accept, cookie"),
        ("*", "*"),
        ("X-A", "X-A, Cookie"),
    ],
)
def test_vary_has_the_cookie_once(given: str, vary: str) -> None:
    app = App("Site")
    app.install(Sessions([KEY]))

    @app.get("/")
    def page(session: Session) -> tuple[dict[str, object], dict[str, str]]:
        return {"a": session.get("a")}, {"Vary": given}

    response = Client(app, contract=False).get("/")
    assert response.headers.getlist("Vary") == [vary]
    assert response.headers.getlist("Cache-Control") == ["no-store"]


@pytest.mark.parametrize(
    ("given", "sent"),
    [("max-age=5", "no-store"), ("private, no-store", "private, no-store")],
)
def test_a_response_with_a_session_is_not_stored(given: str, sent: str) -> None:
    app = App("Site")
    app.install(Sessions([KEY]))

    @app.get("/")
    def page(session: Session) -> tuple[dict[str, object], dict[str, str]]:
        return {"a": session.get("a")}, {"Cache-Control": given}

    assert Client(app, contract=False).get("/").headers.getlist("Cache-Control") == [sent]
