"""JWTBearer: signed tokens, and every way in which one is not valid (RFC 8725)."""

from __future__ import annotations

import json
import logging
from typing import Any

import jwt as pyjwt
import pytest
from issuer import KEYS, NOW, OTHER_RSA, SECRET, jwk, pem, signed, token

from restkit import App, DeclarationError, Request, access
from restkit.security import Claims, JWTBearer, KeySet
from restkit.testing import Client

HEADER: dict[str, object] = {"alg": "HS256", "typ": "JWT"}
CLAIMS: dict[str, object] = {
    "iss": "https://id.example",
    "aud": "books",
    "sub": "ada",
    "exp": NOW + 60,
}


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, NOW)


def at(monkeypatch: pytest.MonkeyPatch, now: float) -> None:
    monkeypatch.setattr("restkit.security.jwt_bearer.time.time", lambda: now)


def scheme(**options: Any) -> JWTBearer:
    usual: dict[str, Any] = {
        "issuer": "https://id.example",
        "audience": "books",
        "algorithms": ["HS256"],
        "key": SECRET,
    }
    if "jwks" in options:
        del usual["key"]
    return JWTBearer(**usual | options)


def service(**options: Any) -> Client:
    jwt = scheme(**options)
    app = App("Books", security=jwt)

    @app.get("/me")
    def me(request: Request[Claims]) -> dict[str, Any]:
        caller = request.caller
        return {"subject": caller.subject} if isinstance(caller, Claims) else {"caller": caller}

    @app.delete("/me")
    @access(security=jwt.scopes("write"))
    def leave() -> None: ...

    return Client(app)


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


def status(text: str, **options: Any) -> int:
    return service(**options).get("/me", headers=bearer(text)).status


def test_a_signed_token() -> None:
    response = service().get("/me", headers=bearer(token()))
    assert (response.status, response.json) == (200, {"subject": "ada"})


@pytest.mark.parametrize("algorithm", list(KEYS))
def test_public_keys(algorithm: str) -> None:
    assert status(token(algorithm), algorithms=[algorithm], key=pem(algorithm)) == 200
    keys = {"keys": [jwk(KEYS[algorithm], kid="1"), {"kty": "new"}, 5]}
    assert status(token(algorithm, {"kid": "1"}), algorithms=[algorithm], jwks=keys) == 200
    assert status(token(algorithm), algorithms=[algorithm], jwks=KeySet.of(keys)) == 200
    assert status(token(algorithm, {"kid": "2"}), algorithms=[algorithm], jwks=keys) == 401


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_other_secrets(algorithm: str) -> None:
    assert status(token(algorithm), algorithms=[algorithm]) == 200
    assert status(token(algorithm)) == 401


def test_the_key_of_somebody_else() -> None:
    assert status(token("RS256", key=OTHER_RSA), algorithms=["RS256"], key=pem("RS256")) == 401
    assert status(token(key=SECRET + "!")) == 401


