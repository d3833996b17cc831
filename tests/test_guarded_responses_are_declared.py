"""Programs with guards drawn at random: every response is declared, with its headers.

Each example draws a collection with masks, behind a cache, compression, a deadline, sizes, rates,
concurrency, CORS, hosts and security headers, and sends it several requests. Two judges look at
each response: the contract check, and the printed document with `jsonschema`.

``RESTKIT_TEST_COMBINATIONS=20000`` draws that many.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from restkit import App
from restkit.caching import Cache
from restkit.compression import Compression
from restkit.crud import CRUDResource, MemoryStore
from restkit.limits import Concurrency, Deadline, Failures, Rate, Sizes, principal
from restkit.openapi import build
from restkit.security import (
    CORS,
    NOBODY,
    APIKey,
    Caller,
    Hosts,
    Mask,
    SecurityHeaders,
    role,
    scope,
)
from restkit.testing import Client, TestResponse

EXAMPLES = int(os.environ.get("RESTKIT_TEST_COMBINATIONS") or 100)
STAFF, CLERK, GUEST = "key-of-the-staff-1", "key-of-the-clerk-1", "key-of-the-guest-1"
KEYS = {
    STAFF: Caller("sue", frozenset({"read", "write"}), frozenset({"staff"})),
    CLERK: Caller("ann", frozenset({"read", "write"})),
    GUEST: Caller("tom"),
}
CACHES: dict[str, Any] = {
    "none": None,
    "short": {"seconds": 30},
    "stale": {"seconds": 0.001, "stale": 30},
    "of clients": {"seconds": 30, "client": 0},
    "by language": {"seconds": 30, "vary": ["Accept-Language"]},
}
LIMITS: dict[str, Any] = {
    "sizes": lambda: Sizes(target=60, headers=900, header=300),
    "deadline": lambda: Deadline(20),
    "concurrency": lambda: Concurrency(3),
    "rate": lambda: Rate(3, per="hour"),
    "rate of callers": lambda: Rate(2, per="hour", key=principal, name="callers"),
    "failures": lambda: Failures(2, per="hour"),
}
MASKS: dict[str, Any] = {
    "none": {},
    "role": {"price": role("staff")},
    "written by nobody": {"price": Mask(write=NOBODY)},
    "both": {"price": role("staff"), "memo": Mask(read=scope("write"), write=role("staff"))},
}


@dataclass
class Part:
    title: str
    price: int = 1
    memo: str = ""
    id: int = 0


@dataclass(frozen=True)
class Guards:
    """What a program has."""

    cache: str
    limits: tuple[str, ...]
    masks: str
    compression: bool
    cors: bool
    hosts: bool
    headers: bool
    guarded: bool
    bulk: bool


@dataclass(frozen=True)
class Asked:
    """A request."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: object


GUARDS = st.builds(
    Guards,
    st.sampled_from(sorted(CACHES)),
    st.lists(st.sampled_from(sorted(LIMITS)), unique=True).map(tuple),
    st.sampled_from(sorted(MASKS)),
    *[st.booleans()] * 6,
)
ODD = st.fixed_dictionaries(
    {},
    optional={
        "X-API-Key": st.sampled_from([GUEST, "wrong", "x" * 400]),
        "Origin": st.sampled_from(["https://app.example", "https://evil.example"]),
        "Accept-Encoding": st.sampled_from(["gzip", "br, zstd", "identity;q=0", "*;q=0"]),
        "Accept": st.sampled_from(["*/*", "text/csv", "application/x-ndjson", "image/png"]),
        "Accept-Language": st.sampled_from(["de", "en"]),
        "Cache-Control": st.sampled_from(["no-cache", "only-if-cached", "no-store", "max-age=0"]),
        "If-None-Match": st.sampled_from(["*", '"x"']),
        "If-Match": st.sampled_from(["*", '"x"']),
        "Range": st.just("bytes=0-3"),
        "Host": st.sampled_from(["localhost", "evil.example"]),
        "X-Long": st.sampled_from(["a" * 301, "a" * 200]),
    },
)
KNOWN = st.sampled_from([{"X-API-Key": STAFF}, {"X-API-Key": CLERK}])
HEADERS = st.one_of(KNOWN, KNOWN, st.builds(lambda key, odd: key | odd, KNOWN, ODD))
ASKED = st.builds(
    Asked,
    st.sampled_from(["GET", "GET", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]),
    st.sampled_from(
        [
            "/parts",
            "/parts/1",
            "/parts/9",
            "/parts/bulk",
            "/parts?sort=price",
            "/parts?title=a",
            "/parts?" + "x" * 80,
            "/unknown",
        ]
    ),
    HEADERS,
    st.sampled_from(
        [..., {"title": "Bolt"}, {"title": "Nut", "price": 3}, {"price": "x"}, {"create": []}]
    ),
)


