"""Litestar, whose lists are objects that msgspec writes as they are, without a schema."""

# NOTE: No "annotations" from __future__: Litestar must see the types.

from typing import Any

from litestar import Litestar, get
from msgspec import convert

from ..payloads import issues as data
from ..payloads import structs
from ..payloads.payments import Payment
from ..payloads.payments import payments as payments_of

__all__ = ["issue_list", "payments"]


def issue_list() -> Any:
    # Structs from the start, because only they can rename a member to "+1".
    found = convert(data.issues(100), list[structs.Issue], from_attributes=True)

    @get("/issues")
    async def listed() -> list[structs.Issue]:
        return found

    return Litestar([listed])


def payments() -> Any:
    found = payments_of(100)

    @get("/payments")
    async def listed() -> list[Payment]:
        return found

    return Litestar([listed])
