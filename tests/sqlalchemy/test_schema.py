"""Schemas that are derived from models:
what the document allows is stored and read back equal, the rest is 422.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from everything import Base, Everything
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from library import Author, Book
from marshmallow import Schema, fields
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from restkit import App
from restkit.crud import CRUDResource
from restkit.errors import DeclarationError
from restkit.sqlalchemy import Database
from restkit.sqlalchemy.columns import field_of
from restkit.testing import Client


class Things(CRUDResource[Everything]):
    model = Everything


@pytest.fixture(params=KINDS)
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Client]:
    with database_url(request.param, tmp_path) as url:
        database = Database(url, create=Base.metadata)
        app = App("Things")
        app.install(database)
        app.add("/things", Things)
        yield Client(app)
        database.close()


def integers(bits: int) -> st.SearchStrategy[int]:
    edge = 2 ** (bits - 1)
    return st.integers(max(-edge - 2, -(2**63)), min(edge + 1, 2**63 - 1)) | st.sampled_from(
        [edge - 1, -edge]
    )


TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
OTHERS = (
    st.none()
    | st.booleans()
    | st.just("")
    | st.just([])
    | st.just({})
    | st.just(7)
    | st.just("seven")
)
DAYS = st.dates().map(lambda day: day.isoformat())
CLOCKS = st.times().map(lambda time: time.isoformat())
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "small": integers(16),
    "plain": integers(32),
    "big": integers(64),
    "short": TEXTS,
    "text": TEXTS,
    "wide": TEXTS,
    "lower": TEXTS,
    "colour": st.sampled_from(["RED", "BLUE", "red", "#f00"]),
    "size": st.sampled_from(["S", "M", "L", "s", "XL"]),
    "flag": st.sampled_from([True, False, 0, 1, "true"]),
    "day": DAYS | CLOCKS,
    "clock": CLOCKS | DAYS | CLOCKS.map(lambda time: time + "+01:00"),
    "local": st.datetimes().map(lambda moment: moment.isoformat()) | DAYS,
    "moment": st.datetimes().map(lambda moment: moment.isoformat() + "+00:00") | CLOCKS,
    "span": st.integers(-62_135_596_802, 253_402_300_801)
    | st.floats(-1e6, 1e6).map(lambda number: round(number, 3)),
    "price": st.decimals(-(10**6) - 1, 10**6 + 1, places=2).map(str),
    "ratio": st.floats(allow_nan=False, allow_infinity=False),
    "code": st.uuids().map(str) | TEXTS,
    "extra": st.recursive(
        st.none() | st.booleans() | TEXTS | integers(32),
        lambda inner: st.lists(inner, max_size=3),
    ),
    "blob": st.binary(max_size=9).map(lambda data: base64.b64encode(data).decode()) | TEXTS,
    "level": integers(32),
    "state": TEXTS,
    "twice": integers(32),
    "id": integers(32),
}  # fmt: skip


def checker_of(client: Client) -> jsonschema.Draft202012Validator:
    """Return a validator of what the document says of new things."""
    document = client.get("/openapi.json").json
    schema = document["paths"]["/things"]["post"]["requestBody"]["content"]["application/json"][
        "schema"
    ]
    formats = jsonschema.Draft202012Validator.FORMAT_CHECKER
    return jsonschema.Draft202012Validator(
        {**schema, "components": document["components"]}, format_checker=formats
    )


def test_what_the_document_allows_is_kept_and_the_rest_is_refused(client: Client) -> None:
    """The document's verdict is the service's; what is stored is answered, and read back, alike."""
    checker = checker_of(client)

    @settings(
        max_examples=250,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        st.sampled_from(sorted(VALUES)).flatmap(
            lambda name: st.tuples(st.just(name), VALUES[name] | OTHERS)
        )
    )
    def agree(pair: tuple[str, Any]) -> None:
        name, value = pair
        allowed = checker.is_valid({name: value})
        response = client.post("/things", json={name: value})
        assert response.status == (201 if allowed else 422), (name, value, response.text)
        if not allowed:
            return
        read = client.get(response.headers["Location"]).json
        assert read == response.json
        wanted = value.lower() if name == "lower" and value is not None else value
        assert same(
            read[name],
            Decimal(value).quantize(Decimal("0.01"))
            if name == "price" and value is not None
            else wanted,
        ), (name, value, read[name])

    agree()


def same(read: Any, written: Any) -> bool:
    """Whether a value was read as it was written:
    a decimal has the same number, a UUID its usual form.
    """
    if isinstance(written, Decimal):
        return Decimal(read) == written
    if isinstance(written, str) and isinstance(read, str):
        return read.lower() == written.lower() or read.removesuffix(
            "+00:00"
        ) == written.removesuffix("+00:00")
    return bool(read == written)


def test_moments_beyond_the_calendar_in_utc_are_refused(client: Client) -> None:
    """A moment that UTC puts before the year 1 or behind 9999 is a 422, on both databases."""
    for moment in ("0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-05:00"):
        response = client.post("/things", json={"moment": moment})
        assert response.status == 422
        assert response.problem["errors"][0]["pointer"] == "/moment"
    for moment in ("0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59.999999+00:00"):
        response = client.post("/things", json={"moment": moment})
        assert client.get(response.headers["Location"]).json["moment"] == moment


def test_what_is_left_out_has_its_default(client: Client) -> None:
    """Defaults of Python's, of the server's and computed values are answered;
    a PUT without them sets them again.
    """
    made = client.post("/things", json={"level": 5, "state": "old", "plain": 9})
    assert made.json["level"] == 5
    assert made.json["state"] == "old"
    assert made.json["twice"] == 4
    url = made.headers["Location"]
    put = client.put(url, json={"plain": 4})
    assert put.status == 200, put.text
    assert put.json["level"] == 3
    assert put.json["state"] == "new"
    assert put.json["twice"] == 2
    assert client.get(url).json == put.json
    assert client.patch(url, json={"plain": 6}).json["twice"] == 3


def test_the_document_says_what_the_columns_say(client: Client) -> None:
    """Lengths, ranges, enumerations, nullability,
    defaults and the words of a column stand in the document.
    """
    schemas = client.get("/openapi.json").json["components"]["schemas"]
    found = schemas["Everything"]["properties"]
    assert found["plain"]["description"] == "A plain number."
    assert found["small"]["minimum"] == -32768
    assert found["short"]["maxLength"] == 5
    assert found["colour"]["enum"] == ["RED", "BLUE", None]
    assert found["level"]["default"] == 3
    assert found["twice"]["readOnly"] is True
    assert found["blob"]["contentEncoding"] == "base64"
    assert found["moment"]["format"] == "date-time"


def test_relations_that_are_expanded_are_derived(tmp_path: Path) -> None:
    """A relation in `expand` is a nested field of the related model's columns,
    answered where it is asked for.
    """

    class Books(CRUDResource[Book]):
        model = Book
        expand = ("author", "chapters")

    class Wrong(CRUDResource[Author]):
        model = Author
        expand = ("name",)

    database = Database(f"sqlite:///{tmp_path / 'books.db'}", create=Book.metadata)
    app = App("Books")
    app.install(database)
    app.add("/authors", type("Authors", (CRUDResource,), {"model": Author}))
    app.add("/books", Books)
    with pytest.raises(DeclarationError, match="relation"):
        app.add("/wrong", Wrong)
    client = Client(app)
    author = client.post("/authors", json={"name": "Jane"}).json
    url = client.post("/books", json={"title": "Emma", "author_id": author["id"]}).headers[
        "Location"
    ]
    assert "author" not in client.get(url).json
    expanded = client.get(f"{url}?expand=author,chapters").json
    assert expanded["author"] == author
    assert expanded["chapters"] == []
    assert client.post("/books", json={"title": "x", "author": {"name": "y"}}).status == 422
    database.close()


@pytest.mark.external
@pytest.mark.postgresql
def test_types_of_postgresql(tmp_path: Path) -> None:
    """Arrays are lists of their items' fields;
    types of its own are what marshmallow-sqlalchemy says.
    """

    class Own(DeclarativeBase):
        pass

    class Row(Own):
        __tablename__ = "row"
        id: Mapped[int] = mapped_column(primary_key=True)
        tags: Mapped[list[str]] = mapped_column(postgresql.ARRAY(sa.String(5)))
        address: Mapped[str | None] = mapped_column(postgresql.CIDR)
        data: Mapped[Any | None] = mapped_column(postgresql.JSONB)

    with database_url("postgresql", tmp_path) as url:
        database = Database(url, create=Own.metadata)
        app = App("Rows")
        app.install(database)
        app.add("/rows", type("Rows", (CRUDResource,), {"model": Row}))
        client = Client(app)
        made = client.post("/rows", json={"tags": ["a", "bcdef"], "data": {"x": [1]}})
        assert made.status == 201
        assert client.get(made.headers["Location"]).json == made.json
        assert (
            client.post("/rows", json={"tags": ["abcdef"]}).problem["errors"][0]["pointer"]
            == "/tags/0"
        )
        assert client.post("/rows", json={"tags": [], "address": "nowhere"}).status == 422
        with database.engine.connect() as connection:
            assert connection.scalar(sa.text("SHOW timezone")) == "UTC"
        database.close()
    assert isinstance(field_of(sa.Column("x", postgresql.CIDR))[0], fields.String)
    assert type(field_of(sa.Column("x", sa.types.NullType()))[0]) is fields.Raw


def test_schemas_are_made_once() -> None:
    """The same model has the same schema class: components of the document are not made twice."""
    store = Database("sqlite://").store(Everything)
    assert store is not None
    assert store.schema() is store.schema()
    assert issubclass(store.schema(), Schema)
