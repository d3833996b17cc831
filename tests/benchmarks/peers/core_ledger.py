"""SQLAlchemy Core by hand over a table of payments, with the columns' types and orjson."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

import orjson
import sqlalchemy as sa

from ..ledger import PAYMENT, ledger_url
from ..payloads.payments import Method, Status

__all__ = ["ledger"]

_NAMES = ["".join(column.name) for column in PAYMENT.columns]
_READERS = {
    "key": uuid.UUID,
    "amount": Decimal,
    "fee": Decimal,
    "status": Status,
    "method": Method,
    "created_at": dt.datetime.fromisoformat,
    "due_on": dt.date.fromisoformat,
    "cutoff": dt.time.fromisoformat,
}


def _answer(start_response: Any, status: str, found: Any) -> list[bytes]:
    body = orjson.dumps(found, default=str)
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    start_response(status, headers)
    return [body]


def _written(row: Any) -> dict[str, Any]:
    return dict(zip(_NAMES, row, strict=True))


def ledger() -> Any:
    engine = sa.create_engine(ledger_url())
    insert = PAYMENT.insert().returning(*PAYMENT.c)

    def app(environ: Any, start_response: Any) -> list[bytes]:
        if environ["REQUEST_METHOD"] == "POST":
            data = orjson.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
            for name, reader in _READERS.items():
                data[name] = reader(data[name])
            with engine.begin() as connection:
                row = connection.execute(insert, data).one()
            return _answer(start_response, "201 Created", _written(row))
        limit = int(parse_qs(environ["QUERY_STRING"])["limit"][0])
        with engine.connect() as connection:
            rows = connection.execute(sa.select(PAYMENT).order_by(PAYMENT.c.id).limit(limit))
            return _answer(start_response, "200 OK", [_written(row) for row in rows])

    return app
