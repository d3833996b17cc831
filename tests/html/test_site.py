"""The blog in examples/site: accounts, posts, search, moderation, as pages and as JSON."""

from __future__ import annotations

import pytest
from parsed_pages import Parsed
from site_example import HTML, PASSWORD, PNG, Site, log_in

from restkit.testing import Client

POST = {"title": "Hello", "body": "A text"}


def home(client: Client) -> str:
    return client.get("/", headers=HTML).text


# accounts


def test_registering_makes_a_user_and_leads_to_the_login(site: Site) -> None:
    visitor = site.visitor()
    assert visitor.get("/register", headers=HTML).status == 200
    response = visitor.post("/register", data={"name": "tom", "password": PASSWORD}, headers=HTML)
    assert (response.status, response.headers["Location"]) == (303, "/login")
    assert site.users() == ["ada", "ben", "eve", "tom"]
    assert "Welcome! Now log in." in visitor.get("/login", headers=HTML).text
    assert log_in(visitor, "tom").status == 303


@pytest.mark.parametrize(
    ("name", "password", "status", "field", "message"),
    [
        ("", PASSWORD, 422, "name", "Missing data for required field."),
        ("tom", "", 422, "password", "Missing data for required field."),
        ("tom", "short", 422, "password", "Length must be between 8 and 200."),
        ("a b", PASSWORD, 422, "name", "1 to 50 letters"),
        ("ada", PASSWORD, 409, "name", "Another item has this value."),
    ],
)
def test_a_registration_is_validated(
    site: Site, name: str, password: str, status: int, field: str, message: str
) -> None:
    """The form is shown again with the reason at its field, and nobody is stored."""
    data = {"name": name, "password": password}
    response = site.visitor().post("/register", data=data, headers=HTML)
    assert response.status == status
    page = Parsed(response.text)
    assert page.control("name")["value"] == name
    assert page.control("password").attributes.get("value") is None
    assert message in page.by_id(f"field-{field}-error").text
    assert site.users() == ["ada", "ben", "eve"]
    assert "Welcome" not in home(site.visitor())


def test_a_login_leads_to_the_posts_and_shows_who_is_logged_in(site: Site) -> None:
    visitor = site.visitor()
    assert visitor.get("/login", headers=HTML).status == 200
    assert log_in(visitor, "ada").headers["Location"] == "/"
    assert "Log out ada" in home(visitor)
    with visitor.session() as session:
        assert session.user_id == "1"


@pytest.mark.parametrize(("name", "password"), [("nobody", PASSWORD), ("ada", "wrong password")])
def test_login_errors_are_alike(site: Site, name: str, password: str) -> None:
    """An unknown name and a wrong password have one response, but for the name that was sent."""
    response = log_in(site.visitor(), name, password)
    expected = log_in(site.visitor(), "x", "y")
    assert response.status == 401
    page, other = Parsed(response.text), Parsed(expected.text)
    assert page.control("name")["value"] == name
    assert "The name or the password is wrong." in response.text
    assert [each.tag for each in page.elements] == [each.tag for each in other.elements]
    assert "Log in" in home(site.visitor())


def test_a_logout_ends_the_session(site: Site) -> None:
    """Also that of a cookie which somebody has kept."""
    visitor, thief = site.visitor("ada"), Client(site.app)
    login = {"name": "ada", "password": PASSWORD}
    kept = visitor.post("/login", data=login).headers["Set-Cookie"].partition(";")[0]
    copied = {**HTML, "Cookie": kept}
    assert "Log out ada" in thief.get("/", headers=copied).text
    assert visitor.post("/logout", headers=HTML).headers["Location"] == "/"
    page = home(visitor)
    assert "You are logged out." in page
    assert "Log out" not in page
    assert "Log out" not in thief.get("/", headers=copied).text


# the posts


def test_the_front_page_shows_the_posts_and_who_may_write(site: Site) -> None:
    post_id = site.write(site.register("tom"), "First", "One\nline")
    page = home(site.visitor())
    for text in ("Log in", "Register", "First", "by tom", "One\nline", f'href="/posts/{post_id}"'):
        assert text in page
    assert "New post" not in page
    stored = site.post(post_id)
    assert stored is not None
    assert f'<time datetime="{stored.created.isoformat()}">' in page
    page = home(site.visitor("ada"))
    assert "New post" in page
    assert "Register" not in page


def test_the_page_of_a_post_has_its_links_for_its_author(site: Site) -> None:
    author = site.visitor("ada")
    author.post("/posts/new", data=POST, files={}, headers=HTML)
    page = Parsed(author.get("/posts/1", headers=HTML).text)
    assert "/posts/1/edit" in [each["href"] for each in page.all("a")]
    assert page.control("_method")["value"] == "DELETE"


GUARDED = ["/posts/new", "/posts/1/edit", "/moderation"]


