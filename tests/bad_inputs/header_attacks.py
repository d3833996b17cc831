"""Bad headers: names, values, numbers of them, and each header that restkit reads."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from random import Random

from .attack import MARKER, Attack, message
from .subjects import READS, WRITES, encoded, odd_bytes, odd_header, odd_text

__all__ = ["KINDS"]

_READ_HEADERS = (
    b"Accept",
    b"Accept-Charset",
    b"Accept-Encoding",
    b"Accept-Language",
    b"Authorization",
    b"Cookie",
    b"Expect",
    b"Forwarded",
    b"If-Match",
    b"If-Modified-Since",
    b"If-None-Match",
    b"If-Range",
    b"If-Unmodified-Since",
    b"Last-Event-ID",
    b"Origin",
    b"Prefer",
    b"Priority",
    b"Range",
    b"Referer",
    b"Sec-Fetch-Site",
    b"TE",
    b"Upgrade",
    b"User-Agent",
    b"X-API-Key",
    b"X-Day",
    b"X-Forwarded-For",
    b"X-Number",
    b"X-Request-ID",
    b"X-Text",
)


def _read(rng: Random, lines: list[bytes], path: str = "", **known: object) -> Attack:
    at = path or rng.choice(READS)
    method = rng.choice(["GET", "GET", "GET", "HEAD", "OPTIONS"])
    return Attack((message(method, at, lines),), (method,), path=at, **known)  # type: ignore[arg-type]  # fields of Attack


def header_names(rng: Random) -> Attack:
    """Names with white space, controls, underscores, and lines that are no headers."""
    odd = odd_bytes(rng).translate(None, b"\r\n")
    line = rng.choice(
        [
            b"nonsense",
            b": value",
            b"X Y: z",
            b"X\t: z",
            b"X : z",
            b" X: folded",
            b"\tX: folded",
            b"X\x00: z",
            b"Content_Length: 5",
            b"Transfer_Encoding: chunked",
            b"X_API_Key: " + MARKER,
            odd + b": " + MARKER,
            b"X" * rng.choice([1000, 9000]) + b": y",
            b"X: y\r\n z",
            b"X: y\nZ: w",
            b"X: y\rZ: w",
            b"\xff: z",
            b'"X": z',
        ]
    )
    return Attack((message("GET", rng.choice(READS), [line]),))


def header_values(rng: Random) -> Attack:
    """Controls and bytes that are not ASCII in every header that anything reads."""
    lines = [
        name + b": " + odd_header(rng) for name in rng.sample(_READ_HEADERS, rng.randint(1, 4))
    ]
    at = rng.choice(READS)
    return Attack((message("GET", at, lines),), path="")


def header_floods(rng: Random) -> Attack:
    """Very many and very long headers."""
    count, size = rng.choice([(99, 10), (101, 10), (1000, 2), (90, 500), (3, 8000), (1, 70_000)])
    name = rng.choice(_READ_HEADERS)
    filler = rng.choice([b"a", b"a,", b'"', b";", b"=", b"a=b;", b'W/"a",', b"0-1,", b"\xff", b"/"])
    value = (filler * size)[:size]
    lines = [
        (name if rng.random() < 0.7 else b"X-%d" % number) + b": " + value
        for number in range(count)
    ]
    return Attack((message("GET", rng.choice(READS), lines),))


def accepts(rng: Random) -> Attack:
    """Accept, Accept-Charset, Accept-Encoding and Accept-Language that nobody can meet or read."""
    member = [
        "text/html",
        "application/json",
        "application/x-ndjson",
        "text/csv; header=absent",
        "application/json;q=1.0000",
        "application/json;q=-1",
        "application/json;q=2",
        "application/json;q=1e1",
        "application/json;q=nan",
        "*/*;q=0",
        "*/json",
        'a/b;c="' + "\\" * 50,
        'a/b;c="d,e";q=0.5',
        "application/json;version=1;version=2",
        "application/*;q=0.1",
        "text/html;q=0.000",
        "/",
        "*",
        ";q=1",
        "a" * 300 + "/" + "b" * 300,
        MARKER.decode() + "/x",
        "identity;q=0",
        "*;q=0",
        "gzip;q=1.001",
        "de-" + "a" * 50,
        "*-*",
        "x" * 2000,
    ]
    name = rng.choice(["Accept", "Accept", "Accept-Charset", "Accept-Encoding", "Accept-Language"])
    value = ",".join(rng.choices(member, k=rng.choice([1, 2, 5, 100])))
    lines = [f"{name}: {value}".encode("latin-1")]
    if rng.random() < 0.3:
        lines.append(b"Accept: " + odd_header(rng))
    return _read(rng, lines)


def authorizations(rng: Random) -> Attack:
    """Credentials that are malformed, several, or nobody's: the secret stays one."""

    def b64(text: bytes) -> bytes:
        return base64.b64encode(text)

    def token(header: object, claims: object) -> bytes:
        parts = [json.dumps(each).encode() for each in (header, claims)]
        texts = [base64.urlsafe_b64encode(each).rstrip(b"=") for each in parts]
        return b".".join([*texts, base64.urlsafe_b64encode(odd_bytes(rng, 32)).rstrip(b"=")])

    odd = odd_bytes(rng).translate(None, b"\r\n")
    deep: object = {"a": 1}
    for _ in range(rng.choice([1, 30, 500])):
        deep = {"a": deep}
    value = rng.choice(
        [
            b"",
            b"Basic",
            b"Basic ",
            b"Basic " + odd,
            b"Basic " + b64(b"nocolon"),
            b"Basic " + b64(odd + b":" + odd),
            b"Basic " + b64(b"a:" + b"b" * 5000),
            b"Basic " + b64(b"\xff:\xfe"),
            b"Basic " + b64(b"a:b") + b"=",
            b"Basic " + b64(b"a:b") + b" x",
            b"basic\t" + b64(b"a:b"),
            b"Basic  " + b64(b"a:b"),
            b"Basic realm=x",
            b"Bearer",
            b"Bearer " + odd,
            b"Bearer a b",
            b"Bearer " + b"a" * 6000,
            b"Bearer " + token({"alg": "none"}, {"sub": "a"}),
            b"Bearer " + token({"alg": "HS256", "crit": []}, {"sub": "a"}),
            b"Bearer " + token({"alg": ["HS256"]}, {"sub": "a"}),
            b"Bearer " + token({"alg": "HS256", "kid": "../../x"}, {"exp": "x"}),
            b"Bearer " + token({"alg": "HS256", "typ": 5}, [1]),
            b"Bearer " + token({"alg": "HS256"}, deep),
            b"Bearer " + token({"alg": "HS256"}, {"iss": "desk", "aud": "desk", "exp": 1e300}),
            b"Bearer ..",
            b"Bearer a.b.c.d.e",
            b"Digest username=" + MARKER + b', nonce="',
            b"Negotiate " + b64(odd),
            b"\xff" * 30,
            odd,
        ]
    )
    lines = [b"Authorization: " + value]
    if rng.random() < 0.3:
        more = [b"Authorization: Bearer x", b"X-API-Key: " + odd, b"Cookie: key=" + odd]
        lines.append(rng.choice(more))
    target = rng.choice(["/private", "/private", "/private", "/private?key=%00", "/private?key="])
    raw = message("GET", target, lines)
    return Attack((raw,), path="/private", refused=True, statuses=(400, 401, 403))


