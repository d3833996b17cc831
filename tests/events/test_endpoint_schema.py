"""`EndpointSchema`: what owners of endpoints may send and see."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from marshmallow import fields
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from restkit import App
from restkit.crud import CRUDResource
from restkit.events import EndpointRecord, EndpointSchema
from restkit.sqlalchemy import Database
from restkit.testing import Client


class Base(DeclarativeBase):
    pass


class Endpoint(EndpointRecord, Base):
    __tablename__ = "endpoint"

    id: Mapped[int] = mapped_column(primary_key=True)


class OwnEndpointSchema(EndpointSchema):
    id = fields.Int(dump_only=True)


class OwnEndpoints(CRUDResource[Endpoint]):
    model = Endpoint
    schema = OwnEndpointSchema


GOOD: dict[str, Any] = {
    "url": "https://hooks.example/a?b=1",
    "secrets": ["whsec_" + "A" * 43 + "=", "B" * 32],
    "events": ["item.created", "*"],
}
BAD: dict[str, tuple[dict[str, Any], str]] = {
    "scheme": ({"url": "ftp://hooks.example/"}, "/url"),
    "script": ({"url": "javascript:x"}, "/url"),
    "user": ({"url": "https://a:b@hooks.example/"}, "/url"),
    "port": ({"url": "https://hooks.example:99999/"}, "/url"),
    "label": ({"url": f"https://{'a' * 64}.example/"}, "/url"),
    "newline": ({"url": "https://hooks.example/a\n"}, "/url"),
    "long": ({"url": "https://hooks.example/" + "a" * 2000}, "/url"),
    "one secret": ({"secrets": "whsec_" + "A" * 43}, "/secrets"),
    "no secret": ({"secrets": []}, "/secrets"),
    "short": ({"secrets": ["hunter2hunter2"]}, "/secrets/0"),
    "six": ({"secrets": ["A" * 32] * 6}, "/secrets"),
    "one type": ({"events": "item.created"}, "/events"),
    "types": ({"events": ["item created"]}, "/events/0"),
    "an object": ({"events": {"a": 1}}, "/events"),
    "disabled": ({"disabled_at": "2026-01-01T00:00:00Z"}, "/disabled_at"),
}


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path / 'a.db'}", create=Base.metadata)
    yield made
    made.close()


@pytest.fixture
def owner(database: Database) -> Client:
    app = App("Owner", extensions=[database])
    app.add("/endpoints", OwnEndpoints)
    return Client(app)


@pytest.mark.parametrize("name", BAD)
def test_endpoints_of_owners_are_checked(name: str, owner: Client) -> None:
    """What could never be sent is a 422 at its place, which does not repeat a secret."""
    wrong, pointer = BAD[name]
    response = owner.post("/endpoints", json={**GOOD, **wrong})
    assert response.status == 422
    assert [each["pointer"] for each in response.json["errors"]] == [pointer]
    assert "hunter2" not in response.text


def test_secrets_of_owners_are_not_shown(owner: Client, database: Database) -> None:
    """They are written, and stay when the rest is changed."""
    made = owner.post("/endpoints", json=GOOD)
    assert made.status == 201
    assert made.json.keys() == {"id", "url", "events", "disabled_at"}
    changed = owner.patch(
        f"/endpoints/{made.json['id']}",
        json={"events": ["*"]},
        headers={"Content-Type": "application/merge-patch+json"},
    )
    assert changed.json.keys() == made.json.keys()
    with Session(database.engine) as session:
        endpoint = session.scalars(sa.select(Endpoint)).one()
        assert (endpoint.secrets, endpoint.events) == (GOOD["secrets"], ["*"])


@pytest.mark.parametrize("size", [23, 24, 25, 26, 32, 62, 63, 64, 65, 66])
@pytest.mark.parametrize("form", ["whsec_{}", "{}"])
def test_secrets(size: int, form: str, owner: Client) -> None:
    """Those are accepted that can sign, with padding and without."""
    encoded = base64.b64encode(b"\xff" * size).decode()
    secrets = [form.format(encoded), form.format(encoded.rstrip("="))]
    expected = 201 if 24 <= size <= 64 else 422
    assert owner.post("/endpoints", json={**GOOD, "secrets": secrets}).status == expected


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:8080",
        "https://10.0.0.1:65535/hooks",
        "https://xn--hks-sna.example?a=b",
        "https://a_b.example/[x]/%C3%A9",
    ],
)
def test_urls(url: str, owner: Client) -> None:
    """Names and addresses are accepted, since the program may open networks of its own."""
    assert owner.post("/endpoints", json={**GOOD, "url": url}).json["url"] == url
