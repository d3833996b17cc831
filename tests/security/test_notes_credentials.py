"""Attacks on the notes by forged credentials, and by URLs around the guards."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
from collections.abc import Callable, Iterator

import jwt
import pytest
from notes_target import KEY, RS256, SERVICES, Attack, Signer, Target, claims, part

PATHS = ("/notes", "/notes/1", "/notes/totals", "/comments", "/notes/1/comments", "/openapi.json")


def _forged_headers(signer: Signer) -> Iterator[str]:
    own = signer.algorithm
    usual, mine = {"alg": own, "typ": "JWT"}, claims(sub="ann")
    names = ["none", "None", "NONE", "nOnE", "", "HS384", "HS512", "RS512", "ES256", own.lower()]
    for name in [*names, "RS256" if own == "HS256" else "HS256"]:
        unsigned = f"{part(usual | {'alg': name})}.{part(mine)}."
        yield unsigned
        yield unsigned + part(b"x" * 32)
        yield signer.sign(usual | {"alg": name}, mine)
    for name in (None, 1, [], {}, [own], True):
        yield signer.sign(usual | {"alg": name}, mine)
    extensions = {"crit": ["exp"], "b64": False, "typ": "JOSE"}
    kids = ("../../dev/null", "' OR 1=1 --", "x" * 300, 7, ["a"], {"a": 1}, "\u0000")
    for name, value in (*extensions.items(), ("crit", []), ("typ", 5), ("typ", "dpop+jwt")):
        yield signer.sign(usual | {name: value}, mine)
    # A kid chooses among keys; with one key a text is no matter, but another type is refused.
    for kid in kids[2:6]:
        yield signer.sign(usual | {"kid": kid}, mine)
    yield signer.sign(f'{{"alg":"none","alg":"{own}"}}'.encode(), mine)
    yield signer.sign(json.dumps(usual).encode("utf-16"), mine)
    yield signer.sign({"typ": "JWT"}, mine)
    for each in (b"[]", b"null", b'"HS256"', b"{", b"", b'{"alg":NaN}', b"\xff\xfe"):
        yield signer.sign(each, mine)


def _forged_claims(signer: Signer) -> Iterator[str]:
    header = {"alg": signer.algorithm, "typ": "JWT"}
    odd: tuple[object, ...] = ("", "x", None, True, [], {}, [[]], -1)
    wrong: dict[str, tuple[object, ...]] = {
        "iss": (*odd, 5, "https://id.example/", "HTTPS://id.example", ["https://id.example"]),
        "aud": (*odd, 5, "Notes", "notes ", ["other"], ["notes", 5], {"notes": 1}),
        "exp": ("", "9999999999", None, True, [], {}, -1, 0, 1, "never", [9999999999]),
        "nbf": ("", "1", True, [], {}, 2**33, 1e300),
        "iat": ("", "1", False, [], {}, 2**33, 1e300),
        "sub": ("", None, True, [], {}, 5, ["ann"]),
        "cnf": ({}, {"jkt": "x"}, None, "x"),
        "roles": ("staff", {"staff": 1}, 5, None, True),
    }
    for name, values in wrong.items():
        for value in values:
            yield signer.sign(header, claims(sub="ann") | {name: value})
    for name in ("iss", "aud", "exp", "sub"):
        yield signer.sign(header, claims(**{"sub": "ann", name: ...}))
    text = json.dumps(claims(sub="ann"))
    yield signer.sign(header, (text[:-1] + ', "sub": "bob"}').encode())
    yield signer.sign(header, (text[:-1] + ', "exp": 1e999}').encode())
    yield signer.sign(header, (text[:-1] + ', "x": NaN}').encode())
    yield signer.sign(header, text.encode("utf-16"))
    yield signer.sign(header, b"\xef\xbb\xbf" + text.encode())
    yield signer.sign(header, ('{"x":' * 50 + "1" + "}" * 50).encode())
    yield signer.sign(header, claims(sub="ann", x="y" * 6500))
    for each in (b"[]", b"null", b"1", b"", b"{"):
        yield signer.sign(header, each)


def _damaged(signer: Signer) -> Iterator[str]:
    good = signer.bearer(sub="ann")["Authorization"].removeprefix("Bearer ")
    head, body, signature = good.split(".")
    yield from (f"{head}.{body}", f"{head}..{signature}", f"{good}.{signature}", f"{head}.{body}.")
    yield from (f"{good}=", f"{good}==", f".{good}", f"{good}.", good[:-1], good[1:], good.upper())
    yield from (
        f"{head}.{part(claims(sub='root'))}.{signature}",
        f"{head}.{body}.{signature[::-1]}",
    )
    yield from (good.replace(".", "%2e"), good.replace(".", ","), "." * 2, "." * 9000, "a.b.c")
    for place in range(0, len(signature) - 1, 3):
        other = "A" if signature[place] != "A" else "B"
        yield f"{head}.{body}.{signature[:place]}{other}{signature[place + 1 :]}"
    for key, algorithm in signer.others:
        yield jwt.encode(claims(sub="ann"), key, algorithm)  # type: ignore[arg-type]  # any key


@pytest.mark.parametrize("target", SERVICES[1:], indirect=True)
def test_the_public_key_is_no_secret(target: Target) -> None:
    """A token that is signed with the public key as a secret is refused (algorithm confusion)."""
    public = RS256.verifier.encode()
    attacks = []
    for name, key in itertools.product(
        ("HS256", "RS256", "HS512"), (public, public.strip(), public.replace(b"\n", b"\r\n"))
    ):
        signed = f"{part({'alg': name, 'typ': 'JWT'})}.{part(claims(sub='ann'))}"
        digest = hashlib.sha512 if name == "HS512" else hashlib.sha256
        token = f"{signed}.{part(hmac.digest(key, signed.encode(), digest))}"
        attacks.append(Attack("GET", "/notes/1", {401}, _header(token)))
    assert target.wrong(attacks) == []


def _header(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("make", [_forged_headers, _forged_claims, _damaged])
def test_forged_tokens(target: Target, make: Callable[[Signer], Iterator[str]]) -> None:
    tokens = list(make(target.signer))
    assert len(tokens) > 30
    places = itertools.cycle([("GET", "/notes/1"), ("DELETE", "/notes/1"), ("GET", "/notes")])
    attacks = [
        Attack(method, path, {401, 400} if "," in token else {401}, _header(token))
        for token, (method, path) in zip(tokens, places, strict=False)
    ]
    assert target.wrong(attacks) == []


def test_tokens_at_the_edge_are_valid(target: Target) -> None:
    """What looks odd but is right is not refused, or the tests above show nothing."""
    usual = {"alg": target.signer.algorithm}
    for header, members in (
        (usual, {}),
        (usual | {"typ": "at+jwt"}, {"aud": ["other", "notes"]}),
        (usual | {"kid": "../../dev/null"}, {"exp": 2**40, "nbf": 1, "iat": 1.5}),
    ):
        token = target.signer.sign(header, claims(**members))
        response = target.client.get("/notes/3", headers={"Authorization": f"Bearer {token}"})
        assert response.status == 200, (header, members)


def test_malformed_credentials(target: Target) -> None:
    token = target.ann["Authorization"].removeprefix("Bearer ")
    odd = ["", "Bearer", "Bearer ", f"Bearer{token}", token, f"Basic {token}", f"Digest {token}"]
    odd += [f"Bearer {token} {token}", f"Bearer {token},{token}", f'Bearer token="{token}"']
    odd += [f"Bearer {token}, Basic YTpi", f"Token {token}", f"Bearer: {token}", "Basic é", "\xa0"]
    odd += [f"Bearer \t{token}x", f"Bearer {token}\xe9", f"JWT {token}", "Negotiate", "Bearer null"]
    attacks = [Attack("GET", "/notes/1", {400, 401}, {"Authorization": each}) for each in odd]
    for first, second in itertools.product(
        (target.ann, target.bob, {"Authorization": "Bearer x"}), repeat=2
    ):
        pair = [*first.items(), *second.items()]
        attacks += [Attack("GET", path, {400}, pair) for path in PATHS[:3]]
    for key in (
        "",
        "x",
        KEY[:-1],
        KEY + "x",
        KEY.upper(),
        "x" * 9000,
        "é",
        f'"{KEY}"',
        f"{KEY},{KEY}",
    ):
        attacks += [Attack("GET", path, {401}, {"X-API-Key": key}) for path in PATHS[:2]]
    attacks += [Attack("GET", f"{path}?X-API-Key={KEY}", {401}) for path in PATHS]
    attacks += [Attack("GET", path, {401}, {"Cookie": f"X-API-Key={KEY}"}) for path in PATHS]
    attacks += [Attack("GET", f"{path}?access_token={token}", {401}) for path in PATHS]
    assert target.wrong(attacks) == []


def _tricks(path: str) -> Iterator[str]:
    first, rest = path[1], path[2:]
    yield from (path, f"/{path}", f"{path}/", f"{path}//", f"{path};a=b", f"{path}/.", f"{path}/..")
    yield from (f"/./{path[1:]}", f"/health/..{path}", f"/health/%2e%2e{path}", f"/health;{path}")
    yield from (f"/%{ord(first):x}{rest}", f"/%{ord(first):X}{rest}", f"{path}%00", f"{path}%20")
    yield from (
        path.upper(),
        f"{path}%2f",
        f"/%2f{path[1:]}",
        f"{path}%3b",
        f"{path}?",
        f"{path}.json",
    )
    yield from (f"/health%2f..{path}", f"/\\{path[1:]}", f"/%5c{path[1:]}", f"{path}%c0%af")


def test_paths_around_the_guard(target: Target) -> None:
    """No spelling of a URL, method or override lets in who has no credentials."""
    attacks = []
    for path in PATHS:
        for trick in _tricks(path):
            attacks.append(Attack("GET", trick, {400, 401, 404}))
            attacks.append(Attack("HEAD", trick, {400, 401, 404}))
    overrides = ("X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method", "X-Original-URL")
    for name, path in itertools.product(overrides, PATHS):
        attacks.append(Attack("GET", path, {401}, {name: "OPTIONS"}))
        attacks.append(Attack("POST", "/health", {405}, {name: "GET"}))
        attacks.append(Attack("GET", "/health", {200}, {name: path}))
    for method in ("OPTIONS", "TRACE"):
        attacks += [Attack(method, path, {204, 404, 405, 501}) for path in PATHS]
    assert target.wrong(attacks) == []


def test_permissions(target: Target) -> None:
    """A reader changes nothing, a token without scopes reads nothing, and only staff restores."""
    note: dict[str, object] = {"title": "x"}
    writes: list[tuple[str, str, object]] = [
        ("POST", "/notes", note),
        ("PUT", "/notes/3", note),
        ("PATCH", "/notes/3", note),
        ("DELETE", "/notes/3", ...),
        ("PATCH", "/notes?owner=bob", note),
        ("DELETE", "/notes?owner=bob", ...),
        ("POST", "/notes/bulk", {"delete": [3]}),
        ("POST", "/notes/bulk", {"create": [note]}),
        ("POST", "/notes/bulk", {"update": [{"id": 3, **note}]}),
        ("POST", "/notes/bulk", {}),
        ("POST", "/notes/4/restore", ...),
        ("POST", "/comments", {"note_id": 3, "text": "x"}),
        ("DELETE", "/comments/3", ...),
    ]
    nothing = [
        target.bearer(scope=each) for each in ("", "notes", "NOTES:READ", "notes:read,notes:write")
    ]
    readers = [
        target.reader,
        {"X-API-Key": KEY},
        target.bearer(scope="notes:read", roles=["staff"]),
    ]
    attacks = []
    for who in readers + nothing:
        for method, path, body in writes:
            attacks.append(Attack(method, path, {403}, who, body))
            attacks.append(Attack(method, path, {403}, who, content=b"{"))
    for who in (*nothing, target.bearer(scope="notes:write"), target.bearer(scope=["notes:read "])):
        attacks += [Attack("GET", path, {403}, who) for path in PATHS]
    for roles in ([], ["Staff"], [["staff"]], ["staff "]):
        attacks.append(
            Attack("POST", "/notes/4/restore", {403}, target.bearer(sub="ann", roles=roles))
        )
    # Staff may restore what is theirs, and do not learn that another one's note was removed.
    attacks.append(Attack("POST", "/notes/4/restore", {404}, target.staff | {"X-API-Key": "x"}))
    assert target.wrong(attacks) == []
