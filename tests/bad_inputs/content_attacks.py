"""Bad content: media types, JSON, numbers, texts, forms and multipart."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from .attack import MARKER, Attack, message
from .subjects import WRITES, encoded, odd_bytes, odd_header, odd_text, some_json

__all__ = ["KINDS"]

_FORM = b"application/x-www-form-urlencoded"
_MULTIPART = b"multipart/form-data; boundary=b"
_PATCHES = (b"application/json", b"application/merge-patch+json")


def _write(rng: Random, body: bytes, *statuses: int) -> Attack:
    """Send content to any write that takes JSON; it must be refused."""
    method, at, _ = rng.choice(WRITES)
    kind = rng.choice(_PATCHES) if method == "PATCH" else _PATCHES[0]
    raw = message(method, at, body=body, kind=kind)
    return Attack((raw,), (method,), path=at, refused=True, statuses=statuses)


def content_types(rng: Random) -> Attack:
    """Media types and charsets that are not taken, and codings."""
    method, at, value = rng.choice(WRITES)
    body = encoded(value)
    kind = rng.choice(
        [
            b"",
            b"text/plain",
            b"text/json",
            b"application/xml",
            b"application/json; charset=utf-16",
            b"application/json; charset=" + MARKER,
            b"application/json; charset=utf-7",
            b"application/json; charset=utf-8; charset=utf-16",
            b'application/json; charset="utf-8',
            b"application/json, application/json",
            b"application/json;;;a",
            b"application/*",
            b"*/*",
            b"/",
            b"application/json\xa0",
            b"application/vnd.api+json",
            b"application/x-ndjson",
            b"multipart/form-data",
            b"multipart/form-data; boundary=" + b"x" * 3000,
            _FORM,
            b"application/json;" * 500,
            odd_header(rng),
        ]
    )
    lines = [b"Content-Type: " + kind] if rng.random() < 0.95 else []
    if rng.random() < 0.2:
        lines = [b"Content-Type: application/json"]
        coding = rng.choice([b"gzip", b"br", b"deflate", b"gzip, gzip", b"x", odd_header(rng)])
        lines.append(b"Content-Encoding: " + coding)
        body = gzip.compress(b" " * 1_000_000)
    elif lines and rng.random() < 0.1:
        lines.append(b"Content-Type: application/json")
    lines.append(b"Content-Length: %d" % len(body))
    # Without a path where the server may join or refuse what is no header.
    raw = message(method, at, lines) + body
    return Attack((raw,), (method,), refused=True)


def json_syntax(rng: Random) -> Attack:
    """JSON with a byte removed, doubled, or changed; texts that are other formats."""
    _, _, value = rng.choice(WRITES)
    body = encoded(value)
    cut = rng.randrange(len(body))
    broken = rng.choice(
        [
            body[:cut],
            body + b"x",
            body + body,
            body + b",",
            body.replace(b'"', b"'"),
            body.replace(b":", b"=", 1),
            body.replace(b"{", b"{,", 1),
            body.replace(b"}", b",}", 1),
            body.replace(b'"', b"", 1),
            b"// x\n" + body,
            body + b"/**/",
            b"\xef\xbb\xbf" + body,
            body.decode().encode("utf-16"),
            body.decode().encode("utf-32-le"),
            b"\x00" + body,
            body + b"\x00",
            b"\x0b" + body,
            b"\x1e" + body,
            b")]}'\n" + body,
            b"",
            b" \r\n\t ",
            b"\xff" * 10,
            MARKER,
            b"<a/>",
            b"- a: 1",
            b"True",
            b"[1 2]",
            b"{1: 2}",
            b'{"a" "b"}',
            b'{"a": }',
            b'"\\x41"',
            b'"\\u12"',
            b'"a\nb"',
            b"[" + odd_bytes(rng) + b"]",
        ]
    )
    return _write(rng, broken, 400)


def json_structure(rng: Random) -> Attack:
    """JSON that is deep, has names twice, or very many members."""
    deep = rng.choice([65, 66, 500, 1000, 5000, 100_000])
    count = rng.choice([100, 2000, 20_000])
    body = rng.choice(
        [
            b"[" * deep,
            b"[" * deep + b"]" * deep,
            b'{"a":' * deep + b"1" + b"}" * deep,
            b'{"name":' + b"[" * deep + b"]" * deep + b"}",
            b'[{"a":' * deep,
            b'{"name": "a", "name": "' + MARKER + b'"}',
            b'{"name": "a", "n\\u0061me": "b"}',
            b'{"data": {"a": 1, "a": 2}, "sku": "z", "name": "z"}',
            b'{"": 1, "": 2}',
            b"{" + b",".join(b'"n%d": 1' % each for each in range(count)) + b"}",
            b"[" + b",".join([b"{}"] * count) + b"]",
            b'{"title": "' + b"x" * (50 * count) + b'"}',
            b'{"name": ' + b" " * (50 * count) + b"}",
            b'{"tags": [' + b",".join([b'"a"'] * count) + b"]}",
            b'{"' + b"\\u0061" * count + b'": 1}',
            b"[" * 63 + b'{"a": 1, "a": 1}' + b"]" * 63,
        ]
    )
    return _write(rng, body, 400, 413, 422)


def json_numbers(rng: Random) -> Attack:
    """Numbers that overflow, have other forms, or do not fit their column."""
    number = rng.choice(
        [
            b"1e400",
            b"-1e400",
            b"1e99999999999",
            b"NaN",
            b"Infinity",
            b"-Infinity",
            b"9223372036854775808",
            b"-9223372036854775809",
            b"9" * 100,
            b"9" * 5000,
            b"0." + b"9" * 2000,
            b"01",
            b"+1",
            b".5",
            b"5.",
            b"0x10",
            b"1_000",
            b"1e",
            b"--1",
            b"\xd9\xa3",
            b"true",
            b'"1e400"',
            b'"NaN"',
            b'"Infinity"',
            b'"' + b"9" * 60 + b'"',
            b"1.5",
            b"2147483648",
            b"-2147483649",
            b"1e300",
            b"[1]",
            b'{"a": 1}',
            b'"\\u0661"',
            b'" 1"',
            b'"1 "',
            b'"1_0"',
        ]
    )
    at, template = rng.choice(
        [
            ("/books", b'{"title": "a", "genre": "fiction", "author_id": %b}'),
            ("/books", b'{"title": "a", "genre": "fiction", "author_id": 1, "pages": %b, "id": 1}'),
            ("/items", b'{"sku": "n", "name": "n", "count": %b, "nobody": 1}'),
            ("/items", b'{"sku": "n", "name": "n", "weight": %b, "nobody": 1}'),
            ("/items", b'{"sku": "n", "name": "n", "price": %b, "nobody": 1}'),
            ("/items", b'{"sku": "n", "data": [%b]}'),
        ]
    )
    body = template.replace(b"%b", number)
    return Attack(
        (message("POST", at, body=body),),
        ("POST",),
        path=at,
        refused=True,
        statuses=(400, 409, 422),
    )


def unicode_texts(rng: Random) -> Attack:
    """Lone surrogates, NUL, overlong UTF-8 and marks, in names and values."""
    text = rng.choice(
        [
            b"\\ud800",
            b"\\udfff",
            b"\\udc00\\ud800",
            b"\\ud800x",
            b"\\ud83d\\ud83d\\ude00",
            b"\\u0000",
            b"a\\u0000b",
            b"\x00",
            b"\x1f",
            b"\x0a",
            b"\xed\xa0\x80",
            b"\xed\xbf\xbf",
            b"\xc0\x80",
            b"\xe0\x80\x80",
            b"\xf4\x90\x80\x80",
            b"\xf8\x88\x80\x80\x80",
            b"\xff",
            b"\x80",
            b"\xc3",
            b"\xe2\x82",
        ]
    )
    place = rng.choice(
        [
            b'{"name": "%b"}',
            b'{"%b": 1}',
            b'{"name": ["%b"]}',
            b'{"title": "x", "genre": "fiction", "author_id": 1, "tags": ["%b"]}',
            b'{"sku": "u", "name": "u", "data": {"%b": "a"}}',
            b'{"sku": "u", "name": "u", "data": ["a", {"b": "%b"}]}',
            b'{"sku": "%b", "name": "u"}',
            b'["%b"]',
            b'"%b"',
        ]
    )
    return _write(rng, place.replace(b"%b", text), 400)


def json_values(rng: Random) -> Attack:
    """Well-formed JSON that no schema takes."""
    value: Any
    method, at, good = rng.choice(WRITES)
    if rng.random() < 0.4 and good:
        name = rng.choice(list(good))
        wrong = rng.choice([{"a": MARKER.decode()}, [[]], {"": {}}, [MARKER.decode(), 1]])
        value = good | {name: wrong if name != "data" else 1, "nobody": 1}
    else:
        value = rng.choice(
            [
                None,
                5,
                MARKER.decode(),
                [some_json(rng)],
                {"nobody": some_json(rng)},
                {odd_text(rng)[:40] or "x": some_json(rng), "nobody": 1},
                good | {"__proto__": {"a": 1}},
                good | {"__class__": MARKER.decode()},
                good | {"version": 9},
                good | {"NAME": "x"},
            ]
        )
    # The text "\x00" is refused by the parser already.
    return Attack(
        (message(method, at, body=encoded(value)),),
        (method,),
        path=at,
        refused=True,
        statuses=(400, 422),
    )


def forms(rng: Random) -> Attack:
    """URL-encoded forms with names in brackets, repeats, bad encodings, and very many fields."""
    good = b"email=a%40example.com&address[street]=x&address[zip]=1"
    odd = odd_bytes(rng)
    body = rng.choice(
        [
            b"",
            b"&" * rng.choice([10, 100_000]),
            b"=" * 100,
            odd,
            good + b"&nobody=" + MARKER,
            good + b"&address[nobody]=1",
            good + b"&address=x",
            good + b"&address[zip]=2",
            good + b"&address[zip][a]=2",
            good + b"&address[]=2",
            good + b"&email[a]=b",
            good + b"&rows[0]=x",
            good + b"&rows[a][title]=x",
            good + b"&rows[-1][title]=x",
            good + b"&rows[9999999][title]=x",
            good + b"&rows[0][title]=x&rows[0][title]=y",
            good + b"&rows[0][count]=1",
            good + b"&rows[" + b"[" * 50 + b"0]]=1",
            good + b"&rows" + b"[0]" * rng.choice([3, 13, 2000]) + b"=1",
            good + b"".join(b"&rows[%d][title]=x" % each for each in range(rng.choice([6, 900]))),
            good + b"&tags=" * 900 + b"x" * 30,
            good + b"&gift=maybe",
            good + b"&day=2026-02-30",
            good + b"&day=%00",
            good + b"&email=%ff",
            good + b"&email=%zz",
            good.replace(b"1", b"%d9%a3x"),
            good.replace(b"1", b"1e400"),
            good.replace(b"zip]=1", b"zip]=" + b"9" * 5000),
            good.replace(b"a%40example.com", b"a" * 3000 + b"%40b"),
            good.replace(b"a%40example.com", MARKER),
            good + b"&" + b"&".join(b"n%d=1" % each for each in range(rng.choice([50, 5000]))),
            good + b"&tags=" + b"%" * 3000,
            good + b"&" + odd + b"=1",
        ]
    )
    kind = rng.choice([_FORM] * 5 + [_FORM + b"; charset=utf-16", _FORM + b"; charset=\xff"])
    at, path = ("/orders", "/orders")
    raw = message("POST", at, body=body, kind=kind)
    return Attack((raw,), ("POST",), path=path, refused=True, statuses=(400, 413, 415, 422))


def _part(disposition: bytes, content: bytes, *lines: bytes) -> bytes:
    head = b"\r\n".join([b"--b", b"Content-Disposition: " + disposition, *lines])
    return head + b"\r\n\r\n" + content + b"\r\n"


def multiparts(rng: Random) -> Attack:
    """Multipart forms with bad boundaries, parts, names, file names, codings, and nesting."""
    odd = odd_bytes(rng).translate(None, b"\r\n")
    title = _part(b'form-data; name="title"', b"x")
    file = _part(b'form-data; name="picture"; filename="a.png"', b"x", b"Content-Type: image/png")
    end = b"--b--\r\n"
    body = rng.choice(
        [
            b"",
            b"--b",
            b"--b--",
            b"--b\r\n\r\n" + MARKER,
            title + end,
            file + end,
            title + file[: rng.randrange(len(file))],
            title + title + file + end,
            title + file + file + end,
            title + _part(b'form-data; name="picture"', MARKER) + end,
            title + _part(b"form-data", b"x") + end,
            title + _part(b'form-data; name="picture"; filename="a', b"x") + end,
            title + _part(odd, b"x") + end,
            title + _part(b'form-data; name="' + odd + b'"; filename="x"', b"x") + end,
            title + _part(b'attachment; name="picture"; filename="x"', b"x") + file + file + end,
            title + _part(b"form-data; name*=utf-16''%ff; filename=x", b"x") + end,
            title + _part(b'form-data; name="nobody"; filename="x"', b"x") + file + end,
            title + file + _part(b'form-data; name="nobody"', MARKER) + end,
            _part(b'form-data; name="title"', b"\xff\xfe") + file + end,
            _part(b'form-data; name="title"', b"") + file + end,
            _part(b'form-data; name="title"', b"a" * 60) + file + end,
            _part(b'form-data; name="title[a]"', b"x") + file + end,
            _part(b'form-data; name="title"; filename="t"', b"x") + file + end,
            title + _part(b'form-data; name="picture"; filename="x"', b"x" * 60_000) + end,
            title + _part(b'form-data; name="x"', b"y") * 2000 + end,
            b"--b\r\n" + b"X: y\r\n" * 20_000 + b"\r\nx\r\n" + end,
            b"--b\r\nX: " + b"y" * 300_000 + b"\r\n\r\nx\r\n" + end,
            b"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c--\r\n" + end,
            b"\r\n" * 50_000,
            b"-" * 100_000,
            b"--b" * 30_000,
            b"\r\n--" * 30_000,
        ]
    )
    kind = rng.choice(
        [_MULTIPART] * 8
        + [
            b"multipart/form-data",
            b"multipart/form-data; boundary=",
            b'multipart/form-data; boundary="b',
            b"multipart/form-data; boundary=" + b"b" * 500,
            b"multipart/form-data; boundary=b; boundary=c",
            b"multipart/mixed; boundary=b",
        ]
    )
    raw = message("POST", "/pictures", body=body, kind=kind)
    return Attack((raw,), ("POST",), path="/pictures", refused=True, statuses=(400, 413, 415, 422))


def covers(rng: Random) -> Attack:
    """Uploads of the bookstore's own: file names with paths and controls, and other types."""
    odd = odd_bytes(rng).translate(None, b'\r\n"')
    name = rng.choice([b"../../etc/passwd", b"a\x00.png", b"", b"C:\\x.png", odd, b"x" * 5000])
    media = rng.choice([b"text/html", b"image/svg+xml", b"", b"image/png; a", odd, b"image/*"])
    if rng.random() < 0.3:
        media, number = b"image/png", rng.choice(["99", "2147483648", "x", "-1", "1%00"])
    else:
        number = "1"
    head = b'form-data; name="cover"; filename="' + name + b'"'
    body = _part(head, b"x", b"Content-Type: " + media) + b"--b--\r\n"
    raw = message("PUT", f"/books/{number}/cover", body=body, kind=_MULTIPART)
    return Attack((raw,), ("PUT",), path=f"/books/{number}/cover" if number == "1" else "")


KINDS: Mapping[str, Callable[[Random], Attack]] = {
    "content types": content_types,
    "JSON syntax": json_syntax,
    "JSON structure": json_structure,
    "JSON numbers": json_numbers,
    "Unicode": unicode_texts,
    "JSON values": json_values,
    "forms": forms,
    "multipart": multiparts,
    "uploads": covers,
}
