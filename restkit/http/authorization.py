"""The Authorization header, parsed strictly (RFC 9110, section 11.6.2; RFC 7617)."""

from __future__ import annotations

import binascii
import re

from werkzeug.datastructures import Authorization
from werkzeug.http import parse_dict_header

__all__ = ["bearer_token", "holds_several", "parse_authorization"]

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105  # a grammar
_TOKEN68 = r"[A-Za-z0-9._~+/-]+=*"  # a grammar
_PARAMETER = rf'{_TOKEN}[ \t]*=[ \t]*(?:{_TOKEN}|"(?:[^"\\]|\\.)*")'
# Possessive, and with the end of the text for a missing quote, so that no text takes long.
_ELEMENTS = r'(?:[^,"]++|"(?:[^"\\]++|\\.?)*+"?)++'

_BEARER = re.compile(rf"[ \t]*+[Bb][Ee][Aa][Rr][Ee][Rr] [ \t]*+({_TOKEN68})[ \t]*+")


def bearer_token(value: str) -> str | None:
    """Return the token of a header's value, None if it has no well-formed Bearer token.

    The result is that of `parse_authorization`, without an object for each request.
    """
    found = _BEARER.fullmatch(value)
    return None if found is None else found[1]


def parse_authorization(value: str) -> Authorization | None:
    """Return the credentials of a header's value, None if it has none or they are malformed.

    A user name and a password of Basic are UTF-8 without control characters.
    """
    kind, _, rest = value.strip(" \t").partition(" ")
    rest = rest.strip(" \t")
    if not rest or not re.fullmatch(_TOKEN, kind):
        return None
    kind = kind.lower()
    if re.fullmatch(_TOKEN68, rest):
        return _basic(rest) if kind == "basic" else Authorization(kind, None, rest)
    elements = _elements(rest)
    if kind == "basic" or not all(re.fullmatch(_PARAMETER, each) for each in elements):
        return None
    # SECURITY: Werkzeug reads ``name*`` as ``name``, which must not be given twice.
    names = [each.partition("=")[0].strip().lower().removesuffix("*") for each in elements]
    if "" in names or len(set(names)) < len(names):
        return None
    return Authorization(kind, parse_dict_header(rest), None)


def _basic(token: str) -> Authorization | None:
    """Return a name and a password (RFC 7617, section 2)."""
    try:
        text = binascii.a2b_base64(token, strict_mode=True).decode()
    except ValueError:
        return None
    name, colon, password = text.partition(":")
    if not colon or re.search(r"[\x00-\x1f\x7f]", text):
        return None
    return Authorization("basic", {"username": name, "password": password})


def holds_several(value: str) -> bool:
    """Return whether a value joins several Authorization headers, as servers do with commas."""
    if "," not in value:
        return False
    first, *others = _elements(value)
    parameter = first.partition(" ")[2]
    if not re.fullmatch(_PARAMETER, parameter.strip(" \t")):
        return bool(others)
    return not all(re.fullmatch(_PARAMETER, each) for each in others)


def _elements(value: str) -> list[str]:
    """Return the elements of a list; its quoted strings may contain commas."""
    found = [each.strip(" \t") for each in re.findall(_ELEMENTS, value)]
    return [each for each in found if each] or [""]
