"""Full-text search, declared on a model, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from restkit import App
from restkit.crud import CRUDResource
from restkit.errors import DeclarationError
from restkit.sqlalchemy import Database, FullText
from restkit.sqlalchemy.fulltext import searches_of
from restkit.testing import Client


class Base(DeclarativeBase):
    pass


class Essay(Base):
    __tablename__ = "essay's"  # a name that must be quoted

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(sa.String(200))
    summary: Mapped[str | None] = mapped_column("the summary", sa.Text)
    search = FullText("title", "summary")
    stems = FullText("title", language="english")


class Essays(CRUDResource[Essay]):
    model = Essay
    filters = ("search", "stems", "title")
    sorts = ("title",)


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with database_url(request.param, tmp_path) as url:
        made = Database(url, create=Base.metadata)
        yield made
        made.close()


@pytest.fixture
def client(database: Database) -> Client:
    app = App("Essays")
    app.install(database)
    app.add("/essays", Essays)
    return Client(app)


def found(client: Client, words: str, name: str = "search") -> list[str]:
    """Return the titles of what is found."""
    response = client.get("/essays", query={name: words})
    assert response.status == 200, response.text
    return [each["title"] for each in response.json["items"]]


def write(client: Client, *essays: tuple[str, str | None]) -> list[str]:
    urls = []
    for title, summary in essays:
        response = client.post("/essays", json={"title": title, "summary": summary})
        assert response.status == 201, response.text
        urls.append(response.headers["Location"])
    return urls


def test_words_are_found_in_all_columns_and_all_must_be_there(client: Client) -> None:
    """All words must be in the columns together, whole, in whatever order and case."""
    write(
        client,
        ("Pride and Prejudice", "A novel of manners"),
        ("Emma", None),
        ("Manners", "pride of place"),
    )
    assert found(client, "pride") == ["Pride and Prejudice", "Manners"]
    assert found(client, "MANNERS pride") == ["Pride and Prejudice", "Manners"]
    assert found(client, "novel prejudice") == ["Pride and Prejudice"]
    assert found(client, "prid") == []
    assert found(client, "emma") == ["Emma"]
    assert found(client, "emma pride") == []


def test_the_index_follows_each_change(client: Client) -> None:
    """What is changed is found by its new words only, and what is deleted by none."""
    (url,) = write(client, ("Emma", "matchmaking"))
    assert client.patch(url, json={"summary": "handsome, clever, and rich"}).status == 200
    assert found(client, "matchmaking") == []
    assert found(client, "clever") == ["Emma"]
    assert client.patch(url, json={"summary": None}).status == 200
    assert found(client, "clever") == []
    assert found(client, "emma") == ["Emma"]
    assert client.delete(url).status == 204
    assert found(client, "emma") == []


NO_SYNTAX = [
    '"',
    '""',
    "'",
    "a'b",
    "(",
    "a)",
    "*",
    "em*",
    "+",
    ":",
    "title:emma",
    "NEAR(a b)",
    "AND",
    "OR",
    "NOT emma",
    "emma OR pride",
    "a & b",
    "a !b",
    "<->",
    "\\",
    "%",
    "--",
    ";",
    "{title}:",
    "ä",
    "日本",
]


def test_words_are_never_syntax(client: Client) -> None:
    """Quotes, operators and column names are words, or nothing;
    no text makes an error, or widens what is found.
    """
    write(client, ("Emma", None), ("Pride", None))
    for words in (*NO_SYNTAX, "   ", "\t"):
        assert found(client, words) == [], words
    for words in ("^emma", "-emma", "emma\t'", "(emma", "emma;"):
        assert found(client, words) == ["Emma"], words


def test_operators_as_words(client: Client) -> None:
    """Where the text has the word, an operator's name finds it."""
    write(client, ("Near and far", None), ("not", "or"))
    assert found(client, "NEAR AND") == ["Near and far"]
    assert found(client, "or NOT") == ["not"]


def test_letters_with_marks_are_letters_of_their_own(client: Client) -> None:
    """Without a language words are compared as they stand: é is not e, on both databases."""
    write(client, ("Café", None), ("cafe", None))
    assert found(client, "CAFÉ") == ["Café"]
    assert found(client, "cafe") == ["cafe"]


def test_stems_of_english(client: Client) -> None:
    """With a language, words are found by their stems."""
    write(client, ("Running shoes", None), ("Ran", None))
    assert found(client, "run shoe", "stems") == ["Running shoes"]
    assert found(client, "run shoe") == []


