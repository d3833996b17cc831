"""The smallest program loads only what its first response needs."""

from __future__ import annotations

import subprocess
import sys

import pytest

_PROGRAM = """
import sys
from restkit import App

app = App("Hello")


@app.route("/")
def hello():
    return {"hello": "world"}


environ = {
    "REQUEST_METHOD": "GET",
    "PATH_INFO": "/",
    "HTTP_HOST": "127.0.0.1:8000",
    "SERVER_NAME": "127.0.0.1",
    "SERVER_PORT": "8000",
    "wsgi.url_scheme": "http",
}
content = b"".join(app(environ, lambda status, headers: None))
print(content.decode())
print(*sys.modules)
"""
_UNNEEDED = (
    "apispec",
    "click",
    "decimal",
    "jinja2",
    "marshmallow",
    "msgspec",
    "pathlib",
    "restkit.cli",
    "restkit.compiler",
    "restkit.content_streams",
    "restkit.crud",
    "restkit.decorators",
    "asgiref",
    "restkit.dispatch.coroutines",
    "restkit.dispatch.guard",
    "restkit.dispatch.idempotent",
    "restkit.dispatch.preconditions",
    "restkit.error_page",
    "restkit.http.authorization",
    "restkit.http.conditional",
    "restkit.limits",
    "restkit.mcp",
    "restkit.openapi",
    "restkit.operations.body_types",
    "restkit.operations.event_outputs",
    "restkit.operations.returned_types",
    "restkit.operations.schema_bindings",
    "restkit.parsing",
    "restkit.requirements",
    "restkit.server_sent_events",
    "restkit.service",
    "restkit.sse",
    "restkit.stream_shutdown",
    "restkit.routing.converters",
    "restkit.routing.rules",
    "restkit.schemas",
    "restkit.sqlalchemy",
    "restkit.testing",
    "sqlalchemy",
    "tomllib",
    "urllib.request",
    "werkzeug.routing",
)


@pytest.fixture(scope="module")
def loaded() -> frozenset[str]:
    """Return the modules that are loaded after the first response of the smallest program."""
    run = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path[:] = {sys.path!r}{_PROGRAM}"],
        capture_output=True,
        text=True,
        check=True,
    )
    content, modules = run.stdout.splitlines()
    assert content == '{"hello":"world"}'
    return frozenset(modules.split())


@pytest.mark.parametrize("name", _UNNEEDED)
def test_the_first_response_does_not_load(name: str, loaded: frozenset[str]) -> None:
    """The first response of the smallest program loads neither the module nor a part of it."""
    assert "restkit.app" in loaded
    assert not [each for each in loaded if each == name or each.startswith(f"{name}.")]


def test_the_core_stays_small(loaded: frozenset[str]) -> None:
    """The smallest program loads at most 83 modules of restkit."""
    assert len([each for each in loaded if each.partition(".")[0] == "restkit"]) <= 83


_WITH_A_SCHEMA = """
import io
import sys
from marshmallow import Schema, fields
from restkit import App, Resource

app = App("Notes")


class NoteSchema(Schema):
    text = fields.Str(required=True)


@app.route("/notes")
class Notes(Resource):
    schema = NoteSchema

    def post(self, body: dict[str, object]) -> dict[str, object]:
        return body


content = b'{"text": "a"}'
environ = {
    "REQUEST_METHOD": "POST",
    "PATH_INFO": "/notes",
    "CONTENT_TYPE": "application/json",
    "CONTENT_LENGTH": str(len(content)),
    "HTTP_HOST": "127.0.0.1:8000",
    "SERVER_NAME": "127.0.0.1",
    "SERVER_PORT": "8000",
    "wsgi.url_scheme": "http",
    "wsgi.input": io.BytesIO(content),
}
print(b"".join(app(environ, lambda status, headers: None)).decode())
print(*sys.modules)
"""


def test_a_program_with_a_schema_loads_no_documents_and_forms() -> None:
    """It checks what the document says, but loads neither the document nor other inputs."""
    run = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path[:] = {sys.path!r}{_WITH_A_SCHEMA}"],
        capture_output=True,
        text=True,
        check=True,
    )
    content, modules = run.stdout.splitlines()
    assert content == '{"text":"a"}'
    loaded = set(modules.split())
    assert "restkit.openapi.declared_values" in loaded
    for name in ("openapi.document", "openapi.pages", "openapi.document_diff", "parsing.forms"):
        assert f"restkit.{name}" not in loaded
    assert not {"apispec", "msgspec", "restkit.compiler.explanation"} & loaded
    assert len([each for each in loaded if each.partition(".")[0] == "restkit"]) <= 155


_EVERYTHING = """
import importlib, pkgutil, types
import restkit

for each in pkgutil.walk_packages(restkit.__path__, "restkit."):
    if not each.name.endswith("__main__"):
        importlib.import_module(each.name)
names = [(package, name) for package in (%s) for name in importlib.import_module(package).__all__]
print(len(names) > 100)
for package, name in names:
    if isinstance(getattr(importlib.import_module(package), name), types.ModuleType):
        print(package, name)
"""


def test_no_module_hides_a_public_name() -> None:
    """An import of `restkit.x` sets `x` on the package: no file is called like a lazy name."""
    packages = ("restkit", "restkit.html", "restkit.openapi", "restkit.testing", "restkit.security")
    program = _EVERYTHING % ", ".join(map(repr, packages))
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["True"]
