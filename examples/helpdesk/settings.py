"""The settings, from the environment: HELPDESK_TOKEN_KEY, DATABASE_URL and the like."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from restkit import Settings


@dataclass(frozen=True, kw_only=True)
class HelpdeskSettings(Settings, prefix="HELPDESK_"):
    database_url: str = "sqlite:///helpdesk.db"
    create_tables: bool = True  # False if Alembic makes them
    # Set HELPDESK_TOKEN_KEY in production: a random key ends all logins with the process.
    token_key: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    origins: tuple[str, ...] = ("http://localhost:3000",)  # pages that may use the API
    mail_url: str = "log:"  # such as smtp://user:password@mail.example:587
    mail_sender: str = "help@desk.example"
    requests_per_minute: int = 600  # of one caller
