"""Database.migration: what changes tables has its time, is alone, and leaves nothing half done."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from restkit import App
from restkit.crud import CRUDResource
from restkit.sqlalchemy import Database, FullText, Limits, without_searches
from restkit.testing import Client

TABLES = sa.MetaData()
PARENT = sa.Table("parent", TABLES, sa.Column("id", sa.Integer, primary_key=True))
CHILD = sa.Table(
    "child",
    TABLES,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("parent_id", sa.ForeignKey("parent.id", ondelete="CASCADE")),
)
POSTGRESQL = KINDS[1]


@pytest.fixture
def kind(request: pytest.FixtureRequest) -> str:
    return str(getattr(request, "param", "sqlite"))


@pytest.fixture
def database(kind: str, tmp_path: Path) -> Iterator[Database]:
    """Return a database with a parent that has a child,
    whose statements and locks have half a second.
    """
    with database_url(kind, tmp_path) as url:
        made = Database(url, create=TABLES, limits=Limits(statement=0.5, lock=0.5, idle=1))
        with made.engine.begin() as connection:
            connection.execute(sa.insert(PARENT).values(id=1))
            connection.execute(sa.insert(CHILD).values(id=1, parent_id=1))
        yield made
        made.close()


def names(database: Database) -> set[str]:
    return set(sa.inspect(database.engine).get_table_names())


@pytest.mark.parametrize("kind", KINDS, indirect=True)
def test_tables_that_are_made_are_undone_with_the_rest(database: Database) -> None:
    """Where a migration fails, tables that it had made before are not there."""

    def migrate(*, fail: bool) -> None:
        with database.migration() as connection, connection.begin():
            connection.exec_driver_sql("CREATE TABLE other (id integer)")
            if fail:
                raise LookupError

    with pytest.raises(LookupError):
        migrate(fail=True)
    assert names(database) == {"parent", "child"}
    migrate(fail=False)
    assert names(database) == {"parent", "child", "other"}


def rebuild(connection: sa.Connection, rows: str) -> None:
    """Make the table of parents anew, as a change of a table on SQLite is made."""
    for statement in (
        "CREATE TABLE new_parent (id integer PRIMARY KEY, name text)",
        f"INSERT INTO new_parent (id) {rows}",
        "DROP TABLE parent",
        "ALTER TABLE new_parent RENAME TO parent",
    ):
        connection.exec_driver_sql(statement)


def test_a_table_of_sqlite_is_made_anew_and_its_children_stay(database: Database) -> None:
    """Dropping a table removes nothing that refers to it,
    and the service holds foreign keys as before.
    """
    with database.migration() as connection, connection.begin():
        rebuild(connection, "SELECT id FROM parent")
    with database.engine.begin() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(CHILD)) == 1
        with pytest.raises(IntegrityError):
            connection.execute(sa.insert(CHILD).values(id=2, parent_id=2))


def test_what_refers_to_nothing_is_not_committed(database: Database) -> None:
    """A migration that loses what others refer to fails at its end, says where,
    and changes nothing.
    """
    with pytest.raises(
        IntegrityError, match="a row of child refers to one of parent that does not exist"
    ):
        lose(database)
    with database.engine.begin() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(PARENT)) == 1


def lose(database: Database) -> None:
    with database.migration() as connection, connection.begin():
        rebuild(connection, "SELECT id FROM parent WHERE id > 1")


@pytest.mark.parametrize("kind", [POSTGRESQL], indirect=True)
def test_statements_have_their_time_and_locks_do_not(database: Database) -> None:
    """A statement may take longer than those of the service;
    a lock that is not had in time ends the migration.
    """
    with database.migration() as connection:
        connection.exec_driver_sql("SELECT pg_sleep(0.8)")
        connection.rollback()
        with database.engine.begin() as other:
            other.execute(sa.update(CHILD).values(parent_id=1))
            with pytest.raises(OperationalError, match="lock timeout"):
                connection.exec_driver_sql("ALTER TABLE child ADD COLUMN name text")


@pytest.mark.parametrize("kind", [POSTGRESQL], indirect=True)
def test_two_at_once_take_turns(database: Database) -> None:
    """A second migration waits for the first, longer than a lock is waited for;
    so only one of them does it.
    """
    first, done = threading.Event(), threading.Event()
    order: list[Any] = []

    def second() -> None:
        first.wait(30)
        with database.migration() as connection:
            order.append("second")
            connection.exec_driver_sql("SELECT 1")
        done.set()

    thread = threading.Thread(target=second)
    thread.start()
    with database.migration() as connection:
        first.set()
        connection.exec_driver_sql("SELECT pg_sleep(1)")
        connection.commit()
        connection.exec_driver_sql("SELECT 1")
        order.append("first")
    assert done.wait(30)
    thread.join()
    assert order == ["first", "second"]


class Base(DeclarativeBase):
    pass


class Book(Base):
    __tablename__ = "book"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(sa.String(50))
    search = FullText("title")


class Books(CRUDResource[Book]):
    model = Book
    filters = ("search",)


@pytest.mark.parametrize("kind", KINDS)
def test_a_search_outlives_a_change_of_its_table(kind: str, tmp_path: Path) -> None:
    """Alembic passes over the index of a search,
    and a table that SQLite makes anew gets its index again.
    """
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    with database_url(kind, tmp_path) as url:
        database = Database(url, create=Base.metadata)
        app = App("Books")
        app.install(database)
        app.add("/books", Books)
        client = Client(app)
        client.post("/books", json={"title": "Emma"})
        with database.migration() as connection:
            whole = MigrationContext.configure(connection)
            assert compare_metadata(whole, Base.metadata) != []
            options = {"include_name": without_searches(Base.metadata)}
            context = MigrationContext.configure(connection, opts=options)
            assert compare_metadata(context, Base.metadata) == []
            connection.rollback()
            with connection.begin():
                operations = Operations(MigrationContext.configure(connection))
                if kind == "sqlite":
                    operations.execute("DROP TABLE book_search_fts")
                with operations.batch_alter_table(
                    "book", recreate="always" if kind == "sqlite" else "never"
                ) as batch:
                    batch.add_column(sa.Column("year", sa.Integer, nullable=True))
                if kind == "sqlite":
                    for statement in Book.search.statements(Book, connection.dialect):
                        operations.execute(statement)
        client.post("/books", json={"title": "Emma, again"})
        found = client.get("/books?search=emma").json["items"]
        assert [each["title"] for each in found] == ["Emma", "Emma, again"]
        database.close()


@pytest.mark.parametrize("kind", KINDS)
def test_other_tables_of_such_a_name_are_not_passed_over(kind: str, tmp_path: Path) -> None:
    """Autogenerate still drops what belongs to no declared search."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with database_url(kind, tmp_path) as url:
        database = Database(url, create=Base.metadata)
        with database.engine.begin() as connection:
            connection.execute(sa.text("CREATE TABLE note_fts (id INTEGER)"))
        with database.migration() as connection:
            options = {"include_name": without_searches(Base.metadata)}
            context = MigrationContext.configure(connection, opts=options)
            ((change, table),) = compare_metadata(context, Base.metadata)
            assert (change, table.name) == ("remove_table", "note_fts")
        database.close()


def test_a_search_without_its_index_is_a_503(tmp_path: Path) -> None:
    """The tables were made by a migration that forgot the index; the log says what is missing."""
    database = Database(f"sqlite:///{tmp_path / 'books.db'}")
    app = App("Books")
    app.install(database)
    app.add("/books", Books)
    with database.engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE book (id INTEGER PRIMARY KEY, title VARCHAR(50))"))
    client = Client(app)
    assert client.post("/books", json={"title": "Emma"}).status == 201
    response = client.get("/books?search=emma")
    assert response.status == 503
    assert "lacks its index" in response.problem["detail"]
    assert response.headers["Retry-After"]
    assert len(client.get("/books").json["items"]) == 1
    database.close()
