"""The programs of the migration guides: the other framework's and restkit's responses are equal,
except for the statuses that the guide lists.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from page_blocks import TITLE, blocks_of
from programs import find_package
from servers import free_port, serve_process

from .places import ROOT

pytestmark = pytest.mark.external

HOW_TO = ROOT / "docs" / "how-to"
PARTNER = {"Authorization": "Bearer s3cret"}
STRANGER = {"Authorization": "Bearer wrong"}


class Guide(NamedTuple):
    """A guide and how its old program is served."""

    page: str
    module: str
    package: str
    application: str = "old_books:app"
    is_asgi: bool = False
    size: str = "per_page"


GUIDES = [
    Guide("from-flask.md", "flask", "flask"),
    Guide("from-flask-restful.md", "flask_restful", "flask-restful"),
    Guide("from-flask-smorest.md", "flask_smorest", "flask-smorest", size="page_size"),
    Guide(
        "from-django-rest-framework.md",
        "rest_framework",
        "djangorestframework",
        "old_books:application",
        size="page_size",
    ),
    Guide("from-fastapi.md", "fastapi", "fastapi", is_asgi=True),
]


class Answer(NamedTuple):
    """A response, as far as the guides promise something about it."""

    status: int
    location: str | None
    content: Any
    media_type: str


def requests(size: str) -> Iterator[tuple[str, str, str, Any, dict[str, str]]]:
    """Yield the name, the method, the URL, the content and the headers of each request."""
    yield "GET an empty list", "GET", "/books", None, {}
    yield "POST without a token", "POST", "/books", {"title": "Emma"}, {}
    yield "POST with a wrong token", "POST", "/books", {"title": "Emma"}, STRANGER
    for title, year in (("Emma", 1815), ("Persuasion", 1817), ("Evelina", None)):
        yield f"POST {title}", "POST", "/books", {"title": title, "year": year}, PARTNER
    yield "POST without the title", "POST", "/books", {"year": 1815}, PARTNER
    yield (
        "POST with words as the year",
        "POST",
        "/books",
        {"title": "Emma", "year": "old"},
        PARTNER,
    )
    yield "GET the first page", "GET", f"/books?page=1&{size}=2", None, {}
    yield "GET the second page", "GET", f"/books?page=2&{size}=2", None, {}
    yield "GET an item", "GET", "/books/1", None, {}
    yield "PATCH an item", "PATCH", "/books/1", {"year": 1816}, PARTNER
    yield "PATCH without a token", "PATCH", "/books/1", {"year": 1}, {}
    yield "PATCH an unknown item", "PATCH", "/books/99", {"year": 1816}, PARTNER
    yield "GET an unknown item", "GET", "/books/99", None, {}
    yield "DELETE without a token", "DELETE", "/books/2", None, {}
    yield "DELETE an item", "DELETE", "/books/2", None, PARTNER
    yield "DELETE an unknown item", "DELETE", "/books/2", None, PARTNER
    yield "GET a deleted item", "GET", "/books/2", None, {}
    yield "GET the list", "GET", "/books", None, {}
    yield "GET an unknown URL", "GET", "/nowhere", None, {}
    yield "PUT the list", "PUT", "/books", {}, PARTNER
    yield "GET with an unknown query parameter", "GET", "/books?pgae=2", None, {}
    yield (
        "POST with digits in a string as the year",
        "POST",
        "/books",
        {"title": "Cecilia", "year": "1782"},
        PARTNER,
    )
    yield (
        "POST with an unknown member",
        "POST",
        "/books",
        {"title": "Camilla", "pages": 950},
        PARTNER,
    )


def ask(url: str, method: str, path: str, content: Any, headers: dict[str, str]) -> Answer:
    """Send a request and return the response."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)
    body = None if content is None else json.dumps(content)
    sent = headers if body is None else {**headers, "Content-Type": "application/json"}
    try:
        connection.request(method, path, body, sent)
        response = connection.getresponse()
        text = response.read().decode()
    finally:
        connection.close()
    media_type = (response.getheader("Content-Type") or "").partition(";")[0]
    found = json.loads(text) if text and media_type.endswith("json") else text
    return Answer(response.status, response.getheader("Location"), _local(found), media_type)