def test_pages_filters_and_totals_go_with_it(client: Client) -> None:
    """A search is a condition like the others: pages, orders and counts hold."""
    write(client, *((f"tea {number}", None) for number in range(5)), ("milk", None))
    response = client.get(
        "/essays?search=tea&sort=-title&limit=2", headers={"Prefer": "count=exact"}
    )
    assert [each["title"] for each in response.json["items"]] == ["tea 4", "tea 3"]
    assert response.json["total"] == 5
    again = client.get(response.json["next"])
    assert [each["title"] for each in again.json["items"]] == ["tea 2", "tea 1"]
    assert client.get("/essays?search=tea&title=milk").json["items"] == []
    assert client.get("/essays?search=").status == 422
    assert client.get("/essays?search=%00").status == 422


def test_the_index_is_used(client: Client, database: Database) -> None:
    """A search reads the index, not the table."""
    write(client, ("Emma", None))
    store = database.store(Essay)
    assert store is not None
    search = searches_of(store.mapper)["search"](sa.bindparam("words", "emma", type_=sa.String))
    with database.engine.connect() as connection:
        statement = sa.select(Essay.id).where(search)
        text = str(statement.compile(connection, compile_kwargs={"render_postcompile": True}))
        if connection.dialect.name == "sqlite":
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", ('"emma"',)).fetchall()
            assert any("VIRTUAL TABLE INDEX" in row[-1] for row in plan)
            assert any("SEARCH" in row[-1] and "INTEGER PRIMARY KEY" in row[-1] for row in plan)
        else:
            connection.exec_driver_sql("SET enable_seqscan = off")
            plan = connection.exec_driver_sql(f"EXPLAIN {text}", {"words": "emma"}).fetchall()
            assert any("essay's_search_fts" in row[0] for row in plan)


def test_tables_are_dropped_and_migrated(database: Database) -> None:
    """The index goes with its table;
    a table that exists gets one by the statements for a migration.
    """
    engine = database.engine
    Base.metadata.drop_all(engine)
    plain = sa.MetaData()
    sa.Table(
        "essay's",
        plain,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("title", sa.String(200)),
        sa.Column("the summary", sa.Text),
    )  # fmt: skip
    plain.create_all(engine)
    with engine.begin() as connection:
        connection.execute(sa.insert(plain.tables["essay's"]).values(id=1, title="Emma"))
        for name in ("search", "stems"):
            for statement in getattr(Essay, name).statements(Essay, connection.dialect):
                connection.exec_driver_sql(statement)
    app = App("Essays")
    migrated = Database(engine.url)
    app.install(migrated)
    app.add("/essays", Essays)
    assert found(Client(app), "emma") == ["Emma"]
    migrated.close()


def test_the_document_has_the_parameter(client: Client) -> None:
    """A declared search is a query parameter of text, bounded in length."""
    parameters = client.get("/openapi.json").json["paths"]["/essays"]["get"]["parameters"]
    (search,) = [each for each in parameters if each["name"] == "search"]
    assert {"type": "string", "minLength": 1, "maxLength": 200}.items() <= search["schema"].items()


def test_what_cannot_be_meant_is_refused(tmp_path: Path) -> None:
    """Columns that are none or not of text, sorting by a search,
    and keys that SQLite cannot index are mistakes.
    """
    with pytest.raises(DeclarationError, match="FullText"):
        FullText()
    with pytest.raises(DeclarationError, match="language"):
        FullText("title", language="x'y")
    with pytest.raises(DeclarationError, match="not a text column"):

        class Wrong(Base):
            __tablename__ = "wrong"
            id: Mapped[int] = mapped_column(primary_key=True)
            search = FullText("id")

    class Sorted(CRUDResource[Essay]):
        model = Essay
        sorts = ("search",)

    app = App("Essays")
    app.install(Database("sqlite://"))
    with pytest.raises(DeclarationError, match="sorts by"):
        app.add("/essays", Sorted)

    class Others(DeclarativeBase):
        pass

    class Slug(Others):
        __tablename__ = "slug"
        slug: Mapped[str] = mapped_column(sa.String(10), primary_key=True)
        search = FullText("slug")

    with pytest.raises(DeclarationError, match="integer"):
        Others.metadata.create_all(sa.create_engine("sqlite://"))
