"""Pages beside data: which status and media type has a page, and whose headers are sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from marshmallow import Schema, fields

from restkit import App, returns
from restkit.html import HTMLResource, Templates
from restkit.testing import Client

HTML = {"Accept": "text/html"}


class NoteSchema(Schema):
    text = fields.Str()


def client_of(folder: Path, value: Any) -> Client:
    (folder / "note.html").write_text("page of {{ item.text if item is defined else 'none' }}")
    app = App("Notes")
    app.install(Templates(folder))

    @app.route("/note")
    class Note(HTMLResource):
        template = "note.html"
        schema = NoteSchema

        @returns(NoteSchema)
        @returns(NoteSchema, status=202, description="Data only.", headers={"X-A": "A."})
        def get(self) -> Any:
            return value

    return Client(app, contract=False)


@pytest.mark.parametrize(
    ("value", "status", "headers"),
    [
        ({"text": "a"}, 200, {}),
        (({"text": "a"}, 200), 200, {}),
        (({"text": "a"}, {"X-A": "1"}), 200, {"X-A": "1"}),
        (
            ({"text": "a"}, 200, {"x-content-type-options": "own"}),
            200,
            {"X-Content-Type-Options": "own"},
        ),
        (
            ({"text": "a"}, {"Content-Security-Policy": "own"}),
            200,
            {"Content-Security-Policy": "own"},
        ),
    ],
)
def test_headers_of_the_method_win(
    tmp_path: Path, value: Any, status: int, headers: dict[str, str]
) -> None:
    response = client_of(tmp_path, value).get("/note", headers=HTML)
    assert response.status == status
    assert response.text == "page of a"
    for name, text in {"X-Content-Type-Options": "nosniff", **headers}.items():
        assert response.headers.getlist(name) == [text]


def test_data_has_no_headers_of_the_page(tmp_path: Path) -> None:
    response = client_of(tmp_path, {"text": "a"}).get("/note")
    assert response.json == {"text": "a"}
    assert "Content-Security-Policy" not in response.headers
