"""Sessions of restkit."""

from __future__ import annotations

from typing import Any

from restkit import App
from restkit.html import Session, Sessions

__all__ = ["sessions"]


def sessions() -> Any:
    app = App("sessions")
    key = "the key of the benchmark's sessions"
    app.install(Sessions([key], clock=lambda: 1_800_000_000))

    @app.get("/name")
    def name(session: Session) -> dict[str, str]:
        return {"name": session["name"]}

    @app.get("/none")
    def none() -> dict[str, str]:
        return {"name": "Ada Lovelace"}

    return app
