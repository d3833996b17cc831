"""Pages of failed requests that show objects which the request's session has read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from marshmallow import fields
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.orm import Session as ORMSession

from restkit import (
    App,
    Conflict,
    NotFound,
    Request,
    Resource,
    Scheme,
    SeeOther,
    provide,
    raises,
    takes,
)
from restkit.dependencies import obtain
from restkit.html import HTMLResource, LoggedIn, Session, Sessions, Templates
from restkit.sqlalchemy import Database
from restkit.sqlalchemy import session as database_session
from restkit.testing import Client
from tests.parsed_pages import Parsed

MakeTemplates = Callable[..., Templates]
HTML = {"Accept": "text/html"}
PAGES = {
    "base.html": "<p id='who'>{{ request.caller.name }}</p>{% block main %}{% endblock %}",
    "page.html": "{% extends 'base.html' %}{% block main %}{{ form }}{% endblock %}",
    "errors/404.html": "{% extends 'base.html' %}",
}


class Base(DeclarativeBase):
    pass


class Member(Base):
    __tablename__ = "members"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)


@contextmanager
def club(tmp_path: Path, templates: Templates) -> Iterator[tuple[Client, Database]]:
    app = App("Club")
    database = Database(f"sqlite:///{tmp_path}/club.db", create=Base.metadata)
    app.install(database)
    app.install(templates)
    sessions = Sessions(["k" * 32])
    app.install(sessions)

    def load(user_id: str, request: Request) -> Member | None:
        found: Member | None = obtain(database_session, request).get(Member, int(user_id))
        return found

    @app.post("/login")
    def login(session: Session) -> None:
        session.login(1)

    @app.route("/page")
    class Page(HTMLResource):
        template = "page.html"
        security = LoggedIn(load)
        orm = provide(database_session)

        def get(self) -> None: ...

        @takes(form={"n": fields.Int(required=True)})
        @raises(NotFound, Conflict)
        def post(self, form: dict[str, Any]) -> SeeOther:
            if form["n"] in (4, 5):
                self.orm.add(Member(name="Ann"))
                if form["n"] == 5:
                    self.orm.flush()
                return SeeOther("/page")
            self.request.caller.name = "Changed"
            if form["n"] == 1:
                self.orm.flush()
            if form["n"] == 3:
                self.request.caller.name = "Ann"
                self.orm.refresh(self.request.caller)
                raise NotFound
            raise Conflict("Taken.")

    with ORMSession(database.engine) as orm:
        orm.add(Member(id=1, name="Ann"))
        orm.commit()
    client = Client(app)
    assert client.post("/login").status == 204
    try:
        yield client, database
    finally:
        database.close()


def test_the_page_of_an_invalid_form_shows_the_user(
    tmp_path: Path, templates: MakeTemplates
) -> None:
    with club(tmp_path, templates(PAGES)) as (client, _):
        response = client.post("/page", data={"n": "x"}, headers=HTML)

        assert response.status == 422
        assert ">Ann</p>" in response.text
        assert "Not a valid integer." in response.text
        assert Parsed(response.text).control("n")["value"] == "x"


def test_an_error_page_shows_the_user(tmp_path: Path, templates: MakeTemplates) -> None:
    with club(tmp_path, templates(PAGES)) as (client, _):
        response = client.post("/page", data={"n": "3"}, headers=HTML)

        assert response.status == 404
        assert ">Ann</p>" in response.text


@pytest.mark.parametrize("flushed", ["1", "2"])
def test_a_value_that_is_not_stored_is_not_shown(
    tmp_path: Path, templates: MakeTemplates, flushed: str
) -> None:
    with club(tmp_path, templates(PAGES)) as (client, _):
        response = client.post("/page", data={"n": flushed}, headers=HTML)
        assert response.status == 409
        assert ">Ann</p>" in response.text
        assert ">Ann</p>" in client.get("/page", headers=HTML).text


@pytest.mark.parametrize("flushed", ["4", "5"])
def test_the_page_of_a_violated_constraint_shows_the_user(
    tmp_path: Path, templates: MakeTemplates, flushed: str
) -> None:
    """A flush that fails expires all objects, at the commit and before it."""
    with club(tmp_path, templates(PAGES)) as (client, _):
        response = client.post("/page", data={"n": flushed}, headers=HTML)
        assert response.status == 409
        assert ">Ann</p>" in response.text


def test_the_page_shows_the_user_in_a_database_that_a_test_rolls_back(
    tmp_path: Path, templates: MakeTemplates
) -> None:
    with club(tmp_path, templates(PAGES)) as (client, database):
        with database.rolled_back() as orm:
            member = orm.get_one(Member, 1)
            member.name = "Bob"
            orm.commit()
            response = client.post("/page", data={"n": "x"}, headers=HTML)
            assert (response.status, member.name) == (422, "Bob")
            assert ">Bob</p>" in response.text
        assert ">Ann</p>" in client.get("/page", headers=HTML).text


def test_a_caller_who_is_no_row_does_not_matter(tmp_path: Path) -> None:
    app = App("Names")
    database = Database(f"sqlite:///{tmp_path}/names.db", create=Base.metadata)
    app.install(database)

    class Named(Scheme):
        name = "named"

        def document(self) -> dict[str, object]:
            return {"type": "apiKey", "in": "header", "name": "X-Me"}

        def authenticate(self, request: Request, scopes: object) -> str:
            return "ann"

    @app.route("/fail", security=Named())
    class Fail(Resource):
        orm = provide(database_session)

        @raises(Conflict)
        def post(self) -> None:
            self.orm.add(Member(id=1, name="Ann"))
            self.orm.flush()
            raise Conflict("Taken.")

    try:
        assert Client(app).post("/fail").status == 409
    finally:
        database.close()


@pytest.mark.parametrize("path", ["/form", "/plain"])
def test_a_page_of_a_failure_shows_nothing_that_the_method_kept(
    templates: MakeTemplates, path: str
) -> None:
    """Neither its message nor its values; messages of before are shown once."""
    base = "{% for each in flashes() %}<b>{{ each.message }}</b>{% endfor %}<i>{{ session.n }}</i>"
    app = App("Messages")
    app.install(Sessions(["k" * 32]))
    app.install(templates({"page.html": base + "{{ form }}", "errors/error.html": base}))

    @app.post("/before")
    def before(session: Session) -> None:
        session.flash("Before.")
        session["n"] = 1

    @app.route("/form")
    class Form(HTMLResource):
        template = "page.html"

        def get(self, session: Session) -> None: ...

        @takes(form={"n": fields.Int()})
        @raises(Conflict)
        def post(self, form: dict[str, int], session: Session) -> SeeOther:
            session.flash("Saved.")
            session["n"] = 2
            raise Conflict("Taken.")

    @app.post("/plain")
    @raises(Conflict)
    def plain(session: Session) -> None:
        session.flash("Saved.")
        session["n"] = 2
        raise Conflict("Taken.")

    client = Client(app)
    client.post("/before")
    response = client.post(path, data={"n": "1"}, headers=HTML)
    assert response.status == 409
    assert "<b>Before.</b><i>1</i>" in response.text
    assert "Saved." not in response.text
    page = client.get("/form", headers=HTML)
    assert "<b>" not in page.text
    assert "<i>1</i>" in page.text
