"""``restkit explain``."""

from __future__ import annotations

from pathlib import Path

import pytest

from .shops import command, invoke

DEPOT = '''
from dataclasses import dataclass
from marshmallow import Schema, ValidationError, fields, post_load, validate
from restkit import App, Resource, Settings, operation, takes
from restkit.limits import Idempotency, MemoryStorage

class Weight(fields.Float):
    def _deserialize(self, value, attr, data, **kwargs):
        return super()._deserialize(value, attr, data, **kwargs)

class PartSchema(Schema):
    sku = fields.UUID(required=True)
    made = fields.Date(data_key="madeOn")
    within = fields.Nested(lambda: PartSchema())

class CrateSchema(Schema):
    id = fields.Int(dump_only=True)
    parts = fields.List(fields.Nested(PartSchema))
    weight = Weight()
    notes = fields.Dict(load_default=dict)

    @post_load
    def settle(self, data, **kwargs):
        return data

class Key:
    name = "key"
    def document(self):
        return {"type": "http", "scheme": "bearer"}
    def authenticate(self, request, scopes):
        return "somebody"

def timing(request, proceed):
    return proceed(request)

def tracing(request, proceed):
    return proceed(request)

@dataclass
class Page:
    page: int = 1

app = App("Depot")
app.middleware(timing)

@app.route("/crates/<int:crate_id>")
class Crate(Resource):
    """A crate."""
    schema = CrateSchema
    middleware = [tracing]
    security = [(Key(), ("write",))]
    conditional = "required"

    def get(self, crate_id: int) -> dict:
        """Read a crate."""
        self.entity_tag = 1
        return {}

    def patch(self, crate_id: int, body: dict) -> dict:
        self.entity_tag = 1
        return {}

@app.route("/crates")
class Crates(Resource):
    schema = CrateSchema
    idempotency = Idempotency(MemoryStorage())

    @takes(query={"page": fields.Int(load_default=1)})
    def get(self, query: Page) -> list[dict]:
        return []

    def post(self, body: dict) -> dict:
        return {}

@app.post("/labels")
@takes(form={"text": fields.Str()})
@operation(documented=False)
def label(form):
    """Print a label."""

plain = App("Plain", compile_schemas=False, strict=False, trailing_slash="redirect")

@plain.post("/parts/")
@takes(body=PartSchema)
def part(body):
    pass

@plain.get("/", host="<name>.depot.example")
def depot(name):
    return {}
'''


@pytest.fixture
def depot(shop: Path) -> Path:
    """Return the current directory, with ``depot.py`` in it."""
    (shop / "depot.py").write_text(DEPOT, "utf-8")
    return shop


def _said(*arguments: str) -> list[str]:
    result = invoke("explain", *arguments)
    assert result.exit_code == 0, result.output
    return result.output.splitlines()


def _part(lines: list[str], title: str) -> list[str]:
    """Return the lines below a title, with single spaces between their words."""
    begin = lines.index(title) + 1
    end = lines.index("", begin) if "" in lines[begin:] else len(lines)
    return [" ".join(line.split()) for line in lines[begin:end]]


def test_operation(depot: Path) -> None:
    """The lines name the URL's values, middleware, guards in their order, inputs,
    responses and problems.
    """
    lines = _said("depot", "PATCH", "/crates/3")
    assert lines[0] == "PATCH /crates/<int:crate_id>  updateCrate  depot.Crate.patch"
    assert _part(lines, "path") == ["crate_id = 3"]
    assert _part(lines, "middleware, the outermost first") == ["depot.timing", "depot.tracing"]
    assert _part(lines, "guards, in this order") == [
        "security: key (write)",
        "precondition demanded: If-Match, or a 428",
        "negotiation: application/json; a 406 for any other",
        "query: any is rejected, a 422",
        "limits: content of 2,097,152 bytes, a 413 beyond; JSON 64 levels deep, a 400 beyond",
        "preconditions: entity_tag and last_modified, as the method sets them; a 304 or a 412",
    ]
    assert _part(lines, "takes")[:2] == [
        "body: CrateSchema, each may be omitted, application/merge-patch+json, application/json",
        "post_load: settle",
    ]
    assert _part(lines, "responses")[:2] == [
        "200: CrateSchema, application/json",
        "Dumped to a dict, then encoded as JSON: parts: within: the schema nests itself.",
    ]
    assert any(line.startswith("428 PreconditionRequired") for line in _part(lines, "problems"))


