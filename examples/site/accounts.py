"""Register, log in, log out."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from restkit import (
    Conflict,
    Request,
    Resource,
    SeeOther,
    Unauthorized,
    operation,
    provide,
    raises,
    takes,
)
from restkit.html import HTMLResource, Session
from restkit.security import Passwords
from restkit.sqlalchemy import session

from .models import User
from .schemas import LoginSchema, NextSchema, RegisterSchema

passwords = Passwords()


def load_user(user_id: str, request: Request) -> User | None:
    """Find who is logged in: ``request.caller`` of each request."""
    return session(request).get(User, int(user_id))


def scopes_of(user: User) -> list[str]:
    """Return what a user may do besides: an administrator moderates posts."""
    return ["admin"] if user.is_admin else []


class Register(HTMLResource):
    """The page on which people make an account."""

    template = "register.html"
    db = provide(session)

    def get(self) -> None:
        """Show the form."""

    @operation(operation_id="register")
    @takes(form=RegisterSchema)
    @raises(Conflict, description="The name is taken.")
    def post(self, form: dict[str, str], session: Session) -> SeeOther:
        """Make an account."""
        self.db.add(User(name=form["name"], password_hash=passwords.hash(form["password"])))
        session.flash("Welcome! Now log in.", "success")
        return SeeOther(Login)


class Login(HTMLResource):
    """The page on which people log in."""

    template = "login.html"
    db = provide(session)

    @takes(query=NextSchema)
    def get(self, query: dict[str, str]) -> dict[str, object]:
        """Show the form, which sends ``next`` along."""
        return {"form": self.form(query)}

    @operation(operation_id="logIn")
    @takes(form=LoginSchema)
    @raises(Unauthorized, description="The name or the password is wrong.")
    def post(self, form: dict[str, Any], session: Session) -> SeeOther:
        """Log in."""
        user = self.db.scalar(select(User).where(User.name == form["name"]))
        known = passwords.verify(form["password"], user.password_hash if user else None)
        if user is None or not known:
            raise Unauthorized("The name or the password is wrong.")
        session.login(user.id, remember=form["remember"])
        return SeeOther(form["next"])


class Logout(Resource):
    """The end of a session."""

    @operation(operation_id="logOut")
    def post(self, session: Session) -> SeeOther:
        """Log out."""
        session.logout()
        session.flash("You are logged out.")
        return SeeOther("/")
