"""The limits of forms: parts, memory, broken content, and forms that middleware has read."""

from __future__ import annotations

import gc
from typing import Any

import pytest
from marshmallow import EXCLUDE, Schema, fields

from restkit import App, Resource, Upload, takes
from restkit.media import FORM_TYPES, Handler
from restkit.middleware import Proceed
from restkit.parsing.forms import MAX_FORM_PARTS, parse_form
from restkit.request import Request
from restkit.testing import Client

_BOUNDARY = "x"
_TYPE = f"multipart/form-data; boundary={_BOUNDARY}"


class CountSchema(Schema):
    class Meta:
        unknown = EXCLUDE

    n = fields.List(fields.Str(), required=True)


class PhotoSchema(Schema):
    photo = Upload(required=True)


def counting(**settings: Any) -> Client:
    """Return a client of an App that responds with the number of values of a form."""
    app = App("Forms", **settings)

    @takes(form=CountSchema, files={"photo": Upload()})
    def count(form: dict[str, Any], files: dict[str, Any]) -> dict[str, int]:
        return {"values": len(form["n"])}

    app.post("/forms")(count)
    return Client(app)


def part(name: str, value: str = "a", headers: str = "") -> bytes:
    """Return one part of a form."""
    disposition = f'Content-Disposition: form-data; name="{name}"'
    return f"--{_BOUNDARY}\r\n{disposition}{headers}\r\n\r\n{value}\r\n".encode()


END = f"--{_BOUNDARY}--\r\n".encode()
_FILE = '; filename="a"'


def test_the_number_of_parts_is_limited() -> None:
    """A form of 1,000 parts is accepted; with one more it is a 413 with the reason."""
    client = counting()
    most = part("n") * MAX_FORM_PARTS
    response = client.post("/forms", content=most + END, content_type=_TYPE)
    assert response.json == {"values": 1000}
    response = client.post("/forms", content=most + part("n") + END, content_type=_TYPE)
    assert response.status == 413
    assert response.problem["detail"] == (
        "The form exceeds the limit for total size, number of parts or part size."
    )


@pytest.mark.parametrize(("size", "status"), [(500_000, 200), (500_001, 413)])
def test_the_memory_of_a_field_is_limited(size: int, status: int) -> None:
    """A field that is no file has at most 500,000 bytes, since it is kept in memory."""
    content = part("n", "a" * size) + END
    assert counting().post("/forms", content=content, content_type=_TYPE).status == status


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no boundary",
        part("n"),
        part("n")[:-3],
        part("n") + b"--",
        END,
    ],
)
def test_a_broken_form_is_a_client_error(content: bytes) -> None:
    """A form that is cut off or has no parts is a 400 or 422, never a 500."""
    response = counting().post("/forms", content=content, content_type=_TYPE)
    assert response.status in (400, 422), response.text


def test_a_multipart_form_without_a_boundary_is_malformed() -> None:
    """Without its boundary a form cannot be read (RFC 2046, section 5.1.1)."""
    response = counting().post(
        "/forms", content=part("n") + END, content_type="multipart/form-data"
    )
    assert response.status == 400
    assert response.problem["detail"] == "The form is malformed."


@pytest.mark.parametrize(
    "rest", [b"x", b"x\r\n--x\r\nX", b"x\r\n--x\r\nContent-Disposition: form-data\r\n\r\ny" + END]
)
def test_files_of_a_malformed_form_are_closed(rest: bytes) -> None:
    """A file that stays open would warn when it is collected, and warnings are errors here."""
    head = b'--x\r\nContent-Disposition: form-data; name="photo"; filename="a.png"\r\n\r\n'
    response = counting().post("/forms", content=head + rest, content_type=_TYPE)
    gc.collect()
    assert response.status == 400


def test_a_form_shorter_than_its_length_says_so() -> None:
    """A connection that breaks in the middle of a form is a 400 with the reason."""
    content = part("n")
    response = counting().post(
        "/forms",
        content=content,
        content_type=_TYPE,
        environ={"CONTENT_LENGTH": str(len(content) + 10)},
    )
    assert response.status == 400
    assert response.problem["detail"] == "The content is shorter than its Content-Length."


