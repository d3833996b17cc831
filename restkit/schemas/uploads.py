"""The field of an uploaded file: its media type and size, checked and documented."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import fields

from ..errors import DeclarationError

__all__ = ["Upload"]

# How files of a media type begin (WHATWG MIME Sniffing, section 6).
_BEGINNINGS = {
    "application/pdf": rb"%PDF-",
    "image/avif": rb"....ftypavi[fs]",
    "image/gif": rb"GIF8[79]a",
    "image/jpeg": rb"\xFF\xD8\xFF",
    "image/png": rb"\x89PNG\r\n\x1A\n",
    "image/webp": rb"RIFF....WEBP",
}
_LONGEST = 16
_LONGEST_NAME = 255  # what file systems take; databases have a column of some length


class Upload(fields.Field[Any]):
    """An uploaded file of a multipart form: a ``werkzeug.datastructures.FileStorage``.

    Past 500 kB a file is on disk, not in memory, when the method sees it.
    """

    default_error_messages = {  # noqa: RUF012  # marshmallow's own way of declaring messages
        "invalid": "Not an uploaded file.",
        "filename": "The name of the file is longer than 255 characters, or has a NUL character.",
        "media_type": "The media type is not one of those that are taken.",
        "content": "The file is not what its media type says.",
        "too_large": "The file is larger than {max_size} bytes.",
    }

    def __init__(
        self,
        *,
        media_types: Sequence[str] = (),
        max_size: int | None = None,
        check_content: bool = False,
        **options: Any,
    ) -> None:
        """Make the field.

        Args:
            media_types: The accepted values of the part's Content-Type, () for all.
            max_size: Largest size in bytes.
            check_content: Whether the content must begin as files of its media type do. The
                rest is not checked, so serve the file with that media type and ``nosniff``,
                as `FileResponse` does. AVIF, GIF, JPEG, PDF, PNG and WebP are known.
            options: marshmallow's own options of a field.

        Raises:
            DeclarationError: The content is to be checked, but of a media type that is not known.
        """
        super().__init__(**options)
        self.media_types = tuple(media_types)
        self.max_size = max_size
        self.check_content = check_content
        unknown = [each for each in self.media_types if each not in _BEGINNINGS]
        if check_content and (unknown or not self.media_types):
            raise DeclarationError(
                f"Upload(media_types={list(self.media_types)!r}, check_content=True) can check "
                f"these media types alone: {', '.join(_BEGINNINGS)}. Name one or more of them."
            )

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, object] | None, **kwargs: Any
    ) -> object:
        if not hasattr(value, "stream"):
            raise self.make_error("invalid")
        name = value.filename or ""
        if len(name) > _LONGEST_NAME or "\0" in name:
            raise self.make_error("filename")
        if self.media_types and value.mimetype not in self.media_types:
            raise self.make_error("media_type")
        if self.max_size is not None:
            value.stream.seek(0, 2)
            size = value.stream.tell()
            value.stream.seek(0)
            if size > self.max_size:
                raise self.make_error("too_large", max_size=self.max_size)
        if self.check_content:
            beginning = value.stream.read(_LONGEST)
            value.stream.seek(0)
            if not re.match(_BEGINNINGS[value.mimetype], beginning, re.DOTALL):
                raise self.make_error("content")
        return value