def cookies(rng: Random) -> Attack:
    """Cookies that no browser sends, and values that the schema refuses."""
    odd = odd_bytes(rng).translate(None, b"\r\n")
    value = rng.choice(
        [
            b"visits=" + odd,
            b"visits=1; visits=2",
            b"visits=9" + b"9" * 30,
            b"theme=" + MARKER,
            b'theme="' + odd,
            b'theme="\\303\\050"',
            b"theme=%ff",
            b"=;=;;;",
            b";" * 3000,
            b"a=b;" * 1500,
            b"key=" + MARKER,
            odd + b"=" + odd,
            b"\xff=\xfe",
            b"$Version=1; visits=1",
            b"visits",
            b"visits=",
            b"__Host-a=" + odd,
        ]
    )
    lines = [b"Cookie: " + value] * rng.choice([1, 1, 2])
    return _read(rng, lines, rng.choice(["/echo", "/echo", "/private", "/books"]))


def conditions(rng: Random) -> Attack:
    """Entity tags and dates that are malformed, weak, many or long ago."""
    odd = odd_header(rng)
    tag = rng.choice(
        [
            b"",
            b"*",
            b"*, *",
            b'"',
            b'"a',
            b"a",
            b'W/"a"',
            b'w/"a"',
            b'W/ "a"',
            b'"a" "b"',
            b'"a",,,"b"',
            b'"' + MARKER + b'"',
            b'"\x00"',
            b'"a",' * 1000,
            b'W/"1", "2", *',
            odd,
        ]
    )
    date = rng.choice(
        [
            b"0",
            b"Sun, 06 Nov 1994 08:49:37 GMT",
            b"Sun, 31 Feb 9999 99:99:99 GMT",
            b"Mon, 01 Jan 0000 00:00:00 GMT",
            b"Sunday, 06-Nov-94 08:49:37 GMT",
            b"Sun Nov  6 08:49:37 1994",
            b"Fri, 31 Dec 9999 23:59:60 GMT",
            b"1994-11-06T08:49:37Z",
            b"9" * 3000,
            odd,
        ]
    )
    lines = [
        rng.choice([b"If-Match: ", b"If-None-Match: "]) + tag,
        rng.choice([b"If-Modified-Since: ", b"If-Unmodified-Since: ", b"If-Range: "]) + date,
    ]
    lines = rng.sample(lines, rng.choice([1, 2]))
    if rng.random() < 0.4:
        method, at, value = rng.choice([each for each in WRITES if each[0] != "POST"])
        lines = [b'If-Match: "nothing"'] if lines[0][:8] != b"If-Match" else lines[:1]
        lines = [b"If-Match: " + MARKER] if lines[0] == b"If-Match: *" else lines
        body = encoded(value)
        return Attack((message(method, at, lines, body),), (method,), path=at, refused=True)
    return _read(rng, lines)


