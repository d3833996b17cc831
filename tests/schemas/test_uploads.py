"""The field of an uploaded file."""

from __future__ import annotations

import io

import pytest
from marshmallow import Schema, ValidationError
from werkzeug.datastructures import FileStorage

from restkit import Upload


def part(content: bytes = b"x", media_type: str = "image/png") -> FileStorage:
    return FileStorage(io.BytesIO(content), filename="a", content_type=media_type)


class CoverSchema(Schema):
    cover = Upload(media_types=["image/png"], max_size=10)


def test_a_file_is_handed_over_from_its_start() -> None:
    """Looking at the size leaves the stream at its beginning."""
    found = CoverSchema().load({"cover": part(b"0123456789")})["cover"]
    assert found.read() == b"0123456789"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("text", "Not an uploaded file."),
        (part(media_type="image/gif"), "The media type is not one of those that are taken."),
        (part(b"x" * 11), "The file is larger than 10 bytes."),
    ],
)
def test_what_a_part_may_be_is_checked(value: object, message: str) -> None:
    """Text, another media type and too large a file are refused, each in its words."""
    with pytest.raises(ValidationError, match=message):
        CoverSchema().load({"cover": value})
