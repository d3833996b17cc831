"""What every test of the suite has: each App is wrapped in the standard library's WSGI validator."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from wsgiref.validate import validator

import pytest

from restkit import App

pytest_plugins = ["pytester"]


@pytest.fixture(autouse=True)
def _validated(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let wsgiref.validate watch every request of the suite (PEP 3333)."""
    plain = App.__call__

    def call(self: App, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        return validator(lambda inner, start: plain(self, inner, start))(environ, start_response)

    monkeypatch.setattr(App, "__call__", call)
    yield
