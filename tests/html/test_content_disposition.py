"""Long and odd download names in Content-Disposition."""

from __future__ import annotations

import pytest

from restkit import App
from restkit.html import FileResponse
from restkit.testing import Client


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a" * 200, "a" * 200),
        ("a" * 201, "a" * 200),
        ("a" * 300 + ".txt", "a" * 196 + ".txt"),
        ("a" * 150 + "." + "x" * 50, "a" * 149 + "." + "x" * 50),
        ("a" * 150 + "." + "x" * 51, "a" * 150 + "." + "x" * 49),
        ("...", "download"),
        ("  ", "download"),
        ("", "download"),
        ("a/b/", "b"),
        (" a.txt ", "a.txt"),
    ],
)
def test_a_name_is_short_and_keeps_its_extension(name: str, shown: str) -> None:
    app = App("Files")

    @app.get("/file")
    def get_file() -> FileResponse:
        return FileResponse(b"a", download_name=name)

    header = Client(app).get("/file").headers["Content-Disposition"]
    assert header == f'attachment; filename="{shown}"'
