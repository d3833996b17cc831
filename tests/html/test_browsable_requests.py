"""What a page lets its user ask for: query parameters, headers, credentials, related items."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from marshmallow import Schema, fields, validate
from parsed_pages import HTML, Parsed

from restkit import App, Request, Resource, Scheme, Unauthorized, access, operation, takes
from restkit.crud import CRUDResource, MemoryStore
from restkit.html import LoggedIn, Session, Sessions
from restkit.security import APIKey, HTTPBasic, HTTPBearer
from restkit.testing import Client

KEY = "a-key-that-nobody-guesses"


@dataclass
class Item:
    title: str
    id: int = 0


class QuerySchema(Schema):
    title = fields.Str(validate=validate.Length(1), metadata={"description": "Part of it."})
    limit = fields.Int(load_default=20, validate=validate.Range(1, 100))
    tags = fields.List(fields.Str())
    done = fields.Bool()
    sort = fields.Str(validate=validate.OneOf(["title", "-title"]))


def listed() -> App:
    """Return an App with one list, which responds with its query."""
    app = App("Lists", browsable="always")

    @app.route("/things")
    class ThingList(Resource):
        @takes(query=QuerySchema)
        def get(self, query: dict[str, Any]) -> dict[str, Any]:
            return {"query": self.request.query_string.decode(), "accept": _seen(self.request)}

    return app


def _seen(request: Request) -> str:
    return str(request.headers.get("Accept"))


def forms(page: str, label: str) -> Parsed:
    start = page.index(f'aria-label="{label}"')
    return Parsed(page[page.rindex("<form", 0, start) : page.index("</form>", start)])


# query parameters


def test_every_query_parameter_is_a_field_of_a_form() -> None:
    """With its type, its help and what was asked for; a Boolean may be left out."""
    client = Client(listed())
    page = client.get("/things?title=a&tags=x&tags=y&done=false&sort=-title", headers=HTML).text
    form = forms(page, "Query parameters")
    assert form.all("form")[0]["method"] == "get"
    assert form.control("title")["value"] == "a"
    assert form.control("limit")["type"] == "number"
    assert [each["value"] for each in form.all("option") if "selected" in each] == [
        "false",
        "-title",
    ]
    tags = [each["value"] for each in form.all("input") if each.attributes.get("name") == "tags[]"]
    assert tags == ["x", "y", ""]
    assert "Part of it." in page


def test_a_query_form_leads_to_the_url_of_an_api_client() -> None:
    """Empty fields are left out, and lists repeat their name."""
    client = Client(listed())
    sent = "_search=1&title=&limit=5&tags[]=x&tags[]=&tags[]=y&done=&sort="
    response = client.get(f"/things?{sent}", headers=HTML)
    assert response.status == 303
    assert response.headers["Location"] == "/things?limit=5&tags=x&tags=y"
    assert client.get(f"/things?{sent}").status == 422  # for other clients it is no form


def test_several_choices_in_one_text_are_kept() -> None:
    """``sort=title,-year`` fits no select, so that it is a text."""
    app = App("Lists", browsable="always")
    item = fields.Str(validate=validate.OneOf(["title", "year"]))
    sort = fields.List(item, metadata={"style": "form", "explode": False})

    @app.route("/things")
    class ThingList(Resource):
        @takes(query={"sort": sort})
        def get(self, query: dict[str, Any]) -> dict[str, Any]:
            return query

    client = Client(app)
    page = client.get("/things?sort=title", headers=HTML).text
    assert forms(page, "Query parameters").control("sort").tag == "select"
    page = client.get("/things?sort=title,year", headers=HTML).text
    assert forms(page, "Query parameters").control("sort")["value"] == "title,year"


def test_invalid_parameters_are_marked() -> None:
    """A 422 has its errors at the fields of the query form."""
    response = Client(listed()).get("/things?limit=1000", headers=HTML)
    assert response.status == 422
    assert forms(response.text, "Query parameters").control("limit")["aria-invalid"] == "true"


# headers


def test_headers_that_the_operation_reads_may_be_written() -> None:
    """They are sent and in the code; others cannot be written, whatever the URL says."""
    app = App("Headers", browsable="always")
    seen: list[Request] = []

    @app.route("/items")
    class Items(Resource):
        @takes(headers={"X-Mode": fields.Str(metadata={"description": "How."})})
        def get(self, headers: dict[str, str]) -> dict[str, str]:
            seen.append(self.request)
            return headers

    client = Client(app)
    page = client.get("/items", headers=HTML).text
    form = forms(page, "Request headers")
    assert form.control("_header.X-Mode")["value"] == ""
    url = "/items?_header.X-Mode=fast&_header.X-Forwarded-For=1.2.3.4&_header.Cookie=a%3Db"
    response = client.get(url, headers=HTML)
    assert response.status == 200
    assert seen[-1].headers["X-Mode"] == "fast"
    assert "X-Forwarded-For" not in seen[-1].headers
    assert "a=b" not in seen[-1].headers.get("Cookie", "")
    assert "-H &#39;X-Mode: fast&#39;" in response.text
    assert forms(response.text, "Request headers").control("_header.X-Mode")["value"] == "fast"
    client.get("/items?_header.X-Mode=a%0D%0AX-B:+c", headers=HTML)
    assert "X-Mode" not in seen[-1].headers


def test_accept_is_a_header_too() -> None:
    """Another media type than JSON is shown if it is asked for."""
    client = Client(listed())
    response = client.get("/things?_header.Accept=application/xml", headers=HTML)
    assert response.status == 406


# related items


def test_related_items_are_keys_with_a_link_to_look_them_up() -> None:
    """No list of all authors: a typed key, and links to its collection and to the item."""
    app = App("Shop", browsable="always")

    class Author:
        def __init__(self, name: str, id: int = 0) -> None:
            self.name, self.id = name, id

    class Book:
        def __init__(self, title: str, author_id: int, id: int = 0) -> None:
            self.title, self.author_id, self.id = title, author_id, id

    class AuthorSchema(Schema):
        id = fields.Int(dump_only=True)
        name = fields.Str(required=True)

    class BookSchema(Schema):
        id = fields.Int(dump_only=True)
        title = fields.Str(required=True)
        author_id = fields.Int(required=True)

    class Authors(CRUDResource[Author]):
        store = MemoryStore(Author)
        schema = AuthorSchema

    class Books(CRUDResource[Book]):
        store = MemoryStore(Book)
        schema = BookSchema

    app.add("/authors", Authors)
    app.add("/books", Books)
    client = Client(app)
    client.post("/authors", json={"name": "An author whose name is not on the page"})
    client.post("/books", json={"title": "A", "author_id": 1})
    page = client.get("/books/1", headers=HTML).text
    links = {str(each["href"]): each.text for each in Parsed(page).all("a")}
    assert links["/authors/1"] == "1"
    assert links["/authors"] == "Author id"
    form = forms(page, "PUT")
    assert form.control("author_id").tag == "input"
    assert "An author whose" not in page


# who may send what


def guarded() -> App:
    """Return an App whose reads are public, and whose writes need one of three schemes."""

    def check(username: str, password: str) -> dict[str, Any] | None:
        return {"name": username} if password == "secret password" else None

    def find(token: str) -> dict[str, Any] | None:
        return {"t0ken-reads": {"scopes": []}, "t0ken-writes": {"scopes": ["write"]}}.get(token)

    basic = HTTPBasic(check)
    bearer = HTTPBearer(find, scopes=lambda caller: caller["scopes"])
    key = APIKey(keys={KEY: {"name": "k"}}, header="X-Key")
    app = App("Guarded", browsable="always")

    @app.route("/notes")
    class Notes(Resource):
        def get(self) -> dict[str, str]:
            return {}

        @access(security=basic | key)
        def post(self) -> dict[str, Any]:
            return {"caller": str(self.request.caller)}

        @access(security=bearer.scopes("write"))
        def delete(self) -> None:
            """Delete all."""

    return app


def verbs(page: str) -> list[str]:
    """Return the verbs that a page offers."""
    labels = [str(each.attributes.get("aria-label")) for each in Parsed(page).all("form")]
    return [each for each in labels if each in ("POST", "PUT", "PATCH", "DELETE")]


def sign_in(client: Client, scheme: str, **values: str) -> None:
    response = client.post(
        "/_browsable/sign-in", data={"scheme": scheme, "next": "/notes", **values}
    )
    assert response.status == 303
    assert response.headers["Location"] == "/notes"


def test_only_verbs_that_the_caller_may_send_are_offered() -> None:
    """Without credentials none of the guarded ones; the page has forms to sign in."""
    client = Client(guarded())
    page = client.get("/notes", headers=HTML).text
    assert verbs(page) == []
    assert "bearer (http bearer write)" not in page  # that of the DELETE
    assert {"Sign in by basic", "Sign in by bearer", "Sign in by api_key"} <= {
        str(each.attributes.get("aria-label")) for each in Parsed(page).all("form")
    }


class Salary(Schema):
    """Content that nobody is told of who may not send it."""

    salary_cap = fields.Int(metadata={"description": "INTERNAL-NOTE"})


class SalaryQuery(Schema):
    filter_hint = fields.Str()


TOLD = ["SUMMARY-OF-GET", "filter_hint", "salary_cap", "INTERNAL-NOTE", "UNDOCUMENTED-WIPE"]


def told(page: str) -> list[str]:
    return [each for each in TOLD if each in page]


def payroll() -> Client:
    """Return an App whose document needs a token too; the admin may write, others read."""
    callers = {"t0ken-of-admin": "admin", "t0ken-of-clerk": "clerk"}
    bearer = HTTPBearer(lambda token: callers.get(token))
    app = App("Payroll", browsable="always", security=bearer)

    def is_admin(caller: object) -> bool:
        return caller == "admin"

    @app.route("/caps")
    class Caps(Resource):
        @takes(query=SalaryQuery)
        def get(self, query: dict[str, Any]) -> dict[str, str]:
            """SUMMARY-OF-GET."""
            return {}

        @access(permission=is_admin)
        @takes(body=Salary)
        def put(self, body: dict[str, Any]) -> None:
            """Set it."""

        @operation(documented=False)
        def delete(self) -> None:
            """UNDOCUMENTED-WIPE."""

    return Client(app)


def test_the_page_of_a_401_tells_nothing_of_the_contract() -> None:
    """The document is a 401 too; forms of whatever kind tell no more."""
    client = payroll()
    assert client.get("/openapi.json").status == 401
    page = client.get("/caps", headers=HTML)
    assert (page.status, told(page.text)) == (401, [])
    assert "Sign in by bearer" in page.text
    for data in ({"salary": "1"}, {"_preview": "1"}, {"_add": "lines"}, {"_method": "GET"}):
        page = client.post("/caps", data={"_method": "PUT", **data}, headers=HTML)
        assert page.status in (400, 401, 403)
        assert told(page.text) == []


def test_the_page_of_a_form_that_needs_credentials_says_so() -> None:
    """Reading is open; the page of the 401 asks whoever writes to sign in."""
    app = App("Open", browsable="always")

    @app.route("/notes")
    class Notes(Resource):
        def get(self) -> dict[str, str]:
            """Read."""
            return {}

        @access(security=HTTPBearer(lambda token: None))
        def post(self) -> None:
            """Write."""

    client = Client(app)
    needed = "Some verbs of this URL need credentials."
    page = client.post("/notes", data={}, headers=HTML)
    assert page.status == 401
    assert needed in page.text
    assert "Sign in by bearer" in page.text


def test_a_page_tells_of_what_its_caller_may_send() -> None:
    """Of documented operations alone."""
    for who, expected in (("clerk", TOLD[:2]), ("admin", TOLD[:4])):
        client = payroll()
        client.post("/_browsable/sign-in", data={"scheme": "bearer", "token": f"t0ken-of-{who}"})
        page = client.get("/caps", headers=HTML)
        assert (page.status, told(page.text)) == (200, expected)
        data = {"_method": "PUT", "_preview": "1", "salary_cap": "3"}
        page = client.post("/caps", data=data, headers=HTML)
        assert page.status == (200 if who == "admin" else 403)
        assert ("salary_cap" in page.text) is (who == "admin")


@pytest.mark.parametrize(
    ("scheme", "values", "offered"),
    [
        ("basic", {"username": "ada", "password": "secret password"}, ["POST"]),
        ("basic", {"username": "ada", "password": "wrong"}, []),
        ("api_key", {"token": KEY}, ["POST"]),
        ("bearer", {"token": "t0ken-reads"}, []),
        ("bearer", {"token": "t0ken-writes"}, ["DELETE"]),
    ],
)
def test_signing_in_offers_what_the_caller_may_send(
    scheme: str, values: dict[str, str], offered: list[str]
) -> None:
    """By each scheme; the secret is in a cookie that scripts cannot read, and in no page."""
    client = Client(guarded())
    sign_in(client, scheme, **values)
    page = client.get("/notes", headers=HTML).text
    assert verbs(page) == offered
    secrets = [values.get("token", ""), values.get("password", ""), "Basic Y", "Basic YWRh"]
    assert not [each for each in secrets if each and each in page]
    for verb in offered:
        sent = {} if verb == "POST" else {"_method": verb}
        response = client.post("/notes", data=sent, headers=HTML)
        assert response.status == 200
        assert not [each for each in secrets if each and each in response.text]
    assert f"Signed in by {scheme}" in page


def test_no_part_of_a_key_is_in_a_page() -> None:
    """A key may have a space, and only Authorization has a scheme before the credentials."""
    keys = ["unspaced-0123456789abcdef", "spaced-0123456789 and-abcdef"]
    app = App("Keyed", browsable="always")
    key = APIKey(keys={each: {"name": "k"} for each in keys}, header="X-Key")

    @app.get("/notes", security=key)
    def notes() -> dict[str, str]:
        return {}

    client = Client(app, raise_errors=False)
    pages = []
    for each in keys:
        client.post("/_browsable/sign-in", data={"scheme": "api_key", "token": each})
        pages.append(client.get("/notes", headers=HTML).text)
    assert ["$TOKEN" in page for page in pages] == [True] * len(keys)
    assert not [part for part in " ".join(keys).split() for page in pages if part in page]


def test_the_key_of_a_query_is_in_no_link() -> None:
    """Pagination makes its links of the query; the key of who signed in is not there."""

    class Items(CRUDResource[Item]):
        store = MemoryStore(Item)

    app = App("Shelf", browsable="always", security=APIKey(keys={KEY: "k"}, query="key"))
    app.add("/items", Items)
    client = Client(app)
    for _ in range(3):
        client.post(f"/items?key={KEY}", json={"title": "a"})
    client.post("/_browsable/sign-in", data={"scheme": "api_key", "token": KEY})
    response = client.get("/items?limit=1", headers=HTML)
    assert response.status == 200
    assert "offset" in response.headers["Link"] or "cursor" in response.headers["Link"]
    assert KEY not in response.text + str(response.headers)
    assert client.get("/items?key=of-somebody-else-or-none", headers=HTML).status == 401
    assert client.get("/items?limit=1", headers={"restkit.query_keys": KEY}).status == 401


def test_a_scheme_of_its_own_with_a_key_in_the_query_has_no_form() -> None:
    """It reads the query, of which links are made."""

    class OwnKey(Scheme):
        name = "own"

        def document(self) -> Mapping[str, object]:
            return {"type": "apiKey", "in": "query", "name": "key"}

        def authenticate(self, request: Request, scopes: Sequence[str]) -> object:
            raise Unauthorized("Send a key.", headers={"WWW-Authenticate": "Own"})

    app = App("Own", browsable="always", security=OwnKey())

    @app.get("/notes")
    def notes() -> dict[str, str]:
        return {}

    page = Client(app).get("/notes", headers=HTML)
    assert page.status == 401
    assert "Sign in by own" not in page.text


def test_whoever_is_signed_in_may_sign_out_on_a_public_page() -> None:
    """A page without operations that need credentials offers it too, and no form to sign in."""
    app = guarded()
    app.get("/public")(lambda: {})
    client = Client(app)
    assert "/_browsable/sign-" not in client.get("/public", headers=HTML).text
    sign_in(client, "api_key", token=KEY)
    page = client.get("/public", headers=HTML).text
    actions = [each.attributes.get("action") for each in Parsed(page).all("form")]
    assert "/_browsable/sign-out" in actions
    assert "/_browsable/sign-in" not in actions


def test_the_cookie_of_a_page_is_not_credentials_for_the_api() -> None:
    """A client that wants JSON must send its own."""
    client = Client(guarded())
    sign_in(client, "api_key", token=KEY)
    assert client.post("/notes", json={}).status == 401
    client.post("/_browsable/sign-out", data={"next": "/notes"})
    assert verbs(client.get("/notes", headers=HTML).text) == []


def test_the_cookie_is_for_this_server_alone() -> None:
    """HttpOnly and SameSite=Strict, and with a prefix over TLS that no other host can set."""
    for base, name in (("http://localhost", "restkit-pages"), ("https://localhost", "__Host-rest")):
        client = Client(guarded(), base_url=base)
        response = client.post("/_browsable/sign-in", data={"scheme": "api_key", "token": KEY})
        cookie = response.headers["Set-Cookie"]
        assert cookie.startswith(name)
        assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
        assert ("Secure" in cookie) is base.startswith("https")


@pytest.mark.parametrize(
    ("headers", "data", "status", "target"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, {"scheme": "api_key", "token": KEY}, 403, None),
        ({"Origin": "https://evil.example"}, {"scheme": "api_key", "token": KEY}, 403, None),
        ({}, {"scheme": "nothing", "token": "a", "next": "/notes"}, 303, "/notes"),
        ({}, {"scheme": "api_key", "token": KEY, "next": "//evil.example"}, 303, "/"),
        ({}, {"scheme": "api_key", "token": KEY, "next": "https://evil.example"}, 303, "/"),
        ({}, {"scheme": "api_key", "token": "k" * 4000}, 413, None),
    ],
)
def test_signing_in_is_guarded(
    headers: dict[str, str], data: dict[str, str], status: int, target: str | None
) -> None:
    """No other site signs anybody in, or is a target."""
    response = Client(guarded()).post("/_browsable/sign-in", data=data, headers=headers)
    assert response.status == status
    assert response.headers.get("Location") == target


@pytest.mark.parametrize("cookie", ["", "x", "bnVsbA", "WyJhIiwiYiJd", "WyJhcGlfa2V5Iiwgbnh0XQ"])
def test_a_cookie_that_is_none_is_ignored(cookie: str) -> None:
    """Whatever a client sends, it names no header of its own."""
    response = Client(guarded()).get("/notes", headers=HTML, cookies={"restkit-pages": cookie})
    assert response.status == 200
    assert "Signed in" not in response.text


@pytest.mark.parametrize("query", ["", "?_raw=application/json"])
@pytest.mark.parametrize(
    "cookie",
    [
        f"restkit-pages={base64.urlsafe_b64encode(b'[' * 1500).decode()}",
        f"restkit-pages={base64.urlsafe_b64encode(b'[[1], [2]]').decode()}",
        f"restkit-pages={base64.urlsafe_b64encode(b'9' * 2500).decode()}",
        "restkit-pages=x; other=\xff",
        "restkit-pages=\xff",
    ],
)
def test_no_cookie_breaks_a_page(cookie: str, query: str) -> None:
    """Anybody can write one: too deep, too long, or not UTF-8."""
    client = Client(guarded())
    response = client.get(f"/notes{query}", headers={**HTML, "Cookie": cookie})
    assert response.status == 200
    assert "Signed in" not in response.text


@pytest.mark.parametrize("query", ["", "?_raw=application/json"])
def test_credentials_that_fail_are_a_500(query: str, caplog: pytest.LogCaptureFixture) -> None:
    """A scheme may raise when a page asks what it is; the server gets a response."""

    class Broken(APIKey):
        failed = False

        def document(self) -> Mapping[str, object]:
            if self.failed:
                raise LookupError("no document")
            return super().document()

    app = App("Broken", browsable="always")
    key = Broken(keys={KEY: {"name": "k"}}, header="X-Key")

    @app.get("/notes", security=key)
    def notes() -> dict[str, str]:
        return {}

    client = Client(app, contract=False)
    client.post("/_browsable/sign-in", data={"scheme": "api_key", "token": KEY})
    key.failed = True
    assert client.get(f"/notes{query}", headers=HTML).status == 500
    assert "The credentials of a page failed" in caplog.text


def test_a_session_has_its_own_login() -> None:
    """A link to the login page, with the way back; logged in, the verbs are there."""
    app = App("Sessions", browsable="always")
    sessions = Sessions(keys=["key of the sessions, never guessed"])
    app.install(sessions)

    @app.post("/login")
    def login(session: Session) -> dict[str, str]:
        session.login("1")
        return {}

    @app.get("/sign")
    def sign() -> dict[str, str]:
        return {}

    users = LoggedIn(lambda user_id, request: {"id": user_id}, login_page=sign)

    @app.route("/notes")
    class Notes(Resource):
        def get(self) -> dict[str, str]:
            return {}

        @access(security=users)
        def post(self) -> dict[str, Any]:
            return {"caller": self.request.caller["id"]}

    client = Client(app)
    page = client.get("/notes", headers=HTML).text
    assert verbs(page) == []
    assert "/sign?next=/notes" in [
        str(each["href"]).replace("%2F", "/") for each in Parsed(page).all("a")
    ]
    assert client.post("/login").status == 200
    assert verbs(client.get("/notes", headers=HTML).text) == ["POST"]
    assert client.post("/notes", data={}, headers=HTML).status == 200


@pytest.mark.parametrize(
    ("length", "media_type"), [(8192, "text/html"), (8193, "application/json")]
)
def test_a_long_query_gets_no_page(length: int, media_type: str) -> None:
    query = "title=".ljust(length, "x")
    accept = {"Accept": "text/html,*/*;q=0.8"}
    response = Client(listed()).get(f"/things?{query}", headers=accept)
    assert (response.status, response.headers["Content-Type"].partition(";")[0]) == (
        200,
        media_type,
    )
