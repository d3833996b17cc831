"""The module that ``restkit client`` writes: its types, its methods, and how quickly it loads."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from benchmarks.client_module import large
from click.testing import CliRunner
from stock_service import OutOfStock, served, stock

from restkit import App, DeclarationError, NotFound, Resource, provide
from restkit.cli import main
from restkit.client import Client, Pages, TypedClient
from restkit.client.compact_document import compact
from restkit.client.peer_document import PeerDocument, operations_of
from restkit.client.python_module import python_module
from restkit.crud import CRUDResource, MemoryStore
from restkit.openapi import build
from restkit.testing import Client as Caller

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "openapi").glob("*.yaml"))


def written(text: str, path: Path) -> ModuleType:
    """Return a module that is written to a file."""
    path.write_text(text, "utf-8")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def mistakes(folder: Path) -> dict[str, list[int]]:
    """Return the lines of the mistakes that mypy --strict finds, by the names of the files."""
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "."]
    command += ["--cache-dir", str(folder / "cache")]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**os.environ, "MYPYPATH": str(ROOT)},
    )
    found: dict[str, list[int]] = {}
    for line in done.stdout.splitlines():
        if ": error:" in line:
            name, number, _ = line.split(":", 2)
            found.setdefault(name, []).append(int(number))
    assert "checked" in done.stdout, done.stderr
    return found


def document_of(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(yaml.safe_load(path.read_text()), default=str))
    return found


@dataclass
class Item:
    """An item."""

    sku: str
    id: int = 0


def service() -> App:
    """Return a service with pages beside its other operations."""
    app = stock()

    class Things(CRUDResource[Item]):
        store = MemoryStore(Item, items=[Item(f"a-{n}") for n in range(45)])

    app.add("/things", Things)
    return app


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    folder = tmp_path_factory.mktemp("written")
    return written(python_module(build(service())), folder / "stock_client.py")


def test_operations_are_methods(module: ModuleType) -> None:
    """In process and over a socket; without a request for the document."""
    client = module.StockClient(service(), problems=[OutOfStock])
    assert isinstance(client, TypedClient)
    assert client.get_item(sku="a") == {"sku": "a"}
    assert client.reserve(sku="a", quantity=1)["number"] == 1
    assert client.text() == "caf\xe9"
    assert client.cancel(number=1) is None
    with pytest.raises(OutOfStock):
        client.reserve(sku="a", quantity=99)
    things = client.list_things(limit=10)
    assert isinstance(things, Pages)
    assert len([*things]) == 45
    assert client.echo(x_shop_language="de", kind=None)["url"] == "/echo?"
    with served(service()) as url:
        other = module.StockClient(url, timeout=5)
        assert other.get_thing(id=1)["sku"] == "a-0"
        assert other.check() is True
        assert other.client.get_thing.reply(id=1).status == 200
        other.close()


def test_a_given_document_precedes_that_of_the_class() -> None:
    """A class without a document works too: the client reads the one of its target."""
    app = App("Hello")
    app.get("/hello", name="hello")(lambda: {"hello": "world"})
    (operation,) = app.operations()
    for client in (TypedClient(app), TypedClient(app, document=build(app))):
        assert client._call(operation.operation_id, {}) == {"hello": "world"}


def test_it_is_provided_as_a_client_is(module: ModuleType) -> None:
    given = module.StockClient(service())
    app = App("Shop")

    @app.route("/items/<sku>")
    class Items(Resource):
        stock = provide(given)

        def get(self, sku: str) -> object:
            """Read one."""
            return self.stock.get_item(sku=sku)

    caller = Caller(app)
    assert caller.get("/items/a").json == {"sku": "a"}
    assert caller.get("/items/none").status == 502
    assert "503" in build(app)["paths"]["/items/{sku}"]["get"]["responses"]
    with pytest.raises(NotFound):
        given.get_item(sku="none")


def test_classes_are_dicts(module: ModuleType) -> None:
    """As those of every TypedDict are."""
    assert module.Reservation(sku="a", quantity=1) == {"sku": "a", "quantity": 1}


PROGRAM = """
from datetime import date
from stock_client import Reservation, StockClient
client = StockClient("http://stock", timeout=2)
made: Reservation = client.reserve(sku="a", quantity=1)
number: int = made["number"]
for thing in client.list_things(limit=5):
    sku: str = thing["sku"]
