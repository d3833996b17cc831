"""Bad queries, cursors, patches, keys, bulk and idempotency keys."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from random import Random
from typing import Any
from urllib.parse import quote

from .attack import MARKER, Attack, message
from .subjects import (
    PARCEL,
    READS,
    encoded,
    odd_header,
    odd_text,
    some_json,
    spelled,
)

__all__ = ["KINDS"]

_JSON_PATCH = b"application/json-patch+json"
_MERGE_PATCH = b"application/merge-patch+json"
_LISTS = ("/authors", "/authors/1/books", "/books", "/items", "/parcels")
_FILTERS = {
    "/authors": "name__contains born__gte born__lte",
    "/books": "title__contains genre genre__in published__gte pages__lte price__lte author_id__in"
    " tags__has",
    "/items": "sku name__contains name__gt name__in count count__in count__null weight weight__lt"
    " price price__not_in added added__gte public",
    "/parcels": "label sent__gte sent__in",
}


def _get(rng: Random, at: str, query: str) -> Attack:
    method = rng.choice(["GET", "GET", "GET", "HEAD"])
    target = f"{at}?{query}".encode("utf-8", "surrogatepass")
    return Attack((message(method, target),), (method,), path=at)


def queries(rng: Random) -> Attack:
    """Names that are unknown, repeated or in brackets, and queries that are huge."""
    at = rng.choice([each for each in READS if each != "/pictures"])
    name = rng.choice(["limit", "fields", "n", "id", "expand", "sort", "words", odd_text(rng)[:30]])
    quoted = quote(name, safe="")
    query = rng.choice(
        [
            f"nobody={MARKER.decode()}",
            f"{quoted}[]=1",
            f"{quoted}[a][b]=1",
            f"{quoted}[=1",
            f"{quoted}.a=1",
            f"{quoted}={MARKER.decode()}&{quoted}=2",
            f"{quoted}={spelled(odd_text(rng)[:300])}",
            f"{quoted}",
            f"={quoted}",
            "&" * rng.choice([1, 2000]),
            "=" * 50,
            "a=1;b=2",
            "%ff=1",
            "%00=%00",
            "n=%d9%a3",
            "n=1e3",
            "x=nan",
            "x=1e400",
            "x=inf",
            "x=1_0",
            "day=2026-02-30",
            "day=20260101",
            "day=2026-W01-1",
            "at=2026-01-01T24:00:00Z",
            "at=2026-01-01T00:00:00%2B99:99",
            "at=9999-12-31T23:59:59-23:59",
            "at=0001-01-01T00:00:00%2B23:59",
            "id={" + PARCEL + "}",
            "id=urn:uuid:" + PARCEL,
            "id=" + PARCEL.replace("-", ""),
            "on=maybe",
            "&".join(f"p{each}=1" for each in range(rng.choice([20, 600]))),
            "&".join(["n=1"] * 600),
            "a" * 4000,
            "words=" * 300,
        ]
    )
    return _get(rng, at, query)


def filters(rng: Random) -> Attack:
    """Filters with values that are no such value, lists that are too long, and other operators."""
    at = rng.choice(list(_FILTERS))
    name = rng.choice(_FILTERS[at].split())
    value = rng.choice(
        [
            "",
            ",",
            ",,,",
            "%00",
            "%ff",
            "%ed%a0%80",
            "%25",
            "_",
            "%5c",
            "'",
            "1e400",
            "NaN",
            "Infinity",
            "-Infinity",
            "-0",
            "2147483648",
            "9223372036854775808",
            "-9223372036854775809",
            "9" * 400,
            "1.00000000000000000000000001",
            "1e-400",
            "0x1",
            "2026-02-30",
            "0000-01-01",
            "9999-12-31T23:59:59.999999-23:59",
            "0001-01-01T00:00:00%2B23:59",
            "10000-01-01",
            "infinity",
            "epoch",
            "null",
            "true",
            "TRUE",
            "FICTION",
            "Genre.FICTION",
            "%D9%A3",
            "a" * 3000,
            ",".join(["1"] * 101),
            ",".join(["x"] * 2000),
            MARKER.decode(),
            spelled(odd_text(rng)[:200]),
        ]
    )
    base = name.partition("__")[0]
    operator = rng.choice(["__like", "__in__in", "__", "__eq", "__class__", "__null", "[gte]"])
    twice = f"{name}={value}&{name}={value}"
    query = rng.choice([f"{name}={value}"] * 6 + [twice, base + operator])
    if rng.random() < 0.15 and at == "/items":
        method = rng.choice(["PATCH", "DELETE"])
        body = rng.choice([b"{}", b'{"nobody": 1}', b"[]", b'{"sku": "a-1", "sku": 1}'])
        raw = message(method, f"{at}?{query}", body=body)
        if method == "DELETE":
            raw = message(method, f"{at}?{query}&dry_run=maybe")
        return Attack((raw,), (method,), path=at, refused=True)
    return _get(rng, at, query)


def pages(rng: Random) -> Attack:
    """Cursors that nobody wrote, limits, offsets, pages, sorts and fields that there are not."""
    at = rng.choice(_LISTS)
    sealed = base64.urlsafe_b64encode(bytes(rng.randrange(256) for _ in range(rng.randint(0, 90))))
    numbers = ["0", "-1", "101", "1e1", "1.0", "9" * 30, "9" * 5000, "x", "", "%00", "+1", "0x1"]
    number = rng.choice([*numbers, "%D9%A3"])
    query = rng.choice(
        [
            f"cursor={sealed.decode().rstrip('=')}",
            f"cursor={sealed.decode()}",
            f"cursor={MARKER.decode()}",
            "cursor=",
            "cursor=" + "A" * rng.choice([1999, 2000, 2001, 5000]),
            "cursor=%ff",
            "cursor=a&cursor=b",
            f"limit={number}",
            f"limit=1&limit={number}",
            f"offset={number}",
            "offset=2147483648",
            f"page={number}&per_page=1",
            f"per_page={number}",
            "page=9223372036854775807&per_page=100",
            f"sort={quote(odd_text(rng)[:100])}",
            "sort=-",
            "sort=--name",
            "sort=name,name,-name",
            "sort=" + ",".join(["name"] * 300),
            "sort=name__class__",
            f"fields={quote(odd_text(rng)[:100])}",
            "fields=" + ",".join(["id"] * 300),
            "fields=,",
            "expand=author.books.author",
            "expand=" + "author." * 200,
            "group=public&aggregates=nobody",
            "dry_run=true",
        ]
    )
    if at == "/items" and rng.random() < 0.2:
        at = "/items/totals"
    return _get(rng, at, query)


def media_of_lists(rng: Random) -> Attack:
    """JSON Lines and CSV of lists, with queries and weights that do not fit."""
    media = rng.choice(["application/x-ndjson", "text/csv", "text/csv; header=absent"])
    extra = rng.choice(["", ";q=0", ";q=x", ", */*;q=0", "; charset=utf-16", "; a=b"])
    texts = "limit=0 limit=5 cursor=x sort=x fields=name,nobody fields=name offset=1 expand=author"
    contains = f"name__contains={spelled(odd_text(rng)[:100])}"
    query = rng.choice([*texts.split(), contains, "nobody=1"])
    at = rng.choice(_LISTS)
    lines = [f"Accept: {media}{extra}".encode()]
    method = rng.choice(["GET", "GET", "HEAD"])
    return Attack((message(method, f"{at}?{query}", lines),), (method,), path=at)


def json_patches(rng: Random) -> Attack:
    """JSON Patches with unknown operations, pointers that lead nowhere, and growing copies."""
    at = rng.choice(["/authors/1", "/books/1", "/items/a-1", f"/parcels/{PARCEL}"])
    pointers = "/ /name /nobody /tags/- /tags/99 /tags/01 /tags/-1 /data/a/0 /data/a/- /data/~2 /~"
    pointers += " name /id /title/0 /__class__ /data/a/1e0 /data/\u0663"
    long = ["", "/tags/" + "9" * 5000, "/data" + "/a" * 500]
    pointer = rng.choice([*pointers.split(), *long])
    op = rng.choice(["add", "remove", "replace", "move", "copy", "test", "ADD", "", None, 5, "x"])
    one: dict[str, Any] = {"op": op, "path": pointer, "value": some_json(rng), "from": pointer}
    for name in rng.sample(sorted(one), rng.choice([0, 0, 1])):
        del one[name]
    never = {"op": "test", "path": "/nobody", "value": 1}
    grow = [{"op": "copy", "from": "/data", "path": "/data/a"}] * rng.choice([5, 40, 900])
    patch: Any = rng.choice(
        [
            {},
            None,
            "x",
            [None],
            [[]],
            [never],
            [one, never],
            [one, one, never],
            [never] * 1001,
            [*grow, never],
            [{"op": "move", "from": "/data", "path": "/data/a"}, never],
            [{"op": "add", "path": "", "value": some_json(rng)}, never],
            [{"op": "remove", "path": ""}, never],
            [{"op": "add", "path": f"/{each}", "value": 1} for each in range(50)],
        ]
    )
    raw = message("PATCH", at, body=encoded(patch), kind=_JSON_PATCH)
    statuses = (400, 409, 413, 422)
    return Attack((raw,), ("PATCH",), path=at, refused=True, statuses=statuses)


def merge_patches(rng: Random) -> Attack:
    """Merge patches that are no objects, remove what is required, or change keys."""
    at, required, key = rng.choice(
        [
            ("/authors/1", "name", "id"),
            ("/books/1", "title", "id"),
            ("/items/a-1", "name", "version"),
            (f"/parcels/{PARCEL}", "label", "nobody"),
        ]
    )
    patch: Any = rng.choice(
        [
            None,
            [],
            5,
            "x",
            {required: None},
            {required: {"a": None}},
            {required: []},
            {key: 2},
            {required: "x", key: None},
            {"nobody": None, key: 7},
            {required: some_json(rng), "nobody": 1},
            {required: "a" * 500},
        ]
    )
    kind = rng.choice([_MERGE_PATCH, b"application/json", _MERGE_PATCH + b"; charset=utf-8"])
    raw = message("PATCH", at, body=encoded(patch), kind=kind)
    return Attack((raw,), ("PATCH",), path=at, refused=True, statuses=(400, 409, 422))


def idempotency_keys(rng: Random) -> Attack:
    """Keys that are malformed, several or long, on content that is invalid."""
    odd = [odd_header(rng), b'"' + MARKER + b'"', MARKER, b"a" * 256, b"a" * 7000]
    plain = [b"", b'"', b'"a', b'"a"; b=c', b"a, b", b"\xff", b'"\\x"', b" "]
    key = rng.choice([*plain, *odd])
    method, at = rng.choice([("POST", "/authors"), ("POST", "/books"), ("PATCH", "/books/1")])
    body = rng.choice([b"{", b'{"nobody": 1}', b"[]", b""])
    lines = [b"Idempotency-Key: " + key] * rng.choice([1, 1, 1, 2])
    raw = message(method, at, lines, body)
    return Attack((raw,), (method,), path=at, refused=True)


def bulks(rng: Random) -> Attack:
    """Bulk requests with unknown lists, keys that there are not, doubles and too many items."""
    good = {"sku": "k-9", "name": "K"}
    wrong: list[Any] = [None, 5, "x", [], {}, {"sku": "k"}, {"nobody": 1}, good | {"count": "x"}]
    bad = rng.choice(wrong)
    value: Any = rng.choice(
        [
            None,
            [],
            {"create": {}},
            {"create": [bad]},
            {"create": [good, bad]},
            {"create": [good, good]},
            {"create": [good | {"sku": "a-1"}]},
            {"create": [good] * 51},
            {"update": [{"sku": "nobody", "name": "x"}]},
            {"update": [{"sku": "a-1", "name": None}]},
            {"update": [{"sku": "a-1", "if_match": MARKER.decode()}]},
            {"update": [{"name": "x"}]},
            {"update": [{"sku": "a-1"}, {"sku": "a-1"}, bad]},
            {"delete": ["nobody"]},
            {"delete": [some_json(rng)], "create": [bad]},
            {"delete": ["a-1", "a-1", "nobody"]},
            {"delete": "a-1"},
            {"upsert": [bad]},
            {"upsert": [good, good]},
            {"upsert": [good | {"sku": None}]},
            {"nobody": []},
            {"create": [good], "delete": [{"sku": "a-1"}]},
            {"create": [good | {"name": odd_text(rng), "nobody": 1}]},
        ]
    )
    lines = [b"Prefer: return=minimal"] if rng.random() < 0.2 else []
    raw = message("POST", "/items/bulk", lines, encoded(value))
    return Attack(
        (raw,), ("POST",), path="/items/bulk", refused=True, statuses=(400, 409, 413, 422)
    )


def keys(rng: Random) -> Attack:
    """Keys in URLs of another type, over the column, or not of this collection."""
    plain = "0 -1 1.0 01 +1 1e0 0x1 2147483648 9223372036854775808 %00 1%00 %ff %D9%A3 null true"
    plain += " 1,2 1%2f2 1;2 * %2a %27%20OR%201=1 %20a-1 a-1%20 A-1 bulk"
    uuids = [PARCEL.upper(), "{" + PARCEL + "}", PARCEL.replace("-", ""), PARCEL[:-1]]
    long = ["9" * 400, "a" * 41, "a" * 3000, spelled(odd_text(rng)[:200])]
    key = rng.choice([*plain.split(), *uuids, *long])
    base = rng.choice(["/authors", "/books", "/items", "/parcels", "/authors/1/books"])
    at = rng.choice([f"{base}/{key}", f"/authors/{key}/books", f"/books/{key}/cover"])
    method = rng.choice(["GET", "GET", "HEAD", "OPTIONS"])
    if rng.random() < 0.3:
        method = rng.choice(["PATCH", "PUT"])
        raw = message(method, at, body=b'{"nobody": 1}')
        return Attack((raw,), (method,), refused=True)
    return Attack((message(method, at),), (method,))


def upserts(rng: Random) -> Attack:
    """A PUT whose content names another key, or a key that cannot be stored."""
    pairs: list[tuple[str, Any]] = [("g-7", each) for each in ("h-8", None, 7, ["g-7"], "g-7 ")]
    pairs += [("a-1", "b-2"), ("%00", "\x00"), ("a" * 41, "a" * 41), ("%ff", "x"), ("g%2f7", "x")]
    key, sku = rng.choice(pairs)
    lines = rng.choice([[], [b"If-None-Match: *"], [b'If-Match: "x"'], [b"If-Match: *"]])
    if rng.random() < 0.3:
        label: Any = rng.choice([None, 5, "x" * 51, ["x"]])
        at = "/parcels/" + rng.choice([PARCEL, PARCEL.replace("0", "1"), "x"])
        raw = message("PUT", at, lines, encoded({"label": label}))
    else:
        raw = message("PUT", f"/items/{key}", lines, encoded({"sku": sku, "name": "G"}))
    return Attack((raw,), ("PUT",), refused=True)


KINDS: Mapping[str, Callable[[Random], Attack]] = {
    "queries": queries,
    "filters": filters,
    "pages, sorts and fields": pages,
    "JSON Lines and CSV": media_of_lists,
    "JSON Patch": json_patches,
    "merge patches": merge_patches,
    "idempotency keys": idempotency_keys,
    "bulk": bulks,
    "keys": keys,
    "upserts": upserts,
}
