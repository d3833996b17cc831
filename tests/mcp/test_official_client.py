"""The official client of MCP against a server on a socket, in each of its modes."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication

import pytest
from agents import shelf_app
from servers import serve

from restkit import App
from restkit.mcp import MCP
from restkit.security import HTTPBearer

_PROGRAM = Path(__file__).with_name("official_client.py")


def _run(python: str | Path, mode: str, **options: Any) -> dict[str, Any]:
    app = shelf_app(security=HTTPBearer(lambda token: token if token == "t-1" else None), **options)
    app.install(MCP(["Books", "listTitles"], writes=["Books"]))
    with serve(_with_texts(app)) as url:
        ran = subprocess.run(
            [str(python), str(_PROGRAM), f"{url}/mcp", mode, "t-1"],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert ran.returncode == 0, ran.stderr[-3000:]
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def _with_texts(app: App) -> WSGIApplication:
    """Return an App for Werkzeug's server, which has a number as REMOTE_PORT, against PEP 3333."""

    def call(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        return app({**environ, "REMOTE_PORT": str(environ["REMOTE_PORT"])}, start_response)

    return call


def _check(found: dict[str, Any]) -> None:
    """Check what a client got; it has validated structured content by the output schemas."""
    assert [each["name"] for each in found["tools"]] == [
        "listBooks",
        "createBook",
        "getBook",
        "replaceBook",
        "updateBook",
        "deleteBook",
        "listTitles",
    ]
    assert found["unknown"] == -32602
    contents = [each["structuredContent"] for each in found["calls"]]
    created, _, _, page, read, missing, changed, invalid, titles, deleted, unknown = contents
    assert created == {"id": 1, "title": "Emma", "year": 1815} == read
    assert len(page["items"]) == 1
    assert missing["status"] == 404
    assert changed["year"] == 1816
    assert invalid["status"] == 422
    assert titles in (["Emma"], None)
    assert deleted is None
    assert unknown["status"] == 422
    failed = [each["isError"] for each in found["calls"]]
    assert [number for number, each in enumerate(failed) if each] == [5, 7, 10]


@pytest.mark.parametrize(
    ("mode", "protocol"),
    [("auto", "2026-07-28"), ("2026-07-28", "2026-07-28"), ("legacy", "2025-11-25")],
)
def test_version_2(mode: str, protocol: str) -> None:
    """Client 2.x finds the newest version by itself, and speaks the former one if told to."""
    found = _run(sys.executable, mode)
    assert found["protocol"] == protocol
    _check(found)


@pytest.mark.external
def test_version_1(tmp_path: Path) -> None:
    """Client 1.x, in an environment of its own, begins with `initialize`."""
    venv.create(tmp_path / "mcp-1", with_pip=True)
    python = tmp_path / "mcp-1" / "bin" / "python"
    command = [str(python), "-m", "pip", "install", "--quiet", "mcp<2"]
    subprocess.run(command, check=True, timeout=300)
    found = _run(python, "-")
    assert found["mcp"].startswith("1.")
    assert found["protocol"] == "2025-11-25"
    _check(found)