def test_fields_have_tiers_and_reasons(depot: Path) -> None:
    """Each field that is taken stands with its tier, what is not the quickest with its reason,
    nested ones below.
    """
    taken = _part(_said("depot", "POST", "/crates"), "takes")
    assert taken[2] == "FIELD TYPE LOADED BY WHY"
    rows = {line.split()[0]: line.split(maxsplit=3)[1:] for line in taken[3:]}
    assert list(rows) == ["parts", "parts.sku", "parts.madeOn", "parts.within", "weight", "notes"]
    assert rows["parts.sku"] == ["UUID", "native"]
    assert rows["parts.madeOn"][:2] == ["Date", "generated"]
    assert rows["weight"][:2] == ["Weight", "marshmallow"]
    assert rows["weight"][2]


def test_other_guards(depot: Path) -> None:
    """Idempotency keys, queries and forms have lines if they are declared."""
    lines = _said("depot", "post", "/crates")
    assert "Idempotency-Key: a repeated request gets the stored response" in _part(
        lines, "guards, in this order"
    )
    lines = _said("depot", "GET", "/crates?page=2")
    assert not any("query" in line for line in _part(lines, "guards, in this order"))
    assert _part(lines, "takes")[:2] == [
        "query: fields",
        "Converted to the annotated class.",
    ]
    assert _part(lines, "responses")[0] == "200: a list of CrateSchema, application/json"
    lines = _said("depot", "POST", "/labels")
    assert lines[:2] == ["POST /labels  not documented  depot.label", "Print a label."]
    assert any("as multipart 67,108,864" in line for line in _part(lines, "guards, in this order"))


def test_head(depot: Path) -> None:
    """HEAD is explained as the GET that it derives from."""
    lines = _said("depot", "HEAD", "/crates/3")
    assert lines[:3] == [
        "GET /crates/<int:crate_id>  getCrate  depot.Crate.get",
        "Read a crate.",
        "HEAD is automatic: the response to GET without its content.",
    ]


def test_settings(depot: Path) -> None:
    """Features that the App's settings disable are shown as disabled."""
    lines = _said("depot:plain", "POST", "/parts/")
    assert "query: ignored" in _part(lines, "guards, in this order")
    taken = _part(lines, "takes")
    assert taken[1] == "Not compiled: compile_schemas is off, so marshmallow handles every field."
    assert {line.split()[2] for line in taken[3:]} == {"marshmallow"}


def test_hosts(depot: Path) -> None:
    """--host finds a pattern that has one."""
    lines = _said("depot:plain", "GET", "/", "--host", "north.depot.example")
    assert lines[0] == "GET <name>.depot.example/  depot  depot.depot"
    assert _part(lines, "path") == ["name = 'north'"]


def test_schema(depot: Path) -> None:
    """A schema is explained with the tiers that load and dump each field."""
    lines = _said("depot:CrateSchema")
    assert lines[0] == "depot.CrateSchema"
    loads = _part(lines, "loads")
    assert loads[0] == "post_load: settle"
    assert [line.split()[0] for line in loads[2:]][-2:] == ["weight", "notes"]
    dumps = _part(lines, "dumps")
    assert [line.split()[:3] for line in dumps[2:4]] == [
        ["id", "Integer", "generated"],
        ["parts", "List", "generated"],
    ]


def test_straight(shop: Path) -> None:
    """A schema that is written directly as JSON has a line for it."""
    assert _part(_said("shop:BookSchema"), "dumps")[0] == "Written directly from objects to JSON."


