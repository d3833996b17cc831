"""What the bookstore has not: text and UUID keys, upserts, bulk, forms, credentials, streams."""

from __future__ import annotations

import datetime as dt
import os
import tempfile
import uuid
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy import JSON, Numeric, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from examples.bookstore.models import Base
from restkit import App, Resource, Upload, takes
from restkit.crud import CRUDResource, LimitOffset, PageNumbers
from restkit.html import FileResponse
from restkit.security import APIKey, HTTPBasic, HTTPBearer, JWTBearer
from restkit.sqlalchemy import Versioned
from restkit.sse import Event, EventStream

__all__ = ["JWT_SECRET", "add_desk"]

JWT_SECRET = "a secret of the harness, which has more than 32 bytes"  # a test's
_PICTURE = Path(tempfile.gettempdir()) / f"restkit-bad-inputs-{os.getpid()}.png"


class Item(Versioned, Base):
    __tablename__ = "item"

    sku: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    count: Mapped[int | None]
    weight: Mapped[float | None]
    price: Mapped[Decimal | None] = mapped_column(Numeric(10, 2))
    added: Mapped[dt.datetime | None]
    public: Mapped[bool] = mapped_column(default=False)
    data: Mapped[Any] = mapped_column(JSON, nullable=True)


class Parcel(Base):
    __tablename__ = "parcel"

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=uuid.uuid4)
    label: Mapped[str] = mapped_column(String(50))
    sent: Mapped[dt.date | None]


class Items(CRUDResource[Item]):
    """Things with keys that clients choose."""

    model = Item
    filters = ("sku", "name__*", "count__*", "weight__*", "price__*", "added__*", "public")
    sorts = ("name", "count", "weight", "added")
    upsert = True
    bulk = True
    bulk_upsert = "sku"
    max_bulk = 50
    by_filter = ("PATCH", "DELETE")
    csv = True
    fields = True
    groups = ("public", "added__month")
    aggregates = ("count", "count__sum", "price__max")
    paging = LimitOffset()


class Parcels(CRUDResource[Parcel]):
    """Things with UUIDs as keys."""

    model = Parcel
    filters = ("label", "sent__gte", "sent__in")
    upsert = True
    paging = PageNumbers()


class AddressSchema(Schema):
    street = fields.Str(required=True, validate=validate.Length(1, 50))
    zip = fields.Int(required=True)


class RowSchema(Schema):
    title = fields.Str(required=True)
    count = fields.Int(validate=validate.Range(1, 99))


class OrderSchema(Schema):
    email = fields.Email(required=True)
    gift = fields.Bool()
    day = fields.Date(allow_none=True)
    tags = fields.List(fields.Str(validate=validate.Length(1, 20)), validate=validate.Length(max=5))
    address = fields.Nested(AddressSchema, required=True)
    rows = fields.List(fields.Nested(RowSchema), validate=validate.Length(max=5))


class PictureSchema(Schema):
    picture = Upload(required=True, max_size=50_000)


class TitleSchema(Schema):
    title = fields.Str(required=True, validate=validate.Length(1, 50))


class QuerySchema(Schema):
    n = fields.Int()
    x = fields.Float()
    day = fields.Date()
    at = fields.DateTime()
    id = fields.UUID()
    on = fields.Bool()
    words = fields.List(fields.Str())


class HeaderSchema(Schema):
    number = fields.Int(data_key="X-Number")
    day = fields.Date(data_key="X-Day")
    text = fields.Str(data_key="X-Text", validate=validate.Length(max=100))


class CookieSchema(Schema):
    visits = fields.Int()
    theme = fields.Str(validate=validate.OneOf(["dark", "light"]))


class Orders(Resource):
    """A form with objects and lists of them."""

    @takes(form=OrderSchema)
    def post(self, form: dict[str, Any]) -> dict[str, Any]:
        """Order."""
        return {"tags": len(form.get("tags", ()))}


class Pictures(Resource):
    """A file, a form beside it, and ranges of a file."""

    @takes(form=TitleSchema, files=PictureSchema)
    def post(self, form: dict[str, Any], files: dict[str, Any]) -> dict[str, int]:
        """Upload."""
        return {"size": len(files["picture"].read())}

    def get(self) -> FileResponse:
        """Download."""
        return FileResponse(_PICTURE)


class Echo(Resource):
    """Parameters of every type."""

    @takes(query=QuerySchema, headers=HeaderSchema, cookies=CookieSchema)
    def get(
        self, query: dict[str, Any], headers: dict[str, Any], cookies: dict[str, Any]
    ) -> dict[str, int]:
        """Count what was sent."""
        return {"given": len(query) + len(headers) + len(cookies)}


class Words(EventStream):
    """Events with numbers."""

    def get(self, last_event_id: int | None) -> Iterator[Event[str]]:
        """Follow three words."""
        for number in range(min(last_event_id or 0, 3), 3):
            yield Event(f"word {number}", id=number)


class Private(Resource):
    """What no attack may see."""

    security = (
        HTTPBasic(lambda username, password: None)
        | HTTPBearer(lambda token: None)
        | JWTBearer(issuer="desk", audience="desk", algorithms=["HS256"], key=JWT_SECRET)
        | APIKey(lambda key: None, header="X-API-Key", name="header_key")
        | APIKey(lambda key: None, cookie="key", name="cookie_key")
        | APIKey(lambda key: None, query="key", name="query_key")
    )

    def get(self) -> dict[str, str]:
        """Read the secret."""
        return {"secret": "42"}


def add_desk(app: App) -> None:
    """Add the resources to an App with a database."""
    _PICTURE.write_bytes(bytes(range(256)) * 20)
    app.add("/items", Items)
    app.add("/parcels", Parcels)
    app.add("/orders", Orders)
    app.add("/pictures", Pictures)
    app.add("/echo", Echo)
    app.add("/words", Words)
    app.add("/private", Private)
