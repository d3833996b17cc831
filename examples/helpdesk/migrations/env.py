"""What Alembic runs: it brings the database of the help desk to what the models say."""

from __future__ import annotations

import logging
from typing import Any, Literal

from alembic import context
from sqlalchemy import TypeDecorator

from examples.helpdesk import HelpdeskSettings
from examples.helpdesk.models import Base
from restkit.events import outbox_metadata
from restkit.sqlalchemy import Database


def rendered(kind: str, item: object, autogenerate: object) -> str | Literal[False]:
    """Write a type of restkit's into a new revision as the type that the database has."""
    if (
        kind == "type"
        and isinstance(item, TypeDecorator)
        and not type(item).__module__.startswith("sqlalchemy.")
    ):
        return f"sa.{item.impl_instance!r}"
    return False


def main() -> None:
    url = HelpdeskSettings.load().database_url
    options: dict[str, Any] = {
        "target_metadata": [Base.metadata, outbox_metadata],
        "render_item": rendered,
        "render_as_batch": True,  # SQLite changes a table by making it anew
        "transactional_ddl": True,  # all that is upgraded, or nothing, on both databases
    }
    if context.is_offline_mode():
        context.configure(url=url, literal_binds=True, **options)
        with context.begin_transaction():
            context.run_migrations()
        return
    with Database(url).migration() as connection:
        context.configure(connection=connection, **options)
        with context.begin_transaction():
            context.run_migrations()


logging.basicConfig(format="%(message)s")
logging.getLogger("alembic.runtime.migration").setLevel(logging.INFO)
main()
