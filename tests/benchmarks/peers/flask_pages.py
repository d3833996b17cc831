"""Pages of Flask."""

from __future__ import annotations

from typing import Any

from flask import Flask, render_template

from ..cases import books

__all__ = ["pages"]


def pages() -> Any:
    app = Flask(__name__)
    found = books(50)

    @app.get("/books")
    def shelf() -> str:
        return render_template("books.html", shop="Books & maps", books=found)

    return app
