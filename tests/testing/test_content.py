"""The content of test requests: JSON, forms, files, raw and chunked."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from werkzeug.datastructures import FileStorage

from restkit.testing import Client

from .programs import Program, told


def test_json() -> None:
    """json= sends JSON text in UTF-8 with its media type and length; None is a value."""
    found = told(json={"title": "Émile"})
    assert found["type"] == "application/json"
    assert json.loads(found["body"].encode("latin-1")) == {"title": "Émile"}
    assert found["length"] == str(len(found["body"]))
    assert told(json=None)["body"] == "null"


def test_content_type_wins() -> None:
    """content_type= or a header name another media type than the content implies."""
    assert (
        told(json={}, content_type="application/merge-patch+json")["type"]
        == "application/merge-patch+json"
    )
    assert told(json={}, headers={"content-type": "text/x"})["type"] == "text/x"
    assert told(content_type="text/plain")["type"] == "text/plain"


def test_no_content() -> None:
    """A request without content says nothing of content."""
    program = Program()
    Client(program).post("/")
    assert not {"CONTENT_TYPE", "CONTENT_LENGTH"} & set(program.last)


def test_form() -> None:
    """data= sends the fields of a form, lists as repeated fields, None not at all."""
    found = told(data={"a": ["x", "y"], "b": True, "c": None, "d": 3})
    assert found["type"] == "application/x-www-form-urlencoded"
    assert found["form"] == [["a", "x"], ["a", "y"], ["b", "true"], ["d", "3"]]
    assert told(data=[("a", "&="), ("a", "2")])["form"] == [["a", "&="], ["a", "2"]]


def test_files(tmp_path: Path) -> None:
    """files= sends a multipart form:
    bytes, text, tuples, paths, open files, FileStorage, lists of them.
    """
    path = tmp_path / "cover.png"
    path.write_text("png")
    with path.open("rb") as opened:
        files = {
            "bytes": b"b",
            "text": "t",
            "named": ("n.txt", b"n"),
            "typed": ("t.bin", b"y", "application/x-own"),
            "path": path,
            "opened": opened,
            "memory": io.BytesIO(b"m"),
            "storage": FileStorage(io.BytesIO(b"s"), "s.txt"),
            "many": [b"1", b"2"],
        }
        found = told(data={"title": "é"}, files=files)
    assert found["form"] == [["title", "é"]]
    assert [tuple(each[i] for i in (0, 1, 3)) for each in found["files"]] == [
        ("bytes", "bytes", "b"),
        ("text", "text", "t"),
        ("named", "n.txt", "n"),
        ("typed", "t.bin", "y"),
        ("path", "cover.png", "png"),
        ("opened", "cover.png", "png"),
        ("memory", "memory", "m"),
        ("storage", "s.txt", "s"),
        ("many", "many", "1"),
        ("many", "many", "2"),
    ]
    assert found["files"][3][2] == "application/x-own"
    assert found["type"].startswith("multipart/form-data; boundary=")


def test_quotes_and_line_breaks_in_names() -> None:
    """Written as browsers do, they keep a part in one piece; Werkzeug reads quotes again."""
    found = told(data={'a"b': "1"}, files={"c\nd": ('"; x="\r.png', b"n", "image/png")})
    assert found["form"] == [['a"b', "1"]]
    assert [each[:2] for each in found["files"]] == [["c%0Ad", '"; x="%0D.png']]


def test_raw_content() -> None:
    """content= sends bytes or text as they are, without a media type of its own."""
    assert told(content=b"\x00\xff")["body"] == "\x00\xff"
    assert told(content="é")["body"] == "é".encode().decode("latin-1")
    assert told(content="x")["type"] is None
    assert told(content=bytearray(b"x"))["body"] == "x"


def test_chunked_content() -> None:
    """content= of an iterable is sent chunked: without a length, ended by the server."""
    found = told(content=iter([b"a" * 10_000, b"", b"b"]))
    assert found["body"] == "a" * 10_000 + "b"
    assert found["length"] is None


def test_contents_exclude_each_other() -> None:
    """Two contents for one request are a mistake, and so is text as the fields of a form."""
    with pytest.raises(TypeError, match="give json= or content=, not both"):
        told(json={}, content=b"")
    with pytest.raises(TypeError, match="give text or bytes as content="):
        told(data="text")