def test_source(shop: Path) -> None:
    """--source prints the Python that was generated, which is left out otherwise."""
    assert not any("def " in line for line in _said("shop:BookSchema"))
    for arguments in (("shop:BookSchema",), ("shop", "POST", "/books")):
        lines = [line.strip() for line in _said(*arguments, "--source")]
        assert "The generated loader:" in lines
        assert "The generated dumper, plain:" in lines
        assert any(line.startswith("def load_one(") for line in lines)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["shop"], "shop is an App: name a request too, as in: restkit explain shop GET /."),
        (
            ["shop", "GET"],
            "shop is an App: name a request too, as in: restkit explain shop GET /.",
        ),
        (
            ["shop", "GET", "/shelves"],
            "No route matches /shelves. restkit routes lists the routes of the App.",
        ),
        (
            ["shop", "GET", "/books/x"],
            "No route matches /books/x. restkit routes lists the routes of the App.",
        ),
        (["shop", "DELETE", "/books"], "/books has no DELETE of its own; it has GET, POST."),
        (["shop:Books", "GET", "/"], "shop:Books is not an App but the class Books."),
        (
            ["shop:BookSchema", "GET", "/"],
            "shop:BookSchema is a schema; METHOD and PATH belong to an App.",
        ),
        (["depot:plain", "POST", "/parts"], "/parts is redirected to /parts/."),
    ],
)
def test_mistakes(depot: Path, arguments: list[str], message: str) -> None:
    """A request without an Operation, or an incomplete request,
    is one sentence with exit code 2.
    """
    result = invoke("explain", *arguments)
    assert result.exit_code == 2
    assert result.output == f"Error: {message}\n"


def test_nothing_is_answered(depot: Path) -> None:
    """The request is not made: a method that fails is explained like any other."""
    assert _said("shop", "GET", "/books/3")[0].endswith("shop.BookItem.get")


def test_real_command(shop: Path) -> None:
    """The real command prints the same."""
    done = command("explain", "shop", "GET", "/books", cwd=shop)
    assert done.returncode == 0
    assert done.stderr == ""
    assert done.stdout == invoke("explain", "shop", "GET", "/books").output


HOOKED = '''
from marshmallow import Schema, fields, pre_dump, pre_load
from restkit import App, takes

class HookedSchema(Schema):
    a = fields.Int()

    @pre_load
    def before(self, data, **kwargs):
        return data

    @pre_dump
    def ahead(self, data, **kwargs):
        return data

class OddSchema(Schema):
    a = fields.Int(load_only=True)

    def get_attribute(self, obj, attr, default):
        return 1

    def dump(self, obj, **kwargs):
        return super().dump(obj, **kwargs)

    def load(self, data, **kwargs):
        return super().load(data, **kwargs)

app = App("Hooked")

@app.post("/raw")
@takes(body=bytes, media_types=["image/png"])
def raw(body: bytes) -> None:
    """Take an image."""
'''


def test_what_marshmallow_does_whole(shop: Path) -> None:
    """The reason is said; a schema without fields of a side says so."""
    (shop / "hooked.py").write_text(HOOKED)
    lines = _said("hooked:OddSchema")
    assert _part(lines, "loads")[0].startswith("marshmallow loads it whole: ")
    dumps = _part(lines, "dumps")
    assert dumps[0].startswith("marshmallow dumps it whole: ")
    assert dumps[-1] == "The schema has no such field."
    lines = _said("hooked:HookedSchema")
    assert "pre_load: before" in _part(lines, "loads")
    assert "pre_dump: ahead" in _part(lines, "dumps")
    assert "pre_dump: ahead" not in _part(lines, "loads")


def test_a_raw_body(shop: Path) -> None:
    """It has no schema."""
    (shop / "hooked.py").write_text(HOOKED)
    assert _part(_said("hooked", "POST", "/raw"), "takes") == ["body: bytes, image/png"]


