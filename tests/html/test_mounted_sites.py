"""A site below a prefix with a variable: its pages, files, login, forms and languages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from marshmallow import fields
from parsed_pages import HTML, Parsed

from restkit import App, PermanentRedirect, SeeOther, takes
from restkit.html import HTMLResource, LoggedIn, Session, Sessions, Templates
from restkit.i18n import Translations
from restkit.testing import Client

PAGE = """<!doctype html><html lang="{{ locale() }}"><title>{{ heading }}</title>
<link rel="stylesheet" href="{{ static("a.css") }}">
<a href="{{ url_for("Home") }}">here</a> <a href="{{ url_for("Home", language="de") }}">German</a>
{% for flash in flashes() %}<p>{{ flash.message }}</p>{% endfor %}
{% if form is defined %}{{ form }}{% endif %}"""


@pytest.fixture
def client(tmp_path: Path, templates: Callable[..., Templates]) -> Client:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a.css").write_text("p {}")
    pages = App("Pages")
    pages.install(templates({"page.html": PAGE}))
    pages.install(Sessions(["k" * 40]))
    pages.static("/static", tmp_path / "files", public=True)
    user = LoggedIn(lambda user_id, request: user_id, login_page="Login")

    @pages.route("/")
    class Home(HTMLResource):
        template = "page.html"

        def get(self) -> dict[str, str]:
            return {"heading": "Home"}

    @pages.route("/secret", security=user)
    class Secret(HTMLResource):
        template = "page.html"

        def get(self) -> dict[str, str]:
            return {"heading": "Secret"}

    @pages.route("/login")
    class Login(HTMLResource):
        template = "page.html"

        def context(self) -> dict[str, str]:
            return {"heading": "Login"}

        def get(self) -> None: ...

        @takes(form={"name": fields.Str(required=True)})
        def post(self, form: dict[str, Any], session: Session) -> SeeOther:
            session.login(form["name"])
            session.flash("Welcome.")
            return SeeOther(Home)

    site = App("Site")
    site.mount("/<any(en,de):language>", pages, defaults={"language": "en"})
    site.install(
        Translations(
            locales=["en", "de"],
            locale=lambda request: str(request.mount_parameters.get("language", "en")),
            vary=[],
        )
    )

    @site.get("/")
    def root() -> PermanentRedirect:
        return PermanentRedirect(Home)

    return Client(site)


def hrefs(client: Client, url: str) -> list[str]:
    page = Parsed(client.get(url, headers=HTML).text)
    return [str(each["href"]) for tag in ("link", "a") for each in page.all(tag)]


def test_links_and_files_stay_in_the_language(client: Client) -> None:
    """Links, redirects and files of a page have the variable of its own URL."""
    assert client.get("/", headers=HTML).headers["Location"] == "/en/"
    style, *links = hrefs(client, "/en/")
    assert links == ["/en/", "/de/"]
    assert style.startswith("/en/static/a.")
    assert client.get(style).headers["Cache-Control"].endswith("immutable")
    assert hrefs(client, "/de/")[1] == "/de/"
    assert client.get("/fr/", headers=HTML).status == 404


def test_a_login_stays_in_the_language(client: Client) -> None:
    """So do the way to the login page, the invalid form and the way back."""
    away = client.get("/de/secret", headers=HTML)
    assert away.headers["Location"] == "/de/login?next=%2Fde%2Fsecret"
    invalid = client.post("/de/login", data={"nam": "ada"}, headers=HTML)
    assert invalid.status == 422
    assert '<html lang="de">' in invalid.text
    assert "Bitte füllen Sie dieses Feld aus." in invalid.text
    back = client.post("/de/login", data={"name": "ada"}, headers=HTML)
    assert back.headers["Location"] == "/de/"
    assert "Welcome." in client.get("/de/secret", headers=HTML).text
    assert client.get("/en/secret", headers=HTML).status == 200