@pytest.mark.parametrize("path", GUARDED)
def test_a_page_for_users_leads_to_the_login_and_back(site: Site, path: str) -> None:
    site.write(site.register("tom", is_admin=True))
    visitor = site.visitor()
    response = visitor.get(f"{path}?a=1", headers=HTML)
    assert response.status == 303
    login = visitor.get(response.headers["Location"], headers=HTML)
    wanted = Parsed(login.text).control("next")["value"]
    assert wanted == f"{path}?a=1"
    data = {"name": "tom", "password": PASSWORD, "next": path}
    response = visitor.post("/login", data=data, headers=HTML)
    assert response.headers["Location"] == path
    assert visitor.get(path, headers=HTML).status == 200
    assert site.visitor().get(path).status == 401


CHANGES = [
    ("POST", "/posts/new"),
    ("POST", "/posts/1/edit"),
    ("DELETE", "/posts/1"),
    ("PUT", "/posts/1/hidden"),
    ("DELETE", "/posts/1/hidden"),
]


def send(client: Client, method: str, path: str) -> tuple[int, str]:
    """Send a change as a browser does: by POST, with the verb in a field."""
    if method == "POST":
        response = client.post(path, data=POST, files={}, headers=HTML)
    else:
        response = client.post(path, data={"_method": method}, headers=HTML)
    return response.status, response.headers.get("Location", "")


@pytest.mark.parametrize(("method", "path"), CHANGES)
def test_a_change_needs_a_login(site: Site, method: str, path: str) -> None:
    post_id = site.write(site.register("tom"))
    assert send(site.visitor(), method, path) == (303, "/login")
    kept = site.post(post_id)
    assert kept is not None
    assert (kept.title, kept.hidden) == ("A title", False)
    assert site.visitor().request(method, path).status in (401, 415, 422)


@pytest.mark.parametrize(("method", "path"), CHANGES[1:])
def test_a_change_needs_the_author(site: Site, method: str, path: str) -> None:
    """Another user gets a 403 and no links, also to the form."""
    post_id = site.write(site.register("tom"))
    reader = site.visitor("ada")
    assert send(reader, method, path)[0] == 403
    assert reader.get("/posts/1/edit", headers=HTML).status == 403
    page = reader.get("/posts/1", headers=HTML).text
    assert "/posts/1/edit" not in page
    assert "Delete" not in page
    kept = site.post(post_id)
    assert kept is not None
    assert (kept.title, kept.hidden) == ("A title", False)


@pytest.mark.parametrize(("method", "path"), CHANGES[1:])
def test_a_change_needs_the_post(site: Site, method: str, path: str) -> None:
    client = site.visitor("eve")
    assert send(client, method, path)[0] == 404
    for missing in ("/posts/1", "/posts/1/edit", "/posts/1/picture"):
        response = client.get(missing, headers=HTML)
        assert response.status == 404
        assert "There is no such post." in response.text
        assert "All posts" in response.text, "the page is the blog's own"


def test_a_post_is_published_with_a_picture(site: Site) -> None:
    author = site.visitor("ada")
    assert author.get("/posts/new", headers=HTML).status == 200
    data = {**POST, "picture_description": "A dot"}
    files = {"picture": ("dot.png", PNG, "image/png")}
    response = author.post("/posts/new", data=data, files=files, headers=HTML)
    assert (response.status, response.headers["Location"]) == (303, "/posts/1")
    page = Parsed(author.get("/posts/1", headers=HTML).text)
    (picture,) = page.all("img")
    assert (picture["src"], picture["alt"]) == ("/posts/1/picture", "A dot")
    shown = site.visitor().get("/posts/1/picture", headers={"Accept": "image/*"})
    assert (shown.content, shown.headers["Content-Type"]) == (PNG, "image/png")


def test_a_post_is_changed(site: Site) -> None:
    """The form has the values of the post; without another file the picture stays."""
    author = site.visitor("ada")
    files = {"picture": ("dot.png", PNG, "image/png")}
    author.post("/posts/new", data=POST, files=files, headers=HTML)
    page = Parsed(author.get("/posts/1/edit", headers=HTML).text)
    assert page.control("title")["value"] == "Hello"
    changed = {"title": "Changed", "body": "Text", "picture_description": "Still a dot"}
    response = author.post("/posts/1/edit", data=changed, files={}, headers=HTML)
    assert (response.status, response.headers["Location"]) == (303, "/posts/1")
    page = Parsed(author.get("/posts/1", headers=HTML).text)
    assert page.all("h1")[0].text == "Changed"
    assert page.all("img")[0]["alt"] == "Still a dot"


@pytest.mark.parametrize("path", ["/posts/new", "/posts/1/edit"])
@pytest.mark.parametrize("title", ["", "   ", "x" * 201])
def test_a_post_is_validated(site: Site, path: str, title: str) -> None:
    """The form is shown again with what was sent, and nothing is stored."""
    author = site.visitor("ada")
    author.post("/posts/new", data=POST, files={}, headers=HTML)
    data = {"title": title, "body": "Kept"}
    response = author.post(path, data=data, files={}, headers=HTML)
    assert response.status == 422
    page = Parsed(response.text)
    assert page.by_id("field-title-error").text
    assert page.control("title")["value"] == title
    assert "Kept" in response.text
    stored = site.post(1)
    assert stored is not None
    assert stored.title == "Hello"
    assert site.post(2) is None


