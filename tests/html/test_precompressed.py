"""Compressed siblings of files: which one a client gets, and which are left out."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from restkit import App
from restkit.testing import Client, TestResponse

PLAIN, BROTLI, GZIP = b"plain", b"brotli", b"gzip"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in (("a.css", PLAIN), ("a.css.br", BROTLI), ("a.css.gz", GZIP)):
        (tmp_path / name).write_bytes(content)
        os.utime(tmp_path / name, (1_700_000_000, 1_700_000_000))
    return tmp_path


def sent(folder: Path, accepted: str | None, name: str = "a.css") -> TestResponse:
    app = App("Site")
    app.static("/static", folder)
    headers = {} if accepted is None else {"Accept-Encoding": accepted}
    return Client(app).get(f"/static/{name}", headers=headers)


@pytest.mark.parametrize(
    ("accepted", "content"),
    [
        (None, PLAIN),
        ("", PLAIN),
        ("br", BROTLI),
        ("gzip", GZIP),
        ("x-gzip", GZIP),
        ("GZIP", GZIP),
        ("gzip, br", BROTLI),
        ("gzip;q=1, br;q=0.9", GZIP),
        ("gzip;q=0.5, br;q=0.501", BROTLI),
        ("gzip;q=0", PLAIN),
        ("br;q=0, gzip;q=0.001", GZIP),
        ("*", BROTLI),
        ("*;q=0.5, br;q=0.1", GZIP),
        ("*;q=0", PLAIN),
        ("identity, br;q=0.9", PLAIN),
        ("identity;q=0.9, br;q=0.9", BROTLI),
        ("identity;q=0.5, br", BROTLI),
        ("gzip;q=2", PLAIN),
        ("gzip;q=1.000", GZIP),
        ("gzip;q=1.001", PLAIN),
        ("gzip;q=0.1234", PLAIN),
        ("gzip ; Q=1", GZIP),
        ("gzip;level=1", PLAIN),
        (", ,gzip", GZIP),
        ("deflate", PLAIN),
        ("gzip".ljust(1000, ","), GZIP),
        ("gzip".ljust(5000, ","), PLAIN),
    ],
)
def test_the_client_chooses(folder: Path, accepted: str | None, content: bytes) -> None:
    response = sent(folder, accepted)
    assert response.data == content
    coding = {PLAIN: None, BROTLI: "br", GZIP: "gzip"}[content]
    assert response.headers.get("Content-Encoding") == coding
    assert response.headers["Vary"] == "Accept-Encoding"
    assert response.headers["Content-Type"] == "text/css; charset=utf-8"


def test_a_sibling_that_is_older_is_left_out(folder: Path) -> None:
    """In whole seconds, which archives keep."""
    os.utime(folder / "a.css", ns=(0, 1_700_000_000_900_000_000))
    assert sent(folder, "br").data == BROTLI
    os.utime(folder / "a.css.br", (0, 1_699_999_999))
    assert sent(folder, "br, gzip").data == GZIP
    assert sent(folder, "br").data == PLAIN


def test_each_coding_has_an_entity_tag(folder: Path) -> None:
    tags = {sent(folder, each).headers["ETag"] for each in ("", "br", "gzip")}
    assert len(tags) == 3


@pytest.mark.parametrize(("name", "varies"), [("b.png", False), ("b.svg", True), ("b.xml", True)])
def test_only_what_compresses_has_siblings(folder: Path, name: str, varies: bool) -> None:
    (folder / name).write_bytes(PLAIN)
    (folder / f"{name}.gz").write_bytes(GZIP)
    response = sent(folder, "gzip", name)
    assert (response.data == GZIP) is varies
    assert ("Vary" in response.headers) is varies


def test_without_siblings_nothing_varies(folder: Path) -> None:
    (folder / "alone.css").write_bytes(PLAIN)
    assert "Vary" not in sent(folder, "gzip", "alone.css").headers
