"""Files that change while they are sent, file wrappers of servers, and other sources."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from werkzeug.test import EnvironBuilder

from restkit import App
from restkit.html import FileResponse
from restkit.testing import Client

KIB = 1024
LONG = bytes(range(256)) * 4 * KIB


class Wrapper:
    """A server's file wrapper, which asks the file as servers do that let the system copy it."""

    seen: list[object]

    def __init__(self, file: Any, size: int) -> None:
        self.file = file
        start = file.tell()
        Wrapper.seen = [size, file.fileno() > 2, start, file.seek(0, io.SEEK_END), file.seek(-1, 2)]
        file.seek(start)
        self.close = file.close

    def __iter__(self) -> Iterator[bytes]:
        while chunk := self.file.read(7):
            yield chunk


def sent(source: Any, **environ: Any) -> Any:
    """Return the body of a response as the server has it, before its first byte."""
    app = App("Files")

    @app.get("/file")
    def get_file() -> FileResponse:
        return FileResponse(source)

    request = EnvironBuilder(path="/file", environ_overrides=environ).get_environ()
    return app(request, lambda *_: lambda _: None)


@pytest.mark.parametrize("size", [0, 300 * KIB])
def test_a_file_that_shrinks_ends_the_response(tmp_path: Path, size: int) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(LONG)
    body = sent(path)
    chunks = iter(body)
    assert len(next(chunks)) == 256 * KIB
    os.truncate(path, size)
    with pytest.raises(
        OSError, match=f"the file has {len(LONG) - max(size, 256 * KIB)} bytes less"
    ):
        list(chunks)
    with pytest.raises(OSError, match="became shorter while it was sent"):
        body.close()
    body.close()  # a second time it is closed already


def test_a_server_sends_the_file_in_its_own_way(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(LONG)
    body = sent(path, **{"wsgi.file_wrapper": Wrapper, "HTTP_RANGE": "bytes=100-199"})
    assert Wrapper.seen == [256 * KIB, True, 100, 200, 199]
    assert b"".join(body) == LONG[100:200]
    body.close()
    body.close()


def test_a_wrapper_that_is_no_type_is_not_used(tmp_path: Path) -> None:
    body = sent(b"abc", **{"wsgi.file_wrapper": lambda *_: 1 / 0})
    assert b"".join(body) == b"abc"
    body.close()


class Pipe(io.BytesIO):
    def seekable(self) -> bool:
        return False


def client_of(source: BinaryIO | bytes | str) -> Client:
    app = App("Files")

    @app.get("/file")
    def get_file() -> FileResponse:
        return FileResponse(source)

    return Client(app)


def test_a_file_that_cannot_seek_is_refused() -> None:
    with pytest.raises(TypeError, match="cannot seek has no size"):
        client_of(Pipe(b"abc")).get("/file")


def test_a_file_object_is_sent_from_its_first_byte() -> None:
    file = io.BytesIO(b"abcdef")
    file.seek(3)
    response = client_of(file).get("/file")
    assert (response.data, response.headers["Content-Length"]) == (b"abcdef", "6")
    assert "ETag" not in response.headers
    assert file.closed


@pytest.mark.parametrize(("size", "has_tag"), [(KIB * KIB, True), (KIB * KIB + 1, False)])
def test_up_to_a_mebibyte_is_hashed(tmp_path: Path, size: int, has_tag: bool) -> None:
    old = tmp_path / "old.bin"
    old.write_bytes(bytes(size))
    os.utime(old, (0, 0))
    for source in (bytes(size), str(old)):
        response = client_of(source).get("/file")
        assert ("ETag" in response.headers) is has_tag
        assert len(response.data) == size


def test_a_link_to_itself_and_a_long_name_are_404(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for name in ("loop", "a" * 300):
        assert client_of(str(tmp_path / name)).get("/file").status == 404


def test_a_system_without_files_left_is_no_404(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> int:
        raise OSError(24, "Too many open files")

    client = client_of(str(tmp_path / "a"))
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", fail)
        with pytest.raises(OSError, match="Too many open files"):
            client.get("/file")


@pytest.mark.parametrize("name", ["O_CLOEXEC", "O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"])
def test_files_are_sent_on_systems_without_some_ways_to_open_them(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.txt").write_bytes(b"abc")
    monkeypatch.delattr(os, name, raising=False)
    assert client_of(str(tmp_path / "a.txt")).get("/file").data == b"abc"
    app = App("Folder")
    app.static("/static", tmp_path)
    assert Client(app).get("/static/a.txt").data == b"abc"
