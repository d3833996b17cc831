"""Hostile input to pages: forms, session cookies, error pages. Nothing is a 500 or markup."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from marshmallow import Schema, fields, validate
from parsed_pages import HTML, Parsed

from restkit import App, Conflict, SeeOther, Upload, raises, takes
from restkit.html import HTMLResource, Session, Sessions, Templates
from restkit.testing import Client

MakeTemplates = Callable[..., Templates]
FORM = "application/x-www-form-urlencoded"


class RowSchema(Schema):
    title = fields.Str(required=True)
    tags = fields.List(fields.Int())
    row = fields.Nested(lambda: RowSchema)


class WideSchema(Schema):
    text = fields.Str(validate=validate.Regexp("^[a-z]+$"))
    count = fields.Int()
    price = fields.Decimal(places=2)
    day = fields.Date()
    moment = fields.AwareDateTime()
    span = fields.TimeDelta()
    done = fields.Bool()
    color = fields.Str(validate=validate.OneOf(["red", "blue"]))
    tags = fields.List(fields.Int())
    picks = fields.List(fields.Str(validate=validate.OneOf(["a", "b"])))
    row = fields.Nested(RowSchema)
    rows = fields.List(fields.Nested(RowSchema))
    data = fields.Dict()
    url = fields.Url()


@pytest.fixture
def client(templates: MakeTemplates) -> Client:
    app = App("Hostile")
    app.install(Sessions(["key " + "a" * 28]))
    app.install(templates({"page.html": "{{ form }}{{ session.user_id }}"}))

    @app.route("/form")
    class Form(HTMLResource):
        template = "page.html"

        def get(self, session: Session) -> None:
            session["seen"] = True

        @takes(form=WideSchema, files={"photo": Upload()})
        def post(self, form: dict[str, Any], files: dict[str, Any], session: Session) -> SeeOther:
            session["size"] = len(form)
            return SeeOther(Form)

    return Client(app)


BODIES: list[bytes] = [
    b"",
    b"&" * 5000,
    b"=" * 5000,
    b"%",
    b"text=%zz&%=%&%ff=%ff",
    b"text=%00&%00=a",
    b"text=" + b"%ED%A0%80",
    b"text=\xff\xfe",
    b"text=" + b"a" * 200_000,
    b"a" * 200_000 + b"=1",
    b"count=" + b"9" * 5000,
    b"count=1e999999&price=1e999999&span=1e308",
    b"price=" + b"9" * 5000 + b"&price=NaN",
    b"day=0000-00-00&moment=9999-12-31T23:59:59.9999999-23:59",
    b"moment=0001-01-01T00:00:00+23:59",
    b"span=-1e20",
    b"rows[0]=x&rows[0][title]=y&rows=z",
    b"rows[0][title]=y&rows[0]=x",
    b"rows[-1][title]=x&rows[1e3][title]=y",
    "rows[\u0663][title]=x&rows[\u00b2][title]=x".encode(),
    b"rows[000001][title]=x&rows[1][title]=y",
    b"row" + b"[row]" * 12 + b"=x",
    b"row" + b"[row]" * 500 + b"=x",
    b"row" + b"[row]" * 11 + b"[title]=x",
    b"[" * 3000 + b"=1",
    b"rows[" * 1000 + b"=1",
    b"rows]0[title]=x&rows[[0]][title]=x&[rows][0]=x",
    b"tags[]=&tags[]=x&tags=1&tags[0]=2&tags[][]=3",
    b"_add=tags&tags=" + b"x" * 50_000,
    b"_add=rows[999999][tags]&rows[0][title]=a",
    b"_add=" + b"rows[0]" * 2000,
    b"_add=" + b"[" * 5000,
    b"_add=<script>&_add=tags&_add=rows",
    b"_method=DELETE&csrf_token=%00&__proto__[x]=1&constructor[prototype][x]=1",
    b"data={&data=" + b"[" * 5000,
    b"data=" + b'{"a":' * 60 + b"1" + b"}" * 60,
    b"data=\xe2\x80\xa8&url=javascript:alert(1)",
    b"picks=" + b"&picks=".join([b"a"] * 900),
    b"color=red&color=blue&done=on&done=off&done=x",
]


def never_failed(client: Client, body: bytes, content_type: str = FORM) -> None:
    response = client.post("/form", content=body, content_type=content_type, headers=HTML)
    assert response.status in (200, 303, 400, 413, 415, 422)
    assert response.headers["Cache-Control"] == "no-store"
    assert "<script>" not in response.text


@pytest.mark.parametrize("body", BODIES, ids=lambda body: repr(body[:40]))
def test_a_form_is_never_a_500(client: Client, body: bytes) -> None:
    """The content of a form alone decides: the page, a redirect or a 4xx."""
    never_failed(client, body)


PARTS = [
    b'--x\r\nContent-Disposition: form-data; name="photo"; filename="../a"\r\n\r\na\r\n--x--\r\n',
    b'--x\r\nContent-Disposition: form-data; name="photo"; filename=""\r\n\r\n\r\n--x--\r\n',
    b'--x\r\nContent-Disposition: form-data; name="text"; filename="a"\r\n\r\na\r\n--x--\r\n',
    b'--x\r\nContent-Disposition: form-data; name="photo"\r\n\r\na\r\n--x--\r\n',
    b"--x\r\nContent-Disposition: form-data\r\n\r\na\r\n--x--\r\n",
    b"--x\r\n\r\na\r\n--x--\r\n",
    b"--x\r\n" + b"A: b\r\n" * 5000 + b"\r\n\r\n--x--\r\n",
    b"--x--\r\n",
    b"--y\r\n",
    b"",
    b'--x\r\nContent-Disposition: form-data; name="_add"\r\n\r\nphoto\r\n--x--\r\n',
]


@pytest.mark.parametrize("body", PARTS, ids=lambda body: repr(body[:60]))
@pytest.mark.parametrize("content_type", ["multipart/form-data; boundary=x", "multipart/form-data"])
def test_parts_are_never_a_500(client: Client, body: bytes, content_type: str) -> None:
    never_failed(client, body, content_type)


def test_random_forms_are_never_a_500(client: Client) -> None:
    """Two hundred forms made of pieces that mean something to the parser."""
    drawn = random.Random(7)
    pieces = [*WideSchema().fields, "[", "]", "[]", "[0]", "[title]", "[row]", "=", "&", "_add"]
    pieces += ["%00", "%5B", "%", "\u2028", "true", "1", "{", '"', "csrf_token", "+", ";"]
    for _ in range(200):
        never_failed(client, "".join(drawn.choices(pieces, k=40)).encode())


def cookies(valid: str) -> Iterator[str]:
    """Yield cookies that are no sessions, made of a valid one."""
    content, _, signature = valid.rpartition(".")
    yield from ("", ".", "..", "a", "a.b", "\x7f", "=" * 100, "null", "{}", "." * 4000)
    yield from (content, f".{signature}", f"{content}.", f"{content}..{signature}")
    yield from (f"{content}={signature}", f"{content}.{signature}=", f"{content}.{signature}A")
    yield from (f"{signature}.{content}", f'"{valid}"', valid.swapcase(), valid[::-1])
    yield from (f"{content}.{'A' * len(signature)}", "A" * 3900, "A" * 20_000, f"{valid}{valid}")
    yield from (
        "e30.",
        "bnVsbA",
        "\xff\xfe",
        "é",
        quote(valid + "<script>"),
        f"{content}!.{signature}",
    )
    for at in range(0, len(valid), 7):
        other = "A" if valid[at] != "A" else "B"
        yield f"{valid[:at]}{other}{valid[at + 1 :]}"


def test_a_cookie_that_nobody_signed_is_no_session(client: Client) -> None:
    response = client.get("/form", headers=HTML)
    valid = response.headers["Set-Cookie"].partition("=")[2].partition(";")[0]
    tried = list(cookies(valid))
    assert len(tried) > 40
    for value in tried:
        stranger = Client(client._app, same_origin=False)
        answered = stranger.get("/form", headers={**HTML, "Cookie": f"session={value}"})
        assert answered.status == 200, value
        assert "Set-Cookie" in answered.headers, "a new session begins"


XSS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg onload=alert(1)>",
    "</title><script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "<!--><script>alert(1)</script>",
    "{{ 7 * 7 }}{% raw %}",
    "${7*7}#{7*7}",
    "javascript:alert(1)",
    "&lt;script&gt;",
    "&#60;script&#62;",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<a href=javascript:alert(1)>x</a>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "\u2028<script>alert(1)</script>",
    "<scr\tipt>alert(1)</scr\tipt>",
    "]]><script>alert(1)</script>",
    "<base href=//evil.example>",
    "<meta http-equiv=refresh content=0;url=//evil.example>",
    "<form action=//evil.example><input name=csrf_token>",
    "`-alert(1)-`",
    "\ufeff<plaintext>",
]
TAGS = (
    "html head title meta link style body main header nav section article h1 h2 p a ul ol li dl dt "
    "dd code pre div span strong em b table small"
)
KNOWN = frozenset(TAGS.split())


@pytest.fixture(params=["own", "default"])
def failing(request: pytest.FixtureRequest, templates: MakeTemplates, tmp_path: Path) -> Client:
    """Return a client of an App whose errors have what a client sent, by both kinds of pages."""
    sources = {"page.html": "x"}
    if request.param == "own":
        sources["errors/error.html"] = (
            "<title>{{ title }}</title><h1>{{ detail }}</h1><p>{{ request.path }}</p>"
            "{% for error in errors %}<p>{{ error }}</p>{% endfor %}"
        )
    app = App("Errors")
    app.install(templates(sources))

    @app.get("/page", template="page.html")
    def page() -> dict[str, str]:
        return {}

    @app.get("/conflict")
    @takes(query={"text": fields.Str(required=True)})
    @raises(Conflict)
    def conflict(query: dict[str, str]) -> None:
        raise Conflict(query["text"], headers={"X-Note": "1"})

    return Client(app)


@pytest.mark.parametrize("payload", XSS)
def test_an_error_page_has_no_markup_of_a_client(failing: Client, payload: str) -> None:
    """Not by its path, its parameters, their names or the detail of a problem."""
    tried = [
        failing.get("/" + quote(payload, safe=""), headers=HTML),
        failing.get("/page", query={payload: payload}, headers=HTML),
        failing.get("/conflict", query={"text": payload}, headers=HTML),
        failing.get("/page", headers={**HTML, "Cookie": f"a={quote(payload)}"}),
        failing.request("POST", "/page", content=payload.encode(), headers=HTML),
    ]
    assert [each.status for each in tried] == [404, 422, 409, 200, 405]
    for response in tried:
        assert response.headers["Content-Type"] == "text/html; charset=utf-8"
        found = {each.tag for each in Parsed(response.text).elements}
        assert found <= KNOWN, found - KNOWN
        assert "49" not in response.text.replace("409", ""), "no template ran"
        assert "script-src" not in response.headers["Content-Security-Policy"]
        attributes = [name for each in Parsed(response.text).elements for name in each.attributes]
        assert not any(re.match("on", name) for name in attributes)
    assert Parsed(tried[2].text).all("h1") or Parsed(tried[2].text).all("title")
