"""The examples do what the pages say of them, as their users run them."""

from __future__ import annotations

import json
import re
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from servers import free_port, serve_process

ROOT = Path(__file__).parents[1]
TODO = ROOT / "examples" / "todo.py"
Ask = Callable[..., tuple[int, Any, Any]]


@pytest.fixture
def todo(tmp_path: Path) -> Iterator[Ask]:
    """Serve examples/todo.py in an empty folder, and return what asks it."""
    port = free_port()
    command = [sys.executable, "-m", "restkit", "run", str(TODO), "--port", str(port)]
    with serve_process(command, port=port, cwd=tmp_path, environment={"PYTHONPATH": str(ROOT)}) as url:

        def ask(method: str, path: str, data: Any = None, **headers: str) -> tuple[int, Any, Any]:
            content = None if data is None else json.dumps(data).encode()
            typed = {"Content-Type": "application/json"} if content else {}
            request = urllib.request.Request(url + path, content, {**typed, **headers}, method=method)
            try:
                answer = urllib.request.urlopen(request, timeout=30)
            except urllib.error.HTTPError as refused:
                answer = refused
            with answer:
                body = answer.read()
                return answer.status, json.loads(body) if body.startswith((b"{", b"[")) else body, answer.headers

        yield ask


def lines_of(program: str) -> list[str]:
    """Return the lines of a program that are not blank."""
    return [line for line in program.splitlines() if line.strip()]


def test_the_todo_program_is_short_and_stands_in_the_readme() -> None:
    """The complete program has at most 20 lines, none of them long, and README shows the whole of it."""
    program = lines_of(TODO.read_text("utf-8"))
    assert len(program) <= 20
    shown = re.search(r'^```python title="todo\.py"\n(.*?)^```$', (ROOT / "README.md").read_text("utf-8"), re.M | re.S)
    assert shown is not None
    assert lines_of(shown[1]) == program


def test_the_todo_program_is_complete(todo: Ask, tmp_path: Path) -> None:
    """Validation, storage, pages, filters, conditions, a document and Swagger UI: in the 20 lines is all of it."""
    for title in ("Water the plants", "Buy plants", "Sleep"):
        assert todo("POST", "/todos", {"title": title})[0] == 201
    assert (tmp_path / "todo.db").exists()

    status, problem, _ = todo("POST", "/todos", {"title": "x" * 201, "donne": True})
    assert status == 422
    assert {each["pointer"] for each in problem["errors"]} == {"/title", "/donne"}

    page = todo("GET", "/todos?title__contains=plant&sort=-title&limit=1")[1]
    assert [each["title"] for each in page["items"]] == ["Water the plants"]
    last = todo("GET", page["next"])[1]
    assert ([each["title"] for each in last["items"]], last["next"]) == (["Buy plants"], None)

    tag = todo("GET", "/todos/1")[2]["ETag"]
    assert todo("PATCH", "/todos/1", {"done": True}, **{"If-Match": tag})[1]["done"] is True
    assert todo("PATCH", "/todos/1", {"done": False}, **{"If-Match": tag})[0] == 412
    assert [each["id"] for each in todo("GET", "/todos?done=true")[1]["items"]] == [1]

    assert todo("DELETE", "/todos/1")[0] == 204
    assert todo("GET", "/todos/1")[0] == 404
    assert todo("GET", "/openapi.json")[1]["info"]["title"] == "Todo"
    assert b"swagger" in todo("GET", "/docs")[1]
