"""Idempotency keys: one for each call, the same one when the request that causes it is repeated."""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter

from ..caller_identity import identity_of
from ..request import Request, current_request
from .peer_operation import PeerOperation

__all__ = ["idempotency_key"]


class _Calls(Counter[str]):
    """How often one request has made the same call."""


def idempotency_key(peer: str, operation: PeerOperation, target: str, content: bytes | None) -> str:
    """Return the key of a call.

    If the current request has a key itself, the key of the call is made from it: when a client
    repeats its request, because this process ended before the response, the call that was made then
    has no second effect. Calls with other content have other keys, as have equal calls of one
    request.

    Args:
        peer: The name of the peer.
        operation: The operation.
        target: The path and the query of the call.
        content: Its content, None if it is sent as a stream or a form with files.
    """
    request = current_request.get(None)
    key = None if request is None else _own_key(request)
    if request is None or key is None or content is None:
        return secrets.token_hex(16)
    # SECURITY: two callers may choose the same key; neither may get the response of the other.
    identity = identity_of(request.caller) or request.environ.get("HTTP_AUTHORIZATION", "")
    own = request.operation
    parts = (key, identity, own.method, request.path, peer, operation.operation_id, target)
    digest = hashlib.sha256(repr(parts).encode() + content)
    calls = request.state(_Calls)
    same = digest.hexdigest()
    calls[same] += 1
    digest.update(str(calls[same]).encode())
    return digest.hexdigest()[:48]


def _own_key(request: Request) -> str | None:
    """Return the key of a request, if its operation keeps to it."""
    rule = None if request.operation is None else request.operation.idempotency
    if rule is None or request.method not in rule.methods:
        return None
    found: str | None = request.environ.get("HTTP_IDEMPOTENCY_KEY")
    return found
