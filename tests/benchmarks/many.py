"""Instructions of one item in requests that write many, start-up and the request itself excluded.

``python -m tests.benchmarks.many`` runs each kind of request with 100 and with 1,000 items under
callgrind, on SQLite, and prints the difference divided by 900. Needs valgrind.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import BigInteger, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from restkit import App
from restkit.crud import CRUDResource
from restkit.sqlalchemy import Database, Timestamps, Versioned
from restkit.testing import Client

FEW, MANY = 100, 1000


class Base(DeclarativeBase):
    pass


class Product(Versioned, Timestamps, Base):
    __tablename__ = "product"

    id: Mapped[int] = mapped_column(primary_key=True)
    sku: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, default="open")
    stock: Mapped[int | None] = mapped_column(BigInteger)


class Products(CRUDResource[Product]):
    model = Product
    filters = ("state",)
    groups = ("state", "stock")
    aggregates = ("count", "stock__sum")
    by_filter = ("PATCH", "DELETE")
    bulk = True
    bulk_upsert = "sku"


def products(count: int, name: str = "a product") -> list[dict[str, object]]:
    return [{"sku": f"s{number}", "name": name, "stock": number} for number in range(count)]


def bulk(client: Client, **lists: list[dict[str, object]]) -> None:
    assert client.post("/products/bulk", json=lists).status == 200


def patched(client: Client, count: int) -> None:
    found = client.patch("/products?state=open", json={"state": "shut"}).json
    assert found["affected"] == count


def renamed(client: Client, count: int) -> None:
    bulk(client, upsert=products(count, "another name"))


def deleted(client: Client, count: int) -> None:
    assert client.delete("/products?state=open").json["affected"] == count


KINDS: dict[str, tuple[bool, Callable[[Client, int], None]]] = {
    "bulk create": (False, lambda client, count: bulk(client, create=products(count))),
    "bulk upsert, all new": (False, lambda client, count: bulk(client, upsert=products(count))),
    "bulk upsert, none new": (
        True,
        lambda client, count: bulk(client, upsert=products(count, "b")),
    ),
    "PATCH by filter": (True, patched),
    "DELETE by filter": (True, deleted),
}
"""The kinds of requests: whether the items exist before, and the request."""


def program(path: Path) -> Client:
    """Return a client of the App over a database."""
    app = App("Products")
    app.install(Database(f"sqlite:///{path}", create=Base.metadata))
    app.add("/products", Products)
    return Client(app, contract=False)


def instructions(kind: str, count: int) -> int:
    """Return the instructions of a process that sends one request."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "many.db"
        client = program(path)
        client.get("/products")
        if KINDS[kind][0]:
            bulk(client, create=products(count))
        done = subprocess.run(
            [
                *("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"),
                *(sys.executable, "-m", "tests.benchmarks.many", kind, str(count), str(path)),
            ],
            env={**os.environ, "PYTHONHASHSEED": "0"},
            capture_output=True,
            text=True,
            check=True,
        )
    found = re.search(r"Collected\s*:\s*(\d+)", done.stderr)
    assert found is not None, done.stderr
    return int(found[1])


def main() -> None:
    """Print the table, or send one request if the arguments name it."""
    if len(sys.argv) > 3:
        kind, count, path = sys.argv[1:]
        KINDS[kind][1](program(Path(path)), int(count))
        return
    for kind in sys.argv[1:] or KINDS:
        each = (instructions(kind, MANY) - instructions(kind, FEW)) / (MANY - FEW)
        print(f"{kind}: {each / 1000:.0f} thousand instructions an item", flush=True)


if __name__ == "__main__":
    main()
