"""Types that models define: each value is answered as it is read, or the model is refused."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated, Any

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from marshmallow import Schema, fields
from sqlalchemy.orm import DeclarativeBase, mapped_column

from restkit import App
from restkit.crud import CRUDResource
from restkit.errors import DeclarationError
from restkit.sqlalchemy import Database
from restkit.testing import Client


class Colour:
    def __init__(self, name: str) -> None:
        self.name = name


class _Text(sa.TypeDecorator[Any]):
    impl = sa.String(50)
    cache_ok = True


class OwnClass(_Text):
    """Reads a class of its own, as ColorType and PhoneNumberType of sqlalchemy-utils do."""

    cache_ok = True

    @property
    def python_type(self) -> type:
        return Colour

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        return None if value is None else value.name

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        return None if value is None else Colour(value)


class HiddenClass(_Text):
    """Reads a class of its own, and does not say so, as ChoiceType does."""

    cache_ok = True

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        return None if value is None else Colour(value)


class Weekdays(sa.TypeDecorator[Any]):
    """Reads a class of its own over another such type, as WeekDaysType does."""

    impl = HiddenClass
    cache_ok = True

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        return None if value is None else Colour(value)


class Cells(sa.types.UserDefinedType[Any]):
    """Does not say the class of its values."""

    cache_ok = True

    def get_col_spec(self, **options: Any) -> str:
        return "TEXT"


class Address(sa.TypeDecorator[Any]):
    """Reads a class of its own over a type that does not say the class of its values."""

    impl = Cells
    cache_ok = True

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        return None if value is None else Colour(value)


class Annotation(sa.TypeDecorator[Any]):
    """Says its class by an annotation, as fastapi-users' GUID does."""

    impl = sa.CHAR(36)
    cache_ok = True

    @property
    def python_type(self) -> Any:
        return Annotated[uuid.UUID, "of version 4"]

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        return None if value is None else str(value)

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        return None if value is None else uuid.UUID(value)


class Objects(_Text):
    """Takes objects alone."""

    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        return None if value is None else value.name


class Digest(_Text):
    """Stores nothing for bytes, as PasswordType without a scheme does."""

    cache_ok = True

    impl = sa.LargeBinary

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        return None


class Document(_Text):
    """Keeps JSON as text, as JSONType and JupyterHub's JSONDict do."""

    cache_ok = True

    impl = sa.Text

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        return None if value is None else json.dumps(value)

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        return None if value is None else json.loads(value)


class Listed(_Text):
    """Keeps lists as text, and reads null as an empty one, as JupyterHub's JSONList does."""

    cache_ok = True

    impl = sa.Text

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        return json.dumps(value or []) if isinstance(value, (list, type(None))) else value

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        return json.loads(value or "[]")


class Filled(_Text):
    """Stores an empty text in place of null."""

    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        return value or ""


class Known(_Text):
    """Takes some texts alone, with another exception than ValueError for others."""

    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        return None if value is None else {"a": "1", "b": "2"}[value]

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        return None if value is None else {"1": "a", "2": "b"}[value]


@contextmanager
def served(kind: str, folder: Path, column: Any, **members: Any) -> Iterator[Client]:
    """Serve a model with one column of a type."""
    base = type("Base", (DeclarativeBase,), {})
    own = {"__tablename__": "item", "id": mapped_column(sa.Integer, primary_key=True)}
    item = type("Item", (base,), {**own, "value": mapped_column(column, nullable=True)})
    with (
        database_url(kind, folder) as url,
        closing(Database(url, create=base.metadata)) as database,
    ):
        app = App("Types", contract="raise")
        app.install(database)
        app.add("/items", type("Items", (CRUDResource,), {"model": item, **members}))
        yield Client(app)


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (OwnClass, "OwnClass, which has values of Colour"),
        (HiddenClass, "HiddenClass, which returns a value of Colour in place of a value of str"),
        (Weekdays, "Weekdays, which returns a value of Colour in place of a value of str"),
        (Address, "Address, which has values of an unknown Python type"),
        (Objects, "Objects, which does not store a value of str"),
        (Digest, "Digest, which does not store a value of bytes"),
    ],
)
def test_a_type_whose_values_are_not_known_is_refused(
    column: type, words: str, tmp_path: Path
) -> None:
    """The sentence names the attribute and the type, and says what to do."""
    with (
        pytest.raises(DeclarationError, match=f"Item.value has the type {words}.*Declare a schema"),
        served("sqlite", tmp_path, column),
    ):
        pass


def test_an_own_schema_may_have_a_field_for_such_a_type(tmp_path: Path) -> None:
    class ColourField(fields.Field[Any]):
        def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> Any:
            return None if value is None else value.name

        def _deserialize(self, value: Any, attr: Any, data: Any, **options: Any) -> Any:
            return Colour(str(value))

    class ItemSchema(Schema):
        id = fields.Int(dump_only=True)
        value = ColourField(metadata={"type": "string"})

    with served("sqlite", tmp_path, OwnClass, schema=ItemSchema) as client:
        assert client.post("/items", json={"value": "red"}).json == {"id": 1, "value": "red"}
        assert client.get("/items/1").json == {"id": 1, "value": "red"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("column", "values"),
    [
        (Document, [{"a": [1, None]}, "text", 7, [], None]),
        (Listed, [["a", {"b": 1}], [], None]),
        (Filled, ["x", None]),
        (Known, ["a", None]),
        (Annotation, ["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", None]),
    ],
)
def test_a_write_is_answered_as_it_is_read(
    kind: str, column: type, values: list[Any], tmp_path: Path
) -> None:
    """POST, PUT and PATCH have the content and the ETag of the next GET, which If-Match takes."""
    with served(kind, tmp_path, column) as client:
        for value in values:
            made = client.post("/items", json={"value": value})
            assert made.status == 201
            item = made.headers["Location"]
            for write in (
                made,
                client.patch(
                    item,
                    json=[{"op": "add", "path": "/value", "value": value}],
                    headers={"Content-Type": "application/json-patch+json"},
                ),
                client.put(item, json={"value": value}),
            ):
                read = client.get(item)
                assert write.json == read.json
                assert write.headers["ETag"] == read.headers["ETag"]
            headers = {"If-Match": client.get(item).headers["ETag"]}
            assert client.put(item, json={"value": value}, headers=headers).status == 200
        assert client.get("/items").status == 200


@pytest.mark.parametrize("kind", KINDS)
def test_a_value_that_a_type_does_not_know_is_a_422(kind: str, tmp_path: Path) -> None:
    with served(kind, tmp_path, Known) as client:
        response = client.post("/items", json={"value": "zzz"})
        assert response.status == 422
        assert response.json["errors"][0]["pointer"] == "/value"


def test_what_a_list_type_takes(tmp_path: Path) -> None:
    with served("sqlite", tmp_path, Listed) as client:
        assert client.post("/items", json={"value": "a"}).status == 422
        assert client.post("/items", json={}).json == {"id": 1, "value": []}
