"""The SQLite file with payments that the programs over a database answer from."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager

import sqlalchemy as sa

from .payloads.cases import SHELVED
from .payloads.payments import Method, Status, stored_payment

__all__ = ["PAYMENT", "ledger_url", "shared_ledger"]

_SHARED = "RESTKIT_BENCHMARK_LEDGER"


PAYMENT = sa.Table(
    "payment",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("key", sa.Uuid, nullable=False),
    sa.Column("payer", sa.String(100), nullable=False),
    sa.Column("amount", sa.Numeric(10, 2), nullable=False),
    sa.Column("fee", sa.Numeric(10, 2), nullable=False),
    sa.Column("status", sa.Enum(Status), nullable=False),
    sa.Column("method", sa.Enum(Method), nullable=False),
    sa.Column("created_at", sa.DateTime, nullable=False),
    sa.Column("due_on", sa.Date, nullable=False),
    sa.Column("cutoff", sa.Time, nullable=False),
)


def ledger_url() -> str:
    """Return the URL of the file that is shared, or make a file, which is removed when the process
    ends.
    """
    return os.environ.get(_SHARED) or _made()


@contextmanager
def shared_ledger() -> Generator[None]:
    """Let the processes that are started meanwhile answer from one file."""
    os.environ[_SHARED] = _made()
    try:
        yield
    finally:
        del os.environ[_SHARED]


def _made() -> str:
    folder = tempfile.mkdtemp(prefix="restkit-benchmark-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    url = f"sqlite:///{folder}/payments.db"
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        # It stays with the file, for every program.
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        PAYMENT.create(connection)
        rows = [vars(stored_payment(number)) for number in range(1, SHELVED + 1)]
        connection.execute(PAYMENT.insert(), rows)
        connection.commit()
    engine.dispose()
    return url
