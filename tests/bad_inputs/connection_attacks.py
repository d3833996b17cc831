"""Several requests on a connection, and content that is slow or cut off."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

from .attack import Attack, message
from .subjects import WRITES, encoded, odd_bytes

__all__ = ["KINDS"]


def pipelines(rng: Random) -> Attack:
    """Several requests at once, of which one is bad: each gets its response, in order."""
    good = message("GET", "/books", close=False)
    bad = rng.choice(
        [
            message("POST", "/books", body=b"{", close=False),
            message("POST", "/books", [b"Content-Length: 2"], close=False) + b"{]",
            message("POST", "/books", [b"Transfer-Encoding: chunked"], close=False)
            + b"1\r\n{\r\n0\r\n\r\n",
            message("GET", "/%00", close=False),
            message("PATCH", "/books/1", body=odd_bytes(rng), close=False),
            message("GET", "/books", host=b"a b", close=False),
            message("GET", "/books", [b"Content-Length: 5"], close=False) + b"hello",
            message("DELETE", "/books/99", body=b"x" * rng.choice([1, 5000]), close=False),
        ]
    )
    last = message("GET", "/authors")
    order = rng.choice([[good, bad, last], [bad, good, last], [bad, bad, last], [good, good, bad]])
    verbs = tuple(each.split(b" ")[0].decode() for each in order)
    if rng.random() < 0.3:
        # A request that hides within the content of another one must stay content.
        hidden = message("DELETE", "/books/1")
        order = [message("POST", "/authors", body=hidden)]
        verbs = ("POST",)
    joined = b"".join(order)
    if rng.random() < 0.3:
        at = rng.randrange(len(joined))
        return Attack((joined[:at], joined[at:]), verbs, end=True, pause=0.02)
    return Attack((joined,), verbs, end=True)


def interruptions(rng: Random) -> Attack:
    """Content that is slow, cut off, or whose sender goes away."""
    method, at, value = rng.choice([*WRITES, ("POST", "/pictures", {"a": 1})])
    body = encoded(value | {"nobody": 1})
    kind = b"application/json" if at != "/pictures" else b"multipart/form-data; boundary=b"
    raw = message(method, at, body=body, kind=kind)
    cut = rng.randrange(len(raw) - 1)
    if rng.random() < 0.4:
        return Attack((raw[:cut],), (method,), abort=True)
    if rng.random() < 0.5:
        return Attack((raw[:cut],), (method,), end=True)
    size = max(len(raw) // 5, 1)
    pieces = tuple(raw[each : each + size] for each in range(0, len(raw), size))
    return Attack(pieces, (method,), refused=True, pause=0.02)


KINDS: Mapping[str, Callable[[Random], Attack]] = {
    "pipelines": pipelines,
    "interruptions": interruptions,
}
