"""The packages of the extra ``sql``: imported first, to name the extra if one is missing."""

from __future__ import annotations

from importlib import import_module

from ..errors import MissingExtraError

__all__: list[str] = []

try:
    import_module("marshmallow_sqlalchemy")
    import_module("sqlalchemy")
except ModuleNotFoundError as error:
    if error.name not in ("marshmallow_sqlalchemy", "sqlalchemy"):
        raise
    raise MissingExtraError("restkit.sqlalchemy", "sql") from error
