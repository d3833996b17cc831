"""The tables, and who may read and change their rows."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ColumnElement, ForeignKey, MetaData, String, Text, false, or_, true
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from restkit.sqlalchemy import Database, SessionRecord, UTCDateTime


class Base(DeclarativeBase):
    # A migration drops a constraint by its name, so each has one, and the same on every database.
    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
        }
    )


class User(Base):
    __tablename__ = "user"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50), unique=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    is_admin: Mapped[bool] = mapped_column(default=False)


class Post(Base):
    __tablename__ = "post"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    created: Mapped[dt.datetime] = mapped_column(
        UTCDateTime(), default=lambda: dt.datetime.now(dt.UTC)
    )
    hidden: Mapped[bool] = mapped_column(default=False)
    author_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    author: Mapped[User] = relationship(lazy="joined", innerjoin=True)
    picture: Mapped[Picture | None] = relationship(
        back_populates="post", cascade="all, delete-orphan"
    )

    def is_writable_by(self, user: User | None) -> bool:
        return user is not None and (user.is_admin or self.author_id == user.id)


class Picture(Base):
    __tablename__ = "picture"

    post_id: Mapped[int] = mapped_column(ForeignKey("post.id"), primary_key=True)
    post: Mapped[Post] = relationship(back_populates="picture")
    description: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(50))
    content: Mapped[bytes] = mapped_column(deferred=True)


class Stored(SessionRecord, Base):
    """The sessions of browsers: a logout ends them, which it cannot do to a signed cookie."""

    __tablename__ = "session"


def readable_posts(me: User | None) -> ColumnElement[bool]:
    """A hidden post is there for its author and for admins."""
    if me is None:
        return ~Post.hidden
    return true() if me.is_admin else or_(~Post.hidden, Post.author_id == me.id)


def writable_posts(me: User | None) -> ColumnElement[bool]:
    if me is None:
        return false()
    return true() if me.is_admin else Post.author_id == me.id


def add_row_rules(database: Database) -> None:
    """Every query of a request meets these rules, also one that forgets to ask."""
    database.rows(Post, read=readable_posts, write=writable_posts)
