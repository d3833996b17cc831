"""Rarer parts of models and drivers: relations of subclasses, types without a class, lost ends."""

from __future__ import annotations

import uuid
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.exc import CircularDependencyError, IntegrityError, StatementError
from sqlalchemy.orm import Session, mapped_column, registry, relationship
from sqlalchemy.orm.exc import StaleDataError

from restkit import App, Conflict, Resource, raises
from restkit.crud import (
    CRUDResource,
    ReferenceViolation,
    Related,
    StaleWrite,
    UniqueViolation,
)
from restkit.crud.row_store import RowUse
from restkit.crud.store import RejectedValue
from restkit.errors import DeclarationError
from restkit.sqlalchemy import Database
from restkit.sqlalchemy.columns import _python_type
from restkit.sqlalchemy.comparing import stored_text
from restkit.sqlalchemy.idempotency import IdempotencyRecord, SQLAlchemyStorage
from restkit.sqlalchemy.lent_connections import Lender, LentConnection
from restkit.sqlalchemy.loading import (
    keep_large,
    kept_large,
    large_members,
    large_source,
    nested_large,
    owners,
)
from restkit.sqlalchemy.polymorphism import _is_shared
from restkit.sqlalchemy.references import references_of
from restkit.sqlalchemy.relations import touch
from restkit.sqlalchemy.required_columns import lacking_columns, lacking_nested
from restkit.sqlalchemy.store import SQLAlchemyStore
from restkit.sqlalchemy.violations import violations
from restkit.testing import Client


def base_of(**models: dict[str, Any]) -> Any:
    """Return models by name, each with an id; a base class is the first of ``bases``."""
    base = registry().generate_base()
    made: dict[str, Any] = {}
    for name, members in models.items():
        parents = members.pop("bases", ())
        own = {} if parents else {"id": mapped_column(sa.Integer, primary_key=True)}
        table = {} if parents else {"__tablename__": name.lower()}
        above = tuple(made[each] for each in parents) or (base,)
        made[name] = type(name, above, {**table, **own, **members})
    base.registry.configure()
    return type("Models", (), {"metadata": base.metadata, **made})


def reference(table: str, **options: Any) -> Any:
    return mapped_column(sa.ForeignKey(f"{table}.id"), nullable=True, **options)


def served(database: Database, **models: Any) -> Client:
    app = App("Items")
    app.install(database)
    for name, members in models.items():
        app.add(f"/{name}", type(name, (CRUDResource,), members))
    return Client(app)


def _kinds() -> Any:
    kind = {"polymorphic_on": "kind", "polymorphic_identity": "item"}
    return base_of(
        Item={"kind": mapped_column(sa.String(9)), "__mapper_args__": kind},
        Part={"item_id": reference("item")},
        Box={
            "bases": ("Item",),
            "parts": relationship("Part"),
            "__mapper_args__": {"polymorphic_identity": "box"},
        },
        Crate={"bases": ("Box",), "__mapper_args__": {"polymorphic_identity": "crate"}},
    )


def test_the_mappers_that_have_a_relation() -> None:
    """The subclass that declares it, and not those that inherit it."""
    models = _kinds()
    item, box, crate = (sa.inspect(each) for each in (models.Item, models.Box, models.Crate))
    assert owners(item, "parts") == [box]
    assert owners(item, "others") == [item]
    assert owners(box, "parts") == [box]
    assert owners(crate, "parts") == [crate]


def _large(lazy: Any = "write_only") -> Any:
    return base_of(
        Page={"book_id": reference("book")},
        Book={
            "shelf_id": reference("shelf"),
            "pages": relationship("Page", lazy=lazy, passive_deletes=True),
        },
        Shelf={"books": relationship("Book")},
    )


def test_a_large_relation_below_another_one_is_refused(tmp_path: Path) -> None:
    """It would take a statement for each row."""
    models = _large()
    mapper = sa.inspect(models.Book)
    says = nested_large(mapper, mapper.relationships["pages"], "books.pages")
    assert says.startswith("Book.pages is loaded lazily (lazy='write_only'), which the relation")
    with closing(Database(f"sqlite:///{tmp_path}/a.db", create=models.metadata)) as database:
        expand = ("books", "books.pages")
        client = served(database, shelves={"model": models.Shelf, "expand": expand})
        with Session(database.engine) as session, session.begin():
            session.add(models.Shelf(id=1, books=[models.Book()]))
        with pytest.raises(DeclarationError) as raised:
            client.get("/shelves?expand=books.pages")
    assert str(raised.value) == says


