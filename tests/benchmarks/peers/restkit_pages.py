"""Pages of restkit."""

from __future__ import annotations

from typing import Any

from ..cases import books

__all__ = ["pages"]


def pages() -> Any:
    from restkit import App

    app = App("pages")
    found = books(50)

    @app.route("/books", template="books.html")
    def shelf() -> dict[str, object]:
        return {"shop": "Books & maps", "books": found}

    return app
