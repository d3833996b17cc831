"""The tables. Whether the caller follows or likes a row is a column of it, as the others are."""

from sqlalchemy import ColumnElement, ForeignKey, Integer, String, bindparam, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, column_property, mapped_column, relationship

from restkit import Request
from restkit.sqlalchemy import Timestamps

# The id of the caller, at the time of each statement.
ME = bindparam("me", type_=Integer, callable_=lambda: getattr(Request.current().caller, "id", None))


class Base(DeclarativeBase):
    def __init_subclass__(cls) -> None:
        cls.__tablename__ = cls.__name__.lower()
        super().__init_subclass__()


class Follower(Base):
    of_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True, index=True)


class Fan(Base):
    of_id: Mapped[int] = mapped_column(ForeignKey("article.id"), primary_key=True)
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True, index=True)


def _count(*conditions: ColumnElement[bool]) -> ColumnElement[int]:
    return select(func.count()).where(*conditions).scalar_subquery()


class Person(Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(String(50), unique=True)
    email: Mapped[str] = mapped_column(String(200), unique=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    bio: Mapped[str] = mapped_column(String(1_000), default="")
    image: Mapped[str] = mapped_column(String(500), default="")
    following = column_property(_count(Follower.of_id == id, Follower.by_id == ME) == 1)  # noqa: A003
    token = ""  # of a login


class Tag(Base):
    article_id: Mapped[int] = mapped_column(ForeignKey("article.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(30), primary_key=True, index=True)

    def __str__(self) -> str:
        return self.name


class Comment(Timestamps, Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[str] = mapped_column(String(5_000))
    author_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    author: Mapped[Person] = relationship(lazy="joined")
    article_id: Mapped[int] = mapped_column(ForeignKey("article.id"), index=True)


class Article(Timestamps, Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(120), unique=True)
    title: Mapped[str] = mapped_column(String(100))
    description: Mapped[str] = mapped_column(String(500))
    body: Mapped[str] = mapped_column(String(50_000))
    author_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    author: Mapped[Person] = relationship(lazy="joined")
    tags: Mapped[list[Tag]] = relationship(cascade="all", order_by="Tag.name", lazy="selectin")
    comments: Mapped[list[Comment]] = relationship(cascade="all", order_by="Comment.id")
    fans: Mapped[list[Person]] = relationship(secondary="fan")
    favorited = column_property(_count(Fan.of_id == id, Fan.by_id == ME) == 1)  # noqa: A003
    favorites = column_property(_count(Fan.of_id == id))  # noqa: A003
