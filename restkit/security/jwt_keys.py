"""The keys that verify JSON Web Tokens, and which algorithms each of them fits (RFC 7518)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..errors import DeclarationError

try:
    import jwt
except ImportError as error:
    raise DeclarationError(
        "JSON Web Tokens need PyJWT. Install it: pip install 'restkit[security]'."
    ) from error

__all__ = ["ALGORITHMS", "Key", "check_algorithms", "jwt", "key_of_jwk", "key_of_text"]

_HMAC = ("HS256", "HS384", "HS512")
_RSA = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
_CURVES = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}
# The name of a curve in a key object of the cryptography package.
_CURVE_NAMES = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}
ALGORITHMS = (*_HMAC, *_RSA, *_CURVES.values(), "EdDSA")
"""The algorithms that a scheme may allow (RFC 7518, section 3.1; RFC 8037)."""

_MIN_RSA_BITS = 2048
_MIN_HMAC_BYTES = {"HS256": 32, "HS384": 48, "HS512": 64}


class Key:
    """A key with the algorithms that it verifies."""

    def __init__(
        self, material: object, algorithms: Sequence[str], key_id: str | None = None
    ) -> None:
        self.algorithms = tuple(algorithms)
        self.key_id = key_id
        self._material = material

    def verifies(self, algorithm: str, signed: bytes, signature: bytes) -> bool:
        """Return whether a signature is right; the algorithm must be one of the key's."""
        verifier = jwt.get_algorithm_by_name(algorithm)
        return bool(verifier.verify(signed, self._material, signature))


def check_algorithms(algorithms: object, declared_at: str) -> tuple[str, ...]:
    """Return the algorithms that a scheme allows.

    Raises:
        DeclarationError: There are none, one is unknown, or secrets are mixed with public keys.
    """
    if isinstance(algorithms, str) or not isinstance(algorithms, Sequence) or not algorithms:
        raise DeclarationError(
            f"{declared_at}: algorithms must be a sequence of strings, got {algorithms!r}. Write "
            "['RS256'], for example."
        )
    for each in algorithms:
        if each not in ALGORITHMS:
            raise DeclarationError(
                f"{declared_at}: the algorithm {each!r} is not one of {', '.join(ALGORITHMS)}."
            )
    kinds = {each in _HMAC for each in algorithms}
    # SECURITY: where both are allowed, a public key may be taken for a secret (RFC 8725, 2.1).
    if len(kinds) > 1:
        raise DeclarationError(
            f"{declared_at}: algorithms mix secrets (HS...) with public keys. Make one scheme for "
            "each, and combine them with |."
        )
    return tuple(algorithms)


def key_of_text(text: object, algorithms: Sequence[str], declared_at: str) -> Key:
    """Return the key of a secret, or of a public key in PEM.

    Raises:
        DeclarationError: The secret is too short, or the text is no public key of the algorithms.
    """
    if not isinstance(text, (str, bytes)):
        raise DeclarationError(
            f"{declared_at}: key must be a secret or a public key in PEM, got {type(text)!r}."
        )
    if algorithms[0] in _HMAC:
        return _secret(text.encode() if isinstance(text, str) else text, algorithms, declared_at)
    try:
        material: object = jwt.get_algorithm_by_name(algorithms[0]).prepare_key(text)
    except (ValueError, TypeError, jwt.PyJWTError) as error:
        raise DeclarationError(
            f"{declared_at}: key is not a public key in PEM for {algorithms[0]}: {error}"
        ) from None
    if hasattr(material, "private_bytes"):
        raise DeclarationError(
            f"{declared_at}: key is a private key. A service that verifies tokens needs the public "
            "key only."
        )
    fitting = _fitting_algorithms(material, declared_at)
    lacking = [each for each in algorithms if each not in fitting]
    if lacking:
        raise DeclarationError(f"{declared_at}: key does not fit {lacking[0]}.")
    return Key(material, algorithms)


def _secret(secret: bytes, algorithms: Sequence[str], declared_at: str) -> Key:
    needed = max(_MIN_HMAC_BYTES[each] for each in algorithms)
    if secret.lstrip().startswith(b"-----BEGIN"):
        raise DeclarationError(f"{declared_at}: key is in PEM, which is no secret for HS256.")
    if len(secret) < needed:
        raise DeclarationError(
            f"{declared_at}: the secret has {len(secret)} bytes, but needs {needed} (RFC 7518, "
            "section 3.2). Make one with secrets.token_urlsafe(64)."
        )
    return Key(secret, algorithms)


def _fitting_algorithms(material: object, declared_at: str) -> tuple[str, ...]:
    """Return the algorithms of a public key.

    Raises:
        DeclarationError: It is an RSA key of less than 2,048 bits (RFC 7518, section 3.3).
    """
    curve: object = getattr(material, "curve", None)
    if curve is not None:
        algorithm = _CURVE_NAMES.get(getattr(curve, "name", ""))
        return () if algorithm is None else (algorithm,)
    bits: int | None = getattr(material, "key_size", None)
    if bits is None:
        return ("EdDSA",)
    if bits < _MIN_RSA_BITS:
        raise DeclarationError(
            f"{declared_at}: the RSA key has {bits} bits, but needs {_MIN_RSA_BITS}."
        )
    return _RSA


def key_of_jwk(data: object) -> Key | None:
    """Return the key of a JSON Web Key (RFC 7517), None if it does not verify signatures."""
    if not isinstance(data, Mapping) or not _is_for_signatures(data):
        return None
    possible = _algorithms_of(data)
    stated = data.get("alg")
    algorithms = [each for each in possible if stated in (None, each)]
    key_id = data.get("kid")
    if not algorithms or not isinstance(key_id, (str, type(None))):
        return None
    try:
        material: object = jwt.get_algorithm_by_name(algorithms[0]).from_jwk(dict(data))
        fitting = _fitting_algorithms(material, "JWKS")
    except (ValueError, TypeError, KeyError, jwt.PyJWTError, DeclarationError):
        return None
    if hasattr(material, "private_bytes"):
        return None
    return Key(material, [each for each in algorithms if each in fitting], key_id)


def _is_for_signatures(data: Mapping[str, object]) -> bool:
    """Return whether a key's ``use`` and ``key_ops`` allow it to verify signatures."""
    operations = data.get("key_ops", ["verify"])
    may_verify = isinstance(operations, list) and "verify" in operations
    return may_verify and data.get("use", "sig") == "sig"


def _algorithms_of(data: Mapping[str, object]) -> Sequence[str]:
    """Return the algorithms of a type of key. Secrets ("oct") are never published: none."""
    kind = data.get("kty")
    if kind == "RSA":
        return _RSA
    if kind == "EC":
        algorithm = _CURVES.get(str(data.get("crv")))
        return [] if algorithm is None else [algorithm]
    return ["EdDSA"] if kind == "OKP" and data.get("crv") in ("Ed25519", "Ed448") else []