def test_rows_of_a_large_relation_are_those_that_an_item_keeps() -> None:
    """Or those of the database; without a session there is none."""
    models = _large()
    engine = sa.create_engine("sqlite://")
    models.metadata.create_all(engine)
    book = models.Book(id=1)
    assert large_members(book, "pages") == ()
    assert kept_large(book) == []
    with Session(engine) as session, session.begin():
        session.add_all([book, models.Page(id=5, book_id=1)])
        session.flush()
        assert [vars(page)["id"] for page in large_members(book, "pages")] == [5]
        keep_large(book, "pages", [])
        assert (large_members(book, "pages"), kept_large(book)) == ([], [])
        keep_large(book, "pages", ["x"])
        assert (large_members(book, "pages"), kept_large(book)) == (["x"], ["pages"])
        source = large_source(models.Book, frozenset({"id", "pages"}), frozenset({"pages"}))
        found: Any = source(book)
        assert (found["id"], found["pages"]) == (1, ["x"])
        session.expire(book, ["id"])
        again: Any = source(book)
        assert again["id"] == 1
        assert source(other := models.Book(id=2)) is other
        page = models.Page(id=9)
        assert source(page) is page
    engine.dispose()


class Unsaid(sa.types.UserDefinedType[Any]):
    @property
    def python_type(self) -> type:
        raise NotImplementedError


def test_a_type_that_does_not_say_the_class_of_its_values() -> None:
    """As types of SQLAlchemy 2.0 did that have none."""
    known: Any = sa.Integer()
    assert _python_type(known) is int
    assert _python_type(Unsaid()) is None


def test_references_to_tables_that_no_model_has() -> None:
    """Neither such a table nor a column that the model leaves out counts."""
    models = base_of(Item={})
    metadata = models.metadata
    sa.Table("plain", metadata, sa.Column("id", sa.Integer, primary_key=True))
    columns = [
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("plain_id", sa.ForeignKey("plain.id")),
        sa.Column("item_id", sa.ForeignKey("item.id")),
        sa.Column("other_id", sa.ForeignKey("item.id")),
    ]
    table = sa.Table("note", metadata, *columns)
    options = {"exclude_properties": ["other_id"]}
    base = models.Item.__mro__[1]
    note = type("Note", (base,), {"__table__": table, "__mapper_args__": options})
    (found,) = references_of(sa.inspect(note))
    assert (found.names, found.target.class_) == (("item_id",), models.Item)


class Unbindable(sa.TypeDecorator[Any]):
    impl = sa.String(9)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        if value == "bad":
            raise ValueError(value)
        return value


def _violated(error: Exception, **values: object) -> None:
    models = base_of(Item={"code": mapped_column(Unbindable), "name": mapped_column(Unbindable)})
    with violations(sa.inspect(models.Item), values, sa.create_engine("sqlite://").dialect):
        raise error


def _integrity(name: str) -> IntegrityError:
    cause = Exception(f"{name} constraint failed: item.code")
    setattr(cause, "sqlite_errorname", f"SQLITE_CONSTRAINT_{name}")  # noqa: B010  # as sqlite3 does
    return IntegrityError("INSERT", {}, cause)


@pytest.mark.parametrize(
    ("error", "kind", "names"),
    [
        (StaleDataError("?"), StaleWrite, None),
        (CircularDependencyError("?", [], set()), ReferenceViolation, []),
        (_integrity("UNIQUE"), UniqueViolation, ["code"]),
        (_integrity("FOREIGNKEY"), ReferenceViolation, ["code"]),
        (_integrity("NOTNULL"), IntegrityError, None),
        (StatementError("?", "", {}, ValueError()), RejectedValue, ["code"]),
        (StatementError("?", "", {}, LookupError()), RejectedValue, ["code"]),
        (StatementError("?", "", {}, OSError()), StatementError, None),
    ],
)
def test_errors_of_a_write(error: Exception, kind: type[Exception], names: Any) -> None:
    """What the store knows is a violation with the attributes; the rest is raised again."""
    with pytest.raises(kind) as raised:
        _violated(error, code="bad", name="good", other=None)
    assert type(raised.value) is kind
    if names is not None:
        assert [*getattr(raised.value, "names")] == names  # noqa: B009  # of a Violation


