"""Names of files that a client sends: which are files of the folder, by whatever links."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from restkit import App
from restkit.html import FileResponse
from restkit.testing import Client


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "sub" / ".git").mkdir(parents=True)
    for name in ("a.txt", "sub/b.txt", "sub/.git/config", "x" * 200, ".env"):
        (root / name).write_text(f"content of {name[:20]}")
    beside = tmp_path / "root2"
    beside.mkdir()
    (beside / "secret.txt").write_text("SECRET")
    (root / "inside").symlink_to(root / "sub")
    (root / "up").symlink_to(beside)
    (root / "to-beside.txt").symlink_to(beside / "secret.txt")
    (root / "to-hidden").symlink_to(root / "sub" / ".git" / "config")
    (root / "to-env").symlink_to(root / ".env")
    (root / "nowhere").symlink_to(root / "missing")
    (root / "itself").symlink_to(root)
    return root


def sent(folder: Path | str, name: str) -> tuple[int, bytes]:
    app = App("Files")

    @app.get("/file")
    def get_file() -> FileResponse:
        return FileResponse.below(folder, name)

    response = Client(app).get("/file")
    return response.status, response.data if response.status == 200 else b""


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("a.txt", 200),
        ("sub/b.txt", 200),
        ("inside/b.txt", 200),
        ("itself/a.txt", 200),
        ("itself/itself/sub/b.txt", 200),
        ("x" * 200, 200),
        ("", 404),
        ("/", 404),
        ("/a.txt", 404),
        ("a.txt/", 404),
        ("sub//b.txt", 404),
        ("./a.txt", 404),
        ("sub/../a.txt", 404),
        ("../root/a.txt", 404),
        ("../root2/secret.txt", 404),
        ("up/secret.txt", 404),
        ("to-beside.txt", 404),
        ("to-hidden", 404),
        ("to-env", 404),
        ("inside/.git/config", 404),
        (".env", 404),
        ("nowhere", 404),
        ("sub", 404),
        ("a.txt ", 404),
        (" a.txt", 404),
        ("a.txt.", 404),
        ("a.txt\\", 404),
        ("a.txt:", 404),
        ("a.tx?", 404),
        ("a\x00.txt", 404),
        ("\x7fa.txt", 404),
        ("missing", 404),
        ("x" * 1024, 404),
        ("x/" * 512 + "a", 404),
    ],
)
def test_names_below_a_folder(folder: Path, name: str, status: int) -> None:
    found, content = sent(folder, name)
    assert found == status
    assert content.startswith(b"content of ") is (status == 200)


def test_the_folder_may_be_a_link_or_end_with_a_slash(folder: Path) -> None:
    link = folder.parent / "link"
    link.symlink_to(folder)
    for each in (link, f"{folder}{os.sep}", f"{link}{os.sep}"):
        assert sent(each, "a.txt")[0] == 200
        assert sent(each, "to-beside.txt")[0] == 404


@pytest.mark.parametrize(("length", "status"), [(1024, 200), (1025, 404)])
def test_the_longest_name(tmp_path: Path, length: int, status: int) -> None:
    name = "/".join(["d" * 99] * 10) + "/"
    name += "f" * (length - len(name))
    file = tmp_path / name
    file.parent.mkdir(parents=True)
    file.write_text("content of it")
    assert sent(tmp_path, name)[0] == status