client.echo(since=date(2027, 1, 1), tags=["a"])
client.update_thing(id=1, sku="b", if_match='"1"')
"""
WRONG = """
from stock_client import StockClient
client = StockClient("http://stock", timout=2)
client.reserve(sku="a")
client.reserve(sku=1, quantity=1)
client.reserve(sku="a", quantity=1)["nummer"]
client.get_item()
client.gte_item(sku="a")
"""


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_document_in_the_module_has_the_same_operations(path: Path) -> None:
    whole = document_of(path)
    operations = operations_of(whole)
    reduced = compact(PeerDocument(whole), operations)
    assert operations
    assert operations_of(reduced) == operations
    assert len(json.dumps(reduced)) < len(json.dumps(whole)) / 2


COUNTED = """
import sys
import restkit
import large_client  # the byte code is written
del sys.modules["large_client"]
events = []
sys.setprofile(lambda frame, event, argument: events.append(event))
import large_client
sys.setprofile(None)
print(sum(event in {"call", "c_call"} for event in events))
assert "httpx2" not in sys.modules
"""


def test_loading_makes_no_call_an_operation(tmp_path: Path) -> None:
    """Nor an object of the document: a module of 500 operations loads as one of 5 does."""
    found: list[int] = []
    for collections in (1, 100):
        text = python_module(large(collections))
        assert text.count("    def ") == collections * 5
        (tmp_path / "large_client.py").write_text(text, "utf-8")
        done = subprocess.run(
            [sys.executable, "-c", COUNTED],
            cwd=tmp_path,
            env={"PYTHONPATH": f"{ROOT}:{tmp_path}", "PATH": ""},
            capture_output=True,
            text=True,
            check=True,
        )
        found.append(int(done.stdout))
    assert 0 < found[1] <= found[0] + 100


def test_a_large_module_works(tmp_path: Path) -> None:
    text = python_module(large(100))
    made = written(text, tmp_path / "large_client.py").LargeClient("http://large")
    assert made.client.operation("getThing99").operation.path == "/things99/{id}"


HOSTILE = '"""; import os; os.abort()\n\\"\\"\\"'


def hostile() -> dict[str, Any]:
    """Return a document that tries to write code."""
    media = {
        "application/json": {
            "schema": {
                "type": "object",
                "properties": {
                    HOSTILE: {"type": "string"},
                    "class": {"enum": [HOSTILE, 1, None]},
                    "x": {"$ref": f"#/components/schemas/{HOSTILE}"},
                },
            }
        }
    }
    operation = {
        "operationId": HOSTILE,
        "summary": HOSTILE,
        "parameters": [{"name": HOSTILE, "in": "query", "schema": {"const": HOSTILE}}],
        "requestBody": {"required": True, "content": media},
        "responses": {"200": {"content": media}},
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": HOSTILE, "version": HOSTILE},
        "paths": {f"/{HOSTILE}": {"post": operation}},
        "components": {"schemas": {HOSTILE: {"type": "object", "properties": {HOSTILE: {}}}}},
    }


def test_a_document_writes_no_code(tmp_path: Path) -> None:
    """Whatever its names, titles, values and summaries are."""
    text = python_module(hostile())
    tree = [*ast.walk(ast.parse(text))]
    assert "os" not in {each.id for each in tree if isinstance(each, ast.Name)}
    assert "abort" not in {each.attr for each in tree if isinstance(each, ast.Attribute)}
    written(text, tmp_path / "hostile_client.py")


def types_of(schema: dict[str, Any], **components: Any) -> str:
    """Return the annotation of a response, with the classes before it."""
    media = {"application/json": {"schema": schema}}
    operation = {"operationId": "read", "responses": {"200": {"content": media}}}
    document = {
        "openapi": "3.1.0",
        "paths": {"/": {"get": operation}},
        "components": {"schemas": components},
    }
    text = python_module(document)
    return text.partition(") -> ")[2].partition(":\n")[0]