GUARDED = '''
from marshmallow import Schema, fields
from restkit import App, Resource, Upload, access, anonymous, operation, takes
from restkit.permissions import role
from restkit.security import APIKey, HTTPBasic, OAuth2

def check(*given):
    return given[0]

KEY, BASIC = APIKey(check, header="X-Key", name="key"), HTTPBasic(check, name="basic")

class TwiceSchema(Schema):
    a = fields.Int(data_key="x")
    b = fields.Int(data_key="x")

app = App("Guarded")

class Own(Resource):
    conditional = "required"

    def get(self) -> dict:
        return {}

    def head(self) -> None:
        """Say how much there is."""

    def delete(self) -> None:
        self.entity_tag = 1

class Plain(Resource):
    conditional = True

    def put(self) -> None:
        self.entity_tag = 1

app.add("/own", Own)
app.add("/plain", Plain)

@app.post("/files", security=KEY & BASIC)
@takes(files={"file": Upload()})
def files(files) -> None:
    pass

@app.post("/sized", security=KEY | anonymous)
@takes(form={"text": fields.Str()}, max_size=1000)
@access(permission=role("staff"))
def sized(form) -> None:
    pass

@app.post("/raw")
@takes(body=bytes, media_types=["image/png"])
def raw(body: bytes) -> None:
    pass

@app.post("/raw/sized")
@takes(body=bytes, media_types=["image/png"], max_size=2000)
def sized_raw(body: bytes) -> None:
    pass

@app.post("/json/sized")
@takes(body=Schema.from_dict({"a": fields.Int()}), max_size=3000)
def sized_json(body) -> None:
    pass
'''
_CONDITIONS = "preconditions: entity_tag and last_modified, as the method sets them; a 304 or a 412"


@pytest.mark.parametrize(
    ("request_line", "guards"),
    [
        (
            "GET /own",
            ["security: none", "negotiation: application/json; a 406 for any other", _CONDITIONS],
        ),
        ("HEAD /own", ["security: none", "negotiation: none", _CONDITIONS]),
        (
            "DELETE /own",
            [
                "security: none",
                "precondition demanded: If-Match, or a 428",
                "negotiation: none",
                _CONDITIONS,
            ],
        ),
        ("PUT /plain", ["security: none", "negotiation: none", _CONDITIONS]),
        (
            "POST /files",
            [
                "security: key and basic",
                "negotiation: none",
                "limits: content of 2,097,152 bytes, as multipart 67,108,864; a 413 beyond",
            ],
        ),
        (
            "POST /sized",
            [
                "security: key or anonymous",
                "permission: the role staff, or a 403",
                "negotiation: none",
                "limits: content of 1,000 bytes; a 413 beyond",
            ],
        ),
        (
            "POST /raw",
            [
                "security: none",
                "negotiation: none",
                "limits: content of 67,108,864 bytes, a 413 beyond",
            ],
        ),
        (
            "POST /raw/sized",
            ["security: none", "negotiation: none", "limits: content of 2,000 bytes, a 413 beyond"],
        ),
        (
            "POST /json/sized",
            [
                "security: none",
                "negotiation: none",
                "limits: content of 3,000 bytes, a 413 beyond; JSON 64 levels deep, a 400 beyond",
            ],
        ),
    ],
)
def test_guards(shop: Path, request_line: str, guards: list[str]) -> None:
    """Those that the operation has, in their order, and no others."""
    (shop / "guarded.py").write_text(GUARDED, "utf-8")
    lines = _part(_said("guarded", *request_line.split()), "guards, in this order")
    lines.remove("query: any is rejected, a 422")
    expected = [
        each.replace("none", "none, anyone may call") if each == "security: none" else each
        for each in guards
    ]
    assert lines == expected


def test_a_written_head_is_explained_itself(shop: Path) -> None:
    (shop / "guarded.py").write_text(GUARDED, "utf-8")
    lines = _said("guarded", "HEAD", "/own")
    assert lines[:3] == [
        "HEAD /own  not documented  guarded.Own.head",
        "Say how much there is.",
        "",
    ]
    assert _said("guarded", "GET", "/own")[:2] == ["GET /own  getOwn  guarded.Own.get", ""]
    assert _part(lines, "path") == ["none"]
    assert _part(lines, "middleware, the outermost first") == ["none"]
    assert _part(lines, "takes") == ["none"]
    assert _part(lines, "responses") == ["204, no content", "304, no content"]


def test_problems_are_in_the_order_of_their_statuses(depot: Path) -> None:
    """With the stage that they come from, in columns."""
    lines = _said("depot", "GET", "/crates")
    rows = lines[lines.index("problems") + 1 :]
    assert [line.split()[:3] for line in rows] == [
        ["406", "NotAcceptable", "negotiation"],
        ["422", "UnprocessableContent", "validation"],
    ]
    assert rows[1] == "  422  UnprocessableContent  validation   The input is invalid."


