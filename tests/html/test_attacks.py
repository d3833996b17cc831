"""Attacks on the blog in examples/site: other sites, other users, hostile content."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from external.places import serve_site
from parsed_pages import Parsed
from site_example import HTML, PASSWORD, PNG, Site, log_in, made_site

from restkit.testing import Client, TestResponse

POST = {"title": "Hello", "body": "A text"}
VERBS = ("POST", "PUT", "PATCH", "DELETE")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Return a blog for all tests that store nothing in it."""
    with made_site(tmp_path_factory.mktemp("kept")) as made:
        made.register("ada")
        yield made


def cookie_of(response: TestResponse) -> str:
    return response.headers["Set-Cookie"].partition(";")[0]


def stored(site: Site) -> tuple[object, ...]:
    """Return what an attack may not change."""
    post = site.post(1)
    kept = (post.title, post.body, post.hidden) if post else None
    return (*site.users(), kept, site.post(2))


# session fixation


def test_a_planted_session_is_not_logged_in(site: Site) -> None:
    """An attacker who sets the cookie before the login knows nothing of the session after it."""
    attacker = Client(site.app)
    planted = cookie_of(attacker.get("/login", headers=HTML))
    victim = Client(site.app)
    victim.set_cookie("session", planted.partition("=")[2])
    response = log_in(victim, "ada")
    assert response.status == 303
    assert cookie_of(response) != planted
    assert "Log out ada" in victim.get("/", headers=HTML).text
    assert "Log out" not in attacker.get("/", headers=HTML).text
    assert "Log out" not in Client(site.app).get("/", headers={**HTML, "Cookie": planted}).text


def test_the_token_of_a_planted_session_is_worth_nothing(site: Site) -> None:
    attacker = Client(site.app)
    page = attacker.get("/login", headers=HTML)
    token = str(Parsed(page.text).control("csrf_token")["value"])
    victim = Client(site.app, same_origin=False)
    victim.set_cookie("session", cookie_of(page).partition("=")[2])
    data = {"name": "ada", "password": PASSWORD, "csrf_token": token}
    assert victim.post("/login", data=data, headers=HTML).status == 303
    before = stored(site)
    sent = {**POST, "csrf_token": token}
    assert victim.post("/posts/new", data=sent, files={}, headers=HTML).status == 403
    assert stored(site) == before


@pytest.mark.parametrize("value", ["", "chosen", "a.b", "A" * 43, "A" * 43 + "." + "B" * 43])
def test_an_id_that_the_server_did_not_make_is_not_used(site: Site, value: str) -> None:
    visitor = Client(site.app)
    visitor.set_cookie("session", value)
    response = log_in(visitor, "ada")
    assert cookie_of(response).partition("=")[2] not in ("", value)
    assert value == "" or value not in cookie_of(response)


# requests that other sites make a browser send

FOREIGN = {
    "another site": {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
    "a subdomain": {"Sec-Fetch-Site": "same-site", "Origin": "http://sub.localhost"},
    "a site that names our origin": {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
    "an unknown relation": {"Sec-Fetch-Site": "same-origin, cross-site"},
    "another origin": {"Origin": "https://evil.example"},
    "a sandbox": {"Origin": "null"},
    "an old subdomain": {"Origin": "http://sub.localhost"},
    "a longer host": {"Origin": "http://localhost.evil.example"},
    "another scheme": {"Origin": "https://localhost"},
    "another port": {"Origin": "http://localhost:8080"},
    "nothing": {},
    "a referrer alone": {"Referer": "http://localhost/"},
    "a wrong token": {"X-CSRF-Token": "x" * 43},
    "a forwarded host": {"Origin": "http://evil.example", "X-Forwarded-Host": "evil.example"},
}
CONTENT: dict[str, tuple[str, bytes]] = {
    "a form": ("application/x-www-form-urlencoded", b"title=x&body=y&name=x&password=12345678"),
    "parts": (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="title"\r\n\r\nx\r\n'
        b'--x\r\nContent-Disposition: form-data; name="body"\r\n\r\ny\r\n--x--\r\n',
    ),
    "JSON": ("application/json", b'{"title": "x", "body": "y"}'),
    "JSON as text": ("text/plain", b'{"title": "x", "body": "y"}'),
    "an override": ("application/x-www-form-urlencoded", b"_method=DELETE"),
    "an override to PUT": ("application/x-www-form-urlencoded", b"_method=PUT"),
}
PATHS = (
    "/login",
    "/register",
    "/logout",
    "/posts/new",
    "/posts/1",
    "/posts/1/edit",
    "/posts/1/hidden",
)


@pytest.mark.parametrize("origin", FOREIGN)
def test_no_page_of_another_site_changes_anything(site: Site, origin: str) -> None:
    """By any verb, path and content, with the cookie of an admin, who may do everything."""
    site.write(site.register("tom", is_admin=True))
    admin = Client(site.app, same_origin=False)
    admin.set_cookie("session", cookie_of(log_in(Client(site.app), "tom")).partition("=")[2])
    before = stored(site)
    for path, verb, kind in product(PATHS, VERBS, CONTENT):
        media_type, body = CONTENT[kind]
        response = admin.request(
            verb, path, content=body, content_type=media_type, headers=FOREIGN[origin]
        )
        assert response.status in (403, 405, 415), (verb, path, kind, response.status)
    assert stored(site) == before
    assert "Log out tom" in admin.get("/", headers=HTML).text, "not even logged out"


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ({"_method": "DELETE"}, {}),
        ({}, {"X-HTTP-Method-Override": "DELETE"}),
        ({}, {"X-HTTP-Method": "DELETE"}),
        ({}, {"X-Method-Override": "DELETE"}),
    ],
)
def test_only_a_field_of_a_form_names_another_verb(
    site: Site, query: dict[str, str], headers: dict[str, str]
) -> None:
    site.write(site.register("tom", is_admin=True))
    for verb in ("POST", "GET"):
        client = site.visitor("tom")
        client.request(verb, "/posts/1", query=query, headers=headers)
        assert site.post(1) is not None


