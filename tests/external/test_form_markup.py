"""Rendered forms against html-validate."""

from __future__ import annotations

import enum
import json
from pathlib import Path
from typing import Any

import pytest
from marshmallow import Schema, fields, validate

from restkit import App, SeeOther, Upload, takes
from restkit.html import HTMLResource, Templates
from restkit.testing import Client

from .node import run_tool

pytestmark = pytest.mark.external

HTML = {"Accept": "text/html"}
PAGE = """<!DOCTYPE html>
<html lang="en"><head><title>Form</title></head>
<body><main><h1>Form</h1>
{{ form }}
</main></body></html>
"""
RULES = {"root": True, "extends": ["html-validate:recommended"]}


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class RowSchema(Schema):
    title = fields.Str(required=True, metadata={"description": "Help."})
    done = fields.Bool()


class EverySchema(Schema):
    text = fields.Str(required=True, validate=validate.Length(2), metadata={"description": "Help."})
    note = fields.Str(metadata={"control": "textarea"})
    mail = fields.Email()
    count = fields.Int(validate=validate.Range(1, 9))
    price = fields.Decimal(places=2)
    day = fields.Date()
    at = fields.Time()
    moment = fields.AwareDateTime()
    done = fields.Bool()
    maybe = fields.Bool(allow_none=True)
    color = fields.Enum(Color)
    radio = fields.Enum(Color, metadata={"control": "radio"})
    tags = fields.List(fields.Str())
    sizes = fields.List(fields.Int(validate=validate.OneOf([1, 2])))
    colors = fields.List(fields.Enum(Color), metadata={"control": "select"})
    data = fields.Dict()
    password = fields.Str()
    row = fields.Nested(RowSchema)
    rows = fields.List(fields.Nested(RowSchema))


def test_html_validate_finds_nothing(tmp_path: Path) -> None:
    """The form of every control, as it is first shown and with an error at each field."""
    (tmp_path / "page.html").write_text(PAGE)
    (tmp_path / ".htmlvalidate.json").write_text(json.dumps(RULES))
    app = App("Forms")
    app.install(Templates(tmp_path))

    @app.route("/form")
    class Form(HTMLResource):
        template = "page.html"

        def get(self) -> None:
            return None

        @takes(form=EverySchema, files={"photo": Upload(required=True)})
        def post(self, form: dict[str, Any], files: dict[str, Any]) -> SeeOther:
            return SeeOther(Form)

    client = Client(app)
    many = {f"rows[{at}][title]": str(at) for at in range(120)}
    wrong = dict.fromkeys(EverySchema().fields, "<")
    sent = {**many, **wrong, "row[title]": "", "rows[0][nam]": "a"}
    photo = {"photo": ("a.png", b"a", "image/png")}
    first = client.get("/form", headers=HTML)
    invalid = client.post("/form", data=sent, files=photo, headers=HTML)
    assert (first.status, invalid.status) == (200, 422)
    (tmp_path / "first.html").write_text(first.text)
    (tmp_path / "invalid.html").write_text(invalid.text)
    done = run_tool("html-validate", "first.html", "invalid.html", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
