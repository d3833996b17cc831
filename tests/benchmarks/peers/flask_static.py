"""Static files of Flask, which checks each request as restkit does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

__all__ = ["static"]


def static() -> Any:
    from flask import Flask, Response, send_from_directory

    app = Flask("static", static_folder=None)
    folder = Path(__file__).with_name("static")

    @app.get("/static/<path:name>")
    def file(name: str) -> Response:
        return send_from_directory(folder, name)

    return app
