"""Streams of content: chunks are counted, and more than the limit is a 413."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, BinaryIO

import pytest

from restkit import App, takes
from restkit.testing import Client

READERS: dict[str, Callable[[BinaryIO], bytes]] = {
    "all": lambda body: body.read(),
    "pieces": lambda body: b"".join(iter(lambda: body.read(4), b"")),
    "lines": lambda body: b"".join(body),
    "line, then all": lambda body: body.readline() + body.read(-1),
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("chunked", [True, False])
@pytest.mark.parametrize("size", [0, 9, 10, 11, 200_000])
def test_the_limit_of_a_stream(reader: str, chunked: bool, size: int) -> None:
    """A stream of at most max_size bytes is read whole; a longer one is never cut in silence."""
    app = App("Files")

    @app.post("/files")
    @takes(body=BinaryIO, max_size=10)
    def upload(body: BinaryIO) -> dict[str, int]:
        return {"size": len(READERS[reader](body))}

    data = (b"ab\n" * size)[:size]
    content: Any = iter([data[:5], data[5:]]) if chunked else data
    response = Client(app).post("/files", content=content, content_type="application/octet-stream")
    if size > 10:
        assert response.status == 413
    else:
        assert response.json == {"size": size}
