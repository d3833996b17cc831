"""`Reply`: the response of another service, with its status and headers."""

from __future__ import annotations

from werkzeug.datastructures import Headers

from ..records import Record

__all__ = ["Reply"]


class Reply(Record):
    """The response of another service.

    Attributes:
        status: The status.
        headers: The headers; names have no case.
        data: The content: the value of JSON, the text of other text, and bytes otherwise; None
            without content.
    """

    status: int
    headers: Headers
    data: object

    @property
    def etag(self) -> str | None:
        """The entity tag, as `if_match` and `if_none_match` take it."""
        found: str | None = self.headers.get("ETag")
        return found
