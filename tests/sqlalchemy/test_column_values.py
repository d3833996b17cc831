"""Values that no client gives: generated, stamped and default ones; and values in another form."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import DeclarativeBase, mapped_column

from restkit import App
from restkit.crud import CRUDResource
from restkit.sqlalchemy import Database
from restkit.testing import Client

POSTGRESQL = [each for each in KINDS if not isinstance(each, str)]


class State(enum.Enum):
    NEW = "n"
    OLD = "o"


@contextmanager
def served(
    kind: str, folder: Path, *columns: tuple[str, Any], base: Any = None
) -> Iterator[Client]:
    """Serve a collection of a model with an id, a text and further columns."""
    base = base or type("Base", (DeclarativeBase,), {})
    members: dict[str, Any] = {
        "__tablename__": "item",
        "id": mapped_column(sa.Integer, primary_key=True),
        "text": mapped_column(sa.String(9), nullable=True),
    }
    model = type("Item", (base,), {**members, **dict(columns)})
    with (
        database_url(kind, folder) as url,
        closing(Database(url, create=base.metadata)) as database,
    ):
        app = App("Items", contract="raise")
        app.install(database)
        app.add("/items", type("Items", (CRUDResource,), {"model": model}))
        yield Client(app)


REWRITTEN: dict[str, tuple[Any, Any]] = {
    "zone": (sa.DateTime(timezone=True), "2024-01-01T10:00:00+05:00"),
    "jsonb": (pg.JSONB(), {"bb": 1, "a": 2}),
    "char": (sa.CHAR(5), "ab"),
    "inet": (pg.INET(), "2001:DB8::1"),
    "cidr": (pg.CIDR(), "10.0.0.0/8"),
    "macaddr": (pg.MACADDR(), "08-00-2b-01-02-03"),
    "seconds": (pg.TIMESTAMP(precision=0), "2024-01-01T10:00:00.7"),
    "clock": (pg.TIME(precision=0), "10:00:00.7"),
    "real": (sa.REAL(), 0.1234567891234),
    "array": (pg.ARRAY(sa.CHAR(3)), ["a", "b"]),
}


@pytest.mark.parametrize("kind", POSTGRESQL)
@pytest.mark.parametrize("name", REWRITTEN)
def test_a_write_returns_the_stored_form(name: str, kind: str, tmp_path: Path) -> None:
    """POST, PUT and PATCH return what GET returns, with its entity tag."""
    column, value = REWRITTEN[name]
    with served(kind, tmp_path, ("v", mapped_column(column, nullable=False))) as client:
        _check_form(client, value)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("column", "value"),
    [
        (sa.Uuid(as_uuid=False), "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"),
        (sa.JSON(), {"bb": 1, "a": 2.0}),
        (sa.Numeric(12, 4), "1.5000"),
    ],
)
def test_a_write_returns_the_stored_form_on_both(
    column: Any, value: Any, kind: str, tmp_path: Path
) -> None:
    """Other types are the same on SQLite and PostgreSQL."""
    with served(kind, tmp_path, ("v", mapped_column(column, nullable=False))) as client:
        _check_form(client, value)


def _check_form(client: Client, value: Any) -> None:
    made = client.post("/items", json={"v": value})
    assert made.status == 201
    read = client.get("/items/1")
    assert made.content == read.content
    assert made.headers["ETag"] == read.headers["ETag"]
    patched = client.patch(
        "/items/1", json={"text": "x"}, headers={"If-Match": made.headers["ETag"]}
    )
    assert patched.status == 200
    put = client.put("/items/1", json={"v": value, "text": "y"})
    assert put.status == 200
    assert put.content == client.get("/items/1").content


OTHER_FORMS: dict[str, tuple[Any, Any]] = {
    "offset": (sa.DateTime(), dt.datetime(2024, 1, 1, tzinfo=dt.UTC)),
    "integer": (sa.Integer(), True),
    "number": (sa.Float(), 5),
    "decimal": (sa.Numeric(9, 2), 1.5),
    "boolean": (sa.Boolean(), 1),
    "text": (sa.String(9), State("n").value),
    "member": (sa.Enum(State), "NEW"),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", OTHER_FORMS)
def test_a_write_returns_what_the_database_makes_of_other_values(
    name: str, kind: str, tmp_path: Path
) -> None:
    """A default or an event may set a value in another form than that of the column."""
    column, value = OTHER_FORMS[name]

    def set_value(mapper: object, connection: object, item: Any) -> None:
        item.v = value

    base = type("Base", (DeclarativeBase,), {})
    columns = {
        "d": mapped_column(column, nullable=True, default=lambda: value),
        "v": mapped_column(column, nullable=True),
    }
    with served(kind, tmp_path, *columns.items(), base=base) as client:
        plain = client.post("/items", json={})
        assert plain.status == 201
        assert plain.content == client.get("/items/1").content
        model = next(iter(base.registry.mappers)).class_
        for name_of_event in ("before_insert", "before_update"):
            sa.event.listen(model, name_of_event, set_value)
        made = client.post("/items", json={})
        assert made.status == 201
        assert made.content == client.get("/items/2").content
        assert made.headers["ETag"] == client.get("/items/2").headers["ETag"]
        patched = client.patch("/items/1", json={"text": "x"})
        assert patched.status == 200
        assert patched.content == client.get("/items/1").content


STAMPED: dict[str, Any] = {
    "identity": lambda: mapped_column(sa.Integer, sa.Identity(start=1000)),
    "always": lambda: mapped_column(sa.Integer, sa.Identity(always=True, start=1000)),
    "sequence": lambda: mapped_column(sa.Integer, sa.Sequence("numbers", start=1000)),
    "now": lambda: mapped_column(sa.DateTime, server_default=sa.func.now(), nullable=False),
    "text": lambda: mapped_column(
        sa.String(40), server_default=sa.text("md5(random()::text)"), nullable=False
    ),
}


@pytest.mark.parametrize("kind", POSTGRESQL)
@pytest.mark.parametrize("name", STAMPED)
def test_a_put_keeps_what_the_database_stamps(name: str, kind: str, tmp_path: Path) -> None:
    """An identity, a sequence or a function of the database gives each row its value once."""
    with served(kind, tmp_path, ("v", STAMPED[name]())) as client:
        made = client.post("/items", json={"text": "a"})
        assert made.status == 201
        put = client.put("/items/1", json={"text": "b"})
        assert put.status == 200
        assert put.json == {**made.json, "text": "b"}
        patch = [{"op": "replace", "path": "/text", "value": "c"}]
        content_type = "application/json-patch+json"
        patched = client.patch("/items/1", json=patch, content_type=content_type)
        assert patched.json == {**made.json, "text": "c"}


@pytest.mark.parametrize("kind", POSTGRESQL)
def test_clients_cannot_write_an_identity_that_is_always_generated(
    kind: str, tmp_path: Path
) -> None:
    """Such a column is in responses only."""
    with served(kind, tmp_path, ("v", STAMPED["always"]())) as client:
        refused = client.post("/items", json={"text": "a", "v": 5})
        assert refused.status == 422
        assert refused.problem["errors"][0]["pointer"] == "/v"


@pytest.mark.parametrize("kind", KINDS)
def test_a_put_resets_constant_defaults(kind: str, tmp_path: Path) -> None:
    """Constants of Python and of the database are defaults, not stamps."""
    columns = [
        ("python", mapped_column(sa.Integer, default=3)),
        ("named", mapped_column(sa.Enum(State, name="state"), default="NEW")),
        ("literal", mapped_column(sa.String(9), server_default="new", nullable=False)),
        ("number", mapped_column(sa.Integer, server_default=sa.text("7"), nullable=False)),
    ]
    with served(kind, tmp_path, *columns) as client:
        default = client.post("/items", json={}).json
        assert default == {
            "id": 1,
            "text": None,
            "python": 3,
            "named": "NEW",
            "literal": "new",
            "number": 7,
        }
        changed = {"python": 4, "named": "OLD", "literal": "old", "number": 8}
        assert client.put("/items/1", json=changed).json == {**default, **changed}
        assert client.put("/items/1", json={}).json == default


@pytest.mark.parametrize("kind", KINDS)
def test_a_put_computes_a_default_of_the_other_values(kind: str, tmp_path: Path) -> None:
    """SQLAlchemy calls such a function with the parameters of the statement."""

    def slug(context: Any) -> str:
        return str(context.get_current_parameters()["text"]).lower()

    columns = [
        ("slug", mapped_column(sa.String(9), default=slug)),
        ("count", mapped_column(sa.Integer, default=lambda: 5)),
    ]
    with served(kind, tmp_path, *columns) as client:
        assert client.post("/items", json={"text": "A"}).json["slug"] == "a"
        put = client.put("/items/1", json={"text": "B"})
        assert put.json == {"id": 1, "text": "B", "slug": "b", "count": 5}
        assert client.put("/items/1", json={"text": "C", "slug": "own"}).json["slug"] == "own"


@pytest.fixture(params=KINDS)
def staff(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Client]:
    """Serve a base, a subclass with a table of its own and one in the table of the base."""
    base = type("Base", (DeclarativeBase,), {})
    employee = type(
        "Employee",
        (base,),
        {
            "__tablename__": "employee",
            "id": mapped_column(sa.Integer, primary_key=True),
            "kind": mapped_column(sa.String(20), nullable=False),
            "email": mapped_column(sa.String(50), unique=True, nullable=False),
            "__mapper_args__": {"polymorphic_on": "kind", "polymorphic_identity": "employee"},
        },
    )
    engineer = type(
        "Engineer",
        (employee,),
        {
            "__tablename__": "engineer",
            "id": mapped_column(sa.ForeignKey("employee.id"), primary_key=True),
            "language": mapped_column(sa.String(20), nullable=False),
            "__mapper_args__": {"polymorphic_identity": "engineer"},
        },
    )
    manager = type(
        "Manager",
        (employee,),
        {
            "level": mapped_column(sa.Integer, nullable=True),
            "__mapper_args__": {"polymorphic_identity": "manager"},
        },
    )
    models = {"/employees": employee, "/engineers": engineer, "/managers": manager}
    with (
        database_url(request.param, tmp_path) as url,
        closing(Database(url, create=base.metadata)) as database,
    ):
        app = App("Staff", contract="raise")
        app.install(database)
        for pattern, model in models.items():
            app.add(pattern, type(f"{model.__name__}s", (CRUDResource,), {"model": model}))
        yield Client(app)


def test_the_mapping_gives_kind_and_key_of_a_subclass(staff: Client) -> None:
    """Discriminators and keys of joined and single tables are in responses only."""
    engineer = staff.post("/engineers", json={"email": "a", "language": "py"})
    assert engineer.json == {"id": 1, "kind": "engineer", "email": "a", "language": "py"}
    manager = staff.post("/managers", json={"email": "b", "level": 1})
    assert manager.json == {"id": 2, "kind": "manager", "email": "b", "level": 1}
    assert staff.get(engineer.headers["Location"]).json == engineer.json
    assert [each["kind"] for each in staff.get("/employees").json["items"]] == [
        "engineer",
        "manager",
    ]
    assert staff.get("/managers/1").status == 404


@pytest.mark.parametrize("url", ["/employees", "/engineers", "/managers"])
def test_no_client_writes_a_discriminator(staff: Client, url: str) -> None:
    """A kind that no class has would break every list."""
    refused = staff.post(url, json={"email": "a", "language": "py", "kind": "zzz"})
    assert refused.status == 422
    assert "/kind" in [each["pointer"] for each in refused.problem["errors"]]
    assert staff.post("/managers", json={"email": "a"}).status == 201
    assert staff.patch("/managers/1", json={"kind": "employee"}).status == 422
    assert staff.get("/employees").json["items"][0]["kind"] == "manager"


def test_a_violation_in_the_table_of_the_parent_has_a_pointer(staff: Client) -> None:
    """The unique column belongs to the base's table, the item to the subclass."""
    body = {"email": "a", "language": "py"}
    assert staff.post("/engineers", json=body).status == 201
    taken = staff.post("/engineers", json=body)
    assert taken.status == 409
    assert taken.problem["errors"][0]["pointer"] == "/email"
