"""Guards of restkit around hello."""

from __future__ import annotations

import os
from functools import cache
from typing import Any, TextIO

from restkit import App, returns
from restkit.limits import Rate, principal
from restkit.security import CORS, APIKey, HTTPBearer, JWTBearer, SecurityHeaders, scope
from restkit.service import Service, configure_logging

from .restkit import hello

__all__ = [
    "cached",
    "cors",
    "guarded",
    "keyed",
    "limited",
    "logged",
    "public",
    "secure",
    "service",
    "signed",
    "with_schema",
]

_SECRET = "a-secret-of-thirty-two-bytes-or-more"  # of the benchmark
_KEY = "k3y-of-the-warehouse"
_ADA = {"sub": "ada", "scopes": ["read"]}


def cors() -> Any:
    app = hello()
    assert isinstance(app, App)
    app.install(CORS(["https://app.example"], credentials=True))
    return app


def secure() -> Any:
    app = hello()
    assert isinstance(app, App)
    app.install(SecurityHeaders())
    return app


def service() -> Any:
    app = hello()
    assert isinstance(app, App)
    app.install(Service())
    return app


@cache
def _nowhere() -> TextIO:
    """One for all programs of a process: the handler of the log is never closed."""
    return open(os.devnull, "w", encoding="utf-8")


def logged() -> Any:
    configure_logging("json", stream=_nowhere(), force=True)
    app = hello()
    assert isinstance(app, App)
    app.install(Service(logs="json"))
    return app


def limited() -> Any:
    app = App("Hello", limits=[Rate(1_000_000, per="hour")])

    @app.route("/")
    def hello() -> dict[str, str]:
        return {"hello": "world"}

    return app


def public() -> Any:
    app = App("Hello", security=HTTPBearer({_KEY: _ADA}.get))

    @app.get("/", public=True)
    def hello() -> dict[str, str]:
        return {"hello": "world"}

    return app


def guarded() -> Any:
    return _guarded(HTTPBearer({_KEY: _ADA}.get))


def keyed() -> Any:
    return _guarded(APIKey(keys={_KEY: _ADA}, header="X-API-Key"))


def signed() -> Any:
    return _guarded(
        JWTBearer(issuer="https://id.example", audience="hello", algorithms=["HS256"], key=_SECRET)
    )


def _guarded(scheme: Any) -> Any:
    rate = Rate(1_000_000, per="hour", key=principal)
    app = App("Hello", security=scheme, permission=scope("read"), limits=[rate])

    @app.route("/")
    def hello() -> dict[str, str]:
        return {"hello": "world"}

    return app


def with_schema(**options: Any) -> Any:
    from marshmallow import Schema, fields

    class Greeting(Schema):
        hello = fields.Str(required=True)

    app = App("Hello")

    @app.get("/", **options)
    @returns(Greeting)
    def hello() -> dict[str, str]:
        return {"hello": "world"}

    return app


def cached() -> Any:
    from restkit.caching import Cache

    return with_schema(cache=Cache(3600))
