"""The schemas of a resource's verbs, bound:
what they share, and that no schema means no marshmallow.
"""

from __future__ import annotations

import subprocess
import sys
from typing import Any

from marshmallow import Schema, fields

from restkit import App, Resource, returns
from restkit.schemas.bound import View


class BookSchema(Schema):
    id = fields.Int(dump_only=True)
    title = fields.Str(required=True)


class Books(Resource):
    schema = BookSchema

    def get(self) -> list[Any]:
        return [{"id": 1, "title": "Emma"}]

    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        return {"id": 2, **body}

    def put(self, body: dict[str, Any]) -> dict[str, Any]:
        return {"id": 2, **body}

    def patch(self, body: dict[str, Any]) -> dict[str, Any]:
        return {"id": 2, "title": "", **body}


def test_verbs_share_instances() -> None:
    """All answers of a resource have one instance of the schema, all bodies another,
    whatever they make of it.
    """
    app = App("Books")
    app.add("/books", Books)
    operations = {operation.method: operation for operation in app.operations()}
    read = {method: operation.outputs[0].schema for method, operation in operations.items()}
    written = {method: each.inputs[0].schema for method, each in operations.items() if each.inputs}
    assert len({id(bound.schema) for bound in read.values() if bound is not None}) == 1
    assert len({id(bound.schema) for bound in written.values()}) == 1
    assert {method: bound.many for method, bound in read.items() if bound is not None} == {
        "GET": True,
        "POST": False,
        "PUT": False,
        "PATCH": False,
    }
    assert [written[method].view for method in ("POST", "PUT", "PATCH")] == [
        View.REQUEST,
        View.REQUEST,
        View.PATCH,
    ]


def test_schemas_of_several_answers_are_their_own() -> None:
    """Two schemas of one verb, and fields that are written in line,
    are not taken for each other.
    """

    class Either(Resource):
        @returns({"a": fields.Int()})
        @returns({"b": fields.Int()}, status=202)
        def get(self) -> Any:
            return {"a": 1}

    app = App("Either")
    app.add("/", Either)
    first, second = (output.schema for output in app.operations()[0].outputs)
    assert first is not None
    assert second is not None
    assert set(first.dump_fields) == {"a"}
    assert set(second.dump_fields) == {"b"}


def test_a_program_without_schemas_loads_no_marshmallow() -> None:
    """The smallest program answers, also URLs of nothing but the document,
    without what is heavy.
    """
    program = """
import sys
from restkit import App
app = App("Hello")
@app.route("/")
def hello() -> dict[str, str]:
    return {"hello": "world"}
environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "QUERY_STRING": "", "wsgi.url_scheme": "http"}
assert app(environ, lambda status, headers: None) == [b'{"hello":"world"}']
heavy = ["marshmallow", "apispec", "jinja2", "click", "sqlalchemy", "yaml"]
heavy += ["restkit.openapi", "restkit.compiler"]
print([name for name in heavy if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
