"""Content-Length for content of any size."""

from __future__ import annotations

import pytest

from restkit import App
from restkit.testing import Client


@pytest.mark.parametrize("size", [2, 3, 4095, 4096, 4097, 4098, 100_000])
def test_lengths(size: int) -> None:
    """The header has the number of bytes, for small and large content and more than once."""
    app = App("T")
    app.get("/")(lambda: "x" * (size - 2))
    client = Client(app)
    for _ in range(2):
        response = client.get("/")
        assert response.headers["Content-Length"] == str(size)
        assert len(response.data) == size