def _local(content: Any) -> Any:
    """Return JSON with the paths of its links to other pages."""
    if not isinstance(content, dict):
        return content
    links = {name: _path_of(content[name]) for name in ("next", "previous") if content.get(name)}
    return {**content, **links}


def _path_of(url: str) -> str:
    """Return the path and the query of a URL, whose parameters may stand in any order."""
    parts = urlsplit(url)
    return f"{parts.path}?{'&'.join(sorted(parts.query.split('&')))}"


def write_programs(guide: Guide, folder: Path) -> None:
    """Write the programs of a guide into a folder."""
    folder.mkdir()
    for block in blocks_of(HOW_TO / guide.page):
        if title := TITLE.search(block.info):
            (folder / title[1]).write_text(block.text, "utf-8")


def serve(guide: Guide, application: str, folder: Path, stack: ExitStack) -> str:
    """Serve a program of a guide, and return its URL."""
    write_programs(guide, folder)
    port = free_port()
    is_asgi = guide.is_asgi and not application.startswith("new_books")
    command = [sys.executable, "-m", "gunicorn", f"--bind=127.0.0.1:{port}", application]
    if is_asgi:
        command = [sys.executable, "-m", "uvicorn", f"--port={port}", application]
    environment = {"PYTHONPATH": os.pathsep.join([str(ROOT), str(folder)])}
    served = serve_process(command, port=port, cwd=folder, environment=environment)
    return stack.enter_context(served)


def listed(guide: Guide) -> dict[str, tuple[int, int]]:
    """Return the statuses that the guide lists as different, the old one first."""
    text = (HOW_TO / guide.page).read_text("utf-8")
    rows = re.findall(r"^\| (\w.*) \| (\d{3}) \| (\d{3}) \|$", text, re.MULTILINE)
    return {name: (int(old), int(new)) for name, old, new in rows}


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.package)
def test_both_programs_respond_alike(guide: Guide, tmp_path: Path) -> None:
    """Statuses differ where the guide says so, and nowhere else; below 400 the content is equal."""
    find_package(guide.module, guide.package)
    different: dict[str, tuple[int, int]] = {}
    with ExitStack() as stack:
        old_url = serve(guide, guide.application, tmp_path / "old", stack)
        new_url = serve(guide, "new_books:app", tmp_path / "new", stack)
        for name, *request in requests(guide.size):
            old, new = ask(old_url, *request), ask(new_url, *request)
            if old.status != new.status:
                different[name] = (old.status, new.status)
            elif new.status < 400:
                assert old.content == new.content, name
                assert old.location in (None, new.location), name
            else:
                assert new.media_type == "application/problem+json", name

    assert different == listed(guide)


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.package)
def test_a_moved_resource_beside_the_old_program(guide: Guide, tmp_path: Path) -> None:
    """The switch sends what has moved to restkit, and the rest to the old program."""
    find_package(guide.module, guide.package)
    with ExitStack() as stack:
        url = serve(guide, "side_by_side:application", tmp_path / "both", stack)
        made = ask(url, "POST", "/books", {"title": "Emma"}, PARTNER)
        assert (made.status, made.location) == (201, "/books/1")
        assert ask(url, "GET", "/books/1", None, {}).content["title"] == "Emma"
        assert ask(url, "GET", "/books/9", None, {}).media_type == "application/problem+json"
        assert ask(url, "GET", "/health", None, {}).content == {"status": "ok"}
        assert ask(url, "GET", "/bookshop", None, {}).media_type != "application/problem+json"


def test_every_guide_is_tested() -> None:
    """The index lists the guides, and each of them is tested."""
    index = (HOW_TO / "other-frameworks.md").read_text("utf-8")
    named = set(re.findall(r"\((from-[\w-]+\.md)\)", index))
    assert named == {guide.page for guide in GUIDES}
    assert named == {path.name for path in HOW_TO.glob("from-*.md")}


def test_each_page_of_flask_has_an_answer() -> None:
    """Every row of the table has a sentence and a link."""
    page = (HOW_TO / "coming-from-flask-pages.md").read_text("utf-8")
    rows = re.findall(r"^\| (?!Flask \||---)(.+) \| (.+) \| (.+) \|$", page, re.MULTILINE)
    assert len(rows) > 70
    for title, sentence, links in rows:
        assert sentence.endswith("."), title
        assert re.fullmatch(r"\[[^]]+\]\(\S+\)(, \[[^]]+\]\(\S+\))?", links), title
