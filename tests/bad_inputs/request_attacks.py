"""Bad request lines, targets, methods, hosts, lengths and chunks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

from .attack import HOST, MARKER, Attack, message
from .subjects import READS, WRITES, encoded, odd_bytes, odd_text, spelled

__all__ = ["KINDS"]

# No DELETE: what has another spelling of a URL is deleted, and later attacks need it.
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "OPTIONS", "TRACE", "CONNECT")


def request_lines(rng: Random) -> Attack:
    """Lines with parts missing, doubled, or of other characters."""
    junk = odd_bytes(rng).translate(None, b"\r\n")
    line = rng.choice(
        [
            b"",
            b" ",
            b"GET",
            b"GET /books",
            b"GET  /books HTTP/1.1",
            b"GET /books HTTP/1.1 x",
            b"GET\t/books\tHTTP/1.1",
            b"GET /books HTTP/9.9",
            b"GET /books HTTP/2.0",
            b"GET /books HTTP/1.10",
            b"GET /books http/1.1",
            b"GET /books HTTP/01.1",
            b"GET /books HTTP/1,1",
            b"PRI * HTTP/2.0",
            b"GET /books\x00 HTTP/1.1",
            b"GET /bo oks HTTP/1.1",
            b"/books GET HTTP/1.1",
            junk + b" /books HTTP/1.1",
            b"GET /" + junk + b" HTTP/1.1",
            b"GET /books " + junk,
            b"G" * rng.choice([100, 5000]) + b" /books HTTP/1.1",
            b"GET /" + b"a" * rng.choice([3000, 4090, 8190, 70_000]) + b" HTTP/1.1",
        ]
    )
    end_of_line = rng.choice([b"\r\n", b"\r\n", b"\n", b"\r", b"\r\r\n"])
    raw = line + end_of_line + b"Host: x\r\nConnection: close\r\n\r\n"
    return Attack((raw,), end=True)


def targets(rng: Random) -> Attack:
    """Targets in the other forms, with fragments, authorities and schemes."""
    at = rng.choice(READS)
    target = rng.choice(
        [
            f"http://evil.example{at}",
            f"http://evil.example:99999{at}",
            f"HTTP://a:b@evil.example{at}",
            f"https://{HOST.decode()}{at}",
            f"//evil.example{at}",
            f"///evil.example{at}",
            f"http:{at}",
            "http://",
            "http:///",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "*",
            "evil.example:443",
            f"{at}#fragment",
            f"{at}?#",
            f"{at}?a?b?c",
            at.removeprefix("/"),
            "?",
            "",
            "\\\\evil.example\\books",
            "/\\evil.example",
            f"{at}\\",
        ]
    )
    method = rng.choice(_METHODS)
    return Attack((message(method, target),), (method,))


def percent_encodings(rng: Random) -> Attack:
    """Percent-encodings that are cut, doubled, overlong or not UTF-8."""
    odd = rng.choice(
        [
            "%",
            "%%",
            "%2",
            "%zz",
            "%u0041",
            "%00",
            "%0d%0aX:y",
            "%ff%fe",
            "%c0%af",
            "%c0%80",
            "%ed%a0%80",
            "%f5%80%80%80",
            "%e2%80",
            "%25%32%66",
            "%2525252f",
            "%20",
            "%09",
            "%7f",
            "%5c",
            "%3f",
            "%23",
            "%d9%a3",
            spelled(odd_text(rng)),
            "".join(rng.choices("%0123456789abcdefg", k=rng.randint(1, 40))),
        ]
    )
    at = rng.choice(READS)
    target = rng.choice([f"{at}/{odd}", f"/{odd}", f"{at}{odd}", f"{at}?{odd}", f"{at}?n={odd}"])
    method = rng.choice(["GET", "GET", "HEAD", "POST", "OPTIONS"])
    return Attack((message(method, target),), (method,))


def path_tricks(rng: Random) -> Attack:
    """Paths with dots, slashes, parameters and other spellings of what there is."""
    at = rng.choice(READS)
    trick = rng.choice(
        [
            f"/..{at}",
            f"/.{at}",
            f"/{at}",
            f"//{at}//",
            f"{at}/",
            f"{at}//",
            f"{at}/.",
            f"{at}/..",
            f"{at}/../..{at}",
            f"{at}%2f",
            f"%2f{at}",
            at.replace("/", "%2f"),
            at.replace("/", "\\"),
            at.upper(),
            f"{at};a=b",
            f"{at};",
            f"{at}.json",
            f"{at}..",
            f"{at}%20",
            f"{at}\t",
            f"/docs/..%2f..{at}",
            "/docs/" + "%2e%2e/" * rng.randint(1, 60) + "etc/passwd",
            "/docs/..%5c..%5cassets.py",
            "/openapi.json/..;/private",
            "/private%00",
            "/private/..;/",
            "/PRIVATE",
            "/%70rivate",
            "/private%2f",
            "/./private",
            "/" + "a/" * rng.randint(1, 4000),
        ]
    )
    method = rng.choice(["GET", "HEAD", "OPTIONS", "PATCH"])
    return Attack((message(method, trick),), (method,))


def hosts(rng: Random) -> Attack:
    """Hosts that are none, several, huge or another's."""
    odd = odd_bytes(rng).translate(None, b"\r\n")
    lines = rng.choice(
        [
            [],
            [b"Host: a", b"Host: b"],
            [b"Host: " + odd],
            [b"Host: " + MARKER + b" x"],
            [b"Host: " + MARKER + b"/books"],
            [b"Host: a@" + MARKER],
            [b"Host: [::1"],
            [b"Host: [" + odd + b"]"],
            [b"Host: x:99999"],
            [b"Host: x:-1"],
            [b"Host: x:8_0"],
            [b"Host: x:\xd9\xa3"],
            [b"Host: x:"],
            [b"Host:"],
            [b"Host: " + b"a" * rng.choice([254, 300, 5000])],
            [b"Host: a..b"],
            [b"Host: .x"],
            [b"Host: x, y"],
            [b"Host: x#y"],
            [b"Host: x?y"],
            [b"Host: x\\y"],
            [b"Host: x", b"X-Forwarded-Host: " + MARKER, b"X-Forwarded-Proto: " + odd],
            [b"Host: x", b'Forwarded: host="' + MARKER + b'";for=' + odd],
            [b"Host : x"],
            [b" Host: x"],
        ]
    )
    at = rng.choice([*READS, "/docs", "/docs/", "/openapi.json", "/nowhere"])
    version = rng.choice([b"HTTP/1.1", b"HTTP/1.1", b"HTTP/1.0"])
    return Attack((message("GET", at, lines, host=None, version=version),))


