"""Which folder of ``sendfile_paths`` a file is in, for nginx."""

from __future__ import annotations

from pathlib import Path

import pytest

from restkit import App, DeclarationError
from restkit.html import FileResponse
from restkit.testing import Client


def client_of(path: Path, mapping: str) -> Client:
    app = App("Files", sendfile="X-Accel-Redirect", sendfile_paths=mapping)

    @app.get("/file")
    def get_file() -> FileResponse:
        return FileResponse(path)

    return Client(app)


@pytest.mark.parametrize(
    ("mapping", "expected"),
    [
        ("{0}=/in", "/in/a%20b.txt"),
        ("{0}/=/in/", "/in/a%20b.txt"),
        ("=/no,{0}=/in", "/in/a%20b.txt"),
        ("{0}=/first, {0}=/second", "/first/a%20b.txt"),
        ("{0}=", "/a%20b.txt"),
    ],
)
def test_the_first_folder_around_the_file_counts(
    tmp_path: Path, mapping: str, expected: str
) -> None:
    (tmp_path / "a b.txt").write_text("a")
    response = client_of(tmp_path / "a b.txt", mapping.format(tmp_path)).get("/file")
    assert response.headers["X-Accel-Redirect"] == expected


@pytest.mark.parametrize("mapping", ["", "=/no", "/nowhere=/in", "{0}/a=/in"])
def test_a_file_outside_of_every_folder_is_a_mistake(tmp_path: Path, mapping: str) -> None:
    (tmp_path / "a.txt").write_text("a")
    with pytest.raises(DeclarationError, match="sendfile_paths has no folder around a file"):
        client_of(tmp_path / "a.txt", mapping.format(tmp_path)).get("/file")
