"""The bookstore with the desk, for gunicorn: ``gunicorn bad_inputs.served:app``.

The models of the desk join those of the bookstore, so no test imports this module.
"""

from __future__ import annotations

from examples.bookstore.app import create_app

from .desk import add_desk

__all__ = ["app"]

app = create_app()
add_desk(app)
