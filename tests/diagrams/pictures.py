"""All drawn pictures by the names of their files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from .exchanges import idempotency_key, keyset_pagination, lost_update, outbox
from .package_map import package_map
from .request_life import request_life
from .terminal import terminal

__all__ = ["IMAGES", "PICTURES"]

IMAGES = Path(__file__).parents[2] / "docs" / "images"
PICTURES: dict[str, Callable[[], str]] = {
    "idempotency-key.svg": idempotency_key,
    "keyset-pagination.svg": keyset_pagination,
    "life-of-a-request.svg": request_life,
    "lost-update.svg": lost_update,
    "outbox.svg": outbox,
    "packages.svg": package_map,
    "terminal.svg": terminal,
}
