"""The App: settings, URLs, and who may use them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from restkit import App, Settings, anonymous
from restkit.html import LoggedIn, MethodOverride, Sessions
from restkit.security import SecurityHeaders
from restkit.sqlalchemy import Database, SQLStore

from .accounts import Login, Logout, Register, load_user, scopes_of
from .models import Base, Stored, User, add_row_rules
from .posts import EditPost, Hidden, Home, Moderation, NewPost, PostItem, PostPicture


@dataclass(frozen=True, kw_only=True)
class SiteSettings(Settings):
    database_url: str = "sqlite:///site.db"
    create_tables: bool = True  # False where Alembic makes them
    # Set RESTKIT_SESSION_KEYS in production. A random key ends all sessions with the process.
    session_keys: list[str] = field(default_factory=lambda: [secrets.token_urlsafe(32)])


def create_app(database: Database | None = None) -> App:
    """Make the App; the database is opened when the first request comes.

    Args:
        database: By default the database of ``RESTKIT_DATABASE_URL``, or ``site.db`` here.
    """
    settings = SiteSettings.load()
    if database is None:
        tables = Base.metadata if settings.create_tables else None
        database = Database(settings.database_url, create=tables)
    add_row_rules(database)
    sessions = Sessions(settings.session_keys, store=SQLStore(Stored))
    user = LoggedIn(load_user, login_page=Login, scopes=scopes_of)
    admin = user.scopes("admin")
    app = App(
        "Blog",
        version="1.0.0",
        description="Posts with pictures, as pages for browsers and as JSON.",
        contact={"name": "The restkit developers", "url": "https://github.com/restkit/restkit"},
        license={"name": "MIT", "identifier": "MIT"},
        settings=settings,
        security=user | anonymous,  # everybody; request.caller is the user, or None
        extensions=[database, sessions, MethodOverride(), SecurityHeaders()],
    )
    app.static("/static", "static", public=True)
    app.add("/", Home)
    app.add("/register", Register)
    app.add("/login", Login)
    app.add("/logout", Logout)
    app.add("/posts/new", NewPost, security=user)
    app.add("/posts/<int:post_id>", PostItem)
    app.add("/posts/<int:post_id>/edit", EditPost, security=user)
    app.add("/posts/<int:post_id>/picture", PostPicture)
    app.add("/posts/<int:post_id>/hidden", Hidden, security=admin)
    app.add("/moderation", Moderation, security=admin)

    @app.command
    def make_admin(name: str) -> None:
        """Let a user moderate posts."""
        with Session(database.engine) as db, db.begin():
            user = db.scalar(select(User).where(User.name == name))
            if user is None:
                raise SystemExit(f"There is no user {name}.")
            user.is_admin = True

    return app


app = create_app()
