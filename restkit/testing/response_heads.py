"""The contract check of headers, and of responses without content."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..contract import Failure, Output
from ..errors import ContractError
from .conformity import conforms

__all__ = ["check_empty", "check_headers", "clip"]

_MAX_TEXT = 300


def check_headers(
    who: str, fields: Mapping[str, str], declared: Iterable[Output | Failure]
) -> None:
    """Check that declared headers are there, with values of their types."""
    headers = [header for each in declared for header in each.headers]
    for header in headers:
        value = fields.get(header.name.lower())
        if value is None and header.required:
            raise ContractError(
                f"{who} without the header {header.name}, which it declares as required."
            )
        if value is not None and not conforms(header.schema, value):
            raise ContractError(
                f"{who} with the header {header.name}: {clip(value)}; its declared type is "
                f"{header.schema.get('type')}."
            )


def check_empty(who: str, output: Output, media_type: str, body: bytes | None) -> None:
    """Check that no content is sent if none is declared or allowed (RFC 9110, section 15.3.5)."""
    if body:
        raise ContractError(
            f"{who} with {len(body)} bytes of content, "
            + (
                "but a response of this status has none."
                if output.media_types
                else "but declares none: give @returns a schema."
            )
        )
    if media_type and output.status == 204:
        raise ContractError(
            f"{who} with the Content-Type {media_type}, but without content: remove the header."
        )


def clip(text: str) -> str:
    """Return the beginning of a text, for a message."""
    return text if len(text) <= _MAX_TEXT else f"{text[:_MAX_TEXT]}..."
