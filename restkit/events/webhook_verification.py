"""`webhook_verify`: whether a webhook was sent by who has the secret, and is not a replay."""

from __future__ import annotations

import time
from collections.abc import Sequence

from ..decorators import raises
from ..errors import DeclarationError
from ..json_parsing import loads_json
from ..problems import BadRequest, ContentTooLarge
from ..request import Request
from .secret_keys import verifying_keys
from .signing import VerifyingKey, signed_bytes

__all__ = ["webhook_verify"]

_TOLERANCE = 300
_MOST_SIGNATURES = 20


@raises(BadRequest, description="The webhook's signature is missing, invalid or too old.")
@raises(ContentTooLarge, description="The content exceeds the setting `max_upload_size`.")
def webhook_verify(
    request: Request, /, *, secrets: Sequence[str], tolerance: float = _TOLERANCE
) -> object:
    """Verify a webhook (Standard Webhooks 1.0.0), and return its content.

    ::

        @app.post("/webhooks")
        def receive() -> None:
            payload = webhook_verify(Request.current(), secrets=[settings.webhook_secret])

    The signature covers the bytes of the content, so it is read as it was sent. A message may
    arrive more than once: remember its id, the header ``webhook-id``, with its effects.

    Args:
        request: The request.
        secrets: The secrets (``whsec_...``) or public keys (``whpk_...``), any of which may have
            signed: two of them while one is replaced.
        tolerance: The seconds by which the time of the message may differ from now.

    Returns:
        The content, parsed from JSON.

    Raises:
        BadRequest: A header is missing, no signature fits, the message is too old, or the content
            is not JSON.
        ContentTooLarge: The content exceeds the setting ``max_upload_size``.
        DeclarationError: A secret is not one.
        MissingExtraError: There is a public key, and the extra ``security`` is not installed.
    """
    keys = verifying_keys(secrets, "webhook_verify(secrets=...)")
    if isinstance(tolerance, bool) or not tolerance > 0:
        raise DeclarationError(
            f"webhook_verify(tolerance=...) must be a number of seconds, got {tolerance!r}."
        )
    message_id = request.headers.get("webhook-id", "")
    timestamp = request.headers.get("webhook-timestamp", "")
    given = request.headers.get("webhook-signature", "").split(" ")[:_MOST_SIGNATURES]
    if not (message_id and timestamp and any(given)):
        raise BadRequest(
            "The request is not a webhook: send the headers webhook-id, webhook-timestamp and "
            "webhook-signature."
        )
    if not _is_recent(timestamp, tolerance):
        raise BadRequest("The webhook-timestamp is not a time of the last minutes.")
    content = bytes(request.get_data())
    if not _fits(keys, (message_id, timestamp, content), given):
        raise BadRequest("No webhook-signature fits the content.")
    return loads_json(content)


def _is_recent(timestamp: str, tolerance: float) -> bool:
    is_number = timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 15
    return is_number and abs(time.time() - int(timestamp)) <= tolerance


def _fits(
    keys: Sequence[VerifyingKey], message: tuple[str, str, bytes], given: Sequence[str]
) -> bool:
    """Return whether one of the given signatures is that of one of the keys."""
    signed = signed_bytes(*message)
    # SECURITY: each pair is compared, so that the time does not tell which secret has signed.
    fits = [key.fits(signed, each) for key in keys for each in given]
    return any(fits)
