"""The Content-Type of a file is that of its extension, on every machine."""

from __future__ import annotations

import pytest

from restkit import App
from restkit.html import FileResponse
from restkit.testing import Client


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("a.css", "text/css; charset=utf-8"),
        ("A.CSS", "text/css; charset=utf-8"),
        ("a.tar.gz", "application/gzip"),
        ("a.svg", "image/svg+xml"),
        ("css", "application/octet-stream"),
        ("a.unknown", "application/octet-stream"),
        ("a.", "application/octet-stream"),
        ("a.json", "application/json"),
    ],
)
def test_the_extension_decides(name: str, media_type: str) -> None:
    app = App("Files")

    @app.get("/file")
    def get_file() -> FileResponse:
        return FileResponse(b"1", download_name=name)

    assert Client(app).get("/file").headers["Content-Type"] == media_type
