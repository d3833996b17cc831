"""Mounts the models of other packages on SQLite, and says of each what works: run by
`test_foreign_models`, which installs the packages.

Usage: ``python -m tests.external.foreign_models PACKAGE``; it prints JSON, a result by model.
"""

import datetime as dt
import itertools
import json
import sys
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from marshmallow import fields, validate
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, registry

from restkit import App
from restkit.crud import CRUDResource
from restkit.errors import DeclarationError
from restkit.sqlalchemy import Database
from restkit.testing import Client

_ONLY_ROW: dict[str, dict[str, object]] = {"VersionInfoModel": {"version_info_id": 1}}
"""The tables that a CHECK constraint allows one row, with its values."""

_numbers = itertools.count(1)


def _optuna() -> Any:
    from optuna.storages._rdb import models

    return models.BaseModel.registry


def _jupyterhub() -> Any:
    from jupyterhub import orm

    return orm.Base.registry


def _celery() -> Any:
    from celery.backends.database import models
    from celery.backends.database.session import ResultModelBase

    del models
    return ResultModelBase.registry


def _fastapi_users() -> Any:
    from fastapi_users_db_sqlalchemy import SQLAlchemyBaseUserTableUUID
    from fastapi_users_db_sqlalchemy.access_token import SQLAlchemyBaseAccessTokenTableUUID

    class Base(DeclarativeBase):
        pass

    class User(SQLAlchemyBaseUserTableUUID, Base):
        pass

    class AccessToken(SQLAlchemyBaseAccessTokenTableUUID, Base):
        pass

    _KEPT.extend((User, AccessToken))

    return Base.registry


def _sqlmodel() -> Any:
    from sqlmodel import Field, Relationship, SQLModel

    class Team(SQLModel, table=True):
        id: int | None = Field(default=None, primary_key=True)
        name: str = Field(index=True, max_length=20)
        heroes: list["Hero"] = Relationship(back_populates="team")

    class Hero(SQLModel, table=True):
        id: int | None = Field(default=None, primary_key=True)
        name: str = Field(max_length=20)
        secret: uuid.UUID = Field(default_factory=uuid.uuid4)
        age: int | None = None
        born: dt.datetime | None = None
        team_id: int | None = Field(default=None, foreign_key="team.id")
        team: Team | None = Relationship(back_populates="heroes")

    return SQLModel._sa_registry


def _flask_sqlalchemy() -> Any:
    from flask_sqlalchemy import SQLAlchemy

    db: Any = SQLAlchemy()

    class Post(db.Model):  # type: ignore[misc]
        id = db.Column(db.Integer, primary_key=True)
        title = db.Column(db.String(80), nullable=False, unique=True)
        published = db.Column(db.DateTime, default=dt.datetime(2024, 1, 1))
        author_id = db.Column(db.Integer, db.ForeignKey("author.id"))

    class Author(db.Model):  # type: ignore[misc]
        id = db.Column(db.Integer, primary_key=True)
        name = db.Column(db.String(80), nullable=False)
        posts = db.relationship(Post, backref="author", lazy="dynamic")

    return db.Model.registry


def _advanced_alchemy() -> Any:
    from advanced_alchemy import base
    from advanced_alchemy.types import DateTimeUTC, EncryptedString

    class Author(base.UUIDAuditBase):
        name: Mapped[str] = mapped_column(sa.String(50))
        dob: Mapped[dt.date | None]

    class Book(base.BigIntAuditBase):
        title: Mapped[str] = mapped_column(sa.String(50))
        read_at: Mapped[dt.datetime | None] = mapped_column(DateTimeUTC)
        author_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey(Author.id))

    class Event(base.UUIDv7Base):
        name: Mapped[str] = mapped_column(sa.String(50))

    class Secret(base.BigIntBase):
        text: Mapped[str | None] = mapped_column(EncryptedString(key="k", length=50))

    return Author.registry


_KEPT: list[type] = []  # a registry does not keep its classes


def _sqlalchemy_utils() -> Any:
    import sqlalchemy_utils as utils

    class Base(DeclarativeBase):
        pass

    kinds = {
        "Email": utils.EmailType(),
        "Url": utils.URLType(),
        "Uuid": utils.UUIDType(),
        "UuidText": utils.UUIDType(binary=False),
        "Choice": utils.ChoiceType([("a", "Letter A"), ("b", "Letter B")]),
        "Password": utils.PasswordType(schemes=["pbkdf2_sha512"]),
        "Json": utils.JSONType(),
        "IPAddress": utils.IPAddressType(),
        "Color": utils.ColorType(),
        "Currency": utils.CurrencyType(),
        "Country": utils.CountryType(),
        "Locale": utils.LocaleType(),
        "Timezone": utils.TimezoneType("zoneinfo"),
        "ScalarList": utils.ScalarListType(int),
        "Weekdays": utils.WeekDaysType(),
        "Encrypted": utils.StringEncryptedType(sa.Unicode, "key"),
    }
    for name, kind in kinds.items():
        members = {
            "__tablename__": name.lower(),
            "id": sa.Column(sa.Integer, primary_key=True),
            "value": sa.Column(kind),
        }
        _KEPT.append(type(name, (Base,), members))
    return Base.registry


