"""Each type of column in the document: the schema of its values, and the operators of filters.

``column_schemas.json`` has them. ``python tests/sqlalchemy/test_column_schemas.py`` writes it anew;
read the difference.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase, mapped_column

from restkit import App, DeclarationError
from restkit.crud import CRUDResource
from restkit.openapi import build
from restkit.sqlalchemy import Database, UTCDateTime

RECORDED = Path(__file__).with_name("column_schemas.json")


class Color(enum.Enum):
    RED = "r"
    BLUE = "b"


class Shouted(sa.types.TypeDecorator[str]):
    """A type of a program, above one of SQLAlchemy."""

    impl = sa.String(7)
    cache_ok = True


COLUMNS: dict[str, Callable[[], Any]] = {
    "small": lambda: mapped_column(sa.SmallInteger),
    "integer": lambda: mapped_column(sa.Integer),
    "big": lambda: mapped_column(sa.BigInteger),
    "float": lambda: mapped_column(sa.Float),
    "double": lambda: mapped_column(sa.Double),
    "numeric": lambda: mapped_column(sa.Numeric),
    "numeric_8_2": lambda: mapped_column(sa.Numeric(8, 2)),
    "numeric_5": lambda: mapped_column(sa.Numeric(5)),
    "numeric_as_float": lambda: mapped_column(sa.Numeric(8, 2, asdecimal=False)),
    "boolean": lambda: mapped_column(sa.Boolean),
    "string": lambda: mapped_column(sa.String),
    "string_5": lambda: mapped_column(sa.String(5)),
    "text": lambda: mapped_column(sa.Text),
    "shouted": lambda: mapped_column(Shouted),
    "date": lambda: mapped_column(sa.Date),
    "time": lambda: mapped_column(sa.Time),
    "moment": lambda: mapped_column(sa.DateTime),
    "aware": lambda: mapped_column(UTCDateTime),
    "zoned": lambda: mapped_column(sa.DateTime(timezone=True)),
    "interval": lambda: mapped_column(sa.Interval),
    "uuid": lambda: mapped_column(sa.Uuid),
    "bytes": lambda: mapped_column(sa.LargeBinary),
    "json": lambda: mapped_column(sa.JSON),
    "enumeration": lambda: mapped_column(sa.Enum(Color)),
    "words": lambda: mapped_column(sa.Enum("a", "b", name="words")),
    "array": lambda: mapped_column(sa.ARRAY(sa.Integer)),
    "array_of_texts": lambda: mapped_column(sa.ARRAY(sa.String(3))),
    "table": lambda: mapped_column(sa.ARRAY(sa.Integer, dimensions=2)),
    "address": lambda: mapped_column(postgresql.INET),
    "required": lambda: mapped_column(sa.Integer, nullable=False),
    "default": lambda: mapped_column(sa.Integer, nullable=False, default=5),
    "default_made": lambda: mapped_column(sa.Integer, nullable=False, default=lambda: 5),
    "server_default": lambda: mapped_column(sa.Integer, nullable=False, server_default="5"),
    "computed": lambda: mapped_column(sa.Integer, sa.Computed("id + 1")),
    "described": lambda: mapped_column(sa.Integer, doc="The number."),
}


@cache
def schemas_of(name: str) -> dict[str, Any]:
    """Return the schemas of a column in a document, and the parameters that filter by it."""
    base: Any = type("Base", (DeclarativeBase,), {})
    members = {"id": mapped_column(sa.Integer, primary_key=True), "it": COLUMNS[name]()}
    model = type("Thing", (base,), {"__tablename__": "things", **members})
    app = App("Columns")
    app.install(Database("sqlite://" if name != "zoned" else "postgresql+psycopg://127.0.0.1/x"))
    own = {"model": model, "filters": ("it__*",)}
    try:
        app.add("/things", type("Things", (CRUDResource,), own))
        document = build(app)
    except DeclarationError:
        own = {"model": model}
        app = App("Columns")
        app.install(Database("sqlite://"))
        app.add("/things", type("Things", (CRUDResource,), own))
        document = build(app)
    schemas = document["components"]["schemas"]
    parameters = document["paths"]["/things"]["get"]["parameters"]
    found = {
        name: {"it": schema["properties"].get("it"), "required": "it" in schema.get("required", ())}
        for name, schema in schemas.items()
        if name.startswith("Thing") and "it" in schema.get("properties", {})
    }
    filters = {each["name"]: each["schema"] for each in parameters if each["name"].startswith("it")}
    return {**found, "filters": filters}


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_in_the_document(name: str) -> None:
    """The document of a column is the recorded one."""
    recorded = json.loads(RECORDED.read_text("utf-8"))
    assert json.loads(json.dumps(schemas_of(name))) == recorded[name]


def test_every_record_is_of_a_column() -> None:
    """The file has the columns of the list, and no other."""
    assert list(json.loads(RECORDED.read_text("utf-8"))) == list(COLUMNS)


def _written(records: dict[str, dict[str, Any]]) -> str:
    """Return the file: a line for each place."""
    columns: list[str] = []
    for source, places in records.items():
        lines = [
            f"  {json.dumps(name)}: {json.dumps(each, ensure_ascii=False)}"
            for name, each in places.items()
        ]
        columns.append(f" {json.dumps(source)}: {{\n" + ",\n".join(lines) + "\n }")
    return "{\n" + ",\n".join(columns) + "\n}\n"


if __name__ == "__main__":
    RECORDED.write_text(_written({each: schemas_of(each) for each in COLUMNS}), "utf-8")