def ranges(rng: Random) -> Attack:
    """Ranges that overlap, are backwards, many, huge, or of other units."""
    value = rng.choice(
        [
            b"bytes=",
            b"bytes=-",
            b"bytes=--1",
            b"bytes=5-2",
            b"bytes=-0",
            b"bytes=9999999999-",
            b"bytes=0-" + b"9" * 500,
            b"bytes=-" + b"9" * 900,
            b"bytes=0-0,-1",
            b"bytes=" + b"0-1," * 200,
            b"bytes=" + b",".join(b"%d-%d" % (each * 9, each * 9 + 1) for each in range(17)),
            b"bytes=0-,0-,0-",
            b"bytes = 0-1",
            b"items=0-5",
            b"bytes=a-b",
            b"bytes=1-\xd9\xa3",
            b"bytes=0x0-0x5",
            b"bytes=+1-2",
            b"bytes=1_0-2_0",
            b"BYTES=0-1",
            b"bytes=" + odd_bytes(rng).translate(None, b"\r\n"),
            odd_header(rng),
        ]
    )
    lines = [b"Range: " + value]
    if rng.random() < 0.4:
        lines.append(b"If-Range: " + rng.choice([b'"x"', b"", b'W/"x"', odd_header(rng)]))
    at = rng.choice(["/pictures"] * 4 + ["/books", "/openapi.json", "/docs/swagger-ui.css"])
    method = rng.choice(["GET", "GET", "HEAD"])
    path = at if at in READS else ""
    return Attack((message(method, at, lines),), (method,), path=path)


def parameters_in_headers(rng: Random) -> Attack:
    """Declared headers with values that their schema refuses, and Last-Event-ID."""
    odd = rng.choice([odd_text(rng).encode(), odd_header(rng), b"1, 2", b"9" * 400])
    odd = odd.translate(None, b"\r\n\x00")
    name, at = rng.choice(
        [
            (b"X-Number", "/echo"),
            (b"X-Day", "/echo"),
            (b"X-Text", "/echo"),
            (b"Last-Event-ID", "/words"),
            (b"Prefer", "/books"),
            (b"Expect", "/books"),
        ]
    )
    lines = [name + b": " + odd] * rng.choice([1, 1, 1, 3])
    return Attack((message("GET", at, lines),), path="" if name == b"Expect" else at)


def preferences(rng: Random) -> Attack:
    """Prefer with odd values, on lists and on writes that are invalid."""
    value = rng.choice(
        [
            b"count=exact; x",
            b"count=" + MARKER,
            b"count=exact, count=none",
            b'return="minimal',
            b"return=minimal; a=" + odd_header(rng),
            b"return=\xff",
            b"handling=lenient",
            b"respond-async, wait=" + b"9" * 100,
            b"," * 3000,
            b"=" * 100,
            odd_header(rng),
        ]
    )
    lines = [b"Prefer: " + value]
    if rng.random() < 0.5:
        return _read(rng, lines)
    method, at, _ = rng.choice(WRITES)
    body = b'{"nobody": 1}'
    return Attack((message(method, at, lines, body),), (method,), path=at, refused=True)


KINDS: Mapping[str, Callable[[Random], Attack]] = {
    "header names": header_names,
    "header values": header_values,
    "header floods": header_floods,
    "Accept": accepts,
    "Authorization": authorizations,
    "cookies": cookies,
    "conditional headers": conditions,
    "ranges": ranges,
    "headers as parameters": parameters_in_headers,
    "Prefer": preferences,
}
