"""Who calls: customers, who register themselves, and agents, whom admins manage."""

from __future__ import annotations

from marshmallow import Schema, fields, validate
from sqlalchemy import select

from restkit import Request
from restkit.crud import CRUDResource
from restkit.security import Claims, SigningKey, Tokens, role
from restkit.sqlalchemy import SQLTokenStore, session

from .models import PASSWORDS, RefreshToken, User
from .settings import HelpdeskSettings

STAFF = role("agent", "admin")


def log_in(email: str, password: str) -> str | None:
    """Return the subject of a login."""
    user = session(Request.current()).scalar(select(User).where(User.email == email))
    known = PASSWORDS.verify(password, user.password_hash if user else None)
    return str(user.id) if user and known else None


def load_user(claims: Claims, request: Request) -> User | None:
    """Return the caller of an access token, None once the account is gone."""
    return session(request).get(User, int(claims.subject or 0))


def tokens_of(settings: HelpdeskSettings) -> Tokens:
    return Tokens(
        issuer="helpdesk",
        audience="helpdesk",
        keys=[SigningKey(settings.token_key)],
        secret=settings.token_key,
        store=SQLTokenStore(RefreshToken),
        login=log_in,
    )


class AccountSchema(Schema):
    id = fields.Int(dump_only=True)
    email = fields.Email(required=True, validate=validate.Length(max=200))
    name = fields.Str(required=True, validate=validate.Length(1, 100))
    password = fields.Str(required=True, load_only=True, validate=validate.Length(8, 200))


class Accounts(CRUDResource[User]):
    """What customers and agents have in common."""

    model = User
    schema = AccountSchema


class Customers(Accounts):
    methods = {"POST"}
    public = True

    def scope(self) -> dict[str, str]:
        return {"role": "customer"}


class Agents(Accounts):
    permission = role("admin")
    filters = ("name__contains",)

    def scope(self) -> dict[str, str]:
        return {"role": "agent"}
