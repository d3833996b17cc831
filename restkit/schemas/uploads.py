"""The field of an uploaded file: what its part may be, checked and documented."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import fields

__all__ = ["Upload"]


class Upload(fields.Field[Any]):
    """An uploaded file of a multipart form: a ``werkzeug.datastructures.FileStorage``.

    Past 500 kB a file is on disk, not in memory, when the method sees it.
    """

    default_error_messages = {  # noqa: RUF012  # marshmallow's own way of declaring messages
        "invalid": "Not an uploaded file.",
        "media_type": "The media type is not one of those that are taken.",
        "too_large": "The file is larger than {max_size} bytes.",
    }

    def __init__(
        self, *, media_types: Sequence[str] = (), max_size: int | None = None, **options: Any
    ) -> None:
        """Make the field.

        Args:
            media_types: What a part's Content-Type may be, all where empty. The content itself is
                not looked into.
            max_size: Largest size in bytes.
            options: marshmallow's own options of a field.
        """
        super().__init__(**options)
        self.media_types = tuple(media_types)
        self.max_size = max_size

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, object] | None, **kwargs: Any
    ) -> object:
        if not hasattr(value, "stream"):
            raise self.make_error("invalid")
        if self.media_types and value.mimetype not in self.media_types:
            raise self.make_error("media_type")
        if self.max_size is not None:
            value.stream.seek(0, 2)
            size = value.stream.tell()
            value.stream.seek(0)
            if size > self.max_size:
                raise self.make_error("too_large", max_size=self.max_size)
        return value
