"""The floor of static files: WSGI that opens, reads and sends one, and checks nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

__all__ = ["static"]


def static() -> Any:
    folder = str(Path(__file__).with_name("static"))

    def app(environ: Any, start_response: Any) -> list[bytes]:
        if environ["PATH_INFO"] != "/static/style.css":
            start_response("404 Not Found", [("Content-Length", "0")])
            return []
        with open(f"{folder}/style.css", "rb") as file:
            body = file.read()
        headers = [("Content-Type", "text/css; charset=utf-8"), ("Content-Length", str(len(body)))]
        start_response("200 OK", headers)
        return [body]

    return app
