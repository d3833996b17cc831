"""Which bytes a Range header asks for: boundaries, joined ranges, headers that are ignored."""

from __future__ import annotations

import re

import pytest

from restkit import App
from restkit.html import FileResponse
from restkit.testing import Client, TestResponse

TEXT = b"0123456789"


def ranged(header: str, content: bytes = TEXT) -> TestResponse:
    app = App("Files")

    @app.get("/file")
    def get_file() -> FileResponse:
        return FileResponse(content)

    return Client(app).get("/file", headers={"Range": header})


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-0", ["0-0"]),
        ("bytes=9-9", ["9-9"]),
        ("bytes=9-", ["9-9"]),
        ("bytes=9-10", ["9-9"]),
        ("bytes=1-", ["1-9"]),
        ("bytes=-1", ["9-9"]),
        ("bytes=-9", ["1-9"]),
        ("bytes=5-5", ["5-5"]),
        ("bytes = 5-5", ["5-5"]),
        (" bytes=5-5", ["5-5"]),
        ("bytes=0-1,3-4", ["0-1", "3-4"]),
        ("bytes=3-4,0-1", ["3-4", "0-1"]),
        ("bytes=0-1,2-4", ["0-4"]),
        ("bytes=6-7,0-3,1-2", ["6-7", "0-3"]),
        ("bytes=6-7,1-2,0-3", ["6-7", "0-3"]),
        ("bytes=0-3,6-7,1-4", ["0-4", "6-7"]),
        ("bytes=0-3,1-2,4-8", ["0-8"]),
        ("bytes=0-1,-2", ["0-1", "8-9"]),
        ("bytes=0-1,20-30", ["0-1"]),
        ("bytes=-10", []),
        ("bytes=-11", []),
        ("bytes=0-9", []),
        ("bytes=0-10", []),
        ("bytes=4-3", []),
        ("bytes=0-1,4-3", []),
        ("bytes=0-1,a", []),
        ("bytes", []),
        ("items=0-1", []),
        ("bytes=" + ",".join(["0-0"] * 16), ["0-0"]),
        ("bytes=" + ",".join(["0-0"] * 17), []),
        ("bytes=0-0".ljust(1000, ","), ["0-0"]),
        ("bytes=0-0".ljust(1001, ","), []),
    ],
)
def test_the_parts_of_a_range(header: str, expected: list[str]) -> None:
    response = ranged(header)
    text = response.data.decode()
    if len(expected) < 2:
        sent = [response.headers.get("Content-Range", "").removeprefix("bytes ")]
        sent = [each.removesuffix("/10") for each in sent if each]
    else:
        sent = re.findall("Content-Range: bytes (.*?)/10\r\n", text)
    assert sent == expected
    assert response.status == (206 if expected else 200)
    if not expected:
        assert response.data == TEXT


@pytest.mark.parametrize(
    ("header", "status"),
    [("bytes=-0", 416), ("bytes=-1", 200), ("bytes=0-", 416), ("bytes=0-0,-5", 200)],
)
def test_a_range_of_nothing(header: str, status: int) -> None:
    response = ranged(header, b"")
    assert response.status == status
    if status == 416:
        assert response.headers["Content-Range"] == "bytes */0"
