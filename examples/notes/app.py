"""The App: settings, guards and URLs."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from restkit import App, Settings
from restkit.caching import Cache
from restkit.caching.redis import RedisCache
from restkit.limits import Concurrency, Deadline, Failures, Rate, Sizes, principal
from restkit.limits.redis_counters import RedisCounters
from restkit.security import (
    CORS,
    APIKey,
    Caller,
    Hosts,
    JWTBearer,
    SecretsFilter,
    SecurityHeaders,
    scope,
)

from .models import database_of
from .resources import Comments, NoteComments, Notes


@dataclass(frozen=True, kw_only=True)
class NotesSettings(Settings):
    database_url: str = "sqlite:///notes.db"
    redis_url: str = ""  # has the counts and stored responses of all workers; else each has its own
    jwt_key: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    jwt_algorithm: str = "HS256"  # if RS256, jwt_key is the public key in PEM
    archive_key: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    requests_per_minute: int = 600
    failures_per_minute: int = 10


def create_app(settings: NotesSettings | None = None) -> App:
    """Make the App; the database is opened when the first request comes."""
    to = settings or NotesSettings.load()
    people = JWTBearer(
        issuer="https://id.example",
        audience="notes",
        algorithms=[to.jwt_algorithm],
        key=to.jwt_key,
        load=Caller.of,
    )
    archive = Caller("archive", scopes=frozenset({"notes:read"}))
    counters = RedisCounters(to.redis_url) if to.redis_url else None
    app = App(
        "Notes",
        version="1.0.0",
        description="Notes of many people, with every guard on.",
        contact={"name": "The restkit developers", "url": "https://github.com/restkit/restkit"},
        license={"name": "MIT", "identifier": "MIT"},
        settings=to,
        security=people | APIKey(header="X-API-Key", keys={to.archive_key: archive}),
        permission={"read": scope("notes:read"), "write": scope("notes:write")},
        cors=CORS(["https://notes.example"]),
        limits=[
            Sizes(target=4096, headers=16_384, header=10_240),
            Failures(to.failures_per_minute, per="minute", counters=counters),
            Rate(to.requests_per_minute, per="minute", key=principal, counters=counters),
            Concurrency(64),
            Deadline(10),
        ],
        cache=Cache(30, client=0, storage=RedisCache(to.redis_url) if to.redis_url else None),
    )
    hosts = Hosts(["notes.example", "127.0.0.1", "localhost"], exempt=["/health"])
    for each in (database_of(to.database_url), hosts, SecurityHeaders(), SecretsFilter()):
        app.install(each)
    app.add("/notes", Notes)
    app.add("/notes/<int:note_id>/comments", NoteComments)
    app.add("/comments", Comments)

    @app.get("/health", public=True, limits=[], cache=False)
    def health() -> dict[str, str]:
        """Say that the service is there."""
        return {"status": "ok"}

    return app


app = create_app()
