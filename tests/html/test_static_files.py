"""`App.static`: hashed names, compressed siblings, and the names that are refused."""

from __future__ import annotations

import gzip
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import pytest

from restkit import App, DeclarationError
from restkit.html.static_files import StaticFiles
from restkit.html.templates import templates_of
from restkit.testing import Client

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of files, beside a secret."""
    root = tmp_path / "static"
    (root / "docs").mkdir(parents=True)
    for name in ("style.css", "app.js", "index.html", "docs/index.html", "photo.png", "noext"):
        (root / name).write_text(f"content of {name}\n", "utf-8")
    (root / ".env").write_text("SECRET")
    (root / ".git").mkdir()
    (root / ".git" / "config").write_text("SECRET")
    (tmp_path / "secret.txt").write_text("SECRET")
    (root / "link.txt").symlink_to(tmp_path / "secret.txt")
    (root / "linked").symlink_to(tmp_path)
    (root / "hidden.txt").symlink_to(root / ".env")
    (root / "inside.css").symlink_to(root / "style.css")
    return root


def client_of(folder: Path, prefix: str = "/static", **options: object) -> Client:
    app = App("Site")
    app.static(prefix, folder, **options)  # type: ignore[arg-type]
    return Client(app)


def test_a_file_is_sent_and_revalidated(folder: Path) -> None:
    client = client_of(folder)
    response = client.get("/static/style.css?v=3")
    assert response.status == 200
    assert response.data == b"content of style.css\n"
    assert response.headers["Content-Type"] == "text/css; charset=utf-8"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "no-cache"
    assert "Content-Disposition" not in response.headers
    tag = response.headers["ETag"]
    again = client.get("/static/style.css", headers={"If-None-Match": tag})
    assert again.status == 304
    assert again.headers["Cache-Control"] == "no-cache"
    assert client.get("/static/app.js").headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert client.get("/static/noext").headers["Content-Type"] == "application/octet-stream"
    assert client.get("/static/style.css", headers={"Range": "bytes=0-6"}).data == b"content"
    assert client.head("/static/style.css").headers["Content-Length"] == "21"
    assert client.post("/static/style.css").status == 405


def test_a_link_inside_of_the_folder_is_followed(folder: Path) -> None:
    assert client_of(folder).get("/static/inside.css").data == b"content of style.css\n"


def test_hashed_names_are_immutable(folder: Path) -> None:
    app = App("Site")
    static = app.static("/static", folder)
    client = Client(app)
    url = static.static_url("style.css")
    assert url.startswith("/static/style.")
    assert len(url) == len("/static/style.3f9a1c2b.css")
    response = client.get(url)
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response.headers["Content-Type"] == "text/css; charset=utf-8"
    assert client.get(static.static_url("docs/index.html")).status == 200
    assert client.get(static.static_url("noext")).data == b"content of noext\n"
    (folder / "style.css").write_text("other")
    assert static.static_url("style.css") != url
    old = client.get(url)
    assert old.data == b"other"
    assert old.headers["Cache-Control"] == "no-cache"
    assert client.get("/static/nothing.12345678.css").status == 404
    assert client.get("/static/.12345678.env").status == 404
    assert app.url_for("static", filename="style.css") == "/static/style.css"
    with pytest.raises(LookupError, match="no file"):
        static.static_url("missing.css")
    with pytest.raises(LookupError, match="no file"):
        static.static_url("../secret.txt")


def test_a_file_whose_own_name_has_a_hash_is_that_file(folder: Path) -> None:
    (folder / "main.0a1b2c3d.js").write_text("own")
    assert client_of(folder).get("/static/main.0a1b2c3d.js").data == b"own"


def test_compressed_siblings_are_chosen_by_accept_encoding(folder: Path) -> None:
    original = (folder / "style.css").read_bytes()
    for suffix, content in ((".gz", gzip.compress(original)), (".br", b"BR"), (".zst", b"ZST")):
        (folder / f"style.css{suffix}").write_bytes(content)
    client = client_of(folder)
    tags = set()
    for accepted, coding in (
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("x-gzip", "gzip"),
        ("zstd, gzip", "zstd"),
        ("br;q=0.1, gzip", "gzip"),
        ("br;q=0, *", "zstd"),
        ("GZIP;Q=0.5", "gzip"),
        ("identity, gzip;q=0.5", ""),
        ("", ""),
        ("br;q=0", ""),
        ("br;q=7", ""),
        ("deflate", ""),
        ("gzip," * 500, ""),
    ):
        response = client.get("/static/style.css", headers={"Accept-Encoding": accepted})
        assert response.headers.get("Content-Encoding", "") == coding, accepted
        assert response.headers["Vary"] == "Accept-Encoding"
        assert response.headers["Content-Type"] == "text/css; charset=utf-8"
        assert response.headers["Content-Length"] == str(len(response.data)) or coding
        tags.add(response.headers["ETag"])
        revalidated = {"Accept-Encoding": accepted, "If-None-Match": response.headers["ETag"]}
        fresh = client.get("/static/style.css", headers=revalidated)
        assert fresh.status == 304
        assert fresh.headers["Vary"] == "Accept-Encoding"
    assert len(tags) == 4
    assert "Vary" not in client.get("/static/app.js").headers
    os.utime(folder / "style.css.br", (1_000_000_000, 1_000_000_000))
    stale = client.get("/static/style.css", headers={"Accept-Encoding": "br"})
    assert "Content-Encoding" not in stale.headers
    (folder / "photo.png.gz").write_bytes(b"x")
    picture = client.get("/static/photo.png", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in picture.headers


def test_a_compressed_sibling_is_no_link(folder: Path) -> None:
    (folder / "app.js.gz").symlink_to(folder.parent / "secret.txt")
    response = client_of(folder).get("/static/app.js", headers={"Accept-Encoding": "gzip"})
    assert response.data == b"content of app.js\n"


def test_folders_are_404_or_their_index(folder: Path) -> None:
    client = client_of(folder)
    for path in ("/static/docs", "/static/docs/", "/static/", "/static"):
        assert client.get(path).status == 404, path
    client = client_of(folder, index=True)
    assert client.get("/static/docs/").data == b"content of docs/index.html\n"
    assert client.get("/static/").data == b"content of index.html\n"
    assert client.get("/static/docs/?x=1").headers["Content-Type"] == "text/html; charset=utf-8"
    response = client.get("/static/docs")
    assert response.status == 308
    assert response.headers["Location"] == "/static/docs/"
    assert client.get("/static/.git/").status == 404


def test_a_single_page_application_has_its_page_for_navigations_only(folder: Path) -> None:
    app = App("Site")

    @app.get("/api/books")
    def books() -> list[str]:
        return ["a"]

    app.static("/", folder, fallback="index.html", favicon="photo.png")
    client = Client(app)
    page = {"Accept": BROWSER}
    for path in ("/", "/books/3", "/books/", "/books?utm_source=x"):
        response = client.get(path, headers=page)
        assert response.status == 200, path
        assert response.data == b"content of index.html\n"
        assert response.headers["Cache-Control"] == "no-cache"
        assert "Accept" in response.headers["Vary"]
    assert client.get("/books/3").status == 404
    assert client.get("/books/3", headers={"Accept": "application/json"}).status == 404
    assert client.get("/main.js", headers=page).status == 404
    assert client.get("/api/books", headers=page).json == ["a"]
    assert client.get("/openapi.json").json["info"]["title"] == "Site"
    assert client.get("/docs", headers=page).headers["Content-Type"].startswith("text/html")
    assert client.get("/docs", headers=page).data != b"content of index.html\n"
    assert client.get("/style.css").data == b"content of style.css\n"
    icon = client.get("/favicon.ico")
    assert icon.headers["Content-Type"] == "image/png"
    assert icon.headers["Cache-Control"] == "public, max-age=86400"


def test_mistakes_are_said_at_the_start(folder: Path) -> None:
    app = App("Site")
    with pytest.raises(DeclarationError, match="no folder"):
        app.static("/static", folder / "missing")
    with pytest.raises(DeclarationError, match="is no file in"):
        app.static("/static", folder, fallback="nothing.html")
    with pytest.raises(DeclarationError, match="begins with a slash"):
        app.static("static", folder)
    with pytest.raises(DeclarationError, match="index"):
        app.static("/static", folder, index="index.html")  # type: ignore[arg-type]


def test_static_files_may_be_in_the_document(folder: Path) -> None:
    assert client_of(folder).get("/openapi.json").json["paths"] == {}
    documented = client_of(folder, documented=True).get("/openapi.json").json["paths"]
    responses = documented["/static/{filename}"]["get"]["responses"]
    assert {"200", "206", "304", "404", "412", "416"} <= responses.keys()
    assert "422" not in responses
    assert "308" not in responses


def test_a_mounted_app_has_static_files_of_its_own(folder: Path) -> None:
    outer, inner = App("Outer"), App("Inner")
    static: StaticFiles = inner.static("/static", folder)
    outer.mount("/shop", inner)
    outer.static("/static", folder)
    url = static.static_url("style.css")
    assert url.startswith("/shop/static/style.")
    assert Client(outer).get(url).status == 200


def test_templates_know_the_files(folder: Path) -> None:
    app, inner = App("Site"), App("Inner")
    static = app.static("/static", folder)
    pictures = app.static("/pictures", folder, name="pictures")
    app.mount("/inner", inner)
    source = "{{ static('style.css') }} {{ pictures('photo.png') }}"
    urls = f"{static.static_url('style.css')} {pictures.static_url('photo.png')}"
    for each in (app, inner):
        assert templates_of(each).render_string(source) == urls


# On the wire: nothing between the client and the server may make a path harmless first.

NAMES = [
    b"../secret.txt",
    b"../../secret.txt",
    b"%2e%2e/secret.txt",
    b"%2e%2e%2fsecret.txt",
    b"..%2fsecret.txt",
    b".%2e/secret.txt",
    b"%252e%252e%252fsecret.txt",
    b"..%5csecret.txt",
    b"..\\secret.txt",
    b"%c0%ae%c0%ae/secret.txt",
    b"%c0%ae%c0%ae%c0%afsecret.txt",
    b"%uff0e%uff0e/secret.txt",
    b"....//secret.txt",
    b"docs/../../secret.txt",
    b"docs/../style.css",
    b"./style.css",
    b"docs/./index.html",
    b"style.css/",
    b"style.css%2f",
    b"style.css/.",
    b"style.css%00",
    b"style.css%00.png",
    b"style.css.",
    b"style.css%20",
    b"style.css::$DATA",
    b"/style.css",
    b"//etc/passwd",
    b"%2fetc%2fpasswd",
    b"/etc/passwd",
    b"C:/secret.txt",
    b"C:%5csecret.txt",
    b"docs//index.html",
    b".env",
    b"%2eenv",
    b".git/config",
    b"link.txt",
    b"linked/secret.txt",
    b"hidden.txt",
    b"..;/secret.txt",
    b"style.css%0d%0aX-Injected:%201",
    b"\xff\xfe",
    b"~root",
    b"a" * 3000,
]
SERVERS = {
    "waitress": ["-m", "waitress", "--listen=127.0.0.1:{port}", "site_app:app"],
    "gunicorn": [
        *("-m", "gunicorn", "--no-control-socket", "--worker-class=gthread", "--threads=4"),
        *("--bind=127.0.0.1:{port}", "site_app:app"),
    ],
}
PROGRAM = """
from pathlib import Path
from restkit import App
from restkit.html import FileResponse