def test_a_lost_connection_is_dropped_and_a_failing_one_given_back() -> None:
    """Whoever prepares a connection may fail; the pool gets it back."""
    engine = sa.create_engine("sqlite://", poolclass=sa.QueuePool, pool_size=1, max_overflow=0)
    pool: Any = engine.pool
    event.listen(engine, "begin", lambda connection: None)  # as a Database has one

    def fail(lent: LentConnection, several: bool) -> None:
        raise OSError(f"several: {several}")

    with pytest.raises(OSError, match="several: True"):
        Lender(engine, fail).lend(several=True)
    assert pool.checkedout() == 0
    lender = Lender(engine, lambda lent, several: None)
    with lender.lend(several=False) as lent:  # type: ignore[union-attr]  # nobody follows it
        assert pool.checkedout() == 1
        driver = lent.connection.dbapi_connection
        lent.invalidate(OSError())
    assert pool.checkedout() == 0
    with engine.connect() as connection:
        assert connection.connection.dbapi_connection is not driver
    translated = engine.execution_options(schema_translate_map={None: "other"})
    assert Lender(translated, lambda lent, several: None).lend(several=False) is None
    engine.dispose()


def test_a_table_between_that_needs_more_is_refused() -> None:
    """What the rows of a relation could not do without is named; a view is only read."""
    base = registry().generate_base()
    between = sa.Table(
        "between",
        base.metadata,
        sa.Column("item_id", sa.ForeignKey("item.id"), primary_key=True),
        sa.Column("tag_id", sa.ForeignKey("tag.id"), primary_key=True),
        sa.Column("weight", sa.Integer, nullable=False),
    )
    key = {"id": mapped_column(sa.Integer, primary_key=True)}
    tag = type("Tag", (base,), {"__tablename__": "tag", **key})
    key = {"id": mapped_column(sa.Integer, primary_key=True)}
    relations = {
        "tags": relationship(tag, secondary=between),
        "selected": relationship(tag, secondary=sa.select(between).subquery(), viewonly=True),
    }
    item = type("Item", (base,), {"__tablename__": "item", **key, **relations})
    store: Any = Database("sqlite://").store(item)
    with pytest.raises(DeclarationError, match=r"Item\.tags has a table that requires 'weight'"):
        store.relation("tags", Related("id"))
    with pytest.raises(DeclarationError, match=r"Item\.selected is viewonly\."):
        store.relation("selected", Related("id"))
    with pytest.raises(DeclarationError, match=r"no relation 'none'; it has selected, tags"):
        store.relation("none", Related("id"))


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("other", r"Item\.other does not refer to a row by a foreign key of its own\."),
        ("seen", r"Item\.seen does not refer to a row by a foreign key of its own\."),
        ("large", r"Item\.large is loaded lazily \(lazy='dynamic'\)\."),
        ("kept", r"Item\.kept has rows that do not exist without their item\."),
    ],
)
def test_relations_that_keys_cannot_write(name: str, says: str) -> None:
    """A row that refers to the item from its side, a view, and rows that belong to it."""
    foreign: Any = {"primaryjoin": "Item.other_id == Other.id", "foreign_keys": "Item.other_id"}
    back: Any = {"primaryjoin": "Other.item_id == Item.id", "foreign_keys": "Other.item_id"}
    models = base_of(
        Other={"item_id": mapped_column(sa.Integer, nullable=True)},
        Item={
            "other_id": mapped_column(sa.Integer, nullable=True),
            "other": relationship("Other", uselist=False, **back),
            "seen": relationship("Other", viewonly=True, **foreign),
            "large": relationship("Other", lazy="dynamic", overlaps="other", **back),
            "kept": relationship(
                "Other", cascade="all, delete-orphan", overlaps="other,large", **back
            ),
        },
    )
    store: Any = Database("sqlite://").store(models.Item)
    with pytest.raises(DeclarationError, match=says):
        store.relation(name, Related("id"))


