"""The settings, from the environment (DATABASE_URL, RESTKIT_TOKEN_KEY), and who calls."""

import secrets
import time
from dataclasses import dataclass, field
from typing import cast

import jwt
from sqlalchemy.orm import defer

from restkit import Request, Settings, anonymous
from restkit.security import APIKey
from restkit.sqlalchemy import SessionResource, session

from .models import Person


@dataclass(frozen=True, kw_only=True)
class ConduitSettings(Settings):
    database_url: str = "sqlite:///conduit.db"
    token_key: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    token_days: int = 30


def _settings(request: Request) -> ConduitSettings:
    return cast(ConduitSettings, request.app.settings)


def _find(token: str, request: Request) -> Person | None:
    try:
        claims = jwt.decode(token, _settings(request).token_key, ["HS256"])
    except jwt.InvalidTokenError:
        return None
    return session(request).get(Person, int(claims["sub"]), options=[defer(Person.following)])


TOKEN = APIKey(_find, prefix="Token", name="Token", detail="Send the token of a login.")
OPTIONAL = TOKEN | anonymous


class ConduitResource(SessionResource):
    request: Request[Person]

    def log_in(self, person: Person) -> Person:
        """Return a person with a fresh token."""
        settings = _settings(self.request)
        claims = {"sub": str(person.id), "exp": time.time() + settings.token_days * 86_400}
        person.token = jwt.encode(claims, settings.token_key, "HS256")
        return person
