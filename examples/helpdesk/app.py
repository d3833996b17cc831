"""The App."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from restkit import App
from restkit.events import Outbox
from restkit.limits import Rate, principal
from restkit.mail import Mail, deliver
from restkit.security import CORS, add_tokens
from restkit.sqlalchemy import Database

from .accounts import Agents, Customers, load_user, tokens_of
from .models import Base, User, add_row_rules
from .settings import HelpdeskSettings
from .tickets import Attachments, Comments, StatusPage, Tags, Tickets


def create_app(settings: HelpdeskSettings | None = None) -> App:
    """Make the App; the database is opened when the first request comes."""
    to = settings or HelpdeskSettings.load()
    database = Database(to.database_url, create=Base.metadata if to.create_tables else None)
    add_row_rules(database)
    tokens = tokens_of(to)
    app = App(
        "Help desk",
        version="1.0.0",
        description="Tickets of customers, and the agents who solve them.",
        contact={"name": "The restkit developers", "url": "https://github.com/restkit/restkit"},
        license={"name": "MIT", "identifier": "MIT"},
        settings=to,
        security=tokens.scheme(load=load_user),
        limits=[Rate(to.requests_per_minute, per="minute", key=principal)],
        cors=CORS(to.origins),
        extensions=[
            database,
            Mail(to.mail_url, sender=to.mail_sender),
            Outbox(database, tasks=[deliver]),
        ],
    )
    add_tokens(app, tokens)
    app.add("/status", StatusPage)
    app.add("/customers", Customers, limits=[Rate(20, per="hour", name="registrations")])
    app.add("/agents", Agents)
    app.add("/tags", Tags)
    app.add("/tickets", Tickets)
    app.add("/tickets/<int:ticket_id>/comments", Comments)
    app.add("/tickets/<int:ticket_id>/attachments", Attachments)

    @app.command
    def make_admin(email: str) -> None:
        """Let a registered user manage agents."""
        with Session(database.engine) as opened, opened.begin():
            user = opened.scalar(select(User).where(User.email == email))
            if user is None:
                raise SystemExit(f"There is no user {email}.")
            user.role = "admin"

    return app
