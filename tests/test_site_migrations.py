"""The blog's migrations make what its models say, on SQLite and PostgreSQL, and take it back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from test_bookstore_migrations import typed

from restkit.sqlalchemy import Database
from restkit.testing import Client

ROOT = Path(__file__).parents[1]
HTML = {"Accept": "text/html"}


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT))
    from examples import site

    return site


@pytest.mark.parametrize("kind", KINDS)
def test_the_blog_runs_on_what_was_migrated(kind: str, tmp_path: Path, site: Any) -> None:
    """Alembic finds no difference; accounts, posts and sessions work; a downgrade removes all."""
    with database_url(kind, tmp_path) as url:
        alembic = typed(url, ROOT / "examples" / "site")
        alembic("upgrade", "head")
        assert "No new upgrade operations detected" in alembic("check")
        database = Database(url)
        try:
            client = Client(site.create_app(database))
            ada = {"name": "ada", "password": "correct horse battery"}
            assert client.post("/register", data=ada, headers=HTML).status == 303
            assert client.post("/login", data=ada, headers=HTML).status == 303
            post = {"title": "First", "body": "Text"}
            assert client.post("/posts/new", data=post, files={}, headers=HTML).status == 303
            assert "First" in client.get("/", headers=HTML).text
            alembic("downgrade", "base")
            assert set(sa.inspect(database.engine).get_table_names()) == {"alembic_version"}
        finally:
            database.close()