def test_a_response_that_is_stored_twice_is_a_conflict(tmp_path: Path) -> None:
    """Another transaction may store one under the same key in the meantime."""
    base = registry().generate_base()
    kept: Any = type("Kept", (IdempotencyRecord, base), {"__tablename__": "kept"})
    storage = SQLAlchemyStorage(kept)

    class Twice(Resource):
        @raises(Conflict)
        def post(self) -> None:
            for data in (b"1", b"2"):
                storage.keep(self.request, "a" * 64, b"", data, 60)

    with closing(Database(f"sqlite:///{tmp_path}/a.db", create=base.metadata)) as database:
        app = App("Twice")
        app.install(database)
        app.add("/", Twice)
        response = Client(app).post("/")
    says = "A request with the same Idempotency-Key was answered; try again."
    assert (response.status, response.problem["detail"]) == (409, says)


def test_a_backend_without_special_care() -> None:
    """Another database gets the pool of the limits; an option that none knows is told."""
    sa.dialects.registry.register(
        "other.pysqlite", "sqlalchemy.dialects.sqlite.pysqlite", "dialect"
    )
    with closing(Database("other+pysqlite:///:memory:", poolclass=sa.QueuePool)) as database:
        assert database.engine.hide_parameters
        with database.engine.connect() as connection:
            assert connection.scalar(sa.text("SELECT 1")) == 1
    with pytest.raises(DeclarationError, match="The database cannot be set up: TypeError: "):
        assert Database("sqlite://", colour="red").engine


def test_a_class_of_another_kind_has_no_store() -> None:
    """A model of something else is left to the other stores of the App."""
    database = Database("sqlite://")
    assert database.store(int) is None
    assert database.store(type("Odd", (), {"registry": 1})) is None
    with database.shell_context() as names:
        assert sorted(names) == ["database", "session"]
        assert names["database"] is database
    database.close()


def test_a_member_that_another_request_has_removed_is_not_removed_again() -> None:
    """The row of the table between is gone by then."""
    base = registry().generate_base()
    between = sa.Table(
        "between",
        base.metadata,
        sa.Column("item_id", sa.ForeignKey("item.id"), primary_key=True),
        sa.Column("tag_id", sa.ForeignKey("tag.id"), primary_key=True),
    )
    key = {"id": mapped_column(sa.Integer, primary_key=True)}
    tag: Any = type("Tag", (base,), {"__tablename__": "tag", **key})
    own = {"id": mapped_column(sa.Integer, primary_key=True)}
    tags = relationship(tag, secondary=between)
    item: Any = type("Item", (base,), {"__tablename__": "item", **own, "tags": tags})

    class Unlinking(Resource):
        @raises(Conflict)
        def post(self) -> dict[str, bool]:
            store: Any = database.store(item)
            rows = store.open(self.request, self.app)
            relation = store.relation("tags", Related("id"))
            one, other = item(id=1), tag(id=1)
            rows.session.add_all([one, other])
            rows.session.flush()
            rows.link(relation, one, other)
            had = rows.has_members(relation, one, member=other)
            rows.unlink(relation, one, other)
            with pytest.raises(StaleWrite):
                rows.unlink(relation, one, other)
            return {"had": had, "has": rows.has_members(relation, one)}

    with closing(Database("sqlite://", create=base.metadata)) as database:
        app = App("Unlinking")
        app.install(database)
        app.add("/", Unlinking)
        assert Client(app).post("/").json == {"had": True, "has": False}


class NoNull(sa.TypeDecorator[Any]):
    """A type that does not expect null."""

    impl = sa.String(9)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        return value + "!"


class SomeNull(NoNull):
    """A type that stores something in place of null."""

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        return value or ""


@pytest.mark.parametrize(
    ("column", "lacks"),
    [
        ({"type_": sa.String(9)}, True),
        ({"type_": Unbindable}, True),
        ({"type_": NoNull}, False),
        ({"type_": SomeNull}, False),
        ({"type_": sa.String(9), "nullable": True}, False),
        ({"type_": sa.String(9), "default": "a"}, False),
        ({"type_": sa.String(9), "server_default": "a"}, False),
    ],
    ids=repr,
)
def test_which_columns_a_row_cannot_do_without(column: dict[str, Any], lacks: bool) -> None:
    """One that may not be null, and whose null nothing replaces; also in a nested object."""
    options = {"nullable": False, **column}
    models = base_of(
        Part={"item_id": reference("item"), "code": mapped_column(**options)},
        Item={
            "code": mapped_column(**options),
            "parts": relationship("Part"),
            "seen": relationship("Part", viewonly=True),
        },
    )
    mapper = sa.inspect(models.Item)
    expected = ["code"] if lacks else []
    assert lacking_columns(mapper, set()) == expected
    assert lacking_columns(mapper, {"code"}) == []
    assert lacking_nested(mapper, ("parts",), set()) == expected
    assert lacking_nested(mapper, ("parts",), {"id"}) == []
    assert lacking_nested(mapper, ("seen",), set()) == []
    assert lacking_nested(mapper, ("none",), set()) == []