def test_a_schema_that_nobody_can_use_is_a_mistake(shop: Path) -> None:
    (shop / "guarded.py").write_text(GUARDED, "utf-8")
    result = invoke("explain", "guarded:TwiceSchema")
    assert result.exit_code == 2
    assert result.output.startswith("Error: ")
    assert "TwiceSchema" in result.output
    assert not isinstance(
        invoke("explain", "guarded:TwiceSchema", "--traceback").exception, SystemExit
    )


def test_each_side_has_its_own_source(depot: Path) -> None:
    """The loader stands with what is loaded, the dumpers with what is dumped."""
    lines = _said("depot:PartSchema", "--source")
    loads, dumps = lines[: lines.index("dumps")], lines[lines.index("dumps") :]
    assert [line.strip() for line in loads if "The generated" in line] == ["The generated loader:"]
    dumpers = [line.strip() for line in dumps if "The generated" in line]
    assert dumpers
    assert all(line.startswith("The generated dumper, ") for line in dumpers)
    assert "    def load_one(data, partial, unknown, store, index):" in loads
    assert lines[-1] != ""


def test_a_schema_inside_itself_is_explained_once(depot: Path) -> None:
    """Rows of the fields inside stand below their field, in the order of the declaration."""
    (depot / "deep.py").write_text(DEEP, "utf-8")
    lines = _said("deep:TreeSchema")
    names = [line.split()[0] for line in lines[lines.index("dumps") :] if line.startswith("  ")]
    assert names[-7:] == ["FIELD", "id", "left", "left.name", "right", "right.name", "self"]
    loaded = [line.split()[0] for line in lines[: lines.index("dumps")] if line.startswith("  ")]
    assert loaded[-6:] == ["FIELD", "left", "left.name", "right", "right.name", "self"]


DEEP = """
from marshmallow import Schema, fields

class LeafSchema(Schema):
    name = fields.Str()

class TreeSchema(Schema):
    id = fields.Int(dump_only=True)
    left = fields.Nested(LeafSchema)
    right = fields.Nested(LeafSchema)
    self = fields.Nested("self")
"""


STREAM = """
from collections.abc import Iterator

from marshmallow import Schema, fields

from restkit import App
from restkit.sse import Event, EventStream


class TickSchema(Schema):
    id = fields.Int()


class Ticks(EventStream):
    schema = TickSchema
    events = {"note": None}

    def get(self) -> Iterator[Event[dict[str, int]]]:
        yield Event({"id": 1})


app = App("Ticks")
app.add("/ticks", Ticks)
"""


def test_the_event_types_of_a_stream(shop: Path) -> None:
    """Each event type is shown with the schema of its data."""
    (shop / "prices.py").write_text(STREAM, "utf-8")
    result = invoke("explain", "prices", "GET", "/ticks")
    assert _part(result.output.splitlines(), "responses") == [
        "200, text/event-stream",
        "message: TickSchema",
        "note: text",
    ]


def test_caches(shop: Path) -> None:
    (shop / "cached.py").write_text(CACHED, "utf-8")
    told = [invoke("explain", "cached", "GET", path).stdout for path in ("/a", "/b", "/c", "/d")]
    assert (
        "cache: 60 seconds, 30 more while another response is made, 30 more if that fails, "
        "all callers together, by Accept-Language" in told[0]
    )
    assert "cache: 10 seconds, each caller apart, by Authorization" in told[1]
    assert "cache: none, it streams its response" in told[2]
    assert "cache: none, cache=False takes that of an outer level away" in told[3]


CACHED = """
from collections.abc import Iterator

from restkit import App
from restkit.caching import Cache
from restkit.security import HTTPBearer

app = App("Cached", cache=Cache(10))


@app.get("/a", cache=Cache(60, stale=30, vary=["Accept-Language"]))
def a() -> int:
    return 1


@app.get("/b", security=HTTPBearer({"a": "ada"}.get))
def b() -> int:
    return 1


@app.get("/c")
def c() -> Iterator[int]:
    yield 1


@app.get("/d", cache=False)
def d() -> int:
    return 1
"""
