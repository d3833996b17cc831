"""Sessions in signed cookies: what is kept, for how long, and what is no session."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.cookies import SimpleCookie
from typing import Any

import marshmallow as ma
import pytest

from restkit import (
    App,
    Conflict,
    DeclarationError,
    NotFound,
    Request,
    Resource,
    Response,
    SeeOther,
    obtain,
    provide,
    raises,
    returns,
    takes,
)
from restkit.html import Session, Sessions, Templates
from restkit.openapi.shared_components import expanded
from restkit.testing import Client, TestResponse

MakeTemplates = Callable[..., Templates]
KEY, OLDER, FOREIGN = ("key " + letter * 28 for letter in "abc")


class Clock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class Value(ma.Schema):
    value = ma.fields.Raw(required=True, allow_none=True)


def service(**options: Any) -> App:
    app = App("Visits")
    app.install(Sessions(**{"keys": [KEY], **options}))

    @app.route("/values/<name>")
    class Values(Resource):
        def get(self, name: str, session: Session) -> dict[str, object]:
            return {"value": session.get(name)}

        @takes(body=Value)
        @returns(None, status=204)
        def put(self, name: str, body: dict[str, object], session: Session) -> None:
            session[name] = body["value"]

        @raises(NotFound)
        def delete(self, name: str, session: Session) -> None:
            if name not in session:
                raise NotFound
            del session[name]

        @takes(body=Value)
        @returns(None, status=204)
        def patch(self, name: str, body: dict[str, Any], session: Session) -> None:
            session[name].append(body["value"])

    @app.get("/names")
    def names(session: Session) -> list[str]:
        assert len(session) == len(list(session))
        return sorted(session)

    @app.get("/untouched")
    def untouched(session: Session) -> dict[str, str]:
        return {"session": repr(session)}

    @app.get("/free")
    def free() -> dict[str, str]:
        return {}

    return app


def put(client: Client, name: str, value: object) -> TestResponse:
    return client.put(f"/values/{name}", json={"value": value})


def value_of(client: Client, name: str = "a") -> object:
    return client.get(f"/values/{name}").json["value"]


def cookie(response: TestResponse) -> dict[str, str]:
    """Return the attributes of the only Set-Cookie, with name and value."""
    (header,) = response.headers.getlist("Set-Cookie")
    ((name, morsel),) = SimpleCookie(header).items()
    return {"name": name, "value": morsel.value, **{k: v for k, v in morsel.items() if v}}


def is_private(response: TestResponse) -> bool:
    vary = [each.strip() for each in response.headers.get("Vary", "").split(",")]
    return "Cookie" in vary and response.headers["Cache-Control"] == "no-store"


# values


@pytest.mark.parametrize("value", ["é", 1, -1.5, True, None, [1, ["b"]], {"a": {"b": None}}, ""])
def test_a_value_is_kept(value: object) -> None:
    client = Client(service())

    assert put(client, "a", value).status == 204
    assert value_of(client) == value


def test_a_browser_has_its_own() -> None:
    app = service()
    one, other = Client(app), Client(app)
    put(one, "a", 1)

    assert value_of(other) is None


def test_values_are_removed() -> None:
    client = Client(service())
    put(client, "a", 1)
    put(client, "b", 2)

    assert client.get("/names").json == ["a", "b"]
    assert client.delete("/values/a").status == 204
    assert client.get("/names").json == ["b"]
    assert client.delete("/values/a").status == 404
    removed = client.delete("/values/b")
    assert cookie(removed)["max-age"] == "0"
    assert client.get_cookie("session") is None


def test_a_change_in_place_is_kept() -> None:
    client = Client(service())
    put(client, "a", [1])
    client.patch("/values/a", json={"value": 2})

    assert value_of(client) == [1, 2]


def test_nothing_is_written_if_nothing_changed() -> None:
    client = Client(service())
    assert "Set-Cookie" not in client.get("/values/a").headers
    put(client, "a", [1])

    for path in ("/values/a", "/untouched", "/names"):
        response = client.get(path)
        assert "Set-Cookie" not in response.headers
        assert is_private(response)
    assert client.get("/untouched").json == {"session": "<Session not loaded>"}


def test_a_value_must_be_json() -> None:
    app = App("Values")
    app.install(Sessions([KEY]))

    @app.get("/set")
    def set_it(session: Session) -> None:
        session["when"] = {1, 2}

    @app.get("/name")
    def name(session: Session) -> None:
        session[1] = 2  # type: ignore[index]

    with pytest.raises(TypeError, match=r"session\['when'\] cannot be stored as JSON"):
        Client(app).get("/set")
    with pytest.raises(TypeError, match="must be a string, not 1"):
        Client(app).get("/name")


# the cookie


def test_the_cookie_over_http() -> None:
    found = cookie(put(Client(service()), "a", 1))

    assert found.pop("value")
    assert found == {"name": "session", "path": "/", "httponly": True, "samesite": "Lax"}


def test_the_cookie_under_tls() -> None:
    client = Client(service(), base_url="https://shop.example")
    found = cookie(put(client, "a", 1))

    assert (found["name"], found["secure"], found["path"]) == ("__Host-session", True, "/")
    assert "domain" not in found
    assert value_of(client) == 1


def test_both_names_are_never_read_at_once() -> None:
    app = service()
    plain = cookie(put(Client(app), "a", "plain"))["value"]
    host = cookie(put(Client(app, base_url="https://a.example"), "a", "host"))["value"]
    both = {"session": plain, "__Host-session": host}

    assert Client(app).get("/values/a", cookies=both).json["value"] == "plain"
    secure = Client(app, base_url="https://a.example")
    assert secure.get("/values/a", cookies=both).json["value"] == "host"
    assert secure.get("/values/a", cookies={"session": plain}).json["value"] is None
    assert Client(app).get("/values/a", cookies={"__Host-session": host}).json["value"] is None


@pytest.mark.parametrize(("secure", "name"), [(True, "__Host-cart"), (False, "cart")])
def test_tls_and_the_name_may_be_given(secure: bool, name: str) -> None:
    app = service(secure=secure, name="cart", same_site="Strict")
    found = cookie(put(Client(app), "a", 1))

    assert found["name"] == name
    assert found.get("secure", False) is secure
    assert found["samesite"] == "Strict"


def _flipped(text: str, position: int) -> str:
    other = "A" if text[position] != "A" else "B"
    return text[:position] + other + text[position + 1 :]


def test_a_cookie_that_was_tampered_with_is_no_session() -> None:
    app = service()
    good = cookie(put(Client(app), "a", 1))["value"]
    payload, _, signature = good.rpartition(".")
    forged = base64.urlsafe_b64encode(json.dumps({":a": 2}).encode()).decode().rstrip("=")
    foreign = cookie(put(Client(service(keys=[FOREIGN])), "a", 3))["value"]
    values = [
        *(_flipped(good, position) for position in range(len(payload))),
        *(_flipped(good, position) for position in range(len(payload) + 1, len(good) - 1)),
        f"{forged}.{signature}",
        forged,
        payload,
        f"{payload}.",
        f".{signature}",
        ".",
        "",
        "%00",
        "é",
        "a" * 5000,
        good + "a" * 5000,
        f'"{good}"',
        foreign,
        good.swapcase(),
    ]
    for value in values:
        response = Client(app).get("/values/a", headers={"Cookie": f"session={value}"})
        assert response.status == 200
        assert response.json["value"] is None, value
        assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize(
    "header",
    [
        "session={0}; session={0}",
        "session=x; session={0}",
        "session={0}; a=b;session=x",
        "session={0}; session=",
    ],
)
def test_a_cookie_that_is_sent_twice_is_no_session(header: str) -> None:
    app = service()
    good = cookie(put(Client(app), "a", 1))["value"]

    assert Client(app).get("/values/a", headers={"Cookie": f"b=c;session={good} "}).json == {
        "value": 1
    }
    assert Client(app).get("/values/a", headers={"Cookie": header.format(good)}).json == {
        "value": None
    }


def test_a_cookie_of_another_name_is_no_session() -> None:
    app = service()
    good = cookie(put(Client(app), "a", 1))["value"]
    for header in (f"xsession={good}", f"Session={good}", f"session ={good}", f"a=session={good}"):
        assert Client(app).get("/values/a", headers={"Cookie": header}).json == {"value": None}


# keys


def test_the_newest_key_signs_and_older_ones_verify() -> None:
    old = cookie(put(Client(service(keys=[OLDER])), "a", 1))["value"]
    rotated = Client(service(keys=[KEY, OLDER]))
    rotated.set_cookie("session", old)

    assert value_of(rotated) == 1
    new = cookie(put(rotated, "b", 2))["value"]
    for keys, expected in (([KEY], 1), ([OLDER], None)):
        client = Client(service(keys=keys))
        client.set_cookie("session", new)
        assert value_of(client) == expected


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ("a" * 32, "must be a sequence, the newest key first, not one text"),
        (b"a" * 32, "not one text"),
        (None, "not NoneType"),
        ([], "has no key"),
        ([""], "at least 16 characters"),
        (["short"], "at least 16 characters"),
        ([KEY, None], "at least 16 characters"),
    ],
)
def test_keys_are_checked(keys: Any, message: str) -> None:
    with pytest.raises(DeclarationError, match=message):
        Sessions(keys)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"idle": 60}, "idle of Sessions must be a timedelta"),
        ({"absolute": timedelta(0)}, "absolute of Sessions"),
        ({"name": "a b"}, "name of the session cookie"),
        ({"name": "__Host-a"}, "prefix __Host- is added"),
        ({"same_site": "None"}, "'Lax' or 'Strict', not 'None'"),
        ({"trusted_origins": "https://a.example"}, "must be a sequence"),
        ({"trusted_origins": ["a.example"]}, "'a.example' in trusted_origins"),
        ({"trusted_origins": ["https://a.example/"]}, "is not an origin"),
        ({"trusted_origins": ["https://*.example"]}, "is not an origin"),
        ({"trusted_origins": ["null"]}, "is not an origin"),
    ],
)
def test_options_are_checked(options: dict[str, Any], message: str) -> None:
    with pytest.raises(DeclarationError, match=message):
        Sessions([KEY], **options)


# ages


def test_an_idle_session_ends() -> None:
    clock = Clock()
    client = Client(service(clock=clock, idle=timedelta(hours=1)))
    put(client, "a", 1)
    clock.now += 3599
    assert value_of(client) == 1

    clock.now += 3599
    assert value_of(client) == 1, "the last request has refreshed it"
    clock.now += 3601
    assert value_of(client) is None


def test_it_is_refreshed_after_a_tenth_of_the_idle_age() -> None:
    clock = Clock()
    client = Client(service(clock=clock, idle=timedelta(hours=1)))
    put(client, "a", 1)
    clock.now += 359
    assert "Set-Cookie" not in client.get("/values/a").headers
    clock.now += 1
    refreshed = client.get("/values/a")

    assert "Set-Cookie" in refreshed.headers
    assert is_private(refreshed)


def test_an_old_session_ends() -> None:
    clock = Clock()
    options = {"idle": timedelta(hours=1), "absolute": timedelta(hours=3)}
    client = Client(service(clock=clock, **options))
    put(client, "a", 1)
    for hour in range(5):
        clock.now += 3000
        put(client, "b", hour)
        assert (value_of(client) == 1) is (hour < 3)


# what fails


def failing() -> App:
    app = App("Orders")
    app.install(Sessions([KEY]))

    @app.get("/seen")
    def seen(session: Session) -> dict[str, object]:
        return {"a": session.get("a"), "list": session.get("list")}

    @app.get("/set")
    def set_it(session: Session) -> None:
        session.update({"a": 0, "list": []})

    @app.post("/raise")
    @raises(Conflict)
    def raise_it(session: Session) -> None:
        session["a"] = 1
        session["list"].append(1)
        raise Conflict

    @app.post("/fail")
    def fail(session: Session) -> None:
        session["a"] = 1
        session["list"].append(1)
        raise RuntimeError

    @app.post("/return")
    @returns(Value, status=200)
    @returns(Value, status=409)
    def return_it(session: Session) -> Any:
        session["a"] = 1
        return {"value": 1}, 409

    @app.post("/redirect")
    def redirect(session: Session) -> SeeOther:
        session["a"] = 1
        return SeeOther("/seen")

    def broken() -> Iterator[int]:
        yield 1
        raise RuntimeError("the commit failed")

    @app.route("/commit")
    class Commit(Resource):
        work = provide(broken)

        def post(self, session: Session) -> None:
            session["a"] = self.work

    return app


@pytest.mark.parametrize("path", ["/raise", "/fail", "/commit"])
def test_a_failed_unit_of_work_changes_nothing(path: str) -> None:
    client = Client(failing(), raise_errors=False)
    client.get("/set")
    response = client.post(path)

    assert response.status >= 400
    assert is_private(response)
    assert "Set-Cookie" not in response.headers
    assert client.get("/seen").json == {"a": 0, "list": []}


@pytest.mark.parametrize("path", ["/return", "/redirect"])
def test_a_response_that_is_returned_keeps_the_changes(path: str) -> None:
    client = Client(failing())
    response = client.post(path)

    assert is_private(response)
    assert client.get("/seen").json["a"] == 1


class Kept:
    """A store of sessions in memory."""

    failures = ()

    def __init__(self) -> None:
        self.sessions: dict[str, dict[str, str]] = {}

    def load(self, request: Request, key: str, /) -> dict[str, str] | None:
        return self.sessions.get(key)

    def create(self, request: Request, key: str, fields: Any, seconds: int, /) -> None:
        self.sessions[key] = dict(fields)

    def change(self, request: Request, key: str, changes: Any, seconds: int, /) -> None:
        self.sessions[key].update(changes)

    def remove(self, request: Request, key: str, /) -> None:
        self.sessions.pop(key, None)


def test_what_middleware_asks_for_ends_before_the_session_is_stored() -> None:
    """If a value of middleware fails to close, the store has nothing of the request."""
    store = Kept()

    def broken() -> Iterator[int]:
        yield 1
        raise RuntimeError("the commit failed")

    def asking(request: Request, proceed: Callable[[Request], Response]) -> Response:
        response = proceed(request)
        obtain(broken, request)
        return response

    app = App("Pages")
    app.middleware(asking)
    app.install(Sessions([KEY], store=store))

    @app.post("/set")
    def set_it(session: Session) -> None:
        session["a"] = 1

    assert Client(app, raise_errors=False).post("/set").status == 500
    assert store.sessions == {}


# responses that are not cached


def test_every_response_of_the_operation_is_private() -> None:
    app = App("Pages")
    app.install(Sessions([KEY]))

    @app.route("/page")
    class Page(Resource):
        conditional = True

        @takes(query={"page": ma.fields.Int()})
        @raises(NotFound)
        def get(self, query: dict[str, int], session: Session) -> dict[str, object]:
            if query:
                raise NotFound
            self.entity_tag = "1"
            return {}

        def post(self, session: Session) -> Response:
            return Response("a", headers={"Cache-Control": "public, max-age=60", "Vary": "Accept"})

    client = Client(app)
    fresh = client.get("/page")
    not_modified = client.get("/page", headers={"If-None-Match": fresh.headers["ETag"]})
    responses = [
        fresh,
        not_modified,
        client.head("/page"),
        client.get("/page?page=1"),
        client.get("/page?page=x"),
        client.get("/page?other=1"),
        client.get("/page", headers={"Accept": "image/png"}),
        client.post("/page"),
        client.post("/page", headers={"Sec-Fetch-Site": "cross-site"}),
    ]
    assert [each.status for each in responses] == [200, 304, 200, 404, 422, 422, 406, 200, 403]
    for each in responses:
        assert is_private(each), each.status


def test_other_operations_are_as_they_were() -> None:
    app = service()
    client = Client(app)
    put(client, "a", 1)
    headers = client.get("/free").headers

    assert not {"Vary", "Cache-Control", "Set-Cookie"} & set(headers.keys())
    operations = {each.operation_id: each for each in app.operations()}
    assert operations["free"].middleware == ()


# declarations


def test_the_document_says_it() -> None:
    document = expanded(Client(service()).get("/openapi.json").json)
    value = document["paths"]["/values/{name}"]

    headers = set(value["get"]["responses"]["200"]["headers"])
    assert {"Cache-Control", "Vary", "Set-Cookie"} <= headers
    assert "403" not in value["get"]["responses"]
    assert "403" in value["put"]["responses"]
    sent = [each["name"] for each in value["put"]["parameters"] if each["in"] == "header"]
    assert sent == ["X-CSRF-Token"]
    assert "Vary" in value["put"]["responses"]["403"]["headers"]


def test_a_session_needs_sessions() -> None:
    app = App("Pages")

    @app.get("/page")
    def page(session: Session) -> None: ...

    with pytest.raises(DeclarationError, match=r"page takes a Session, but the App has no Session"):
        Client(app)


def test_an_operation_must_say_that_it_uses_the_session() -> None:
    app = App("Pages")
    app.install(Sessions([KEY]))

    @app.route("/page")
    class Page(Resource):
        def get(self) -> None:
            Session.from_request(self.request)

    @app.route("/provided")
    class Provided(Resource):
        session = provide(Session.from_request)

        def get(self) -> dict[str, object]:
            return dict(self.session)

    with pytest.raises(DeclarationError, match="does not declare that it uses the session"):
        Client(app).get("/page")
    assert is_private(Client(app).get("/provided"))


def test_an_app_has_sessions_once() -> None:
    sessions = Sessions([KEY])
    app = App("Pages")
    app.install(sessions)
    with pytest.raises(DeclarationError, match="'Pages' has Sessions already"):
        app.install(Sessions([KEY]))
    with pytest.raises(DeclarationError, match="installed in another App"):
        App("Other").install(sessions)


def test_mounted_apps_have_those_of_the_app_around_them() -> None:
    inner, outer = service(), App("Outer")
    free = App("Free")

    @free.get("/visits")
    def visits(session: Session) -> dict[str, int]:
        session["visits"] = session.get("visits", 0) + 1
        return {"visits": session["visits"]}

    outer.install(Sessions([OLDER], name="outer"))
    outer.mount("/inner", inner)
    outer.mount("/free", free)
    client = Client(outer)

    assert cookie(client.put("/inner/values/a", json={"value": 1}))["name"] == "session"
    assert cookie(client.get("/free/visits"))["name"] == "outer"
    assert client.get("/free/visits").json == {"visits": 2}


def test_a_stream_has_its_session_before_the_first_byte() -> None:
    app = App("Streams")
    app.install(Sessions([KEY]))

    @app.get("/stream")
    def stream(session: Session) -> Iterator[str]:
        session["a"] = 1
        yield from ["x" * 100_000] * 10
        session["a"] = 2

    @app.get("/seen")
    def seen(session: Session) -> dict[str, object]:
        return {"a": session.get("a")}

    client = Client(app)
    response = client.get("/stream", stream=True)
    assert is_private(response)
    with pytest.raises(RuntimeError, match="after the response has begun"):
        list(response.iter_chunks())
    assert client.get("/seen").json == {"a": 1}


# templates


@pytest.mark.parametrize(
    "sources",
    [
        {"page.html": "{{ session.name }}"},
        {"page.html": "{% for each in flashes() %}{{ each.message }}{% endfor %}"},
        {"page.html": "{% extends 'base.html' %}", "base.html": "{{ session.get('name') }}"},
        {"page.html": "{% include 'nav.html' %}", "nav.html": "{{ csrf() }}"},
        {
            "page.html": "{% from 'm.html' import field %}{{ field() }}",
            "m.html": "{% macro field() %}{{ csrf() }}{% endmacro %}",
        },
        {
            "page.html": "{% include 'nav.html' ignore missing %}",
            "nav.html": "{{ session|length }}",
        },
        {"page.html": "{% include other %}", "a.html": ""},
    ],
)
def test_a_page_whose_template_uses_the_session_has_one(
    templates: MakeTemplates, sources: dict[str, str]
) -> None:
    app = App("Pages")
    app.install(Sessions([KEY]))
    app.install(templates({**sources, "free.html": "{{ name }}"}))

    @app.get("/page", template="page.html")
    def page() -> dict[str, str]:
        return {"other": "a.html"}

    @app.get("/named", template="free.html")
    def named(session: Session) -> dict[str, str]:
        session["name"] = "Ada"
        return {"name": "Ada"}

    @app.get("/free", template="free.html")
    def free() -> dict[str, str]:
        return {"name": "a"}

    client = Client(app, contract=True)
    client.get("/named")
    response = client.get("/page")

    assert response.status == 200
    assert is_private(response)
    assert "Cookie" not in client.get("/free").headers.get("Vary", "")


def test_middleware_of_the_app_has_the_session_too() -> None:
    app = App("Pages")
    app.install(Sessions([KEY]))

    @app.middleware
    def count(request: Request, proceed: Callable[[Request], Response]) -> Response:
        Session.from_request(request)["seen"] = True
        return proceed(request)

    @app.get("/page")
    def page(session: Session) -> dict[str, object]:
        return dict(session)

    assert Client(app).get("/page").json == {"seen": True}
