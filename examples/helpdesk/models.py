"""The tables, and which rows a caller may read and write."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, MetaData, String, Table
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from restkit.security import Passwords
from restkit.sqlalchemy import Database, Timestamps, TokenRecord, Versioned

PASSWORDS = Passwords()


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
        }
    )


class RefreshToken(TokenRecord, Base):
    __tablename__ = "refresh_token"


class User(Base):
    __tablename__ = "user"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(200), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    role: Mapped[str] = mapped_column(String(10))  # customer, agent or admin
    password_hash: Mapped[str] = mapped_column(String(200))

    @hybrid_property
    def password(self) -> str:
        return self.password_hash

    @password.inplace.setter
    def _set_password(self, password: str) -> None:
        self.password_hash = PASSWORDS.hash(password)


TICKET_TAG = Table(
    "ticket_tag",
    Base.metadata,
    Column("ticket_id", ForeignKey("ticket.id", ondelete="CASCADE"), primary_key=True),
    Column("tag_id", ForeignKey("tag.id"), primary_key=True, index=True),
)


class Tag(Base):
    __tablename__ = "tag"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(30), unique=True)


class Ticket(Versioned, Timestamps, Base):
    __tablename__ = "ticket"

    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(String(10_000))
    status: Mapped[str] = mapped_column(String(10), default="new", index=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    customer: Mapped[User] = relationship(foreign_keys=customer_id)
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), index=True)
    agent: Mapped[User | None] = relationship(foreign_keys=agent_id)
    solved_after: Mapped[int | None]  # seconds
    tags: Mapped[list[Tag]] = relationship(secondary=TICKET_TAG, order_by=Tag.name)


class Comment(Timestamps, Base):
    __tablename__ = "comment"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(String(10_000))
    internal: Mapped[bool] = mapped_column(default=False)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    ticket: Mapped[Ticket] = relationship()
    author_id: Mapped[int] = mapped_column(ForeignKey("user.id"))


class Attachment(Timestamps, Base):
    __tablename__ = "attachment"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(255))
    media_type: Mapped[str] = mapped_column(String(50))
    content: Mapped[bytes] = mapped_column(deferred=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    ticket: Mapped[Ticket] = relationship()
    author_id: Mapped[int] = mapped_column(ForeignKey("user.id"))


def key_of(me: User) -> int:
    return me.id


def own_tickets(me: User) -> object:
    return {"customer_id": me.id} if me.role == "customer" else True


def of_own_tickets(me: User) -> object:
    return {"ticket.customer_id": me.id} if me.role == "customer" else True


def public_comments(me: User) -> object:
    """A customer reads and writes no internal comments."""
    public = {"ticket.customer_id": me.id, "internal": False}
    return public if me.role == "customer" else True


def add_row_rules(database: Database) -> None:
    """Say who may read and write which rows. Every request meets these rules."""
    database.rows(User)
    database.rows(Tag)
    database.rows(Ticket, read=own_tickets, set={"customer_id": key_of})
    database.rows(Comment, read=public_comments, set={"author_id": key_of})
    database.rows(Attachment, read=of_own_tickets, set={"author_id": key_of})