def test_the_limit_of_a_form_depends_on_its_kind() -> None:
    """A multipart form may be as large as an upload, a urlencoded one as large as a body."""
    client = counting(max_body_size=100, max_upload_size=1000)
    long = {"n": "a" * 200}
    assert client.post("/forms", files={"photo": b"p"}, data=long).status == 200
    app = App("Encoded", max_body_size=100, max_upload_size=1000)

    @takes(form=CountSchema)
    def count(form: dict[str, Any]) -> dict[str, int]:
        return {"values": len(form["n"])}

    app.post("/forms")(count)
    encoded = Client(app)
    assert encoded.post("/forms", data={"n": "a" * 98}).status == 200
    assert encoded.post("/forms", data={"n": "a" * 99}).status == 413
    too_long = {"n": "a" * 1000}
    assert client.post("/forms", files={"photo": b"p"}, data=too_long).status == 413


def test_a_form_that_middleware_has_read_is_read_again_within_the_limits() -> None:
    """The files that middleware opened are closed, and the method gets files of its own."""
    app = App("Forms")
    opened: list[Any] = []

    @app.middleware
    def look(request: Request, proceed: Proceed) -> Any:
        opened.append(request.files["photo"])
        return proceed(request)

    @takes(files=PhotoSchema)
    def read(files: dict[str, Any]) -> dict[str, Any]:
        return {"closed": opened[0].stream.closed, "size": len(files["photo"].read())}

    app.post("/forms")(read)
    response = Client(app).post("/forms", files={"photo": ("p.png", b"photo", "image/png")})
    assert response.json == {"closed": True, "size": 5}


class PointSchema(Schema):
    point = fields.Nested(Schema.from_dict({"x": fields.Int()}), required=True)


def test_json_parts_are_read_by_the_handler_of_json() -> None:
    """A part of JSON is read as bodies are: by the handler that the App has for JSON."""
    app = App("Forms")
    read: list[bytes] = []

    def loads(data: bytes) -> Any:
        read.append(data)
        return {"x": 7}

    @app.post("/points")
    @takes(form=PointSchema)
    def post(form: dict[str, Any]) -> dict[str, Any]:
        return dict(form["point"])

    content = {"point": '{"x": 1}'}
    assert Client(app).post("/points", data=content).json == {"x": 1}
    own = App("Own")
    own.media.register(Handler("application/json", loads, lambda value: b'{"x": 7}'))
    own.post("/points")(takes(form=PointSchema)(lambda form: dict(form["point"])))
    assert Client(own, contract=False).post("/points", data=content).status == 200
    assert read == [b'{"x": 1}']


class _Written(Schema):
    a = fields.Str(required=True)


class _Sent(Schema):
    photo = Upload(required=True)


@pytest.mark.parametrize("over", [0, 1])
@pytest.mark.parametrize(
    ("declared", "content", "content_type"),
    [
        ({"form": _Written}, b"a=" + b"x" * 98, FORM_TYPES[0]),
        ({"form": _Written}, part("a", "x" * 10) + END, _TYPE),
        ({"files": _Sent}, part("photo", "x", _FILE) + END, _TYPE),
        ({"form": _Written, "files": _Sent}, part("a") + part("photo", "x", _FILE) + END, _TYPE),
        ({"body": _Written, "media_types": [FORM_TYPES[0]]}, b"a=" + b"x" * 98, FORM_TYPES[0]),
    ],
)
def test_a_form_may_have_a_size_of_its_own(
    declared: dict[str, Any], content: bytes, content_type: str, over: int
) -> None:
    """``max_size`` is the largest form, whatever it is sent as and whoever reads it first."""

    def read_first(request: Request, proceed: Proceed) -> Any:
        parse_form(request, FORM_TYPES, request.app.settings)
        return proceed(request)

    class Sized(Resource):
        @takes(**declared, max_size=len(content) - over)
        def post(self, **given: Any) -> dict[str, int]:
            return {"n": len(given)}

    class SizedAfter(Sized):
        middleware = (read_first,)

    app = App("Forms")
    app.add("/sized", Sized)
    app.add("/after", SizedAfter)
    client = Client(app)
    for url in ("/sized", "/after"):
        response = client.post(url, content=content, content_type=content_type)
        assert response.status == (413 if over else 200), response.text
    chunked = client.post("/sized", content=iter([content]), content_type=content_type)
    assert chunked.status == (413 if over else 200), chunked.text
