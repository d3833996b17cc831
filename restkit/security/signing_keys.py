"""`SigningKey`: keys that sign and verify access tokens."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from ..errors import DeclarationError
from .jwt_keys import Key, check_algorithms, jwt, key_of_jwk, key_of_text

__all__ = ["KeyRing", "SigningKey"]

_Untyped = Any  # PyJWT and cryptography type keys by algorithm


class SigningKey:
    """A secret, or a private key in PEM, with the algorithm that it signs with.

    ::

        SigningKey(os.environ["TOKEN_KEY"], "EdDSA")

    Attributes:
        algorithm: The algorithm.
        key_id: The ``kid`` of its tokens.
        public: The public key as a JSON Web Key; None for a secret.
    """

    def __init__(self, key: str | bytes, algorithm: str = "HS256", *, key_id: str = "") -> None:
        """Read a key.

        Args:
            key: A secret of at least 32 bytes for HS256, or a private key in PEM.
            algorithm: The algorithm: ``HS256``, ``RS256``, ``ES256``, ``EdDSA`` and others.
            key_id: The name of the key in tokens; made of a digest without it.

        Raises:
            DeclarationError: The key does not fit the algorithm, or the secret is too short.
        """
        (self.algorithm,) = check_algorithms([algorithm], "SigningKey")
        signer = cast("_Untyped", jwt.get_algorithm_by_name(algorithm))
        self.public: Mapping[str, object] | None = None
        if algorithm.startswith("HS"):
            made = key_of_text(key, [algorithm], "SigningKey")
            secret = key.encode() if isinstance(key, str) else key
            digest = hashlib.sha256(b"restkit kid" + secret).hexdigest()
            material: object = secret
            self.key_id = key_id or digest[:16]
            self.verifier = Key(material, made.algorithms, self.key_id)
        else:
            material = _private(signer, key, algorithm)
            own = signer.to_jwk(cast("_Untyped", material).public_key(), as_dict=True)
            text = json.dumps(own, sort_keys=True).encode()
            self.key_id = key_id or hashlib.sha256(text).hexdigest()[:16]
            own.pop("key_ops", None)
            self.public = {**own, "kid": self.key_id, "alg": algorithm, "use": "sig"}
            self.verifier = _verifier(self.public, algorithm)
        self._material = material

    def sign(self, claims: Mapping[str, object]) -> str:
        """Return a signed access token (RFC 9068)."""
        headers = {"kid": self.key_id, "typ": "at+jwt"}
        return jwt.encode(
            dict(claims),
            cast("_Untyped", self._material),
            algorithm=self.algorithm,
            headers=headers,
        )

    def __repr__(self) -> str:
        return f"<SigningKey {self.key_id} {self.algorithm}>"


def _private(signer: _Untyped, key: str | bytes, algorithm: str) -> object:
    try:
        material: object = signer.prepare_key(key)
    except (ValueError, TypeError, jwt.PyJWTError) as error:
        raise DeclarationError(
            f"SigningKey: the key is not a private key in PEM for {algorithm}: {error}"
        ) from None
    if not hasattr(material, "private_bytes"):
        raise DeclarationError("SigningKey: the key is a public key, which cannot sign.")
    return material


def _verifier(public: Mapping[str, object], algorithm: str) -> Key:
    """Return the public half of a key.

    Raises:
        DeclarationError: The key does not fit the algorithm.
    """
    found = key_of_jwk(public)
    if found is None or algorithm not in found.algorithms:
        raise DeclarationError(
            f"SigningKey: the key does not fit {algorithm}, or is too short. An RSA key has at "
            "least 2,048 bits, an elliptic curve the size of its algorithm."
        )
    return found


class KeyRing:
    """Several keys: the first one signs, all of them verify.

    Attributes:
        algorithms: The algorithms of the keys.
        document: The JWK Set of the public keys.
        generation: 0: the keys stay the same.
    """

    generation = 0

    def __init__(self, keys: Sequence[SigningKey]) -> None:
        """Keep the keys, the newest first.

        Raises:
            DeclarationError: There are none, two have one name, or secrets and others are mixed.
        """
        is_sequence = isinstance(keys, Sequence) and len(keys) > 0
        if not is_sequence or not all(isinstance(each, SigningKey) for each in keys):
            raise DeclarationError(
                "Tokens: keys must be a sequence of SigningKey objects, the newest first."
            )
        names = [each.key_id for each in keys]
        if len(set(names)) != len(names):
            raise DeclarationError("Tokens: two keys have one key_id. Give each its own.")
        found = list(dict.fromkeys(each.algorithm for each in keys))
        self.algorithms = check_algorithms(found, "Tokens: keys")
        self.keys = tuple(keys)
        self.document = {"keys": [dict(each.public) for each in keys if each.public is not None]}

    def sign(self, claims: Mapping[str, object]) -> str:
        """Return an access token, signed by the newest key."""
        return self.keys[0].sign(claims)

    def find(self, key_id: str | None, algorithm: str) -> Sequence[Key]:
        """Return the keys that may have signed a token."""
        return [
            each.verifier
            for each in self.keys
            if each.algorithm == algorithm and key_id in (None, each.key_id)
        ]
