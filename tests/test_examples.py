"""The examples do what the pages say of them, as their users run them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from databases import KINDS, database_url
from servers import free_port, serve_process

ROOT = Path(__file__).parents[1]
TODO = ROOT / "examples" / "todo.py"
Ask = Callable[..., tuple[int, Any, Any]]


def asking(url: str) -> Ask:
    """Return what asks a server for a path, and returns status,
    content and headers of the answer.
    """

    def ask(method: str, path: str, data: Any = None, **headers: str) -> tuple[int, Any, Any]:
        content = None if data is None else json.dumps(data).encode()
        typed = {"Content-Type": "application/json"} if content else {}
        request = urllib.request.Request(url + path, content, {**typed, **headers}, method=method)
        try:
            response = urllib.request.urlopen(request, timeout=30)
        except urllib.error.HTTPError as refused:
            response = refused
        with response:
            body = response.read()
            return (
                response.status,
                json.loads(body) if body.startswith((b"{", b"[")) else body,
                response.headers,
            )

    return ask


@pytest.fixture
def todo(tmp_path: Path) -> Iterator[Ask]:
    """Serve examples/todo.py in an empty folder, and return what asks it."""
    port = free_port()
    command = [sys.executable, "-m", "restkit", "run", str(TODO), "--port", str(port)]
    with serve_process(
        command, port=port, cwd=tmp_path, environment={"PYTHONPATH": str(ROOT)}
    ) as url:
        yield asking(url)


@pytest.fixture(params=KINDS)
def bookstore(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ask]:
    """Serve the bookstore from two processes of two threads on an empty database,
    and return what asks it.
    """
    port = free_port()
    options = ["-b", f"127.0.0.1:{port}", "--workers", "2", "--threads", "2"]
    command = [sys.executable, "-m", "gunicorn", *options, "examples.bookstore:app"]
    with (
        database_url(request.param, tmp_path) as database,
        serve_process(
            command, port=port, cwd=ROOT, environment={"RESTKIT_DATABASE_URL": database}
        ) as url,
    ):
        yield asking(url)


def lines_of(program: str) -> list[str]:
    """Return the lines of a program that are not blank."""
    return [line for line in program.splitlines() if line.strip()]


def test_the_todo_program_is_short_and_stands_in_the_readme() -> None:
    """The complete program has at most 20 lines, none of them long,
    and README shows the whole of it.
    """
    program = lines_of(TODO.read_text("utf-8"))
    assert len(program) <= 20
    shown = re.search(
        r'^```python title="todo\.py"\n(.*?)^```$',
        (ROOT / "README.md").read_text("utf-8"),
        re.M | re.S,
    )
    assert shown is not None
    assert lines_of(shown[1]) == program


def test_the_todo_program_is_complete(todo: Ask, tmp_path: Path) -> None:
    """Validation, storage, pages, filters, conditions, a document and Swagger UI:
    in the 20 lines is all of it.
    """
    for title in ("Water the plants", "Buy plants", "Sleep"):
        assert todo("POST", "/todos", {"title": title})[0] == 201
    assert (tmp_path / "todo.db").exists()

    status, problem, _ = todo("POST", "/todos", {"title": "x" * 201, "donne": True})
    assert status == 422
    assert {each["pointer"] for each in problem["errors"]} == {"/title", "/donne"}

    page = todo("GET", "/todos?title__contains=plant&sort=-title&limit=1")[1]
    assert [each["title"] for each in page["items"]] == ["Water the plants"]
    last = todo("GET", page["next"])[1]
    assert [each["title"] for each in last["items"]] == ["Buy plants"]
    assert last["next"] is None

    tag = todo("GET", "/todos/1")[2]["ETag"]
    assert todo("PATCH", "/todos/1", {"done": True}, **{"If-Match": tag})[1]["done"] is True
    assert todo("PATCH", "/todos/1", {"done": False}, **{"If-Match": tag})[0] == 412
    assert [each["id"] for each in todo("GET", "/todos?done=true")[1]["items"]] == [1]

    assert todo("DELETE", "/todos/1")[0] == 204
    assert todo("GET", "/todos/1")[0] == 404
    assert todo("GET", "/openapi.json")[1]["info"]["title"] == "Todo"
    assert b"swagger" in todo("GET", "/docs")[1]


def test_the_notes_have_every_guard() -> None:
    """The audit finds nothing, and each operation but the public one has all guards."""
    command = [sys.executable, "-m", "restkit", "routes", "--audit", "--json", "examples.notes"]
    audit = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert audit.returncode == 0, audit.stderr
    *guarded, health = json.loads(audit.stdout)
    assert (health["path"], health["security"]) == ("/health", "public")
    assert len(guarded) >= 17
    for each in guarded:
        assert each["security"] == "jwt | api_key"
        assert each["rows"] == "rule"
        assert {"permission", "masks", "limits"} <= {name for name, value in each.items() if value}


def test_a_form_that_is_sent_twice_makes_one_book(bookstore: Ask) -> None:
    """Two requests at once with one Idempotency-Key make one row;
    a third one gets the answer that the first had.
    """
    author = bookstore("POST", "/authors", {"name": "Jane Austen"})[1]["id"]
    with ThreadPoolExecutor(2) as threads:
        for number in range(10):
            book = {"title": f"Emma {number}", "genre": "fiction", "author_id": author}
            key = {"Idempotency-Key": f"emma-{number}"}
            begin = Barrier(2)

            def send(
                book: Any = book, key: Any = key, begin: Barrier = begin
            ) -> tuple[int, Any, Any]:
                begin.wait(timeout=30)
                return bookstore("POST", "/books", book, **key)

            twice = [each.result() for each in [threads.submit(send), threads.submit(send)]]
            made = [body for status, body, _ in twice if status == 201]
            assert {status for status, _, _ in twice} <= {201, 409}
            assert made
            assert all(body == made[0] for body in made)
            status, body, headers = bookstore("POST", "/books", book, **key)
            assert status == 201
            assert body == made[0]
            assert headers["Idempotent-Replayed"] == "true"
            assert bookstore("POST", "/books", {**book, "pages": 1}, **key)[0] == 422
    titles = [
        each["title"] for each in bookstore("GET", "/books?limit=100&fields=title")[1]["items"]
    ]
    assert titles == [f"Emma {number}" for number in range(10)]