# open redirects

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
    "https://evil.example",
    "https:evil.example",
    "https:/evil.example",
    "HTTPS:\\\\evil.example",
    "http://localhost@evil.example/",
    "javascript:alert(1)",
    "data:text/html,x",
    "evil.example",
    "@evil.example",
    "/\x00/evil.example",
    "/\u00a0//evil.example\\",
    "//localhost:80@evil.example",
    "\u2028//evil.example",
    "/%09/evil.example\n",
]


@pytest.mark.parametrize("target", ELSEWHERE)
def test_a_login_leads_to_this_server_alone(kept: Site, target: str) -> None:
    """Neither by the field nor by the query, and nobody is logged in by such a form."""
    visitor = kept.visitor()
    data = {"name": "ada", "password": PASSWORD, "next": target}
    response = visitor.post("/login", data=data, headers=HTML)
    assert response.status == 422
    assert "Location" not in response.headers
    assert "Log out" not in visitor.get("/", headers=HTML).text
    page = visitor.get("/login", query={"next": target}, headers=HTML)
    assert page.status in (400, 422)


@pytest.mark.parametrize("target", ELSEWHERE)
def test_the_way_to_the_login_keeps_no_other_server(kept: Site, target: str) -> None:
    """The page that was asked for is a path of this server, however it is written."""
    paths = (f"/{quote(target)}/../moderation", f"/posts/new?next={quote(target)}")
    for path in (*paths, f"//evil.example/{quote(target)}"):
        location = kept.visitor().get(path, headers=HTML).headers.get("Location", "/")
        assert urlsplit(location).netloc == ""
        assert location.startswith("/")
        assert not location.startswith(("//", "/\\"))


# files outside of the folder

OUTSIDE = [
    "../app.py",
    "../../site/app.py",
    "./../app.py",
    "x/../../app.py",
    "..%2fapp.py",
    "..%2Fapp.py",
    "%2e%2e/app.py",
    "%2e%2e%2fapp.py",
    "%2E%2E%2Fapp.py",
    ".%2e/app.py",
    "..%5capp.py",
    "..\\app.py",
    "%2e%2e%5capp.py",
    "..%252fapp.py",
    "%252e%252e%252fapp.py",
    "..%c0%afapp.py",
    "..%ef%bc%8fapp.py",
    "..%00/app.py",
    "style.css%00../app.py",
    "....//app.py",
    "..;/app.py",
    "/../app.py",
    "//etc/passwd",
    "/etc/passwd",
    "%2fetc%2fpasswd",
    "..//app.py",
    "style.css/../../app.py",
    "style.css/",
    "C:%5cWindows%5cwin.ini",
    "file:///etc/passwd",
    ".",
    "..",
    "",
]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("served")
    with made_site(folder), serve_site(folder) as url:
        yield url


@pytest.mark.parametrize("name", OUTSIDE)
def test_no_file_outside_of_the_folder_is_served(served: str, name: str) -> None:
    """Over a socket, where no client has made the path simpler."""
    connection = http.client.HTTPConnection(urlsplit(served).netloc, timeout=20)
    try:
        connection.putrequest("GET", f"/static/{name}", skip_accept_encoding=True)
        connection.endheaders()
        response = connection.getresponse()
        content = response.read()
    finally:
        connection.close()
    assert response.status in (301, 308, 400, 404), content
    assert b"create_app" not in content
    assert b"root:" not in content


