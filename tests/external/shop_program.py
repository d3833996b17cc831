"""The program that the servers of the pages on deployment run."""

from __future__ import annotations

import re
from pathlib import Path

from .places import ROOT

__all__ = ["HOW_TO", "block", "write_shop"]

HOW_TO = ROOT / "docs" / "how-to"

_PROGRAM = """
import hashlib
import os
import time
from collections.abc import Iterator
from typing import Any, BinaryIO

from marshmallow import Schema, fields
from werkzeug.middleware.proxy_fix import ProxyFix

from restkit import App, Request, returns, takes
from restkit.html import FileResponse
from restkit.service import Service
from restkit.sse import Event, EventStream

app = App("Shop", extensions=[Service()], max_upload_size=64 * 1024 * 1024)


class Line(Schema):
    number = fields.Int(required=True)


@app.get("/where")
def where(request: Request) -> dict[str, Any]:
    return {
        "url": app.url_for("where", _external=True),
        "client": request.remote_addr,
        "authorization": request.headers.get("Authorization"),
    }


@app.get("/names/<name>")
def name(name: str) -> dict[str, str]:
    return {"name": name}


@app.post("/lines")
@takes(body=Line)
def add(body: dict[str, int]) -> dict[str, int]:
    return body


@app.put("/files/<name>")
@takes(body=BinaryIO)
def upload(name: str, body: BinaryIO) -> dict[str, object]:
    found, size = hashlib.sha256(), 0
    while part := body.read(65_536):
        found.update(part)
        size += len(part)
    return {"bytes": size, "sha256": found.hexdigest()}


@app.get("/lines")
@returns(Line, media_types=["application/x-ndjson"])
def lines() -> Iterator[dict[str, int]]:
    for number in range(3):
        yield {"number": number}
        time.sleep(0.7)


@app.route("/ticks")
class Ticks(EventStream):
    def get(self) -> Iterator[Event[str]]:
        for number in range(3):
            yield Event(str(number))
            time.sleep(0.7)


prefixed = ProxyFix(app, x_for=0, x_proto=0, x_prefix=1)


@app.get("/report")
def report() -> FileResponse:
    return FileResponse(os.environ["SHOP_REPORT"])
"""


def block(page: str, title: str) -> str:
    """Return the block of a page that has a title.

    Raises:
        LookupError: There is none.
    """
    text = (HOW_TO / page).read_text("utf-8")
    found = re.search(
        rf'^```\w+ title="{re.escape(title)}"\n(.*?)^```$', text, re.DOTALL | re.MULTILINE
    )
    if found is None:
        raise LookupError(f"{page} has no block {title!r}")
    return found[1]


def write_shop(folder: Path) -> dict[str, str]:
    """Write the package ``shop`` with its module ``api``, and a file that it sends.

    Returns:
        The variables that the program needs.
    """
    (folder / "shop").mkdir()
    (folder / "shop" / "__init__.py").write_text("", "utf-8")
    (folder / "shop" / "api.py").write_text(_PROGRAM, "utf-8")
    (folder / "files").mkdir()
    (folder / "files" / "report.txt").write_text("All is well.\n" * 1_000, "utf-8")
    return {"PYTHONPATH": f"{ROOT}:{folder}", "SHOP_REPORT": str(folder / "files" / "report.txt")}
