"""Webhooks signed by a key pair: ``v1a`` of Standard Webhooks."""

from __future__ import annotations

import base64
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from restkit import App, DeclarationError, Request
from restkit.events import new_key_pair, new_secret, webhook_verify
from restkit.events.secret_keys import signing_keys, verifying_keys
from restkit.events.signing import signatures
from restkit.testing import Client

CONTENT = b'{"type":"item.created"}'
PRIVATE, PUBLIC = new_key_pair()
SECRET = new_secret()


def headers(*secrets: str) -> dict[str, str]:
    """Return the headers of a message that secrets have signed."""
    now = str(int(time.time()))
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": now,
        "webhook-signature": signatures(signing_keys(secrets, "secrets"), "msg_1", now, CONTENT),
        "Content-Type": "application/json",
    }


def status(given: dict[str, str], *secrets: str, content: bytes = CONTENT) -> int:
    """Return the status with which a receiver responds."""
    app = App("Receiver")

    @app.post("/hooks")
    def receive() -> object:
        return {"got": webhook_verify(Request.current(), secrets=list(secrets))}

    return Client(app).post("/hooks", content=content, headers=given).status


def test_a_signature_is_that_of_ed25519() -> None:
    """What is signed is the id, the time and the content, as the specification has it."""
    given = headers(PRIVATE)
    version, _, signature = given["webhook-signature"].partition(",")
    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(PUBLIC.removeprefix("whpk_")))

    assert version == "v1a"
    signed = f"msg_1.{given['webhook-timestamp']}.".encode() + CONTENT
    public.verify(base64.b64decode(signature), signed)  # raises if it does not fit


def test_a_receiver_verifies_with_the_public_key() -> None:
    given = headers(PRIVATE)

    assert status(given, PUBLIC) == 200
    assert status(given, SECRET, PUBLIC) == 200
    assert status(given, PUBLIC, content=CONTENT + b" ") == 400
    assert status(given, new_key_pair()[1]) == 400
    assert status(given, SECRET) == 400
    assert status(headers(SECRET), PUBLIC) == 400


def test_a_message_has_signatures_of_both_kinds() -> None:
    given = headers(PRIVATE, SECRET)

    versions = [each.partition(",")[0] for each in given["webhook-signature"].split(" ")]
    assert versions == ["v1a", "v1"]
    assert status(given, PUBLIC) == status(given, SECRET) == 200


@pytest.mark.parametrize(
    "signature",
    ["v1a,", "v1a,AAAA", "v1a,\u00e9", "v1,AAAA", "v1a," + "A" * 88, "v1a " * 30, "v2,AAAA"],
)
def test_a_wrong_signature_is_a_400(signature: str) -> None:
    given = {**headers(PRIVATE), "webhook-signature": signature}

    assert status(given, PUBLIC, SECRET) == 400


def test_a_private_key_may_have_its_public_half() -> None:
    """A seed alone and a seed with the public key behind it are the same key."""
    whole = base64.b64decode(PRIVATE.removeprefix("whsk_"))
    seed = "whsk_" + base64.b64encode(whole[:32]).decode().rstrip("=")

    assert len(whole) == 64
    assert status(headers(seed), PUBLIC) == 200


def _other_half() -> str:
    whole = base64.b64decode(PRIVATE.removeprefix("whsk_"))
    other = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    return "whsk_" + base64.b64encode(whole[:32] + other).decode()


@pytest.mark.parametrize(
    ("secret", "message"),
    [
        (PUBLIC, "public key"),
        ("whsk_AAAA", "32 or 64 bytes"),
        ("whsk_\u00e9", "32 or 64 bytes"),
        (_other_half(), "another key"),
        ("whsec_AAAA", "24 to 64 bytes"),
        ("", "24 to 64 bytes"),
        (7, "24 to 64 bytes"),
    ],
    ids=["public", "short", "not-base64", "halves", "secret", "empty", "number"],
)
def test_what_cannot_sign_is_refused(secret: object, message: str) -> None:
    """The message does not have the key in it."""
    with pytest.raises(DeclarationError, match=message) as refused:
        signing_keys([secret], "Endpoint.secrets")
    assert not isinstance(secret, str) or len(secret) < 10 or secret[6:] not in str(refused.value)


@pytest.mark.parametrize(
    ("secret", "message"),
    [(PRIVATE, "only the sender"), ("whpk_AA", "32 bytes")],
    ids=["private", "short"],
)
def test_what_cannot_verify_is_refused(secret: str, message: str) -> None:
    with pytest.raises(DeclarationError, match=message):
        verifying_keys([secret], "webhook_verify(secrets=...)")


def test_a_missing_package_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "cryptography.py").write_text("raise ImportError\n", "utf-8")
    program = (
        "from restkit.events import new_secret; print(new_secret()[:6]); "
        "from restkit.events import new_key_pair"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": f"{tmp_path}:{Path(__file__).parents[2]}"},
        timeout=60,
    )

    assert done.stdout == "whsec_\n"
    assert "restkit[security]" in done.stderr.splitlines()[-1]