app = App("Site")
app.static("/static", "static")

@app.get("/big")
def big() -> FileResponse:
    return FileResponse(Path(__file__).parent / "big.bin")
"""


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest, folder: Path, tmp_path: Path) -> Iterator[int]:
    """Serve the folder and a big file, with a real server."""
    (tmp_path / "site_app.py").write_text(PROGRAM)
    (tmp_path / "big.bin").write_bytes(b"x" * 8_000_000)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    command = [each.format(port=port) for each in SERVERS[request.param]]
    path = os.pathsep.join([str(Path(__file__).parents[2]), str(tmp_path)])
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(100):
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def talk(port: int, target: bytes, headers: bytes = b"") -> bytes:
    """Send one request as it is, and return everything that comes back."""
    head = b"GET " + target + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + headers + b"\r\n"
    out = b""
    with socket.create_connection(("127.0.0.1", port), 10) as raw:
        raw.sendall(head)
        while chunk := raw.recv(65536):
            out += chunk
    return out


def test_no_spelling_of_a_name_leaves_the_folder(server: int) -> None:
    good = talk(server, b"/static/style.css")
    assert good.startswith(b"HTTP/1.1 200")
    assert good.endswith(b"content of style.css\n")
    for name in NAMES:
        sent = talk(server, b"/static/" + name)
        status = int(sent.split(b" ", 2)[1])
        assert 300 <= status < 500, (name, sent[:200])
        assert b"SECRET" not in sent, name
        assert b"root:" not in sent, name
        assert b"X-Injected" not in sent.partition(b"\r\n\r\n")[0], name


def test_a_big_file_and_its_ranges_are_sent_whole(server: int) -> None:
    head, _, body = talk(server, b"/big").partition(b"\r\n\r\n")
    assert b"200 OK" in head
    assert len(body) == 8_000_000
    _, _, body = talk(server, b"/big", b"Range: bytes=100-4000099\r\n").partition(b"\r\n\r\n")
    assert body == b"x" * 4_000_000
    head, _, body = talk(server, b"/big", b"Range: bytes=0-9,100-109\r\n").partition(b"\r\n\r\n")
    assert b"multipart/byteranges" in head
    assert body.count(b"x" * 10) == 2


def test_a_file_that_shrinks_ends_the_connection(server: int, tmp_path: Path) -> None:
    """The client gets less than Content-Length and then the end, and no other response."""
    request = b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n"
    os.truncate(tmp_path / "big.bin", 64_000_000)  # more than the buffers of the system hold
    with socket.create_connection(("127.0.0.1", server), 20) as raw:
        raw.sendall(request)
        first = raw.recv(1000)
        assert b"Content-Length: 64000000" in first
        time.sleep(0.3)
        os.truncate(tmp_path / "big.bin", 32_000_000)
        raw.sendall(request.replace(b"/big", b"/static/style.css"))
        got = first
        with suppress(ConnectionResetError):
            while chunk := raw.recv(65536):
                got += chunk
    assert len(got) < 33_000_000
    assert b"content of style.css" not in got


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts the files in /proc")
def test_files_are_closed_when_clients_leave(server: int, tmp_path: Path) -> None:
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", server), 10) as raw:
            raw.sendall(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
            raw.recv(1000)
    deadline = time.monotonic() + 10
    while _holders(tmp_path / "big.bin") and time.monotonic() < deadline:
        talk(server, b"/static/style.css")
        time.sleep(0.2)
    assert _holders(tmp_path / "big.bin") == 0


def _holders(path: Path) -> int:
    """Return how many descriptors of all processes have a file open."""
    count = 0
    for each in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            count += each.readlink() == path
        except OSError:
            continue
    return count


def test_names_with_control_characters_are_refused(folder: Path) -> None:
    names = ("a\x01b.css", "tab\t.css", "dash\u00adname.css", "a\x7fb.css", "next\x85.css")
    for name in names:
        (folder / name).write_text("found")
    client = client_of(folder)
    found = [client.get(f"/static/{quote(name)}").status for name in names]
    assert found == [404, 404, 200, 404, 200]


def test_an_icon_may_go_away(folder: Path) -> None:
    client = client_of(folder, favicon="photo.png")
    assert client.get("/favicon.ico").headers["Content-Type"] == "image/png"
    (folder / "photo.png").unlink()
    assert client.get("/favicon.ico").status == 404
