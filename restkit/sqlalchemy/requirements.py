"""The packages of the extra ``sql``: imported first, to name the extra if one is missing."""

from __future__ import annotations

from ..errors import MissingExtraError

__all__: list[str] = []

try:
    import marshmallow_sqlalchemy  # noqa: F401  # only whether it is installed
    import sqlalchemy  # noqa: F401
except ModuleNotFoundError as error:
    if error.name not in ("marshmallow_sqlalchemy", "sqlalchemy"):
        raise
    raise MissingExtraError("restkit.sqlalchemy", "sql") from error