# content that is markup or a template

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    '" autofocus onfocus=alert(1) x="',
    "' onmouseover='alert(1)",
    "</title><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "</form><form action=//evil.example>",
    "<!--<script>alert(1)//-->",
    "<iframe src=javascript:alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    "<base href=//evil.example>",
    "<meta http-equiv=refresh content=0;url=//evil.example>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "javascript:alert(1)",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\u2028<script>alert(1)</script>",
    "<scr\tipt>alert(1)</scr\tipt>",
    "<link rel=stylesheet href=//evil.example>",
    "<input name=csrf_token value=x>",
    "]]><script>alert(1)</script>",
    "{{ 7 * 7 }}",
    "{{ request.environ }}",
    "{% include 'errors/error.html' %}{% raw %}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "${7 * 7} #{7 * 7} <%= 7 * 7 %>",
    "{# {{ self }}",
    "%(password)s {0.__class__}",
]
TAGS = (
    "html head meta title link script body a header nav form button main p h1 h2 article time div "
    "search label input textarea ul li strong span img"
)
KNOWN = frozenset(TAGS.split())


def check_harmless(response: TestResponse) -> Parsed:
    """Look for markup that is not that of the templates."""
    page = Parsed(response.text)
    for element in page.elements:
        assert element.tag in KNOWN, element.tag
        assert not any(name.startswith("on") for name in element.attributes), element.attributes
        for name in ("href", "src", "action"):
            url = element.attributes.get(name) or "/"
            assert url[0] in "/?#", url
            assert not url.startswith("//"), url
    assert len(page.all("script")) == 1
    assert "49" not in page.all("main")[0].text
    assert "script-src" not in response.headers["Content-Security-Policy"]
    return page


@pytest.mark.parametrize("payload", HOSTILE)
def test_what_a_user_wrote_is_text(site: Site, payload: str) -> None:
    """On the list, the post, its form, the moderation and the search; as JSON it is the same."""
    author, admin = site.visitor("ada"), site.visitor("eve")
    data = {"title": payload, "body": payload, "picture_description": payload}
    files = {"picture": (payload, PNG, "image/png")}
    assert author.post("/posts/new", data=data, files=files, headers=HTML).status == 303
    for client, path in (
        (author, "/"),
        (author, "/posts/1"),
        (author, "/posts/1/edit"),
        (admin, "/moderation"),
    ):
        check_harmless(client.get(path, headers=HTML))
    shown = check_harmless(author.get("/posts/1", headers=HTML))
    assert shown.all("h1")[0].text == payload
    assert shown.all("img")[0]["alt"] == payload
    form = check_harmless(author.get("/posts/1/edit", headers=HTML))
    assert form.control("title")["value"] == payload
    assert form.control("body").text.removeprefix("\n") == payload
    found = author.get("/", query={"q": payload}, headers=HTML)
    assert check_harmless(found).control("q")["value"] == payload
    assert author.get("/posts/1").json["title"] == payload


@pytest.mark.parametrize("payload", HOSTILE)
def test_what_a_wrong_form_has_sent_is_text(kept: Site, payload: str) -> None:
    """In the fields of every form, in the errors of unknown fields, and on error pages."""
    author = kept.visitor("ada")
    user = {"name": payload, "password": "short"}
    pages = [
        author.post("/register", data=user, headers=HTML),
        author.post("/login", data={**user, "next": payload}, headers=HTML),
        author.post("/login", data=user, headers=HTML),
        author.post("/posts/new", data={"title": payload}, files={}, headers=HTML),
        author.post("/posts/new", data={**POST, payload: payload}, files={}, headers=HTML),
        author.post("/login", data={**user, payload: payload}, headers=HTML),
        author.get("/login", query={"next": payload}, headers=HTML),
        author.get("/", query={payload: payload}, headers=HTML),
        author.get("/", query={"page": payload}, headers=HTML),
        author.get("/" + quote(payload, safe=""), headers=HTML),
        author.get("/posts/" + quote(payload, safe=""), headers=HTML),
    ]
    assert {each.status for each in pages} <= {400, 401, 404, 422}
    for response in pages:
        check_harmless(response)
    assert Parsed(pages[0].text).control("name")["value"] == payload


# pictures that are none