@pytest.mark.parametrize(
    ("schema", "annotation"),
    [
        ({"type": "string"}, "str"),
        ({"type": ["integer", "null"]}, "int | None"),
        ({"type": "integer", "nullable": True}, "int | None"),
        ({"type": "array", "items": {"type": "number"}}, "list[float]"),
        ({"type": "object", "additionalProperties": {"type": "boolean"}}, "dict[str, bool]"),
        ({"type": "object"}, "dict[str, Any]"),
        ({"enum": ["a", 1, None]}, "Literal['a', 1, None]"),
        ({"const": True}, "Literal[True]"),
        ({"enum": [1.5]}, "Any"),
        ({"oneOf": [{"type": "null"}, {"type": "string"}]}, "str | None"),
        ({"anyOf": [{"type": "string"}, {}]}, "Any"),
        ({"type": "object", "properties": {"a": {}}}, "ReadResult"),
        ({"allOf": [{"properties": {"a": {}}}, {"properties": {"b": {}}}]}, "ReadResult"),
        ({"$ref": "#/components/schemas/Text"}, "str"),
        ({"$ref": "#/components/schemas/Tree"}, "Tree"),
        ({"$ref": "#/nowhere"}, "Any"),
        (True, "Any"),
    ],
)
def test_annotations(schema: Any, annotation: str) -> None:
    tree = {
        "type": "object",
        "properties": {
            "children": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}
        },
    }
    assert types_of(schema, Text={"type": "string"}, Tree=tree) == annotation


def test_two_operations_of_one_name_are_refused() -> None:
    """One of them could not be called."""
    node = {"responses": {}}
    paths = {
        "/a": {"get": {"operationId": "getA", **node}},
        "/b": {"get": {"operationId": "GetA", **node}},
    }
    with pytest.raises(DeclarationError, match="'getA' and 'GetA' are both 'get_a'"):
        python_module({"openapi": "3.1.0", "paths": paths})


def odd() -> dict[str, Any]:
    """Return a document with names that Python has for something else."""
    parameters = [
        {"name": "self", "in": "query", "schema": {"type": "string"}},
        {"name": "a", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}},
        {"name": "a", "in": "path", "required": True, "schema": {"format": "date"}},
    ]
    paths = {
        f"/{name}/{{a}}": {"get": {"operationId": name, "parameters": parameters, "responses": {}}}
        for name in ("list", "date", "client", "check", "import")
    }
    return {"openapi": "3.1.0", "paths": paths}


def test_names_that_would_hide_types_get_an_underscore(tmp_path: Path) -> None:
    """And a parameter with the name of one of the path has its location."""
    made = written(python_module(odd()), tmp_path / "odd_client.py").ServiceClient("http://odd")
    assert all(hasattr(made, f"{name}_") for name in ("list", "date", "client", "check", "import"))
    names = [*inspect.signature(made.list_).parameters]
    assert names == ["a", "self_", "query_a"]


def test_modules_are_clean_under_mypy_strict(tmp_path: Path) -> None:
    """Of all examples and of odd documents; and each of the mistakes of a program is found."""
    documents = {path.stem: document_of(path) for path in EXAMPLES}
    documents |= {
        "stock": build(service()),
        "large": large(100),
        "hostile": hostile(),
        "odd": odd(),
    }
    for name, document in documents.items():
        (tmp_path / f"{name}_client.py").write_text(python_module(document), "utf-8")
    (tmp_path / "right.py").write_text(PROGRAM, "utf-8")
    (tmp_path / "wrong.py").write_text(WRONG, "utf-8")
    assert mistakes(tmp_path) == {"wrong.py": [3, 4, 5, 6, 7, 8]}


def run(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["client", *map(str, arguments)])
    return result.exit_code, result.output


def test_the_command(tmp_path: Path) -> None:
    """Of a file, and of a TARGET."""
    out = tmp_path / "client.py"
    assert run(EXAMPLES[0], "-o", out) == (0, "")
    assert out.read_text("utf-8") == python_module(document_of(EXAMPLES[0]))
    code, printed = run("examples.hello:app")
    assert code == 0
    assert "class HelloClient(TypedClient):" in printed


def test_the_command_finds_stale_modules(tmp_path: Path) -> None:
    out = tmp_path / "client.py"
    run(EXAMPLES[0], "-o", out)
    assert run(EXAMPLES[0], "--check", out) == (0, f"{out} is up to date.\n")
    out.write_text("", "utf-8")
    assert run(EXAMPLES[0], "--check", out) == (1, f"{out} is stale.\n")
    assert run(EXAMPLES[0], "--check", tmp_path / "nothing.py")[0] == 2


def test_the_command_names_what_is_no_document(tmp_path: Path) -> None:
    path = tmp_path / "swagger.json"
    path.write_text('{"swagger": "2.0"}', "utf-8")
    code, printed = run(path)
    assert code == 2
    assert "is not an OpenAPI document" in printed
    assert run(tmp_path / "nothing.yaml")[0] == 2


def test_a_client_without_types_is_there_too(module: ModuleType) -> None:
    assert isinstance(module.StockClient("http://stock").client, Client)
