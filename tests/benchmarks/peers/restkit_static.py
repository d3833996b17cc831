"""Static files of restkit."""

from __future__ import annotations

from typing import Any

__all__ = ["static"]


def static() -> Any:
    from restkit import App

    app = App("static")
    app.static("/static", "static")
    return app
