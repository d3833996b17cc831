"""The RealWorld example keeps its contract, over each database."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from databases import KINDS, database_url
from sqlalchemy import Engine, event

import examples.realworld
from examples.realworld import ConduitSettings, create_app
from restkit import App, Conflict, NotFound, Unauthorized
from restkit.client import Client as ServiceClient
from restkit.client import reply_of
from restkit.sqlalchemy import Database
from restkit.testing import Client

_ARTICLE = {
    "title": "How to train your dragon",
    "description": "Ever wonder how?",
    "body": "Very carefully.",
    "tagList": ["training", "dragons"],
}


def test_the_example_is_short() -> None:
    """Count the lines of its Python files that are not blank, comments and docstrings too."""
    files = Path(examples.realworld.__file__).parent.rglob("*.py")
    lines = [line for each in files for line in each.read_text("utf-8").splitlines()]
    assert sum(1 for line in lines if line.strip()) <= 330


@pytest.fixture(params=KINDS)
def app(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[App]:
    """Make the App over an empty database."""
    with database_url(request.param, tmp_path) as url:
        made = create_app(ConduitSettings(database_url=url))
        yield made
        _database(made).engine.dispose()


def _database(app: App) -> Database:
    (found,) = [each for each in app.extensions if isinstance(each, Database)]
    return found


class Person:
    """A client of one user."""

    def __init__(self, app: App, name: str) -> None:
        self.client = Client(app)
        self.email = f"{name}@example.org"
        user = {"username": name, "email": self.email, "password": "correct horse"}
        created = self.client.post("/api/users", json={"user": user})
        assert created.status == 201
        self.headers = {"Authorization": f"Token {created.json['user']['token']}"}

    def ask(self, method: str, path: str, json: Any = None, *, status: int = 200) -> Any:
        """Ask as the user, and return the JSON of the response."""
        options = {} if json is None else {"json": json}
        response = self.client.request(method, f"/api{path}", headers=self.headers, **options)
        assert response.status == status, response.content
        return response.json if response.content else None


def test_a_user_registers_logs_in_and_changes(app: App) -> None:
    ada = Person(app, "ada")
    client = Client(app)
    login = {"user": {"email": ada.email, "password": "correct horse"}}

    user = client.post("/api/users/login", json=login).json["user"]

    assert set(user) == {"username", "email", "token", "bio", "image"}
    changed = ada.ask("PUT", "/user", {"user": {"bio": "Engines.", "password": "another horse"}})
    assert changed["user"]["bio"] == "Engines."
    assert client.post("/api/users/login", json=login).status == 401
    login["user"]["password"] = "another horse"
    assert client.post("/api/users/login", json=login).status == 200
    assert ada.ask("GET", "/user")["user"]["bio"] == "Engines."


def test_a_name_and_an_address_are_those_of_one_user(app: App) -> None:
    ada, _ = Person(app, "ada"), Person(app, "bob")

    taken = ada.ask("PUT", "/user", {"user": {"username": "bob"}}, status=409)

    assert taken == {"errors": {"body": ["This username has an account."]}}
    assert ada.ask("PUT", "/user", {"user": {"email": ada.email}})["user"]["username"] == "ada"


def test_errors_have_the_shape_of_the_contract(app: App) -> None:
    ada = Person(app, "ada")
    invalid = ada.ask("POST", "/articles", {"article": {**_ARTICLE, "title": ""}}, status=422)

    assert invalid == {"errors": {"body": ["/article/title: Length must be between 1 and 100."]}}
    assert Client(app).get("/api/user").json == {"errors": {"body": ["Send the token of a login."]}}
    assert ada.ask("GET", "/nowhere", status=404)["errors"]["body"] == [
        "There is nothing at this URL."
    ]


@pytest.mark.parametrize("header", ["", "Token", "Token x.y.z", "Bearer abc", "Token a b"])
def test_a_wrong_token_is_a_401(app: App, header: str) -> None:
    response = Client(app).get("/api/articles", headers={"Authorization": header})

    assert response.status == 401
    assert response.headers["WWW-Authenticate"] == "Token"


def test_an_article_is_written_found_and_deleted(app: App) -> None:
    ada, bob = Person(app, "ada"), Person(app, "bob")
    article = ada.ask("POST", "/articles", {"article": _ARTICLE}, status=201)["article"]
    path = f"/articles/{article['slug']}"

    assert article["tagList"] == ["dragons", "training"]
    assert article["slug"].startswith("how-to-train-your-dragon-")
    assert article["author"] == {"username": "ada", "bio": "", "image": "", "following": False}
    assert bob.ask("PUT", path, {"article": {"body": "x"}}, status=403)
    assert bob.ask("DELETE", path, status=403)
    assert ada.ask("PUT", path, {"article": {"body": "With two hands."}})["article"] == {
        **article,
        "body": "With two hands.",
        "updatedAt": ada.ask("GET", path)["article"]["updatedAt"],
    }
    renamed = ada.ask("PUT", path, {"article": {"title": "Another"}})["article"]["slug"]
    assert ada.ask("GET", path, status=404)
    assert ada.ask("GET", "/tags") == {"tags": ["dragons", "training"]}
    ada.ask("DELETE", f"/articles/{renamed}", status=204)
    assert ada.ask("GET", "/articles") == {"articles": [], "articlesCount": 0}
    assert ada.ask("GET", "/tags") == {"tags": []}


@pytest.mark.parametrize("title", ["!!!", "a", "Ü", "x" * 100, "0 " * 50])
def test_each_title_makes_a_slug_that_has_a_url(app: App, title: str) -> None:
    ada = Person(app, "ada")
    article = {**_ARTICLE, "title": title}
    slug = ada.ask("POST", "/articles", {"article": article}, status=201)["article"]["slug"]

    parameter = ada.client.get("/openapi.json", headers=ada.headers).json["components"]
    assert len(slug) >= parameter["parameters"]["slug"]["schema"]["minLength"]
    assert len(slug.rpartition("-")[2]) == 10
    assert ada.ask("GET", f"/articles/{slug}")["article"]["title"] == title
    assert (
        ada.ask("PUT", f"/articles/{slug}", {"article": {"title": "!"}})["article"]["slug"] != slug
    )


def test_an_article_is_deleted_with_its_fans_tags_and_comments(app: App) -> None:
    ada, bob = Person(app, "ada"), Person(app, "bob")
    slug = ada.ask("POST", "/articles", {"article": _ARTICLE}, status=201)["article"]["slug"]
    bob.ask("POST", f"/articles/{slug}/favorite")
    bob.ask("POST", f"/articles/{slug}/comments", {"comment": {"body": "Nice."}})

    ada.ask("DELETE", f"/articles/{slug}", status=204)

    assert bob.ask("GET", "/articles?favorited=bob")["articlesCount"] == 0
    assert ada.ask("GET", "/tags") == {"tags": []}
    with _database(app).engine.connect() as connection:
        assert not connection.exec_driver_sql("SELECT * FROM fan").all()
        assert not connection.exec_driver_sql("SELECT * FROM comment").all()


def test_lists_are_filtered_and_paged_the_newest_first(app: App) -> None:
    ada, bob = Person(app, "ada"), Person(app, "bob")
    for number in range(3):
        ada.ask("POST", "/articles", {"article": {**_ARTICLE, "title": f"A{number}"}}, status=201)
    other = {**_ARTICLE, "title": "B", "tagList": ["engines"]}
    slug = bob.ask("POST", "/articles", {"article": other}, status=201)["article"]["slug"]
    ada.ask("POST", f"/articles/{slug}/favorite")

    def titles(query: str) -> list[str]:
        return [each["title"] for each in bob.ask("GET", f"/articles?{query}")["articles"]]

    assert titles("") == ["B", "A2", "A1", "A0"]
    assert titles("limit=2&offset=1") == ["A2", "A1"]
    assert titles("author=ada") == ["A2", "A1", "A0"]
    assert titles("tag=engines") == titles("favorited=ada") == ["B"]
    assert titles("favorited=bob") == titles("author=nobody") == []
    assert bob.ask("GET", "/articles?limit=1")["articlesCount"] == 4
    assert "body" not in bob.ask("GET", "/articles")["articles"][0]


def test_favorites_and_followers_are_those_of_the_caller(app: App) -> None:
    ada, bob = Person(app, "ada"), Person(app, "bob")
    slug = ada.ask("POST", "/articles", {"article": _ARTICLE}, status=201)["article"]["slug"]

    liked = [bob.ask("POST", f"/articles/{slug}/favorite")["article"] for _ in range(2)]
    followed = bob.ask("POST", "/profiles/ada/follow")["profile"]

    assert [(each["favorited"], each["favoritesCount"]) for each in liked] == [(True, 1)] * 2
    assert followed["following"]
    feed = bob.ask("GET", "/articles/feed")["articles"]
    assert [(each["favorited"], each["author"]["following"]) for each in feed] == [(True, True)]
    seen = ada.ask("GET", f"/articles/{slug}")["article"]
    assert (seen["favorited"], seen["favoritesCount"]) == (False, 1)
    assert not ada.ask("GET", "/profiles/ada")["profile"]["following"]
    assert not bob.ask("DELETE", "/profiles/ada/follow")["profile"]["following"]
    assert bob.ask("DELETE", f"/articles/{slug}/favorite")["article"]["favoritesCount"] == 0
    assert bob.ask("GET", "/articles/feed")["articles"] == []
    assert bob.ask("POST", "/profiles/nobody/follow", status=404)


def test_people_may_follow_themselves(app: App) -> None:
    ada = Person(app, "ada")
    slug = ada.ask("POST", "/articles", {"article": _ARTICLE}, status=201)["article"]["slug"]

    assert ada.ask("POST", "/profiles/ada/follow")["profile"]["following"]
    assert ada.ask("GET", "/profiles/ada")["profile"]["following"]
    for path in ("/articles", "/articles/feed"):
        (article,) = ada.ask("GET", path)["articles"]
        assert article["author"]["following"]
    assert ada.ask("GET", f"/articles/{slug}")["article"]["author"]["following"]
    assert not Client(app).get("/api/articles").json["articles"][0]["author"]["following"]


def test_comments_are_deleted_by_their_authors(app: App) -> None:
    ada, bob = Person(app, "ada"), Person(app, "bob")
    slug = ada.ask("POST", "/articles", {"article": _ARTICLE}, status=201)["article"]["slug"]
    ada.ask("POST", "/profiles/bob/follow")

    made = bob.ask("POST", f"/articles/{slug}/comments", {"comment": {"body": "Nice."}})["comment"]
    (seen,) = ada.ask("GET", f"/articles/{slug}/comments")["comments"]

    assert seen == {**made, "author": {**made["author"], "following": True}}
    path = f"/articles/{slug}/comments/{made['id']}"
    assert ada.ask("DELETE", path, status=403)
    assert bob.ask("DELETE", path.replace(slug, "another-article"), status=404)
    bob.ask("DELETE", path, status=204)
    assert ada.ask("GET", f"/articles/{slug}/comments") == {"comments": []}
    bob.ask("POST", f"/articles/{slug}/comments", {"comment": {"body": "Again."}})
    ada.ask("DELETE", f"/articles/{slug}", status=204)


def test_the_client_calls_it_by_its_document(app: App) -> None:
    """A service with an error format of its own is called as any other."""
    user = {"username": "ada", "email": "ada@example.org", "password": "correct horse"}
    anybody = ServiceClient(app)
    token = anybody.create_user(user=user)["user"]["token"]
    ada = ServiceClient(app, headers={"Authorization": f"Token {token}"})

    article = ada.create_article(article=_ARTICLE)["article"]

    assert ada.get_current_user()["user"]["username"] == "ada"
    assert ada.create_favorite(slug=article["slug"])["article"]["favoritesCount"] == 1
    assert anybody.get_articles(tag="dragons", limit=1)["articlesCount"] == 1
    with pytest.raises(NotFound) as missing:
        anybody.get_one_article(slug="no-such-article")
    reply = reply_of(missing.value)
    assert reply is not None
    assert reply.data == {"errors": {"body": ["There is no such article."]}}
    assert reply_of(NotFound("Of this service.")) is None
    with pytest.raises(Unauthorized):
        anybody.get_current_user()
    with pytest.raises(Conflict):
        anybody.create_user(user=user)
    assert ada.delete_one_article(slug=article["slug"]) is None


def test_a_list_takes_as_many_statements_for_one_article_as_for_twenty(app: App) -> None:
    people = [Person(app, f"person-{number}") for number in range(5)]
    people[0].ask("POST", "/articles", {"article": _ARTICLE}, status=201)
    statements: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *others: Any) -> None:
        statements.append(statement)

    def asked() -> int:
        statements.clear()
        people[0].ask("GET", "/articles?limit=100")
        return len(statements)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        one = asked()
        for number in range(20):
            person = people[number % 5]
            article = {**_ARTICLE, "tagList": [f"tag-{number}"]}
            person.ask("POST", "/articles", {"article": article}, status=201)
        assert asked() == one
    finally:
        event.remove(Engine, "before_cursor_execute", note)
