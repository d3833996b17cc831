"""Authorization, tokens, cookies, origins, signed texts and cursors."""

from __future__ import annotations

import base64
import datetime as dt
import json
from http.cookies import SimpleCookie
from typing import Any

import jwt as pyjwt
import pytest
from hypothesis import strategies as st
from marshmallow import fields
from werkzeug.datastructures import Authorization, WWWAuthenticate
from werkzeug.http import parse_cookie

from restkit import Request, cookie
from restkit.crud.cursors import CursorCipher
from restkit.crud.store import Attribute
from restkit.html.csrf import OriginCheck
from restkit.html.session_cookie import SessionCookie
from restkit.html.session_signing import signer_of, unsigned
from restkit.http.authorization import holds_several, parse_authorization
from restkit.security.challenges import challenge
from restkit.security.jwt_claims import Rejected, TokenRules, parse_token

from .fuzzing import ascii_texts, fuzz, header_texts, mutated, tokens

PRINTABLE = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=12)


NAMES = st.text("abcxyz019-_", min_size=1, max_size=8)


def basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


CREDENTIALS = st.one_of(
    st.tuples(PRINTABLE, PRINTABLE).map(lambda each: basic(*each)),
    tokens.map(lambda token: f"Bearer {token}"),
    st.lists(st.tuples(tokens, tokens).map("=".join), min_size=1, max_size=4).map(
        lambda each: "Digest " + ", ".join(each)
    ),
)


@fuzz(header=st.one_of(header_texts, mutated(CREDENTIALS)))
def test_authorization_of_any_text(header: str) -> None:
    found = parse_authorization(header)
    assert holds_several(header) in (True, False)
    if found is not None and found.type == "basic":
        assert not any(each < " " or each == "\x7f" for each in f"{found.username}{found.password}")


@fuzz(name=PRINTABLE.map(lambda text: text.replace(":", "")), password=PRINTABLE)
def test_basic_credentials_and_werkzeug(name: str, password: str) -> None:
    header = basic(name, password)
    found, theirs = parse_authorization(header), Authorization.from_header(header)
    assert found is not None
    assert theirs is not None
    assert (found.username, found.password) == (name, password)
    assert (theirs.username, theirs.password) == (name, password)


@fuzz(parameters=st.dictionaries(NAMES, ascii_texts, min_size=1, max_size=4))
def test_parameters_of_credentials(parameters: dict[str, str]) -> None:
    """Quoted parameters come back, and are one Authorization header."""
    (text,) = challenge("Digest", list(parameters.items())).values()
    found = parse_authorization(text)
    assert found is not None
    assert found.parameters == parameters
    assert not holds_several(text)


@fuzz(first=CREDENTIALS, second=st.tuples(PRINTABLE, PRINTABLE).map(lambda each: basic(*each)))
def test_two_credentials_are_several(first: str, second: str) -> None:
    """As servers join the lines of one name."""
    assert holds_several(f"{first}, {second}")
    assert holds_several(f"{first},{second}")


@fuzz(realm=ascii_texts.filter(bool), parameters=st.dictionaries(NAMES, ascii_texts))
def test_challenges_and_werkzeug(realm: str, parameters: dict[str, str]) -> None:
    wanted = {"realm": realm} | parameters
    (text,) = challenge("Bearer", list(wanted.items())).values()
    theirs = WWWAuthenticate.from_header(text)
    assert theirs is not None
    assert theirs.parameters == wanted
    assert all(" " <= each <= "~" for each in text)


SECRET = "a secret of more than thirty-two bytes, for tests"
SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)
CLAIMS = st.dictionaries(
    st.sampled_from(["iss", "sub", "aud", "exp", "nbf", "iat", "jti", "scope", "cnf", "x"]),
    st.one_of(VALUES, st.sampled_from(["books", "me", 0, 1e18, 9_999_999_999, ["books"]])),
    max_size=6,
)
HEADERS = st.fixed_dictionaries(
    {"alg": st.sampled_from(["HS256", "HS256", "none", "RS256"]) | VALUES},
    optional={
        "typ": st.sampled_from(["JWT", "at+jwt", "jwt", "dpop+jwt"]) | VALUES,
        "kid": VALUES,
        "crit": VALUES,
        "b64": VALUES,
        "jwk": VALUES,
    },
)