_PACKAGES = {
    "optuna": _optuna,
    "jupyterhub": _jupyterhub,
    "celery": _celery,
    "fastapi-users": _fastapi_users,
    "sqlmodel": _sqlmodel,
    "flask-sqlalchemy": _flask_sqlalchemy,
    "advanced-alchemy": _advanced_alchemy,
    "sqlalchemy-utils": _sqlalchemy_utils,
}


def value_of(field: fields.Field[Any]) -> object:
    """Return a value that a field accepts, another one at each call."""
    number = next(_numbers)
    for each in field.validators:
        if isinstance(each, validate.OneOf):
            return list(each.choices)[number % len(each.choices)]
    lengths = (each.max for each in field.validators if isinstance(each, validate.Length))
    longest = min((length for length in lengths if length), default=40)
    if type(field).__name__ == "Base64":
        return "aGk="
    if isinstance(field, fields.Enum):
        return next(iter(field.enum.__members__))
    made: dict[type, object] = {
        fields.UUID: str(uuid.uuid4()),
        fields.Boolean: bool(number % 2),
        fields.Integer: number,
        fields.Decimal: "1.5",
        fields.Float: 0.5 + number,
        fields.AwareDateTime: f"2024-01-01T00:00:{number % 60:02}.5+02:00",
        fields.DateTime: dt.datetime(2024, 1, 1, 0, 0, number % 60, number).isoformat(),
        fields.Date: "2024-01-01",
        fields.TimeDelta: number,
        fields.Email: f"a{number}@example.com",
        fields.URL: f"https://example.com/{number}",
        fields.IP: f"10.0.0.{number % 250}",
        fields.String: f"text {number}"[-longest:],
        fields.List: [],
    }
    return next((value for kind, value in made.items() if isinstance(field, kind)), {"a": [number]})


class _Exercise:
    """The requests on the collection of one model."""

    def __init__(self, client: Client, url: str, schema: type, sent: dict[str, object]) -> None:
        self._client = client
        self._url = url
        self._fields = schema().load_fields
        self._sent = sent

    def faults(self) -> Iterator[str]:
        """Yield what is wrong."""
        client, url = self._client, self._url
        places: list[str] = []
        for number in range(1 if self._sent else 5):
            body = {
                name: value_of(field)
                for name, field in self._fields.items()
                if field.required or number % 2
            }
            body |= {name: value for name, value in self._sent.items() if name in self._fields}
            made = client.post(url, json=body)
            if made.status != 201:
                yield f"POST {body}: {made.status} {made.text[:300]}"
                return
            location = made.headers["Location"]
            places.append(location)
            read = client.get(location)
            if read.status != 200 or read.json != made.json:
                yield f"GET {location}: {read.status} {read.text[:300]}, not {made.text[:300]}"
            if read.headers.get("ETag") != made.headers.get("ETag"):
                yield f"GET {location}: another entity tag"
        yield from self._pages(len(places))
        shown = client.get(places[0]).json
        patch = {name: shown[name] for name in self._fields if name in shown}
        done = client.patch(places[0], json=patch)
        if done.status != 200:
            yield f"PATCH {patch}: {done.status} {done.text[:300]}"
        gone = client.delete(places[-1])
        if gone.status != 204 or client.get(places[-1]).status != 404:
            yield f"DELETE: {gone.status} {gone.text[:300]}"

    def _pages(self, wanted: int) -> Iterator[str]:
        following: str | None = f"{self._url}?limit=2"
        count = 0
        while following and count <= wanted:
            page = self._client.get(following)
            if page.status != 200:
                yield f"GET {following}: {page.status} {page.text[:300]}"
                return
            count += len(page.json["items"])
            following = page.json.get("next")
        if count < wanted:
            yield f"the pages have {count} items of {wanted}"


def result_of(model: type, folder: Path, metadata: Any) -> dict[str, object]:
    """Return whether a model works, the sentence that refuses it, or its faults."""
    app = App("Foreign", version="1")
    database = Database(f"sqlite:///{folder / model.__name__}.db", create=metadata)
    app.install(database)
    collection = type(f"{model.__name__}Collection", (CRUDResource,), {"model": model})
    try:
        app.add("/items", collection)
        client = Client(app)
        client.get("/openapi.json")
        schema = collection.schema_class  # type: ignore[attr-defined]
        sent = _ONLY_ROW.get(model.__name__, {})
        faults = list(_Exercise(client, "/items", schema, sent).faults())
    except DeclarationError as error:
        return {"refused": str(error)}
    except Exception as error:
        return {"faults": [f"{type(error).__name__}: {str(error)[:600]}"]}
    finally:
        database.close()
    return {"faults": faults}


def main(package: str) -> None:
    """Print the results of all models of a package."""
    known: registry = _PACKAGES[package]()
    models = sorted((mapper.class_ for mapper in known.mappers), key=lambda each: each.__name__)
    metadata = models[0].metadata
    for table in metadata.tables.values():
        for each in [*table.foreign_key_constraints]:
            table.constraints.discard(each)
    with tempfile.TemporaryDirectory() as folder:
        found = {model.__name__: result_of(model, Path(folder), metadata) for model in models}
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main(sys.argv[1])
