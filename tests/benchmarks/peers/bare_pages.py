"""The floor of pages: WSGI with nothing but Jinja."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

from ..cases import books

__all__ = ["pages"]


def pages() -> Any:
    folder = Path(__file__).with_name("templates")
    environment = Environment(loader=FileSystemLoader(folder), autoescape=True)
    template, found = environment.get_template("books.html"), books(50)

    def app(environ: Any, start_response: Any) -> list[bytes]:
        if environ["PATH_INFO"] != "/books":
            start_response("404 Not Found", [("Content-Length", "0")])
            return []
        body = template.render(shop="Books & maps", books=found).encode()
        headers = [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body)))]
        start_response("200 OK", headers)
        return [body]

    return app