def packed(value: object) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


TOKENS = st.tuples(HEADERS, CLAIMS | VALUES, st.binary(max_size=32)).map(
    lambda parts: ".".join(map(packed, parts))
)
RULES = TokenRules("me", frozenset(["books"]), ("exp",), 30)


@fuzz(token=st.one_of(header_texts, mutated(TOKENS), TOKENS))
def test_tokens_of_any_text(token: str) -> None:
    """A token is rejected, or has the header and the claims that PyJWT reads."""
    try:
        found = parse_token(token, ["HS256"], ["jwt", "at+jwt"])
    except Rejected:
        return
    options: Any = {"verify_signature": False}
    assert pyjwt.decode(token, options=options) == found.claims
    header = pyjwt.get_unverified_header(token)
    assert header["alg"] == found.algorithm == "HS256"
    assert header.get("kid") == found.key_id


@fuzz(claims=CLAIMS, now=st.floats(0, 2**40))
def test_claims_of_any_kind(claims: dict[str, Any], now: float) -> None:
    """A token that is accepted has not expired, and is for us."""
    try:
        expires = RULES.check(claims, now)
    except Rejected:
        return
    assert now < expires + 30
    assert claims["iss"] == "me"
    assert "books" in ([claims["aud"]] if isinstance(claims["aud"], str) else claims["aud"])
    assert "cnf" not in claims


@fuzz(claims=st.dictionaries(st.text("abcdefgh", min_size=1, max_size=4), VALUES, max_size=4))
def test_tokens_of_pyjwt_are_read(claims: dict[str, Any]) -> None:
    token = pyjwt.encode(claims, SECRET, algorithm="HS256")
    try:
        found = parse_token(token, ["HS256"], ["jwt"])
    except Rejected:
        assert "\\u0000" in json.dumps(claims)  # which strict JSON has not
        return
    assert found.claims == claims


COOKIE_VALUES = st.text(st.characters(max_codepoint=0x2FF, exclude_categories=["Cs"]), max_size=20)


@fuzz(name=st.text("abcXYZ01-_.", min_size=1, max_size=8), value=COOKIE_VALUES)
def test_cookies_there_and_back(name: str, value: str) -> None:
    """As Werkzeug and the standard library read them; nothing leaves the header."""
    made = cookie(name, value, secure=False)
    assert all(" " <= each <= "~" for each in made)
    pair = made.partition("; ")[0]
    assert parse_cookie(pair)[name] == value
    assert [each.lower() for each in made.split("; ")[-3:]] == [
        "httponly",
        "path=/",
        "samesite=lax",
    ]
    if value.isascii() and value.isalnum():
        assert SimpleCookie(pair)[name].value == value


SESSION = SessionCookie("session", same_site="Lax", is_secure=None)
PAIRS = st.lists(
    st.tuples(
        st.sampled_from(["session", "xsession", "a", "__Host-session"]), st.text("abc=", max_size=4)
    ),
    max_size=5,
).map(lambda pairs: "; ".join(f"{name}={value}" for name, value in pairs))


@fuzz(header=st.one_of(header_texts, mutated(PAIRS)), scheme=st.sampled_from(["http", "https"]))
def test_session_cookies_of_any_text(header: str, scheme: str) -> None:
    """The value is that of the one cookie of the name, or none."""
    environ = {"HTTP_COOKIE": header, "wsgi.url_scheme": scheme}
    name = "__Host-session" if scheme == "https" else "session"
    parts = [each.strip(" \t") for each in header.split(";")]
    values = [
        each.partition("=")[2] for each in parts if each.partition("=")[0] == name and "=" in each
    ]
    wanted = values[0] if len(values) == 1 else None
    assert SESSION.read(environ) == wanted


SIGNER = signer_of([b"a key of sixteen or more"], "session")


