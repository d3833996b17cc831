"""What each parser costs for a text and for one twice as long, as callgrind counts it.

`tests.benchmarks.instructions.counts` runs this module; it writes two counts for each parser.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from restkit.crud.cursors import CursorCipher
from restkit.crud.patching import JSON_PATCH, PatchDocument
from restkit.html.byte_ranges import requested_ranges
from restkit.html.content_disposition import content_disposition
from restkit.html.session_cookie import SessionCookie
from restkit.http.authorization import holds_several, parse_authorization
from restkit.http.conditional import parse_etag_list, parse_http_date
from restkit.http.encodings import accepted_encodings
from restkit.http.negotiation import parse_accept, parse_content_type, parse_prefer
from restkit.http.request_target import clean_script_name, host_error, host_of
from restkit.http.uris import has_dot_segment, is_local_url, quote_path
from restkit.json_parsing import loads_json
from restkit.parsing.form_members import member_path, tree_of
from restkit.parsing.text_values import parse_pairs
from restkit.security.jwt_claims import parse_token
from restkit.security.proxies import client_address
from restkit.testing.event_parser import EventParser
from tests.benchmarks.switch import Switch

__all__ = ["PARSERS"]

_UNITS = (
    *('"', "\\", '"\\', ",", '"a",', ";", "; a=", "=", " ", "a", "0", "-", ".", "/", "%2", "&a"),
    *(":", "[", "[]", '{"a":', "0-1,", "\n", "data:", "~0"),
)
_PREFIXES = ("", '"', "a/b;c=")

_CIPHER = CursorCipher("secret", "books")
_COOKIE = SessionCookie("a", same_site="Lax", is_secure=False)


def _patch(text: str) -> object:
    patch = [{"op": "test", "path": text, "value": 1}, {"op": "add", "path": text, "value": 1}]
    return PatchDocument.of(JSON_PATCH, patch).apply({"a": {"": [1]}})


# The longer of two texts is within the length that a parser reads at all.
PARSERS: dict[str, tuple[Callable[[str], object], int]] = {
    "JSON": (lambda text: loads_json(text.encode()), 800),
    "Accept": (parse_accept, 800),
    "Content-Type": (parse_content_type, 800),
    "Prefer": (parse_prefer, 800),
    "Accept-Encoding": (accepted_encodings, 500),
    "Authorization": (parse_authorization, 800),
    "several Authorization": (holds_several, 800),
    "entity tags": (parse_etag_list, 800),
    "dates": (parse_http_date, 800),
    "ranges": (lambda text: requested_ranges(text, 100), 490),
    "hosts": (lambda text: host_error({"HTTP_HOST": text}), 120),
    "spelling of hosts": (lambda text: host_of(text, "http"), 800),
    "prefixes": (clean_script_name, 800),
    "dot segments": (has_dot_segment, 800),
    "local URLs": (is_local_url, 800),
    "paths": (quote_path, 800),
    "queries": (lambda text: parse_pairs(text, {}), 800),
    "members of forms": (lambda text: (member_path(text), tree_of([(text, "a")])), 800),
    "tokens": (lambda text: parse_token(text, ["HS256"], ["jwt"]), 800),
    "cursors": (lambda text: _CIPHER.read("a", text, ()), 990),
    "addresses": (client_address, 800),
    "cookies": (lambda text: _COOKIE.read({"HTTP_COOKIE": text}), 800),
    "file names": (content_disposition, 800),
    "event streams": (lambda text: EventParser().feed(text.encode()), 800),
    "patches": (_patch, 800),
}


def _texts(size: int) -> list[str]:
    repeated = [(unit * size)[:size] for unit in _UNITS]
    return [prefix + each for prefix in _PREFIXES for each in repeated]


def _run(parse: Callable[[str], object], texts: list[str]) -> None:
    for text in texts:
        # The fuzzers say which exceptions there may be.
        with suppress(Exception):
            parse(text)


def _main() -> None:
    switch = Switch()
    made: dict[int, list[str]] = {}
    switch.on()  # once: to switch off and on again loses what was counted
    for parse, size in PARSERS.values():
        for length in (size, 2 * size):
            texts = made.setdefault(length, _texts(length))
            _run(parse, texts[:5])  # which compiles what is kept
            switch.zero()
            _run(parse, texts)
            switch.dump()


if __name__ == "__main__":
    _main()