def content_lengths(rng: Random) -> Attack:
    """Lengths that are no numbers, several, or not those of the content."""
    method, at, value = rng.choice(WRITES)
    body = encoded(value)
    real = b"%d" % len(body)
    length = rng.choice(
        [
            b"-1",
            b"+" + real,
            b"0x" + real,
            real + b".0",
            b"1e2",
            b"\xd9\xa3",
            b"",
            b" ",
            b"abc",
            real + b" " + real,
            real + b"," + real,
            real + b", 5",
            b"9" * 30,
            b"9" * 5000,
            b"1_0",
            b"%d" % (len(body) + 5),
            b"%d" % max(len(body) - 5, 0),
            b"0",
            b"18446744073709551616",
            b"2000000",
            b"1" + b"0" * 11,
        ]
    )
    lines = [b"Content-Type: application/json", b"Content-Length: " + length]
    if rng.random() < 0.2:
        lines.append(b"Content-Length: " + real)
    return Attack((message(method, at, lines) + body,), (method,), refused=True, end=True)


def chunks(rng: Random) -> Attack:
    """Chunks with wrong sizes, ends, extensions and trailers, and other transfer codings."""
    method, at, value = rng.choice(WRITES)
    body = encoded(value)
    codings = [b"gzip", b"identity", b"chunked, chunked", b"gzip, chunked", b"chunked, gzip", b""]
    odd = [b"\x0bchunked", b"chunked;a=b", b'"chunked"', b"xchunked", b"CHUNKED ,"]
    coding = rng.choice([b"chunked"] * 6 + codings + odd)
    size = b"%x" % len(body)
    whole = size + b"\r\n" + body + b"\r\n0\r\n\r\n"
    content = rng.choice(
        [
            b"zz\r\n" + body + b"\r\n0\r\n\r\n",
            b"-5\r\n" + body + b"\r\n0\r\n\r\n",
            b"0x" + whole,
            b"+" + whole,
            b"_" + whole,
            size + b" \r\n" + body,
            b"f" * rng.choice([16, 17, 1000, 20_000]) + b"\r\n" + body,
            size + b"\r\n" + body,
            size + b"\r\n" + body + b"0\r\n\r\n",
            size + b"\r\n" + body[:3],
            size + b"\n" + body + b"\n0\n\n",
            size + b";" + b"a" * 70_000 + b"\r\n" + body + b"\r\n",
            b"\r\n" + whole,
            b"",
            b"%x\r\n" % (len(body) - 3) + body + b"\r\n0\r\n\r\n",
            whole.replace(b"0\r\n\r\n", b"00\r\nX: " + MARKER + b"\x00\r\n\r\n"),
            b"1\r\n{\r\n" * 3 + b"0\r\n\r\n",
        ]
    )
    lines = [b"Transfer-Encoding: " + coding, b"Content-Type: application/json"]
    if rng.random() < 0.2:
        lines.append(b"Content-Length: " + b"%d" % len(body))
    if rng.random() < 0.1:
        lines.append(b"Transfer-Encoding: chunked")
    return Attack((message(method, at, lines) + content,), (method,), refused=True, end=True)


def methods(rng: Random) -> Attack:
    """Methods that nobody has, and headers and parameters that ask for another one."""
    at = rng.choice([*READS, "/orders", "/private", "/items/bulk"])
    verbs = "get Get DELETE,GET __init__ BREW TRACE PROPFIND CONNECT PURGE QUERY OPTIONS * G(T"
    method = rng.choice([*verbs.split(), "GET\x00", "{method}", "X" * 30])
    override = rng.choice(["DELETE", "PUT", "PATCH", "GET", "delete", MARKER.decode()])
    if rng.random() < 0.5:
        name = rng.choice(["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
        target = rng.choice([at, f"{at}?_method={override}"])
        verb = rng.choice(["GET", "HEAD"])
        lines = [f"{name}: {override}".encode()]
        return Attack((message(verb, target, lines),), (verb,))
    if rng.random() < 0.3:
        kind = b"application/x-www-form-urlencoded"
        body = f"_method={override}".encode()
        return Attack((message("POST", at, body=body, kind=kind),), ("POST",), refused=True)
    return Attack((message(method, at),), (method,), end=True)


KINDS: Mapping[str, Callable[[Random], Attack]] = {
    "request lines": request_lines,
    "targets": targets,
    "percent-encodings": percent_encodings,
    "path tricks": path_tricks,
    "hosts": hosts,
    "content lengths": content_lengths,
    "chunks": chunks,
    "methods and overrides": methods,
}
