"""`LocalURL`: the field of a URL to which a client may be sent, such as ``next``."""

from __future__ import annotations

from collections.abc import Callable

from marshmallow import fields, validate

__all__ = ["LocalURL"]

# SECURITY: the same as `restkit.http.uris.is_local_url`. A ``$`` would let a line break follow.
_PATTERN = r"^/(?!/)[^\s\\\x00-\x1f\x7f]*\Z"


class LocalURL(fields.String):
    """A path of this server, perhaps with a query: no client leaves the server by it.

    ::

        class LoginSchema(Schema):
            next = LocalURL(load_default="/")

    ``//evil.example``, backslashes and line breaks, which browsers read as another server,
    are invalid (422).
    """

    def __init__(self, *, validate: Callable[..., object] | None = None, **options: object) -> None:
        """Make the field.

        Args:
            validate: A further validator.
            options: Those of marshmallow's fields.
        """
        checks = [_IS_LOCAL] if validate is None else [_IS_LOCAL, validate]
        super().__init__(validate=checks, **options)  # type: ignore[arg-type]  # marshmallow's


_IS_LOCAL = validate.Regexp(_PATTERN, error="Not a path of this server.")