@pytest.mark.parametrize(
    ("column", "is_shared"),
    [
        (sa.Column("id", sa.Integer, sa.Sequence("ids")), True),
        (sa.Column("id", sa.Uuid, default=uuid.uuid4), True),
        (sa.Column("id", sa.Uuid, server_default=sa.text("x")), True),
        (sa.Column("id", sa.Uuid), False),
        (sa.Column("id", sa.Integer, default=1), False),
    ],
)
def test_keys_that_no_two_tables_give_twice(column: Any, is_shared: bool) -> None:
    """A sequence of all tables, or a random key."""
    assert _is_shared(column) is is_shared


def test_statements_of_many_shapes_are_not_all_kept(tmp_path: Path) -> None:
    """Clients choose fields and filters in any combination; each is answered nevertheless."""
    columns = {f"c{number}": mapped_column(sa.Integer, nullable=True) for number in range(9)}
    models = base_of(Item=columns)
    with closing(Database(f"sqlite:///{tmp_path}/a.db", create=models.metadata)) as database:
        members = {"model": models.Item, "filters": tuple(columns)}
        client = served(database, items=members)
        assert client.post("/items", json=dict.fromkeys(columns, 1)).status == 201
        for number in range(270):
            chosen = [name for at, name in enumerate(columns) if number >> at & 1]
            query = "&".join(f"{name}=1" for name in chosen)
            assert len(client.get(f"/items?{query}").json["items"]) == 1


def test_a_store_with_sessions_of_ones_own_has_no_rows_as_dicts() -> None:
    models = base_of(Item={})

    def own(request: Any) -> Any: ...

    store: Any = SQLAlchemyStore(models.Item, own)
    use = RowUse("read", frozenset({"id"}), frozenset())
    assert store.row_opener(use) == "the sessions are not those of a Database"


def test_a_moment_of_a_row_on_another_database() -> None:
    """The value itself, where no text of it is known."""
    table = sa.table("t", sa.column("at", sa.DateTime), sa.column("id"))
    value: Any = sa.bindparam("value", type_=sa.DateTime)
    row: Any = sa.select(table.c.at).where(table.c.id == 1)
    found = stored_text(value, table.c.at, row, descending=False)
    assert str(found.compile(dialect=mysql.dialect())) == "%s"
    assert "coalesce" in str(found.compile(dialect=sqlite.dialect()))


def test_a_change_of_nested_objects_alone_marks_the_item() -> None:
    """A loaded column that is neither the key nor the version; nothing, if there is none."""
    version = mapped_column(sa.Integer, nullable=False)
    models = base_of(
        Part={"item_id": reference("item"), "bare_id": reference("bare")},
        Item={
            "v": version,
            "first": mapped_column(sa.Integer, nullable=True),
            "second": mapped_column(sa.Integer, nullable=True),
            "parts": relationship("Part"),
            "__mapper_args__": {"version_id_col": version},
        },
        Bare={"parts": relationship("Part")},
    )
    engine = sa.create_engine("sqlite://")
    models.metadata.create_all(engine)
    with Session(engine) as session, session.begin():
        item, bare = models.Item(id=1, first=1, second=2), models.Bare(id=1)
        session.add_all([item, bare])
        session.flush()

        def marked(names: list[str], each: Any = item) -> set[str]:
            session.refresh(each)
            if each is item:
                session.expire(item, ["first"])
            touch(sa.inspect(type(each)), each, names)
            return set(sa.inspect(each).committed_state)

        assert marked(["parts"]) == {"second"}
        assert marked(["second", "parts"]) == {"second"}
        assert marked(["second"]) == set()
        assert marked(["parts"], bare) == set()
    engine.dispose()