def test_a_public_key_is_no_secret() -> None:
    """RFC 8725, section 2.1: an HS256 token that is signed with the text of the public key."""
    import base64
    import hashlib
    import hmac

    def text(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    parts = f"{text(json.dumps(HEADER).encode())}.{text(json.dumps(CLAIMS).encode())}"
    mac = hmac.new(pem("RS256").encode(), parts.encode(), hashlib.sha256).digest()
    forged = f"{parts}.{text(mac)}"
    assert status(forged, algorithms=["RS256"], key=pem("RS256")) == 401
    assert status(forged, algorithms=["RS256"], jwks={"keys": [jwk(KEYS["RS256"])]}) == 401


def without_signature(text: str) -> str:
    return text.rpartition(".")[0] + "."


MALFORMED: dict[str, str] = {
    "no token": "x",
    "two parts": token().rpartition(".")[0],
    "no signature": without_signature(token()),
    "four parts": token() + ".x",
    "five parts": "a.b.c.d.e",
    "other signature": token()[:-4] + "AAAA",
    "padding": token() + "=",
    "left-over bits": token()[:-1] + chr(ord(token()[-1]) + 1),
    "none": pyjwt.encode(CLAIMS, None, algorithm="none") + "x",
    "alg none": signed({"alg": "none"}, CLAIMS),
    "alg None": signed({"alg": None}, CLAIMS),
    "no alg": signed({"typ": "JWT"}, CLAIMS),
    "alg list": signed({"alg": ["HS256"]}, CLAIMS),
    "alg lower": signed({"alg": "hs256"}, CLAIMS),
    "crit": signed(HEADER | {"crit": ["exp"], "exp": 1}, CLAIMS),
    "empty crit": signed(HEADER | {"crit": []}, CLAIMS),
    "b64": signed(HEADER | {"b64": False}, CLAIMS),
    "typ": signed(HEADER | {"typ": "dpop+jwt"}, CLAIMS),
    "typ number": signed(HEADER | {"typ": 1}, CLAIMS),
    "kid number": signed(HEADER | {"kid": 1}, CLAIMS),
    "kid long": signed(HEADER | {"kid": "k" * 257}, CLAIMS),
    "header long": signed(HEADER | {"x": "y" * 2000}, CLAIMS),
    "header UTF-16": signed(json.dumps(HEADER).encode("utf-16"), CLAIMS),
    "header twice": signed(b'{"alg":"none","alg":"HS256"}', CLAIMS),
    "header list": signed(b'["HS256"]', CLAIMS),
    "payload twice": signed(HEADER, b'{"sub":"eve","sub":"ada"}'),
    "payload text": signed(HEADER, b'"ada"'),
    "payload no JSON": signed(HEADER, b"{"),
    "payload deep": signed(HEADER, b'{"a":' + b"[" * 20 + b"]" * 20 + b"}"),
    "payload NaN": signed(HEADER, b'{"exp":NaN}'),
    "payload surrogate": signed(HEADER, b'{"sub":"\\ud800"}'),
    "too long": token(more="x" * 8000),
}


@pytest.mark.parametrize("text", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_token(text: str) -> None:
    response = service().get("/me", headers=bearer(text))
    assert response.status == 401
    assert response.json["detail"] in (
        "The token is not valid, or has expired.",
        "Send a token: Authorization: Bearer <token>.",
    )


REJECTED: dict[str, dict[str, Any]] = {
    "expired": {"exp": NOW - 31},
    "expired just now": {"exp": NOW - 30},
    "no exp": {"exp": ...},
    "exp null": {"exp": None},
    "exp text": {"exp": str(NOW + 60)},
    "exp bool": {"exp": True},
    "exp list": {"exp": [NOW + 60]},
    "not yet": {"nbf": NOW + 31},
    "nbf text": {"nbf": "0"},
    "issued later": {"iat": NOW + 31},
    "iat null": {"iat": None},
    "other issuer": {"iss": "https://id.example.evil"},
    "issuer with slash": {"iss": "https://id.example/"},
    "no issuer": {"iss": ...},
    "other audience": {"aud": "shelf"},
    "audiences": {"aud": ["shelf", "shop"]},
    "no audience": {"aud": ...},
    "aud number": {"aud": ["books", 5]},
    "aud object": {"aud": {"books": 1}},
    "aud prefix": {"aud": "book"},
    "sub number": {"sub": 5},
    "cnf": {"cnf": {"jkt": "x"}},
}


def raw(**claims: Any) -> str:
    found = {name: value for name, value in (CLAIMS | claims).items() if value is not ...}
    return signed(HEADER, found)


@pytest.mark.parametrize("claims", REJECTED.values(), ids=REJECTED.keys())
def test_claims_that_do_not_hold(claims: dict[str, Any]) -> None:
    assert status(raw(**claims)) == 401


ACCEPTED: dict[str, dict[str, Any]] = {
    "within the leeway": {"exp": NOW - 29, "nbf": NOW + 30, "iat": NOW + 30},
    "fractions": {"exp": NOW + 0.5},
    "several audiences": {"aud": ["shelf", "books"]},
    "no subject": {"sub": ...},
    "others": {"https://example.com/role": ["x"], "jti": 5},
}


@pytest.mark.parametrize("claims", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_claims_that_hold(claims: dict[str, Any]) -> None:
    assert status(raw(**claims)) == 200


@pytest.mark.parametrize("typ", ["JWT", "jwt", "at+jwt", "application/at+jwt", "application/JWT"])
def test_types_of_tokens(typ: str) -> None:
    text = signed({"alg": "HS256", "typ": typ}, CLAIMS)
    assert status(text) == 200
    expected = 200 if "at+" in typ else 401
    assert status(text, types=["at+jwt"]) == expected


def test_a_token_without_a_type_is_a_jwt() -> None:
    text = signed({"alg": "HS256"}, CLAIMS)
    assert (status(text), status(text, types=["at+jwt"])) == (200, 401)


def test_what_is_not_demanded() -> None:
    assert status(raw(iss="https://else.example"), issuer=None) == 200
    assert status(raw(iss=...), issuer=None) == 200
    assert status(raw(aud=...), audience=None) == 200
    assert status(raw(), audience=None) == 401
    assert status(raw(exp=...), required=()) == 200
    assert status(raw(), required=("exp", "jti")) == 401
    assert status(raw(jti="1"), required=("exp", "jti")) == 200
    assert status(raw(exp=NOW - 1), leeway=0) == 401
    assert status(raw(aud="shop"), audience=["books", "shop"]) == 200


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"scope": "read write"}, 204),
        ({"scp": ["write"]}, 204),
        ({"scp": "read write"}, 204),
        ({"scope": "read", "scp": ["write"]}, 403),
        ({"scope": "writer rewrite"}, 403),
        ({"scope": 5}, 403),
        ({"scp": [["write"]]}, 403),
        ({}, 403),
    ],
)
def test_scopes_of_the_claims(claims: dict[str, Any], expected: int) -> None:
    assert service().delete("/me", headers=bearer(raw(**claims))).status == expected