SHOWN = ("Age", "Content-Encoding", "RateLimit", "Access-Control-Allow-Origin")
"""Headers by which guards show that they worked."""


def app_of(guards: Guards) -> App:
    """Make the program."""
    options: dict[str, Any] = {"limits": [LIMITS[each]() for each in guards.limits]}
    if guards.guarded or guards.masks != "none":
        options["security"] = APIKey(keys=KEYS)
        options["permission"] = scope("read")
    if guards.cors:
        options["cors"] = CORS(["https://app.example"], credentials=True, expose=["ETag"])
    if CACHES[guards.cache] is not None:
        options["cache"] = Cache(**CACHES[guards.cache])
    app = App("Parts", **options)
    if guards.compression:
        app.install(Compression(minimum=1))
    if guards.hosts:
        app.install(Hosts(["localhost"]))
    if guards.headers:
        app.install(SecurityHeaders())
    store = MemoryStore(Part)
    app.install(store)
    members = {"model": Part, "filters": ("title",), "sorts": ("price",), "csv": True}
    members |= {"masks": MASKS[guards.masks], "bulk": guards.bulk, "__module__": __name__}
    app.add("/parts", type("Parts", (CRUDResource,), members))
    return app


def check_documented(document: Any, asked: Asked, response: TestResponse) -> None:
    """Compare a response with the printed document."""
    path = asked.path.partition("?")[0]
    template = path if path in document["paths"] else "/parts/{id}"
    operations = document["paths"].get(template, {})
    verb = "get" if asked.method == "HEAD" else asked.method.lower()
    if path == "/unknown" or verb not in operations:
        return  # no operation of the document
    if response.status == 400 and asked.headers.get("Host") == "evil.example":
        return  # refused before routing
    found = operations[verb]["responses"].get(str(response.status))
    assert found is not None, f"{asked} is answered by an undocumented {response.status}"
    if "$ref" in found:
        found = document["components"]["responses"][found["$ref"].rpartition("/")[2]]
    documented = {name.lower() for name in found.get("headers", {})}
    for name in ("RateLimit", "RateLimit-Policy", "Retry-After", "WWW-Authenticate"):
        assert name not in response.headers or name.lower() in documented, f"{name} of {asked}"
    if asked.method == "HEAD" or not response.body or "Content-Encoding" in response.headers:
        return
    media = found["content"][response.media_type]
    if response.media_type.endswith("json"):
        registry: Registry[Any] = Registry().with_resource(
            "urn:document", DRAFT202012.create_resource(document)
        )
        schema = json.loads(json.dumps(media["schema"]).replace('"#/', '"urn:document#/'))
        Draft202012Validator(schema, registry=registry).validate(json.loads(response.body))


seen: Counter[int | str] = Counter()


EVERY = Guards("short", ("sizes", "rate"), "role", True, True, True, True, True, True)
OTHERS = Guards("stale", (), "both", True, True, False, False, True, False)


def plain(method: str = "GET", path: str = "/parts", body: object = ..., **headers: str) -> Asked:
    """Return a request of the staff."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Asked(method, path, {"X-API-Key": STAFF} | named, body)


LIMITED = [plain(X_Long="a" * 301), plain(path="/parts?" + "x" * 80), *[plain()] * 5]
USUAL = [
    plain(Origin="https://app.example", Accept_Encoding="gzip"),
    plain(Accept="image/png"),
    plain(path="/parts/9"),
    plain("PUT", "/parts"),
    plain("POST", body={"price": "x"}),
    plain("DELETE", "/parts/1"),
    plain(X_API_Key="wrong"),
]


@example(EVERY, LIMITED)
@example(
    Guards("none", ("failures",), "none", False, False, False, False, True, False),
    [plain(X_API_Key="wrong")] * 4,
)
@example(OTHERS, USUAL)
@example(Guards("short", (), "none", False, False, False, False, True, False), [plain()] * 2)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(guards=GUARDS, requests=st.lists(ASKED, min_size=3, max_size=8))
def check_a_program(guards: Guards, requests: list[Asked]) -> None:
    app = app_of(guards)
    document = build(app)
    client = Client(app)  # checks each response against its Operation
    key = {"X-API-Key": STAFF}
    client.post("/parts", json={"title": "Bolt"}, headers=key)
    for each in requests:
        options = {} if each.body is ... else {"json": each.body}
        response = client.request(each.method, each.path, headers=dict(each.headers), **options)
        assert response.status != 500
        check_documented(document, each, response)
        seen[response.status] += 1
        seen.update(name for name in SHOWN if name in response.headers)


def test_every_response_of_guards_is_declared() -> None:
    """Contract check and document agree with the responses of random programs with guards."""
    seen.clear()
    check_a_program()
    for each in (200, 204, 401, 404, 405, 406, 414, 422, 429, 431, *SHOWN):
        assert seen[each] > 0, seen