NO_PICTURES = {
    "HTML as PNG": ("a.png", b"<script>alert(1)</script>", "image/png"),
    "HTML": ("a.html", b"<script>alert(1)</script>", "text/html"),
    "HTML without a name": ("a", b"<html>", "application/octet-stream"),
    "SVG": ("a.svg", b"<svg onload='alert(1)'/>", "image/svg+xml"),
    "SVG as PNG": ("a.svg", b"<svg onload='alert(1)'/>", "image/png"),
    "SVG as WebP": ("a.webp", b"<?xml version='1.0'?><svg/>", "image/webp"),
    "XML": ("a.xml", b"<?xml version='1.0'?>", "application/xml"),
    "a script": ("a.js", b"alert(1)", "text/javascript"),
    "PNG as JPEG": ("a.jpg", PNG, "image/jpeg"),
    "nothing": ("a.png", b"", "image/png"),
    "HTML before PNG": ("a.png", b"<html>" + PNG, "image/png"),
    "two types": ("a.png", PNG, "image/png, text/html"),
}


@pytest.mark.parametrize("kind", NO_PICTURES)
def test_a_file_that_is_no_picture_is_refused(site: Site, kind: str) -> None:
    author = site.visitor("ada")
    response = author.post(
        "/posts/new", data=POST, files={"picture": NO_PICTURES[kind]}, headers=HTML
    )
    assert response.status == 422
    assert site.post(1) is None


def test_a_picture_with_html_in_it_stays_a_picture(site: Site) -> None:
    """Its media type is the checked one, whatever its name and the Accept of the client."""
    author = site.visitor("ada")
    both = PNG + b"<html><script>alert(1)</script>"
    file = ("evil.html", both, "image/png")
    author.post("/posts/new", data=POST, files={"picture": file}, headers=HTML)
    for accept in ("text/html,*/*;q=0.8", "image/*", "*/*"):
        shown = site.visitor().get("/posts/1/picture", headers={"Accept": accept})
        assert shown.headers["Content-Type"] == "image/png"
        assert shown.headers["X-Content-Type-Options"] == "nosniff"
        assert shown.content == both
    assert site.visitor().get("/posts/1/picture", headers={"Accept": "text/html"}).status == 406


# headers of every response


def every_page(site: Site) -> list[TestResponse]:
    """Return pages of every kind: shown, redirected, refused, wrong."""
    files = {"picture": ("a.png", PNG, "image/png")}
    admin, visitor = site.visitor("eve"), site.visitor()
    admin.post("/posts/new", data=POST, files=files, headers=HTML)
    paths = ["/", "/?q=x", "/login", "/register", "/posts/1", "/posts/1/edit", "/posts/new"]
    paths += ["/moderation", "/posts/99", "/?x=y", "/posts/1/picture"]
    found = [each.get(path, headers=HTML) for each in (admin, visitor) for path in paths]
    found += [each.head(path, headers=HTML) for each in (admin, visitor) for path in paths]
    tag = admin.get("/posts/1/picture").headers["ETag"]
    for client in (admin, visitor):
        found.append(client.get("/posts/1/picture", headers={"If-None-Match": tag}))
        found.append(client.post("/login", data={"name": "x", "password": "x"}, headers=HTML))
        found.append(client.post("/posts/1", data={"_method": "PATCH"}, headers=HTML))
        found.append(client.post("/logout", headers=HTML))
    return found


def test_no_page_may_be_cached(site: Site) -> None:
    """Not by the browser after the logout, and not by a proxy for somebody else."""
    found = every_page(site)
    assert {each.status for each in found} >= {200, 303, 304, 401, 404, 422}
    for response in found:
        if response.status == 405:
            continue
        assert response.headers["Cache-Control"] == "no-store"
        names = {each.strip() for each in response.headers["Vary"].split(",")}
        assert "Cookie" in names
    kept = site.visitor("ada").get("/static/style.css")
    assert "Set-Cookie" not in kept.headers


def test_no_page_may_be_framed_or_guessed(site: Site) -> None:
    """Every page, error and picture: nosniff; every page: no frame, no inline script."""
    for response in every_page(site):
        kind = response.headers.get("Content-Type", "")
        assert response.headers["X-Content-Type-Options"] == "nosniff", response.status
        if kind.startswith("text/html"):
            policy = response.headers["Content-Security-Policy"]
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert "Referrer-Policy" in response.headers
        elif response.status == 200:
            assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")
    for path in ("/", "/posts/99", "/static/style.css", "/static/nothing"):
        response = site.visitor().get(path)
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]


def test_folders_beside_the_site_are_not_served(site: Site, tmp_path: Path) -> None:
    """Nor its templates, its database or a source file."""
    for path in ("/templates/base.html", "/site.db", "/app.py", "/static/app.py", "/.env"):
        assert site.visitor().get(path).status == 404