def test_scopes_of_another_claim() -> None:
    def roles(claims: Claims) -> list[str]:
        found = claims.get("roles", [])
        return found if isinstance(found, list) else []

    client = service(scopes=roles, load=lambda claims: "somebody")
    assert client.delete("/me", headers=bearer(raw(roles=["write"]))).status == 204
    assert client.delete("/me", headers=bearer(raw(scope="write"))).status == 403


def test_load_makes_the_caller() -> None:
    def load(claims: Claims, request: Request) -> str | None:
        return f"{claims['sub']} of {request.path}" if claims.subject != "gone" else None

    client = service(load=load)
    assert client.get("/me", headers=bearer(raw())).json == {"caller": "ada of /me"}
    assert client.get("/me", headers=bearer(raw(sub="gone"))).status == 401


def test_a_token_is_verified_once_and_not_after_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    verified: list[str] = []
    jwt = scheme(leeway=0)
    verify = jwt._verify
    monkeypatch.setattr(
        jwt, "_verify", lambda text, now: verified.append(text) or verify(text, now)
    )
    app = App("Books", security=jwt)
    app.get("/")(lambda: {})
    client = Client(app)
    text = raw(exp=NOW + 1000)
    for now, count in [(NOW, 1), (NOW + 299, 1), (NOW + 301, 2), (NOW + 999, 3)]:
        at(monkeypatch, now)
        assert client.get("/", headers=bearer(text)).status == 200
        assert len(verified) == count
    at(monkeypatch, NOW + 1000)
    assert client.get("/", headers=bearer(text)).status == 401
    at(monkeypatch, NOW)
    for number in range(1025):
        assert client.get("/", headers=bearer(raw(jti=str(number)))).status == 200
    assert client.get("/", headers=bearer(raw(jti="0"))).status == 200
    assert verified.count(raw(jti="0")) == 2


def test_the_reason_is_in_the_log_and_the_token_is_not(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "restkit.security")
    text = raw(exp=NOW - 100)
    assert status(text) == 401
    assert "The security scheme jwt rejected a token: it has expired" in caplog.text
    assert text not in caplog.text
    assert text.split(".")[2] not in caplog.text


def test_the_document() -> None:
    assert scheme(description="Of our provider.").document() == {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "Of our provider.",
    }
    document = service().get("/openapi.json", headers=bearer(raw())).json
    assert "503" in document["paths"]["/me"]["get"]["responses"]


def test_claims_are_a_mapping() -> None:
    claims = Claims({"sub": "ada", "n": 1})
    assert dict(claims) == {"sub": "ada", "n": 1}
    assert (len(claims), claims["n"], repr(claims)) == (2, 1, "<Claims of 'ada'>")
    assert Claims({"sub": 5}).subject is None