@fuzz(text=header_texts | st.text(max_size=20), change=st.integers(0, 200))
def test_signed_texts(text: str, change: int) -> None:
    """Only what was signed is read, whatever is changed in it."""
    assert unsigned(SIGNER, text) is None
    value = text.encode("utf-8", "replace").hex()
    signed = SIGNER.sign(value).decode()
    assert unsigned(SIGNER, signed) == value.encode()
    at = change % len(signed)
    other = "A" if signed[at] != "A" else "B"
    # The last character of a signature has bits that stand for nothing.
    assert unsigned(SIGNER, signed[:at] + other + signed[at + 1 :]) in (None, value.encode())


CHECK = OriginCheck(["https://app.example"], lambda environ: environ["wsgi.url_scheme"] == "https")
ORIGINS = st.sampled_from(
    [
        "http://a.example",
        "https://a.example",
        "https://app.example",
        "null",
        "",
        "http://A.example",
        "http://a.example:80",
        "http://a.example/",
        "https://app.example.evil",
        "http://evil",
    ]
)


@fuzz(
    site=st.none()
    | st.sampled_from(["same-origin", "same-site", "cross-site", "none"])
    | header_texts,
    origin=st.none() | ORIGINS | header_texts,
    host=st.sampled_from(["a.example", "A.Example", "a.example:80", "a.example:443", "b"])
    | header_texts,
    scheme=st.sampled_from(["http", "https"]),
    has_cookie=st.booleans(),
)
def test_origins_of_any_text(
    site: str | None, origin: str | None, host: str, scheme: str, has_cookie: bool
) -> None:
    """Accepted are requests of this origin, of a trusted one, and of no page at all."""
    environ: dict[str, Any] = {"HTTP_HOST": host, "wsgi.url_scheme": scheme}
    if site is not None:
        environ["HTTP_SEC_FETCH_SITE"] = site
    if origin is not None:
        environ["HTTP_ORIGIN"] = origin
    is_accepted = CHECK.accepts(Request(environ), None, has_cookie=has_cookie)
    name = host.lower().removesuffix(":80" if scheme == "http" else ":443")
    own = site is None and origin == f"{scheme}://{name}"
    known = own or site in ("same-origin", "none") or origin == "https://app.example"
    assert known or not is_accepted


CIPHER = CursorCipher("secret", "books")
KINDS: list[tuple[Any, Any]] = [
    (st.integers(-(2**63), 2**63 - 1), fields.Int()),
    (st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])), fields.Str()),
    (st.floats(allow_nan=False, allow_infinity=False), fields.Float()),
    (st.booleans(), fields.Bool()),
    (st.dates(), fields.Date()),
    (st.times(), fields.Time()),
    (st.datetimes().map(lambda each: each.replace(tzinfo=dt.UTC)), fields.AwareDateTime()),
    (st.decimals(allow_nan=False, allow_infinity=False), fields.Decimal()),
    (st.uuids(), fields.UUID()),
    (st.timedeltas(), fields.TimeDelta()),
]
KEYS = st.sampled_from(range(len(KINDS))).flatmap(
    lambda at: st.tuples(st.just(at), st.none() | KINDS[at][0])
)


def attribute(at: int) -> Attribute:
    return Attribute("value", KINDS[at][1], True, frozenset())


@fuzz(
    keys=st.lists(KEYS, min_size=1, max_size=3), backwards=st.booleans(), change=st.integers(0, 999)
)
def test_cursors_there_and_back(keys: list[tuple[int, Any]], backwards: bool, change: int) -> None:
    """A cursor has the values that it was made of, and nothing that was changed is one."""
    values, attributes = [each for _, each in keys], [attribute(at) for at, _ in keys]
    text = CIPHER.write("a,b", backwards, values)
    found = CIPHER.read("a,b", text, attributes)
    assert found == (backwards, tuple(values))
    assert list(map(type, found[1])) == list(map(type, values))
    at = change % len(text)
    other = "A" if text[at] != "A" else "B"
    for wrong in (text[:at] + other + text[at + 1 :], text[:at] + text[at + 1 :], text + other):
        with pytest.raises(ValueError, match=r"cursor|order|attribute|."):
            CIPHER.read("a,b", wrong, attributes)
    with pytest.raises(ValueError, match=r"."):
        CIPHER.read("a", text, attributes)


@fuzz(text=st.one_of(header_texts, st.binary(max_size=120).map(lambda each: packed(each))))
def test_cursors_of_any_text(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        CIPHER.read("a", text, [attribute(0)])
