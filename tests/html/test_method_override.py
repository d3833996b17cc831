"""Forms that mean PUT, PATCH or DELETE: what names the verb, and what must not."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import closing
from typing import Any, cast

import marshmallow as ma
import pytest
from werkzeug.test import create_environ

from restkit import App, Request, Resource, SeeOther, Upload, takes
from restkit.html import HTMLResource, MethodOverride, Session, Sessions, Templates
from restkit.middleware import Proceed
from restkit.response import Response
from restkit.security import HTTPBearer
from restkit.testing import Client
from tests.parsed_pages import Parsed

MakeTemplates = Callable[..., Templates]
KEY = "key of the sessions, never guessed"
HTML = {"Accept": "text/html"}
SAME = {"Sec-Fetch-Site": "same-origin"}


class Note(ma.Schema):
    text = ma.fields.Str(required=True)


def notes(*extensions: Any) -> tuple[App, list[object]]:
    app = App("Notes")
    for each in extensions or (MethodOverride(),):
        app.install(each)
    done: list[object] = []

    @app.route("/notes")
    class Notes(Resource):
        @takes(form=Note)
        def post(self, form: dict[str, str]) -> None:
            done.append(("POST", form["text"]))

    @app.route("/notes/<int:note_id>")
    class NoteItem(Resource):
        def get(self, note_id: int) -> dict[str, int]:
            return {"id": note_id}

        @takes(form=Note)
        def put(self, note_id: int, form: dict[str, str]) -> None:
            done.append(("PUT", note_id, form["text"]))

        @takes(body=Note)
        def patch(self, note_id: int, body: dict[str, str]) -> None:
            done.append(("PATCH", note_id, body))

        def delete(self, note_id: int) -> None:
            done.append(("DELETE", note_id, self.request.method))

    return app, done


def test_the_form_of_a_post_names_the_verb() -> None:
    app, done = notes()
    client = Client(app)

    assert client.post("/notes/3", data={"_method": "DELETE"}).status == 204
    assert client.post("/notes/4", data={"_method": "PUT", "text": "a"}).status == 204
    assert client.post("/notes", data={"text": "new"}).status == 204
    content = (
        b'--b\r\nContent-Disposition: form-data; name="_method"\r\n\r\nPUT\r\n'
        b'--b\r\nContent-Disposition: form-data; name="text"\r\n\r\nb\r\n--b--\r\n'
    )
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    assert client.post("/notes/5", content=content, headers=headers).status == 204
    assert done == [
        ("DELETE", 3, "DELETE"),
        ("PUT", 4, "a"),
        ("POST", "new"),
        ("PUT", 5, "b"),
    ]


def test_without_the_extension_nothing_is_overridden() -> None:
    app, done = notes(Sessions([KEY]))

    response = Client(app).post("/notes/3", data={"_method": "DELETE"})

    assert response.status == 405
    assert response.headers["Allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"
    assert done == []


@pytest.mark.parametrize(
    "method",
    [
        *("", "POST", "GET", "HEAD", "OPTIONS", "TRACE", "CONNECT", "QUERY"),
        *("delete", " DELETE", "DELETE\n", "DELETE\x00", "DELET\u0415", "x" * 99),
    ],
)
def test_a_form_names_no_other_verb(method: str) -> None:
    app, done = notes()
    client = Client(app, contract=False)
    response = client.post("/notes/3", data={"_method": method, "text": "a"})

    assert response.status == 400
    assert "DELETE" in str(response.problem["detail"])
    assert client.post("/notes", data={"_method": method, "text": "a"}).status == 400
    assert done == []


def test_a_verb_is_named_once_and_as_a_field() -> None:
    app, done = notes()
    client = Client(app)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    twice = client.post("/notes/3", content=b"_method=PUT&_method=DELETE", headers=form)
    file = (
        b'--b\r\nContent-Disposition: form-data; name="_method"; filename="a"\r\n\r\nDELETE\r\n'
        b"--b--\r\n"
    )
    headers = {"Content-Type": "multipart/form-data; boundary=b"}

    assert twice.status == 400
    assert client.post("/notes/3", content=file, headers=headers).status == 400
    assert done == []


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/notes/3?_method=DELETE", {}),
        ("/notes/3", {"X-HTTP-Method-Override": "DELETE"}),
        ("/notes/3", {"X-HTTP-Method": "DELETE"}),
        ("/notes/3", {"X-Method-Override": "DELETE"}),
        ("/notes/3", {"_method": "DELETE"}),
        ("/notes/3", {"Cookie": "_method=DELETE"}),
    ],
)
def test_query_headers_and_cookies_name_no_verb(path: str, headers: dict[str, str]) -> None:
    app, done = notes()
    client = Client(app)

    assert client.post(path, data={"text": "a"}, headers=headers).status == 405
    assert client.post(path, headers=headers).status == 405
    assert done == []


@pytest.mark.parametrize(
    "media_type", ["application/json", "text/plain", "application/x-www-form", "", "text/html"]
)
def test_other_content_names_no_verb(media_type: str) -> None:
    app, done = notes()
    headers = {**SAME, "Content-Type": media_type} if media_type else SAME
    for content in (b'{"_method": "DELETE"}', b"_method=DELETE"):
        response = Client(app).post("/notes/3", content=content, headers=headers)
        assert response.status == 405
    assert done == []


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"])
def test_only_a_post_is_overridden(method: str) -> None:
    app, done = notes()
    target = "PUT" if method == "DELETE" else "DELETE"
    content = f"_method={target}&text=a".encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    response = Client(app).request(method, "/notes/3", content=content, headers=headers)

    assert response.status in (200, 204, 415)
    assert [each[0] for each in done if isinstance(each, tuple)] in ([], [method])


FOREIGN: list[dict[str, str]] = [
    {},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
    {"Origin": "null"},
    {"Origin": "http://evil.example"},
    {"Origin": "http://localhost.evil.example"},
    {"Origin": "http://evil.example", "X-Forwarded-Host": "evil.example"},
    {"Referer": "http://localhost/notes/3"},
    {"X-CSRF-Token": "made-up"},
    {"Authorization": "Basic YTpi"},
    {"Cookie": "session=x", "Authorization": "Bearer b"},
]


@pytest.mark.parametrize("with_sessions", [False, True])
@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_a_page_of_another_site_names_no_verb(headers: dict[str, str], with_sessions: bool) -> None:
    """The operations have no session: a plain POST is taken, for any site may send one."""
    app, done = notes(MethodOverride(), *([Sessions([KEY])] if with_sessions else []))
    client = Client(app, same_origin=False)

    for method in ("DELETE", "PUT"):
        response = client.post("/notes/3", data={"_method": method, "text": "a"}, headers=headers)
        assert response.status == 403
    assert done == []
    assert client.post("/notes", data={"text": "a"}, headers=headers).status == 204


@pytest.mark.parametrize(
    "headers",
    [
        SAME,
        {"Sec-Fetch-Site": "none"},
        {"Origin": "http://localhost"},
        {"Authorization": "Bearer b"},
    ],
    ids=str,
)
def test_a_page_of_the_app_names_the_verb(headers: dict[str, str]) -> None:
    app, done = notes()
    client = Client(app, same_origin=False)

    assert client.post("/notes/3", data={"_method": "DELETE"}, headers=headers).status == 204
    assert len(done) == 1


class Counted(io.BytesIO):
    """Content that counts how much of it is read."""

    read_bytes = 0

    def read(self, size: int | None = -1, /) -> bytes:
        found = super().read(size)
        self.read_bytes += len(found)
        return found

    def readinto(self, buffer: Any, /) -> int:
        count = super().readinto(buffer)
        self.read_bytes += count
        return count


def multipart(size: int) -> bytes:
    return (
        b'--b\r\nContent-Disposition: form-data; name="_method"\r\n\r\nPUT\r\n'
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        + b"a" * size
        + b"\r\n--b--\r\n"
    )


@pytest.mark.parametrize("path", ["/json", "/files"])
def test_content_of_another_site_is_not_read(path: str) -> None:
    """Nobody is authenticated yet. A POST stays one, which then asks for credentials."""
    app = uploads()
    content = Counted(multipart(100_000))
    environ = {
        **create_environ(path, method="POST"),
        "CONTENT_TYPE": "multipart/form-data; boundary=b",
        "CONTENT_LENGTH": str(len(content.getvalue())),
        "HTTP_ORIGIN": "http://evil.example",
        "wsgi.input": content,
    }
    started: list[str] = []
    chunks = app(environ, lambda status, *others: started.append(status))
    with closing(cast("Any", chunks)):
        list(chunks)
    assert [each[:3] for each in started] == ["403" if path == "/files" else "401"]
    assert content.read_bytes == 0


def uploads() -> App:
    """Return an App that lets nobody in: JSON at one URL, files at another."""
    app = App("Uploads", security=HTTPBearer(lambda token: None), max_body_size=50_000)
    app.install(MethodOverride())

    @app.post("/json")
    def read() -> None: ...

    @app.put("/files")
    @takes(files={"file": Upload()})
    def put(files: dict[str, Any]) -> None: ...

    return app


def test_a_form_is_as_large_as_an_upload_only_where_an_operation_takes_forms() -> None:
    client = Client(uploads())
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    statuses = [
        client.post(path, content=multipart(size), headers=headers).status
        for path in ("/json", "/files")
        for size in (1_000, 100_000)
    ]
    assert statuses == [405, 413, 401, 401]


def test_the_token_of_the_session_counts_where_a_client_says_nothing() -> None:
    app = App("Account")
    app.install(MethodOverride())
    app.install(Sessions([KEY], trusted_origins=["https://app.example"]))
    gone: list[str] = []

    @app.route("/account")
    class Account(Resource):
        def get(self, session: Session) -> dict[str, str]:
            return {"token": session.csrf_token}

        def delete(self, session: Session) -> None:
            gone.append(session.csrf_token)

    client = Client(app, same_origin=False)
    token = client.get("/account").json["token"]
    named = {"_method": "DELETE"}

    assert client.post("/account", data=named).status == 403
    assert client.post("/account", data={**named, "csrf_token": "no"}).status == 403
    foreign = {"Sec-Fetch-Site": "cross-site"}
    assert (
        client.post("/account", data={**named, "csrf_token": token}, headers=foreign).status == 403
    )
    assert gone == []
    assert client.post("/account", data={**named, "csrf_token": token}).status == 204
    headers = {"X-CSRF-Token": token}
    assert client.post("/account", data=named, headers=headers).status == 204
    trusted = {"Origin": "https://app.example"}
    assert client.post("/account", data=named, headers=trusted).status == 204
    assert gone == [token] * 3


def test_routing_sees_the_target_verb() -> None:
    app, done = notes()

    @app.route("/only-post")
    class OnlyPost(Resource):
        def post(self) -> None:
            done.append("posted")

    client = Client(app)
    refused = client.post("/only-post", data={"_method": "DELETE"})
    assert refused.status == 405
    assert refused.headers["Allow"] == "OPTIONS, POST"
    assert done == []
    assert client.post("/nothing", data={"_method": "DELETE"}).status == 404
    assert client.post("/notes/x", data={"_method": "DELETE"}).status == 404
    # PATCH takes JSON alone, and says so as it does to a PATCH
    wrong = client.post("/notes/3", data={"_method": "PATCH", "text": "a"})
    assert wrong.status == 415
    assert wrong.headers["Accept-Patch"] == wrong.headers["Accept"]


def test_a_form_of_a_type_that_the_verb_does_not_take_is_a_415() -> None:
    app = App("Files")
    app.install(MethodOverride())

    @app.put("/file")
    @takes(files={"file": Upload()})
    def put(files: dict[str, Any]) -> None: ...

    response = Client(app).post("/file", data={"_method": "PUT", "file": "a"})

    assert response.status == 415
    assert response.headers["Accept"] == "multipart/form-data"


def test_preconditions_and_security_see_the_target_verb() -> None:
    app = App("Guarded")
    app.install(MethodOverride())
    seen: list[tuple[str, str]] = []

    @app.middleware
    def note(request: Request, proceed: Proceed) -> Response:
        seen.append((request.method, request.operation.method))
        return proceed(request)

    @app.route("/thing")
    class Thing(Resource):
        conditional = "required"

        def get(self) -> dict[str, int]:
            return {}

        def put(self) -> None: ...

    assert Client(app).post("/thing", data={"_method": "PUT"}).status == 428
    assert seen == [("PUT", "PUT")]


def test_middleware_is_around_a_refusal() -> None:
    app, _ = notes()

    @app.middleware
    def mark(request: Request, proceed: Proceed) -> Response:
        response = proceed(request)
        response.headers["X-Seen"] = "yes"
        return response

    foreign = {"Sec-Fetch-Site": "cross-site"}
    response = Client(app).post("/notes/3", data={"_method": "DELETE"}, headers=foreign)
    assert (response.status, response.headers["X-Seen"]) == (403, "yes")


def test_a_field_of_that_name_and_raw_content_stay_as_they_are() -> None:
    app = App("Own")
    app.install(MethodOverride())

    @app.post("/own")
    @takes(form={"_method": ma.fields.Str()})
    def own(form: dict[str, str]) -> dict[str, str]:
        return form

    @app.post("/raw")
    @takes(body=bytes, media_types=["application/x-www-form-urlencoded"])
    def raw(body: bytes) -> dict[str, str]:
        return {"read": body.decode()}

    client = Client(app)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert client.post("/own", data={"_method": "DELETE"}).json == {"_method": "DELETE"}
    response = client.post("/raw", content=b"_method=DELETE", headers=headers)
    assert response.json == {"read": "_method=DELETE"}


def test_it_holds_for_mounted_apps_and_not_around_them() -> None:
    inner, done = notes()
    outer = App("Outer")
    outer.mount("/inner", inner)

    @outer.delete("/own")
    def delete() -> None:
        done.append("outer")

    client = Client(outer)
    assert client.post("/inner/notes/1", data={"_method": "DELETE"}).status == 204
    assert client.post("/own", data={"_method": "DELETE"}).status == 405
    assert done == [("DELETE", 1, "DELETE")]
    around = App("Around")
    around.install(MethodOverride())
    below, done = notes(Sessions([KEY]))
    around.mount("/below", below)
    assert Client(around).post("/below/notes/1", data={"_method": "DELETE"}).status == 204


def test_the_document_says_which_operations_a_form_reaches() -> None:
    app, _ = notes()
    paths = Client(app).get("/openapi.json").json["paths"]
    item = paths["/notes/{note_id}"]

    for method in ("put", "patch", "delete"):
        assert item[method]["x-method-override"] == {"method": "POST", "field": "_method"}
        assert f"_method={method.upper()}" in item[method]["description"]
        assert {"400", "403", "413"} <= item[method]["responses"].keys()
    assert "x-method-override" not in item["get"]
    assert "x-method-override" not in paths["/notes"]["post"]


def test_a_page_deletes_and_changes_by_its_forms(templates: MakeTemplates) -> None:
    sources = {
        "page.html": "{{ form }}<form method='post' id='d'>{{ method_field('DELETE') }}</form>"
    }
    app = App("Page")
    app.install(templates(sources))
    app.install(MethodOverride())
    done: list[object] = []

    @app.route("/page")
    class Page(HTMLResource):
        template = "page.html"

        def get(self) -> None: ...

        @takes(form=Note)
        def patch(self, form: dict[str, str]) -> SeeOther:
            done.append(form)
            return SeeOther(Page)

        def delete(self) -> SeeOther:
            done.append("deleted")
            return SeeOther(Page)

    client = Client(app)
    page = client.get("/page", headers=HTML).text
    assert page.count('name="_method"') == 2
    assert client.post("/page", data={"_method": "PATCH", "text": "a"}, headers=HTML).status == 303
    assert client.post("/page", data={"_method": "DELETE"}, headers=HTML).status == 303
    assert done == [{"text": "a"}, "deleted"]
    invalid = client.post("/page", data={"_method": "PUT", "text": "a"}, headers=HTML)
    assert invalid.status == 405


def test_a_form_that_a_browser_cannot_send_is_not_rendered(templates: MakeTemplates) -> None:
    app = App("Off")
    sources = {
        "whole.html": "{{ form }}",
        "script.html": "<form{{ form(hx_patch='/script').attributes }}>{{ form.hidden }}</form>",
    }
    app.install(templates(sources))

    def page_of(name: str) -> type[HTMLResource]:
        class Page(HTMLResource):
            template = f"{name}.html"

            def get(self) -> None: ...

            @takes(form=Note)
            def patch(self, form: dict[str, str]) -> None: ...

        return Page

    app.add("/whole", page_of("whole"), name="whole")
    app.add("/script", page_of("script"), name="script")
    with pytest.raises(Exception, match=r"MethodOverride\(\)"):
        Client(app).get("/whole", headers=HTML)
    page = Parsed(Client(app).get("/script", headers=HTML).text)
    assert page.submitted() == []


def test_method_field_names_only_what_a_form_may() -> None:
    app = App("Field")
    app.install(MethodOverride())
    field: Any = MethodOverride().template_globals["method_field"]

    assert field("DELETE") == '<input type="hidden" name="_method" value="DELETE">'
    with pytest.raises(Exception, match="PUT, PATCH or DELETE"):
        field("POST")