def test_a_post_is_deleted(site: Site) -> None:
    """With its picture."""
    author = site.visitor("ada")
    files = {"picture": ("dot.png", PNG, "image/png")}
    author.post("/posts/new", data=POST, files=files, headers=HTML)
    assert send(author, "DELETE", "/posts/1") == (303, "/")
    assert site.post(1) is None
    assert "Deleted." in home(author)
    assert author.get("/posts/1/picture").status == 404


# search and pages


def titles(client: Client, query: dict[str, str], path: str = "/") -> list[str]:
    return [each["title"] for each in client.get(path, query=query).json["posts"]]


def test_search_finds_titles_and_bodies(site: Site) -> None:
    """Ignoring case; what a pattern of SQL would mean is text."""
    author = site.register("tom")
    for title, body in (("Apples", "red"), ("Pears", "GREEN apples"), ("100 %", "a_b")):
        site.write(author, title, body)
    visitor = site.visitor()
    assert titles(visitor, {"q": "apple"}) == ["Pears", "Apples"]
    assert titles(visitor, {"q": "%"}) == ["100 %"]
    assert titles(visitor, {"q": "_"}) == ["100 %"]
    assert titles(visitor, {"q": "plums"}) == []
    assert "There are no such posts." in visitor.get("/", query={"q": "plums"}, headers=HTML).text


def test_pages_are_linked(site: Site) -> None:
    author = site.register("tom")
    for number in range(23):
        site.write(author, f"Post {number}", "apples" if number % 2 else "pears")
    visitor = site.visitor()
    seen: list[str] = []
    url = "/?q=p"
    while url:
        page = Parsed(visitor.get(url, headers=HTML).text)
        seen += [each.text for each in page.all("h2")]
        url = next(
            (a["href"] or "" for a in page.all("a") if a.attributes.get("rel") == "next"), ""
        )
    assert seen == [f"Post {number}" for number in reversed(range(23))]
    assert titles(visitor, {"page": "3"}) == ["Post 2", "Post 1", "Post 0"]
    assert visitor.get("/", query={"page": "0"}, headers=HTML).status == 422


# moderation


def test_a_hidden_post_is_there_for_its_author_and_admins(site: Site) -> None:
    """For everybody else it is like a missing one, also in the search and by its picture."""
    author, admin = site.visitor("ada"), site.visitor("eve")
    files = {"picture": ("dot.png", PNG, "image/png")}
    author.post("/posts/new", data=POST, files=files, headers=HTML)
    assert send(admin, "PUT", "/posts/1/hidden") == (303, "/moderation")
    assert "Show" in admin.get("/moderation", headers=HTML).text
    for client in (site.visitor(), site.visitor("ben")):
        missing = client.get("/posts/99", headers=HTML)
        response = client.get("/posts/1", headers=HTML)
        assert (response.status, response.text) == (404, missing.text)
        assert client.get("/posts/1/picture").status == 404
        assert titles(client, {"q": "hello"}) == []
    for client in (author, admin):
        assert "hidden" in client.get("/posts/1", headers=HTML).text
        assert titles(client, {"q": "hello"}) == ["Hello"]
    assert send(admin, "DELETE", "/posts/1/hidden") == (303, "/moderation")
    assert titles(site.visitor(), {}) == ["Hello"]


@pytest.mark.parametrize("path", ["/moderation", "/moderation?q=x"])
def test_moderation_is_for_admins(site: Site, path: str) -> None:
    for accept in (HTML, {}):
        assert site.visitor("ada").get(path, headers=accept).status == 403
        assert site.visitor("eve").get(path, headers=accept).status == 200
    assert "Moderation" not in home(site.visitor("ada"))
    assert "Moderation" in home(site.visitor("eve"))


def test_a_command_makes_an_admin(site: Site) -> None:
    make_admin = site.app.commands()["make-admin"]
    client = site.visitor("ada")
    make_admin("ada")
    assert client.get("/moderation", headers=HTML).status == 200
    with pytest.raises(SystemExit, match="There is no user nobody"):
        make_admin("nobody")


# JSON


def test_the_same_urls_are_json(site: Site) -> None:
    """For a client that does not prefer pages; its errors are problem details."""
    client = site.visitor("ada")
    made = client.post("/posts/new", data=POST, files={})
    found = client.get(made.headers["Location"]).json
    assert (found["title"], found["author"]) == ("Hello", {"id": 1, "name": "ada"})
    listed = client.get("/").json
    assert listed == {"posts": [found], "page": 1, "more": False}
    problem = client.post("/posts/new", data={"title": ""}, files={}).problem
    assert {each["pointer"] for each in problem["errors"]} == {"/title", "/body"}
    assert client.delete("/posts/1").status == 303
    assert client.get("/posts/1").problem["status"] == 404
