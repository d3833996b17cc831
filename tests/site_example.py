"""The blog in examples/site on a database of a test, and visitors of it."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from argon2 import PasswordHasher
from sqlalchemy import update
from sqlalchemy.orm import Session

from examples.site import accounts, create_app
from examples.site.models import Base, Post, User
from restkit import App
from restkit.security import Passwords
from restkit.sqlalchemy import Database
from restkit.testing import Client, TestResponse

__all__ = ["HTML", "PASSWORD", "PNG", "Site", "made_site"]

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
PASSWORD = "correct horse battery"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c636060600000000400015cd3f2d80000000049454e44ae426082"
)
"""A picture of one pixel."""


class Site:
    """The App with its database: what is stored, and clients of it."""

    def __init__(self, app: App, database: Database) -> None:
        self.app = app
        self.database = database

    def register(self, name: str, *, is_admin: bool = False) -> User:
        """Return a new user whose password is PASSWORD."""
        user = User(name=name, password_hash=accounts.passwords.hash(PASSWORD), is_admin=is_admin)
        with Session(self.database.engine, expire_on_commit=False) as db:
            db.add(user)
            db.commit()
        return user

    def write(self, author: User, title: str = "A title", body: str = "A body") -> int:
        """Return the id of a new post."""
        with Session(self.database.engine) as db:
            post = Post(title=title, body=body, author_id=author.id)
            db.add(post)
            db.commit()
            return post.id

    def post(self, post_id: int) -> Post | None:
        """Return a post as it is stored."""
        with Session(self.database.engine, expire_on_commit=False) as db:
            return db.get(Post, post_id)

    def users(self) -> list[str]:
        """Return the names of all users."""
        with Session(self.database.engine) as db:
            return [user.name for user in db.query(User).order_by(User.id)]

    def hide(self, post_id: int) -> None:
        """Hide a post."""
        with Session(self.database.engine) as db:
            db.execute(update(Post).where(Post.id == post_id).values(hidden=True))
            db.commit()

    def visitor(self, name: str = "") -> Client:
        """Return a client, logged in under a name if there is one."""
        client = Client(self.app)
        if name:
            assert log_in(client, name).status == 303
        return client


def log_in(client: Client, name: str, password: str = PASSWORD) -> TestResponse:
    return client.post("/login", data={"name": name, "password": password}, headers=HTML)


@contextmanager
def made_site(folder: Path) -> Generator[Site]:
    """Make the App with an empty database in a folder; its passwords are hashed quickly."""
    database = Database(f"sqlite:///{folder / 'site.db'}", create=Base.metadata)
    quick = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    with patch.object(accounts, "passwords", quick):
        try:
            yield Site(create_app(database), database)
        finally:
            database.close()
