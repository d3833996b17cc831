"""The programs of the pages on ASGI servers and WebSockets, as these pages say to run them."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from servers import free_port, serve_process
from simple_websocket import Client

ROOT = Path(__file__).parents[2]
HOW_TO = ROOT / "docs" / "how-to"

pytestmark = pytest.mark.external


def write_program(page: str, folder: Path) -> str:
    """Write the titled program of a page, and return the name of its module."""
    text = (HOW_TO / page).read_text("utf-8")
    found = re.search(r'```python title="(\w+)\.py"\n(.*?)```', text, re.DOTALL)
    assert found is not None
    (folder / f"{found[1]}.py").write_text(found[2], "utf-8")
    return found[1]


def environment(folder: Path) -> dict[str, str]:
    return {"PYTHONPATH": os.pathsep.join([str(ROOT), str(folder)])}


def test_uvicorn(tmp_path: Path) -> None:
    """Paths, errors, content and documents are as under a WSGI server."""
    module = write_program("asgi.md", tmp_path)
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", f"{module}:application", "--port", str(port)]
    with serve_process(command, port=port, cwd=tmp_path, environment=environment(tmp_path)) as url:
        with urlopen(f"{url}/books/3") as response:
            assert json.load(response) == {"id": 3}
        with urlopen(f"{url}/openapi.json") as response:
            assert "/books/{book_id}" in json.load(response)["paths"]
        for path, status in (("/books/x", 404), ("/books/3?a=1", 422)):
            with pytest.raises(HTTPError) as refused:
                urlopen(f"{url}{path}")
            assert refused.value.code == status
            assert refused.value.headers["Content-Type"] == "application/problem+json"
            refused.value.close()


SHELF = """
from collections.abc import Iterator
from typing import Any

from a2wsgi import WSGIMiddleware
from marshmallow import Schema, fields

from restkit import App, takes
from restkit.schemas.uploads import Upload
from restkit.sse import Event, EventStream

app = App("Shelf")


class Book(Schema):
    title = fields.Str(required=True)


class Words(EventStream):
    def get(self, last_event_id: int | None) -> Iterator[Event[str]]:
        for number in range(last_event_id or 0, 3):
            yield Event(f"word {number}", id=number)


@app.post("/books")
@takes(body=Book)
def write(body: dict[str, Any]) -> dict[str, Any]:
    return body


@app.put("/cover")
@takes(files={"cover": Upload(required=True)})
def cover(files: dict[str, Any]) -> dict[str, int]:
    return {"size": len(files["cover"].read())}


app.add("/words", Words)
application = WSGIMiddleware(app)
"""


def test_bodies_uploads_and_streams_under_uvicorn(tmp_path: Path) -> None:
    (tmp_path / "shelf.py").write_text(SHELF, "utf-8")
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "shelf:application", "--port", str(port)]
    with serve_process(command, port=port, cwd=tmp_path, environment=environment(tmp_path)) as url:
        headers = {"Content-Type": "application/json"}
        with urlopen(Request(f"{url}/books", '{"title": "Zoë"}'.encode(), headers)) as response:
            assert json.load(response) == {"title": "Zoë"}
        content = (
            b'--b\r\nContent-Disposition: form-data; name="cover"; filename="a"\r\n\r\n'
            + b"x" * 300_000
            + b"\r\n--b--\r\n"
        )
        headers = {"Content-Type": "multipart/form-data; boundary=b"}
        with urlopen(Request(f"{url}/cover", content, headers, method="PUT")) as response:
            assert json.load(response) == {"size": 300_000}
        with urlopen(Request(f"{url}/words", headers={"Last-Event-ID": "2"})) as response:
            assert response.headers["Content-Type"].startswith("text/event-stream")
            assert response.read() == b":\n\nid: 2\ndata: word 2\n\n"


def test_a_websocket_beside_the_app(tmp_path: Path) -> None:
    """Messages go both ways; without a ticket, and from another origin, nobody connects."""
    module = write_program("websockets.md", tmp_path)
    port = free_port()
    command = [
        *(sys.executable, "-m", "gunicorn", "--no-control-socket", "--worker-class", "gthread"),
        *("--threads", "4", "--bind", f"127.0.0.1:{port}", f"{module}:application"),
    ]
    origin = {"Origin": "http://127.0.0.1:8000"}
    with serve_process(command, port=port, cwd=tmp_path, environment=environment(tmp_path)) as url:
        with urlopen(Request(f"{url}/tickets", b"", method="POST")) as response:
            ticket = json.load(response)["ticket"]
        address = f"{url.replace('http', 'ws', 1)}/ws"
        socket = Client.connect(f"{address}?ticket={ticket}", headers=origin)
        for message in ("one", "zwölf", "x" * 60_000):
            socket.send(message)
            assert socket.receive(timeout=10) == message
        socket.close()
        for query, headers in (
            ("", origin),
            ("?ticket=wrong", origin),
            (f"?ticket={ticket}", {}),
            (f"?ticket={ticket}", {"Origin": "http://evil.example"}),
        ):
            with pytest.raises(HTTPError) as refused:
                urlopen(Request(f"{url}/ws{query}", headers={**headers, "Upgrade": "websocket"}))
            assert refused.value.code == 403
            refused.value.close()
        with urlopen(f"{url}/openapi.json") as response:
            assert "/tickets" in json.load(response)["paths"]
