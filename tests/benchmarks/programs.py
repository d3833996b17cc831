"""The programs that are compared: what they need, what is said of them, and how one is made."""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import dataclass
from typing import Any

__all__ = ["CORE", "OF_PAYLOADS", "PEERS", "PROGRAMS", "Peer", "build", "installed", "offers"]


@dataclass(frozen=True)
class Peer:
    """Is one program of the comparison.

    Attributes:
        name: Of its file.
        title: For tables.
        kind: ``wsgi`` or ``asgi``.
        module: What must be importable.
        distributions: Whose versions belong to its figures.
        names_all: Whether an error answer names every faulty field.
        note: What the tables say of it.
    """

    name: str
    title: str
    module: str
    distributions: tuple[str, ...]
    kind: str = "wsgi"
    names_all: bool = True
    note: str = ""


def _peers() -> list[Peer]:
    by_hand = "marshmallow by hand"
    first = "msgspec stops at the first fault and names one"
    return [
        Peer(
            "bare",
            "bare WSGI + orjson",
            "orjson",
            ("orjson",),
            note="validated and written by hand",
        ),
        Peer("falcon", "Falcon", "falcon", ("falcon", "marshmallow"), note=by_hand),
        Peer("bottle", "bottle", "bottle", ("bottle", "marshmallow"), note=by_hand),
        Peer("flask", "Flask", "flask", ("flask", "werkzeug", "marshmallow"), note=by_hand),
        Peer("smorest", "flask-smorest", "flask_smorest", ("flask-smorest", "webargs")),
        Peer("drf", "Django REST framework", "rest_framework", ("djangorestframework", "django")),
        Peer(
            "fastapi",
            "FastAPI",
            "fastapi",
            ("fastapi", "starlette", "pydantic"),
            kind="asgi",
            note="pydantic",
        ),
        Peer(
            "litestar",
            "Litestar",
            "litestar",
            ("litestar", "msgspec"),
            kind="asgi",
            names_all=False,
            note=first,
        ),
        Peer("restkit", "restkit", "restkit", ("restkit", "werkzeug", "marshmallow")),
    ]


PEERS = {peer.name: peer for peer in _peers()}
CORE = Peer("core", "SQLAlchemy Core by hand", "sqlalchemy", ("sqlalchemy", "orjson"))
"""What is written without an ORM; only over a database."""


def _of_payloads() -> list[Peer]:
    unvalidated = "its documentation advises production not to validate responses"
    return [
        Peer(
            "dmr",
            "django-modern-rest, msgspec",
            "dmr",
            ("django-modern-rest", "django", "msgspec"),
            names_all=False,
            note=f"synchronous; {unvalidated}; msgspec names the first fault",
        ),
        Peer(
            "dmr_pydantic",
            "django-modern-rest, pydantic",
            "dmr",
            ("django-modern-rest", "django", "pydantic"),
            note=f"synchronous; {unvalidated}",
        ),
        Peer(
            "blacksheep",
            "blacksheep",
            "blacksheep",
            ("blacksheep", "pydantic", "orjson"),
            kind="asgi",
            note="pydantic, and orjson as its JSON library",
        ),
        Peer(
            "litestar_plain",
            "Litestar, unfiltered",
            "litestar",
            ("litestar", "msgspec"),
            kind="asgi",
            note="lists are written as they are, without a schema",
        ),
    ]


OF_PAYLOADS = {peer.name: peer for peer in _of_payloads()}
"""What is compared with payloads alone."""
PROGRAMS = {**PEERS, **OF_PAYLOADS, CORE.name: CORE}


def installed(peer: Peer) -> bool:
    """Return whether what a program needs is there."""
    return importlib.util.find_spec(peer.module) is not None


_FILES = {each: each for each in ("database", "everyday", "pages", "sessions", "static")}
_GUARDS = (
    "cors",
    "secure",
    "limited",
    "guarded",
    "keyed",
    "signed",
    "public",
    "cached",
    "with_schema",
    "service",
    "logged",
)
_FILES |= dict.fromkeys(_GUARDS, "guards")
_PAYLOADS = ("orders", "issue_list", "issues", "events", "payments", "search", "specimens")
_FILES |= {"ledger": "ledger", **dict.fromkeys(_PAYLOADS, "payloads")}


def _factory(name: str, service: str) -> Any:
    factory = service.partition(":")[0]
    file = f"{name}_{_FILES[factory]}" if factory in _FILES else name
    try:
        return getattr(importlib.import_module(f"{__package__}.peers.{file}"), factory, None)
    except ModuleNotFoundError as error:
        if error.name == f"{__package__}.peers.{file}":
            return None
        raise


def offers(name: str, service: str) -> bool:
    """Return whether a program has a service."""
    return _factory(name, service) is not None


def build(name: str, service: str) -> Any:
    """Make a program.

    Args:
        name: Of its file.
        service: ``hello``, ``services``, ``routes:500``, ``nesting:3``; ``database``,
            ``pages``, ``sessions``, ``static``, the guards and the payloads, which have files of
            their own.

    Returns:
        The WSGI or ASGI application.

    Raises:
        LookupError: The program has no such service.
    """
    factory, size = _factory(name, service), service.partition(":")[2]
    if factory is None:
        raise LookupError(f"{name} has no {service}")
    return factory(*([int(size)] if size else []))