small = jwk(KEYS["RS256"]) | {"n": "AQAB"}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"algorithms": "HS256"}, "JWTBearer: algorithms must be a sequence of strings, got 'HS2"),
        ({"algorithms": []}, "JWTBearer: algorithms must be a sequence"),
        ({"algorithms": ["none"]}, "JWTBearer: the algorithm 'none' is not one of HS256, HS384"),
        ({"algorithms": ["HS256", "RS256"]}, r"algorithms mix secrets \(HS...\) with public keys"),
        ({"key": None}, "JWTBearer needs either key= .* or jwks="),
        ({"key": "short"}, "JWTBearer: the secret has 5 bytes, but needs 32"),
        ({"key": "x" * 63, "algorithms": ["HS256", "HS512"]}, "has 63 bytes, but needs 64"),
        ({"key": 5}, "JWTBearer: key must be a secret or a public key in PEM"),
        ({"key": pem("RS256")}, "JWTBearer: key is in PEM, which is no secret"),
        ({"key": "x" * 64, "algorithms": ["RS256"]}, "key is not a public key in PEM for RS256"),
        ({"key": pem("ES256"), "algorithms": ["RS256"]}, "JWTBearer: key"),
        ({"key": pem("ES256"), "algorithms": ["ES384"]}, "JWTBearer: key"),
        ({"key": pem("EdDSA"), "algorithms": ["ES256"]}, "JWTBearer: key"),
        ({"jwks": {"keys": []}, "algorithms": ["RS256"]}, "expects a JWK Set with public keys"),
        ({"jwks": {"keys": [small]}, "algorithms": ["RS256"]}, "expects a JWK Set with public"),
        ({"jwks": {"keys": [{"kty": "oct", "k": "eA"}]}, "algorithms": ["RS256"]}, "expects a JWK"),
        ({"jwks": "http://id.example/keys", "algorithms": ["RS256"]}, "is not an https URL"),
        ({"jwks": "https://a@id.example/", "algorithms": ["RS256"]}, "is not an https URL"),
        ({"jwks": "keys", "algorithms": ["RS256"]}, "KeySet: 'keys' is not an https URL"),
        ({"jwks": 5, "algorithms": ["RS256"]}, "JWTBearer: jwks must be a URL or a KeySet, got 5"),
        ({"jwks": "https://id.example/keys"}, "HS256 needs a secret, which no JWK Set has"),
        (
            {"jwks": "https://id.example/keys", "algorithms": ["HS512", "HS384", "HS256"]},
            "HS512 needs a secret",
        ),
        ({"audience": ""}, "JWTBearer: audience must be a string or a sequence of strings"),
        ({"audience": []}, "JWTBearer: audience must be"),
        ({"audience": ["a", 5]}, "JWTBearer: audience must be"),
        ({"load": 5}, r"The check of JWTBearer must be a function of \(claims\), got 5"),
    ],
)
def test_mistakes_are_told(options: dict[str, Any], says: str) -> None:
    with pytest.raises(DeclarationError, match=says):
        scheme(**options)


def test_a_private_key_is_refused() -> None:
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    private = KEYS["RS256"].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(DeclarationError, match="key is a private key"):
        scheme(key=private, algorithms=["RS256"])


@pytest.mark.parametrize(
    "members",
    [{"use": "enc"}, {"key_ops": ["sign"]}, {"key_ops": "verify"}, {"alg": "RS512"}, {"kid": 5}],
)
def test_keys_for_something_else_are_not_used(members: dict[str, Any]) -> None:
    other = jwk(OTHER_RSA, kid="other")
    keys = {"keys": [jwk(KEYS["RS256"], **members), other]}
    assert status(token("RS256"), algorithms=["RS256"], jwks=keys) == 401
    fine = {"keys": [jwk(KEYS["RS256"], use="sig", key_ops=["verify"], alg="RS256"), other]}
    assert status(token("RS256"), algorithms=["RS256"], jwks=fine) == 200


@pytest.mark.parametrize("bits", [1024, 2047])
def test_a_short_rsa_key_is_refused(bits: int) -> None:
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = rsa.generate_private_key(65537, bits).public_key()
    key = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    says = f"JWTBearer: the RSA key has {bits} bits, but needs 2048"
    with pytest.raises(DeclarationError, match=says):
        scheme(key=key, algorithms=["RS256"])


@pytest.mark.parametrize(
    ("header", "key", "reason"),
    [
        ({"kid": "1"}, OTHER_RSA, "its signature is wrong"),
        ({"kid": "2"}, KEYS["RS256"], "its key is unknown"),
    ],
)
def test_the_log_tells_a_wrong_signature_from_an_unknown_key(
    header: dict[str, object], key: Any, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The first is an attack, the second may be a key that was rotated."""
    caplog.set_level(logging.INFO, "restkit.security")
    keys = {"keys": [jwk(KEYS["RS256"], kid="1")]}
    text = token("RS256", header, key=key)
    assert status(text, algorithms=["RS256"], jwks=keys) == 401
    assert f"rejected a token: {reason}" in caplog.text
