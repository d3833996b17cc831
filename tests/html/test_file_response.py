"""`FileResponse`: ranges, preconditions, names, and what the document says of them."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import pytest

from restkit import App, DeclarationError, Resource, returns
from restkit.html import FileResponse
from restkit.testing import Client

TEXT = b"0123456789" * 10
LONG = bytes(range(256)) * 1024


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "report.txt"
    path.write_bytes(TEXT)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    return path


def client_of(source: Any, **options: Any) -> Client:
    app = App("Files")

    @app.route("/file")
    class File(Resource):
        def get(self) -> FileResponse:
            return FileResponse(source, **options)

        def post(self) -> FileResponse:
            return FileResponse(source, **options)

    return Client(app)


def test_a_file_has_its_type_its_validators_and_its_size(file: Path) -> None:
    response = client_of(file).get("/file")
    assert response.status == 200
    assert response.data == TEXT
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Length"] == "100"
    assert response.headers["Accept-Ranges"] == "bytes"
    assert response.headers["Last-Modified"] == "Tue, 14 Nov 2023 22:13:20 GMT"
    assert response.headers["ETag"].startswith('"64-')


@pytest.mark.parametrize(
    ("asked", "content_range", "body"),
    [
        ("bytes=0-0", "bytes 0-0/100", b"0"),
        ("bytes=98-", "bytes 98-99/100", b"89"),
        ("bytes=-3", "bytes 97-99/100", b"789"),
        ("bytes=95-1000", "bytes 95-99/100", b"56789"),
        ("BYTES=1-2", "bytes 1-2/100", b"12"),
        ("bytes=, 1-2 ,", "bytes 1-2/100", b"12"),
        ("bytes=500-600, 1-2", "bytes 1-2/100", b"12"),
        ("bytes=0-4,3-6", "bytes 0-6/100", b"0123456"),  # overlapping ranges become one
        ("bytes=0-1,2-3", "bytes 0-3/100", b"0123"),  # as do neighbours
    ],
)
def test_a_range_is_a_206(file: Path, asked: str, content_range: str, body: bytes) -> None:
    response = client_of(file).get("/file", headers={"Range": asked})
    assert response.status == 206
    assert response.headers["Content-Range"] == content_range
    assert response.data == body
    assert response.headers["Content-Length"] == str(len(body))


@pytest.mark.parametrize(
    "asked",
    [
        "bytes=5-2",
        "bytes=a-b",
        "bytes=",
        "bytes",
        "bytes=-",
        "bytes=--1",
        "bytes=1-2,x",
        "lines=1-2",
        "bytes=٣-٤",
        "bytes=0-",
        "bytes=0-99",
        "bytes=0-49,50-99",
        "bytes=" + ",".join(f"{2 * n}-{2 * n}" for n in range(17)),
        "bytes=" + "0-0," * 2000,
        "bytes=" + "9" * 5000 + "-",
    ],
)
def test_a_range_that_is_malformed_too_costly_or_whole_is_a_200(file: Path, asked: str) -> None:
    response = client_of(file).get("/file", headers={"Range": asked.encode().decode("latin-1")})
    assert response.status == 200
    assert response.data == TEXT
    assert "Content-Range" not in response.headers


@pytest.mark.parametrize(
    "asked", ["bytes=100-", "bytes=-0", "bytes=200-300,400-", "bytes=9999999999999999999999-"]
)
def test_ranges_outside_of_the_file_are_a_416(file: Path, asked: str) -> None:
    response = client_of(file).get("/file", headers={"Range": asked})
    assert response.status == 416
    assert response.headers["Content-Range"] == "bytes */100"
    assert response.headers["Content-Type"] == "application/problem+json"


def test_several_ranges_are_parts_in_the_order_of_the_request(file: Path) -> None:
    response = client_of(file).get("/file", headers={"Range": "bytes=90-91, 0-1, -1"})
    assert response.status == 206
    kind, _, boundary = response.headers["Content-Type"].partition("; boundary=")
    assert kind == "multipart/byteranges"
    assert "Content-Range" not in response.headers
    parts = response.data.split(b"\r\n--" + boundary.encode())
    assert parts[0] == b""
    assert parts[-1] == b"--\r\n"
    heads = [each.partition(b"\r\n\r\n") for each in parts[1:-1]]
    assert [each[2] for each in heads] == [b"01", b"01", b"9"]
    assert [each[0].rpartition(b": ")[2] for each in heads] == [
        b"bytes 90-91/100",
        b"bytes 0-1/100",
        b"bytes 99-99/100",
    ]
    assert all(b"Content-Type: text/plain; charset=utf-8" in each[0] for each in heads)
    assert response.headers["Content-Length"] == str(len(response.data))


def test_if_range_sends_the_whole_of_a_file_that_changed(file: Path) -> None:
    client = client_of(file)
    tag = client.get("/file").headers["ETag"]
    good = [tag, "Tue, 14 Nov 2023 22:13:20 GMT"]
    for each in good:
        headers = {"Range": "bytes=0-1", "If-Range": each}
        assert client.get("/file", headers=headers).status == 206, each
    bad = ['"other"', f"W/{tag}", "Tue, 14 Nov 2023 22:13:21 GMT", "Mon, 13 Nov 2023 22:13:20 GMT"]
    for each in [*bad, "", "yesterday", '"', tag[:-1], f"{tag}, {tag}"]:
        headers = {"Range": "bytes=0-1", "If-Range": each}
        assert client.get("/file", headers=headers).status == 200, each
        headers["Range"] = "bytes=900-"
        assert client.get("/file", headers=headers).status == 200, each


def test_if_range_takes_no_date_that_is_younger_than_two_seconds(file: Path) -> None:
    os.utime(file)
    client = client_of(file)
    date = client.get("/file").headers["Last-Modified"]
    headers = {"Range": "bytes=0-1", "If-Range": date}
    assert client.get("/file", headers=headers).status == 200


@pytest.mark.parametrize(("age", "status"), [(1.0, 200), (1.99, 200), (2.0, 206), (2.5, 206)])
def test_if_range_takes_a_date_from_two_seconds_on(
    file: Path, monkeypatch: pytest.MonkeyPatch, age: float, status: int
) -> None:
    client = client_of(file)
    date = client.get("/file").headers["Last-Modified"]
    monkeypatch.setattr("time.time", lambda: 1_700_000_000 + age)
    headers = {"Range": "bytes=0-1", "If-Range": date}
    assert client.get("/file", headers=headers).status == status


def test_preconditions_are_304_and_412(file: Path) -> None:
    client = client_of(file, cache_control="private")
    fresh = client.get("/file")
    tag, date = fresh.headers["ETag"], fresh.headers["Last-Modified"]
    for headers in ({"If-None-Match": tag}, {"If-Modified-Since": date}, {"If-None-Match": "*"}):
        response = client.get("/file", headers=headers | {"Range": "bytes=0-1"})
        assert response.status == 304
        assert response.data == b""
        assert response.headers["ETag"] == tag
        assert response.headers["Cache-Control"] == "private"
        assert "Content-Length" not in response.headers
    assert client.get("/file", headers={"If-Match": '"other"'}).status == 412
    assert client.get("/file", headers={"If-Match": tag}).status == 200
    old = {"If-Unmodified-Since": "Mon, 13 Nov 2023 22:13:20 GMT"}
    assert client.get("/file", headers=old).status == 412


def test_head_has_the_headers_of_get_and_ignores_range(file: Path) -> None:
    response = client_of(file).head("/file", headers={"Range": "bytes=0-1"})
    assert response.status == 200
    assert response.data == b""
    assert response.headers["Content-Length"] == "100"


def test_post_sends_the_whole_file(file: Path) -> None:
    response = client_of(file).post("/file", headers={"Range": "bytes=0-1"})
    assert response.status == 200
    assert response.data == TEXT
    assert "Accept-Ranges" not in response.headers


def test_a_date_that_every_file_has_makes_no_entity_tag(file: Path) -> None:
    tags = set()
    for content in (b"a" * 10, b"b" * 10):
        file.write_bytes(content)
        os.utime(file, (0, 0))
        response = client_of(file).get("/file")
        assert "Last-Modified" not in response.headers
        tags.add(response.headers["ETag"])
    assert len(tags) == 2


@pytest.mark.parametrize("size", [0, 10, 64 * 1024, 64 * 1024 + 1, len(LONG)])
def test_bytes_files_and_paths_are_sent_alike(tmp_path: Path, size: int) -> None:
    content = LONG[:size]
    path = tmp_path / "x.bin"
    path.write_bytes(content)
    for source in (path, str(path), content):
        response = client_of(source).get("/file")
        assert response.data == content
        assert response.headers["Content-Type"] == "application/octet-stream"
    assert client_of(io.BytesIO(content)).get("/file").data == content


def test_an_empty_file_has_no_first_byte_but_all_of_its_last_bytes(tmp_path: Path) -> None:
    client = client_of(b"")
    assert client.get("/file", headers={"Range": "bytes=0-"}).status == 416
    assert client.get("/file", headers={"Range": "bytes=-5"}).status == 200


def test_what_is_no_readable_file_is_a_404(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    before = len(os.listdir("/proc/self/fd"))
    for name in ("missing", "", "pipe", "loop", "x" * 300, "a/b", "nul\0"):
        response = client_of(f"{tmp_path}/{name}").get("/file")
        assert response.status == 404, name
    assert len(os.listdir("/proc/self/fd")) == before


def test_text_files_and_streams_are_refused(file: Path) -> None:
    with file.open(encoding="utf-8") as text, pytest.raises(TypeError, match="mode 'rb'"):
        client_of(text).get("/file")


def test_the_file_is_closed_whatever_happens(file: Path) -> None:
    file.write_bytes(LONG)
    before = len(os.listdir("/proc/self/fd"))
    client = client_of(file)
    tag = client.get("/file").headers["ETag"]
    for headers in (
        {},
        {"Range": "bytes=1-2,5-6"},
        {"Range": "bytes=999999-"},
        {"If-Match": '"x"'},
        {"If-None-Match": tag},
    ):
        client.get("/file", headers=headers)
        client.head("/file", headers=headers)
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("a.txt", 'attachment; filename="a.txt"'),
        ("My file.txt", 'attachment; filename="My file.txt"'),
        ("naïve.txt", "attachment; filename=\"naive.txt\"; filename*=UTF-8''na%C3%AFve.txt"),
        ("€.txt", "attachment; filename=\"_.txt\"; filename*=UTF-8''%E2%82%AC.txt"),
        ('a"b.txt', "attachment; filename=\"a_b.txt\"; filename*=UTF-8''a%22b.txt"),
        ("50%.txt", "attachment; filename=\"50_.txt\"; filename*=UTF-8''50%25.txt"),
        ("../../etc/passwd", 'attachment; filename="passwd"'),
        ("C:\\x\\y.txt", 'attachment; filename="y.txt"'),
        (
            "a\r\nSet-Cookie: x=1.txt",
            'attachment; filename="aSet-Cookie_ x=1.txt"; '
            "filename*=UTF-8''aSet-Cookie%3A%20x%3D1.txt",
        ),
        ("exe.\u202egpj", 'attachment; filename="exe.gpj"'),
        ("\udc80.txt", 'attachment; filename=".txt"'),
        ("..", 'attachment; filename="download"'),
        ("", 'attachment; filename="download"'),
        ("é" * 300 + ".pdf", None),
    ],
)
def test_the_download_name_is_a_header_that_every_client_reads(
    file: Path, name: str, header: str | None
) -> None:
    sent = client_of(file, download_name=name).get("/file").headers["Content-Disposition"]
    assert sent.isascii()
    assert len(sent) < 1500
    if header is not None:
        assert sent == header
    else:
        assert sent.endswith(".pdf")


def test_a_name_may_be_shown_inline(file: Path) -> None:
    response = client_of(file, download_name="a.pdf", inline=True).get("/file")
    assert response.headers["Content-Disposition"] == 'inline; filename="a.pdf"'
    assert response.headers["Content-Type"] == "application/pdf"


def test_below_refuses_names_that_lead_out(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "a.txt").write_bytes(b"a")
    (folder / ".env").write_bytes(b"secret")
    (tmp_path / "secret").write_bytes(b"secret")
    (folder / "out").symlink_to(tmp_path / "secret")
    (folder / "hidden").symlink_to(folder / ".env")
    (folder / "in").symlink_to(folder / "a.txt")
    app = App("Files")

    @app.get("/files/<path:name>")
    def get_file(name: str) -> FileResponse:
        return FileResponse.below(folder, name)

    client = Client(app)
    assert client.get("/files/a.txt").data == b"a"
    assert client.get("/files/in").data == b"a"
    for name in (
        "out",
        "hidden",
        ".env",
        "%2e%2e/secret",
        "..%2fsecret",
        "a.txt%00",
        "..%5csecret",
    ):
        assert client.get(f"/files/{name}").status == 404, name


@pytest.mark.parametrize("header", ["X-Sendfile", "X-Accel-Redirect"])
def test_the_server_in_front_sends_the_file(file: Path, header: str) -> None:
    mapping = f"/nowhere=/x, {file.parent}/=/protected/"
    app = App("Files", sendfile=header, sendfile_paths=mapping)

    @app.get("/file")
    def get_file() -> FileResponse:
        return FileResponse(file, download_name="ä.txt")

    response = Client(app).get("/file", headers={"Range": "bytes=0-1"})
    assert response.status == 200
    assert response.data == b""
    expected = str(file) if header == "X-Sendfile" else "/protected/report.txt"
    assert response.headers[header] == expected
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "ETag" not in response.headers


def test_the_document_has_every_response(file: Path) -> None:
    app = App("Files")

    @app.get("/file")
    @returns(media_types=["application/pdf"], description="The invoice.")
    def get_file() -> FileResponse:
        return FileResponse(file, media_type="application/pdf")

    @app.post("/made")
    def make_file() -> FileResponse:
        return FileResponse(b"x")

    client = Client(app)
    paths = client.get("/openapi.json").json["paths"]
    responses = paths["/file"]["get"]["responses"]
    assert {"200", "206", "304", "404", "406", "412", "416"} <= responses.keys()
    assert responses["200"]["description"] == "The invoice."
    assert list(responses["200"]["content"]) == ["application/pdf"]
    assert list(responses["206"]["content"]) == ["application/pdf", "multipart/byteranges"]
    assert {"Content-Range", "ETag", "Accept-Ranges"} <= responses["206"]["headers"].keys()
    assert responses["304"]["headers"].keys() == {"ETag", "Last-Modified"}
    assert "Content-Range" in responses["416"]["headers"]
    assert "206" not in paths["/made"]["post"]["responses"]
    assert client.get("/file", headers={"Accept": "image/png"}).status == 406
    assert client.get("/file", headers={"Range": "bytes=0-1,5-6"}).status == 206
    assert "Vary" not in client.get("/file").headers


def test_a_file_that_is_not_declared_is_a_mistake_of_the_program(file: Path) -> None:
    app = App("Files")

    @app.get("/file")
    def get_file():  # type: ignore[no-untyped-def]
        return FileResponse(file)

    with pytest.raises(DeclarationError, match="Annotate it: -> FileResponse"):
        Client(app).get("/file")


def test_headers_beside_a_file_are_added(file: Path) -> None:
    app = App("Files")

    @app.get("/file")
    def get_file() -> tuple[FileResponse, dict[str, str]]:
        return FileResponse(file), {"X-Extra": "1"}

    response = Client(app).get("/file")
    assert response.headers["X-Extra"] == "1"
    assert response.data == TEXT


def test_the_document_has_range_and_if_range(tmp_path: Path) -> None:
    """GET reads them, of a method and of static files; POST does not."""
    (tmp_path / "a.txt").write_text("a")
    client = client_of(b"a")
    app = App("Static")
    app.static("/static", tmp_path, documented=True)

    paths = client.get("/openapi.json").json["paths"]["/file"]
    static = Client(app).get("/openapi.json").json["paths"]["/static/{filename}"]["get"]
    for operation in (paths["get"], static):
        named = {each["name"]: each for each in operation["parameters"] if each["in"] == "header"}
        assert {"Range", "If-Range"} <= named.keys()
        assert "required" not in named["Range"]
    assert "parameters" not in paths["post"]
